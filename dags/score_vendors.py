"""
Scores vendors and matches them with needs (R12–R13): quarterly, and whenever HR wants to choose.

- **Reads** `core.vendors`, `core.vendor_ratings` (at least two raters a criterion), published evaluations of the
  vendors' classes, topics with a need type, classes to come.
- **Writes** a release `vendor_scores` of the quarter in `published`, the scorecard PDF in every language of the site.
- **Mails** HR the scorecard once a revision, naming the classes to come whose vendor has no valid licence then.
- **Do not run it** before the ratings of the round are in: each change of them makes a revision and a mail.
- **Re-run it** whenever you like: the same data make no revision, no PDF and no mail.

A vendor whose licence is missing or ends before a class does is excluded, whatever its score.

---

给供应商评分并与需求匹配（R12–R13）：每季度一次，HR 需要选择时可手动运行。

- **读取** `core.vendors`、`core.vendor_ratings`（每个维度至少两位评委）、供应商以往班次的已发布评估、
  填写了需求类型的主题、未来的班次。
- **写入** `published` 中该季度的 `vendor_scores`，以及各语言的评分卡 PDF。
- **邮件** 人力资源部：每个版本一封，并列出届时没有有效授权的班次。
- **何时不要运行**：评分尚未收齐时；每次变化都会产生新版本和邮件。
- **重跑**：随时可以；数据不变则没有新版本、PDF 或邮件。
"""

from airflow.sdk import dag, task

from trainloop.orchestration.assets import PLANNED_NOTICES, announce_notices
from trainloop.orchestration.defaults import DAG_DEFAULTS, SCAN_PARAMS, site_time
from trainloop.orchestration.runs import as_of
from trainloop.orchestration.tags import MAKES_PDF, SENDS_MAIL, STAGE_RESOURCES


@dag(
    **DAG_DEFAULTS,
    dag_display_name="Score vendors 供应商评分",
    schedule=site_time("0 7 5 1,4,7,10 *"),
    params=SCAN_PARAMS,
    tags=[STAGE_RESOURCES, SENDS_MAIL, MAKES_PDF],
    doc_md=__doc__,
)
def score_vendors():
    @task
    def score() -> dict:
        """Licence, ratings, agreement, past evaluations, choices for each need."""
        from trainloop.resources import vendors

        return vendors.score_vendors(as_of=as_of())

    @task(outlets=[PLANNED_NOTICES])
    def report() -> dict:
        """The scorecard, and HR's mail with it."""
        from trainloop.reporting import vendor_scores

        counts = vendor_scores.render_scorecard()
        announce_notices(counts)
        return counts

    score() >> report()


score_vendors()

"""
Assesses newly promoted managers by 360 feedback (R07): plans it, makes each person's private feedback, and pools what
several managers find hard into a brief for the trainers of their courses.

- **Reads** promotions of the last 90 days, the reporting line or `rater_nominations`; ratings of closed assessments (by
  the role `feedback` only).
- **Writes** the planned wave per person, `ops.assessments`, `confidential.assessment_*` (the private result, made
  once), the private PDF, and a release of the cohort when enough people are in the pool.
- **Mails** the assessed person: the PDF, and nobody else. Trainers of courses for new managers and HR: the cohort's
  brief. HR: who lacks raters. Raters are asked and chased by `run_survey_waves`.
- **Do not run it** with a past date and *Send although the date has passed* unless you want those mails to leave
  today.
- **Re-run it** whenever you like: a promotion is assessed once, a private result is never made again, a brief needs at
  least five people who were in none before.

Groups of fewer than three raters are merged; the line manager's rating is declared as one person's.

---

对新任管理者开展 360 度反馈（R07）：规划评价、生成仅供本人的反馈，并把多位管理者的共同难点汇总成课程简报。

- **读取** 近 90 天的晋升、汇报关系或 `rater_nominations`；已关闭评价的评分（仅限 `feedback` 角色）。
- **写入** 每人的问卷批次、`ops.assessments`、`confidential.assessment_*`（个人结果，只生成一次）、仅供本人的 PDF，以及
  人数足够时的汇总发布。
- **邮件** 被评价人本人：PDF，其他人不会收到；新任管理者课程的培训师与人力资源部：汇总简报；人力资源部：缺少评价人名单。
  评价人由 `run_survey_waves` 邀请和提醒。
- **何时不要运行**：不要用过去的日期并勾选补发，除非确实希望这些邮件今天发出。
- **重跑**：随时可以；每次晋升只评价一次，个人结果不会重新生成，新一期简报至少需要 5 位此前未纳入的管理者。
"""

from airflow.sdk import dag, task

from trainloop.orchestration.assets import PLANNED_NOTICES, announce_notices
from trainloop.orchestration.defaults import DAG_DEFAULTS, MAILING_SCAN_PARAMS, site_time
from trainloop.orchestration.runs import as_of, mailing_options
from trainloop.orchestration.tags import MAKES_PDF, SENDS_MAIL, STAGE_NEEDS


@dag(
    **DAG_DEFAULTS,
    dag_display_name="Review new managers 新任管理者360",
    schedule=site_time("50 5 * * *"),
    params=MAILING_SCAN_PARAMS,
    tags=[STAGE_NEEDS, SENDS_MAIL, MAKES_PDF],
    doc_md=__doc__,
)
def review_new_manager_360():
    @task(outlets=[PLANNED_NOTICES])
    def plan_assessments() -> dict:
        """Who was promoted, and who rates them."""
        from trainloop.surveys import assessments

        counts = assessments.plan_assessments(**mailing_options())
        announce_notices(counts)
        return counts

    @task
    def evaluate() -> dict:
        """The private result of every assessment that closed."""
        from trainloop.surveys import assessment_results

        return assessment_results.evaluate_assessments(as_of=as_of())

    @task(outlets=[PLANNED_NOTICES])
    def render() -> dict:
        """The private PDFs, each with its mail to the assessed person."""
        from trainloop.reporting import assessment_feedback

        counts = assessment_feedback.render_feedback(**mailing_options())
        announce_notices(counts)
        return counts

    @task(outlets=[PLANNED_NOTICES])
    def publish_cohort() -> dict:
        """What several managers find hard, as soon as enough of them are new in the pool."""
        from trainloop.surveys import assessment_cohort

        counts = assessment_cohort.publish_cohort(**mailing_options())
        announce_notices(counts)
        return counts

    plan_assessments() >> evaluate() >> [render(), publish_cohort()]


review_new_manager_360()

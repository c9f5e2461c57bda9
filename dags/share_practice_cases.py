"""
Gathers practice cases once a week (R36): what learners did with their plans, well or not so well, for the next ones.

- **Reads** action plans that ended lately, cases written on the authors' own pages, trainers' comments, HR's decisions.
- **Writes** `ops.practice_cases` step by step; approved cases as pages of the material store and rows of
  `knowledge_assets` through the inbox; withdrawn ones leave both.
- **Mails** a few learners of each class (capped, nobody twice in half a year, in the daily digest), the trainer
  (comment within 7 days; `chase_commitments` chases), HR (approval), and the author about the decision.
- **Do not run it** with a past date and *Send although the date has passed* unless you want those mails to leave
  today.
- **Re-run it** whenever you like: a plan is invited once, a case is asked about once and published once.

A case is published with its author's consent only, named or without a name as they say; the same link takes it back.

---

每周收集实践案例（R36）：学员落实行动计划的做法与结果，成功与未成功的都收集，供后来者参考。

- **读取** 近期结束的行动计划、作者在个人页面填写的案例、讲师点评、人力资源部的决定。
- **写入** `ops.practice_cases` 的各步骤；批准的案例成为资料库页面，
  并经收件目录写入 `knowledge_assets`；撤回的从两处移除。
- **邮件** 每个班次邀请少数学员（有上限，半年内不重复，合入每日摘要）、讲师（7 天内点评，
  由 `chase_commitments` 催办）、人力资源部（审批）、作者（结果）。
- **何时不要运行**：不要用过去的日期并勾选补发，除非确实希望这些邮件今天发出。
- **重跑**：随时可以；每个计划只邀请一次，每个案例只请求、发布一次。

案例仅在作者同意后发布，署名与否由作者决定；用同一链接可随时撤回。
"""

from airflow.sdk import dag, task

from trainloop.orchestration.assets import PLANNED_NOTICES, announce_notices
from trainloop.orchestration.defaults import DAG_DEFAULTS, MAILING_SCAN_PARAMS, site_time
from trainloop.orchestration.runs import mailing_options
from trainloop.orchestration.tags import NEEDS_APPROVAL, SENDS_MAIL, STAGE_TRANSFER


@dag(
    **DAG_DEFAULTS,
    dag_display_name="Share practice cases 实践案例分享",
    schedule=site_time("35 5 * * 2"),
    params=MAILING_SCAN_PARAMS,
    tags=[STAGE_TRANSFER, SENDS_MAIL, NEEDS_APPROVAL],
    doc_md=__doc__,
)
def share_practice_cases():
    @task(outlets=[PLANNED_NOTICES])
    def carry_out() -> dict:
        """What HR approved enters the knowledge base; what was withdrawn leaves it."""
        from trainloop.talent import cases

        counts = cases.carry_out(**mailing_options())
        announce_notices(counts)
        return counts

    @task(outlets=[PLANNED_NOTICES])
    def share() -> dict:
        """Invitations, trainers' comments and HR's approvals, each case one step on."""
        from trainloop.talent import cases

        counts = cases.share(**mailing_options())
        announce_notices(counts)
        return counts

    carry_out() >> share()


share_practice_cases()

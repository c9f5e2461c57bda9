"""
Reviews the training year: a scorecard for every course, figures of the year, seeds of next year's needs (R39).

- **Reads** classes, attendance, budgets and costs of the year; published evaluations, 30-day and monthly plan results,
  follow-ups after 90 days, 90-day results, the year's needs, what was promised after feedback.
- **Writes** a release `training_review` of the year in `published`, findings as evidence of next year's needs in
  `ops.need_seeds`, in the same commit the question in `ops.approvals` whether it may leave HR; then HR's draft PDF.
- **Mails** HR's approver: the draft and one button. After the approval, by `ask_approvals`: executives, and heads of
  departments with an extract of their own figures.
- **Do not run it** for a year whose 90-day reports are still to come, if you want L4 and L5: it says then that they are
  missing.
- **Re-run it** whenever you like, for another year by the field *Year*: the same evidence gives the same release; what
  HR dropped from the seeds stays dropped, the other seeds follow the newest revision.

A course is suggested to be kept, mended, extended or ended by the rules of the site file; missing levels are named and
never count as zero, results below evidence grade C never count, and one bad class ends no course.

---

年度培训复盘：每门课程的计分卡、全年数据，以及列入下一年度需求的发现（R39）。

- **读取** 本年度的班次、考勤、预算和费用；已发布的评估、行动计划及其障碍、训后 90 天结果、年度需求、反馈后的承诺事项。
- **写入** `published` 中该年度的 `training_review` 发布；`ops.need_seeds` 中作为下一年度需求证据的发现；同一次提交中在
  `ops.approvals` 询问是否可以离开人力资源部；随后生成草稿 PDF。
- **邮件** 人力资源审批人：草稿和一个按钮；批准后由 `ask_approvals` 发给管理层，并把各部门的摘录发给部门负责人。
- **何时不要运行**：训后 90 天报告尚未完成时，L4 和 L5 会标为未知。
- **重跑**：随时可以，填写“年度”可复盘其他年份；证据相同则发布相同；被人力资源删除的种子不会恢复。

建议（保持、改进、推广、停办）由站点文件的规则得出；缺失的层级会写明，不按零计；C 级以下的结果不计入；
不会因为一个班次而停办。
"""

from airflow.sdk import Param, dag, task

from trainloop.orchestration.assets import PLANNED_NOTICES, announce_notices
from trainloop.orchestration.defaults import DAG_DEFAULTS, MAILING_SCAN_PARAMS, review_time
from trainloop.orchestration.runs import mailing_options, year
from trainloop.orchestration.tags import MAKES_PDF, NEEDS_APPROVAL, SENDS_MAIL, STAGE_TRANSFER

YEAR = Param(
    None,
    type=["null", "integer"],
    minimum=2000,
    maximum=2100,
    title="Year 年度",
    description="Empty = the year of the business date. 留空为业务日期所在年度。",
)


@dag(
    **DAG_DEFAULTS,
    dag_display_name="Review training year 年度培训复盘",
    schedule=review_time(),
    params=MAILING_SCAN_PARAMS | {"year": YEAR},
    tags=[STAGE_TRANSFER, SENDS_MAIL, MAKES_PDF, NEEDS_APPROVAL],
    doc_md=__doc__,
)
def review_training_year():
    @task(outlets=[PLANNED_NOTICES])
    def review() -> dict:
        """Scorecards, figures of the year, seeds of next year's needs, and the question to HR."""
        from trainloop.review import annual

        counts = annual.review_year(year(), **mailing_options())
        announce_notices(counts)
        return counts

    @task
    def render_draft() -> dict:
        """HR's PDF of every revision that waits for its decision; the mail that asks waits for it."""
        from trainloop.reporting import training_review

        return training_review.render_drafts()

    review() >> render_draft()


review_training_year()

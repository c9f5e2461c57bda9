"""
Analyses the training needs of a plan year when its survey is closed: three layers of evidence, ranking, budget line.
Whoever was assessed in competencies, and their manager of that day, get their own results.

- **Reads** strategy goals, topics, courses, interviews, performance results, competencies, heads' confirmations, the
  answers of the annual needs survey, and what last year's training review left (`ops.need_seeds`).
- **Writes** `marts.needs_*`, a release of `published.needs*` (small groups suppressed) with its ledger, and in the same
  commit the question in `ops.approvals` whether it may leave HR; then HR's draft PDF of the annual report.
  `ops.competency_pages`: who may read which assessment day until when.
- **Mails** HR's approver: the draft and one button. Nobody else before the decision. Assessed people and their
  managers: the link to a private page, once per assessment day and again when a number is new.
- **Do not run it** while the survey is open: nothing is shown before the close, and the run finds nothing to do.
- **Re-run it** whenever you like: the same evidence gives the same release. Evidence that changed in the 180 days after
  the close (a late confirmation, a corrected result, another budget line) gives the next revision. Results of
  assessments up to 90 days old are told; older files tell nobody.

A topic is valid with all three layers (strategy, business, individual), to be clarified with two, else rejected;
missing evidence fails its layer and is named. A gap whose cause is process, tool or motivation is no training need.

---

年度需求调研关闭后，分析该计划年度的培训需求：三层证据、优先级排序、预算线。参加胜任力测评的员工及其测评当日的上级
各自得到结果。

- **读取** 战略目标、主题、课程、业务访谈、绩效数据、胜任力、部门负责人确认，以及年度需求调研的答卷。
- **写入** `marts.needs_*`、`published.needs*` 的一次发布（已做小样本保护）及其台账；同一次提交中在 `ops.approvals` 询问
  是否可以离开人力资源部；随后生成年度报告的草稿 PDF；`ops.competency_pages`：谁在何时之前可以查看哪次测评。
- **邮件** 人力资源审批人：草稿和一个按钮；作出决定之前不发给任何其他人。被测评人及其上级：个人页面的链接，每次测评
  一封，数字有变化时再发一封。
- **何时不要运行**：调研尚未关闭时；关闭之前不展示任何结果，运行也不会做任何事。
- **重跑**：随时可以；证据相同则发布相同。关闭后 180 天内证据有变化（补交的确认、更正的绩效、调整的预算）则产生新的修
  订版。测评日期在 90 天内的结果才会通知本人和上级。

三层（战略、业务、个人）都成立为有效，两层成立为待澄清，其余不采纳；缺少证据的一层不成立并写明缺什么。原因是流程、工具
或动力的差距不是培训需求。
"""

from airflow.sdk import dag, task
from airflow.sdk.exceptions import AirflowSkipException

from trainloop.orchestration.assets import PLANNED_NOTICES, announce_notices
from trainloop.orchestration.defaults import DAG_DEFAULTS, MAILING_SCAN_PARAMS, site_time
from trainloop.orchestration.runs import mailing_options
from trainloop.orchestration.tags import MAKES_PDF, NEEDS_APPROVAL, SENDS_MAIL, STAGE_NEEDS


@dag(
    **DAG_DEFAULTS,
    dag_display_name="Analyse annual needs 年度需求分析",
    schedule=site_time("40 6 * * *"),
    params=MAILING_SCAN_PARAMS,
    tags=[STAGE_NEEDS, MAKES_PDF, SENDS_MAIL, NEEDS_APPROVAL],
    doc_md=__doc__,
)
def analyze_annual_needs():
    @task(outlets=[PLANNED_NOTICES])
    def analyze() -> dict:
        """Verdicts, ranking and figures of every closed year; a new revision where a reader would see something new."""
        from trainloop.needs import analysis

        counts = analysis.analyze_closed_years(**mailing_options())
        if not counts["years"]:
            raise AirflowSkipException("no needs survey is closed")
        announce_notices(counts)
        return counts

    @task
    def render_draft() -> dict:
        """HR's PDF of every revision that waits for its decision; the mail that asks waits for it."""
        from trainloop.reporting import annual_needs

        return annual_needs.render_drafts()

    @task(outlets=[PLANNED_NOTICES])
    def share_competency_results() -> dict:
        """The private pages of people who were assessed lately, and of their managers."""
        from trainloop.needs import competency_pages

        counts = competency_pages.share_results(**mailing_options())
        announce_notices(counts)
        return counts

    share_competency_results()
    analyze() >> render_draft()


analyze_annual_needs()

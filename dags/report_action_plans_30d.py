"""
Makes the 30-day Action Plan Report 《30 天行动计划报告》 of one class session and plans its mails (R32).

- **Reads** the action plans of the class and what became of them; then only what is published.
- **Writes** `published.*` (suppressed, in groups: nobody's own plan), one PDF per audience and language, `ops.reports`.
- **Mails** HR, the trainer and the heads of the learners' departments, each their own version: obstacles at work go
  to the business, those that a course can change to the trainer.
- **Do not run it** before the last learner of the class has looked back: most plans would seem to be open.
- **Re-run it** by clearing the run of the class. The same plans give the same release, the same bytes and no second
  mail; changed ones give a new revision.

One run per class session: `check_in_action_plans` emits the session code as partition key when the report is due.

---

为一个班次生成《30 天行动计划报告》并规划其邮件（R32）。

- **读取** 该班次的行动计划及其结果；此后只读取已发布的数据。
- **写入** `published.*`（已做小样本保护，只有群体数字），按受众和语言各一份 PDF，`ops.reports`。
- **邮件** 人力资源部、培训师和学员所在部门的负责人各收到自己的版本：工作中的障碍反馈给业务部门，课程可以改进的障碍反
  馈给培训师。
- **何时不要运行**：最后一位学员尚未回顾时，多数计划会显示为未结。
- **重跑**：清除该班次的运行。计划不变则结果、文件完全相同且不会再次发信；有变化则产生新的修订版。
"""

from airflow.sdk import PartitionedAssetTimetable, dag, task

from trainloop.orchestration.assets import ACTION_PLANS_DUE
from trainloop.orchestration.defaults import DAG_DEFAULTS
from trainloop.orchestration.runs import session_code
from trainloop.orchestration.tags import MAKES_PDF, SENDS_MAIL, STAGE_TRANSFER


@dag(
    # Several classes are due on one day; each run holds the advisory lock of its own class only.
    **DAG_DEFAULTS | {"max_active_runs": 8},
    dag_display_name="Report action plans 30 天行动计划报告",
    schedule=PartitionedAssetTimetable(assets=ACTION_PLANS_DUE),
    tags=[STAGE_TRANSFER, MAKES_PDF, SENDS_MAIL],
    doc_md=__doc__,
)
def report_action_plans_30d():
    @task
    def evaluate() -> dict:
        """Where the plans of the class stand, with small groups suppressed."""
        from trainloop.plans import class_results

        return class_results.evaluate_session(session_code())

    @task
    def render() -> dict:
        """The PDFs of what is published, and in the same commit their mails."""
        from trainloop.reporting import action_plans

        return action_plans.render_reports(session_code())

    evaluate() >> render()


report_action_plans_30d()

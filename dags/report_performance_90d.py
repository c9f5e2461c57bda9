"""
Makes the 90-day Performance Report of one class session and plans its mails (R37, R38).

- **Reads** who attended and whom they can be compared with, figures of the course's indicators 90 days before and after
  the class, its costs and its design; then only what is published.
- **Writes** `marts.performance_findings`, a release `performance_90d` in `published` (suppressed), one PDF per audience
  and language, `ops.reports`.
- **Mails** HR the HR version with the return on investment, and the heads of the departments the learners came from the
  business version. `deliver_mail` sends them at its next run.
- **Do not run it** before the figures are in: missing figures are counted as too little data and printed as grade E.
- **Re-run it** by clearing the run of the class, or by `trainloop report --performance <session_code>`. The same data
  give the same release, the same bytes and no second mail; late figures give a new revision.

One run per class session: the partition key is the session code. At evidence grades D and E the report draws no
conclusion about the training, whatever the figures are.

---

为一个班次生成训后 90 天绩效报告并规划其邮件（R37、R38）。

- **读取** 到课学员及可比人员、课程指标班前班后 90 天的数据、班次成本与评估设计；此后只读取已发布的数据。
- **写入** `marts.performance_findings`、`published` 中的 `performance_90d`（已做小样本保护），按受众和语言各一份
  PDF，`ops.reports`。
- **邮件** 人力资源收到含投资回报的人力版，学员所在部门负责人收到业务版；由 `deliver_mail` 下次运行时发送。
- **何时不要运行**：数据未到齐时；缺少的数据按“数据太少”计为 E 级。
- **重跑**：清除该班次的运行，或执行 `trainloop report --performance <班次编号>`。数据相同则结果、文件完全相同且不会再次
  发信；补报的数据会产生新的修订版。
"""

from airflow.sdk import PartitionedAssetTimetable, dag, task

from trainloop.orchestration.assets import PERFORMANCE_DUE, PLANNED_NOTICES, announce_notices
from trainloop.orchestration.defaults import DAG_DEFAULTS
from trainloop.orchestration.runs import session_code
from trainloop.orchestration.tags import MAKES_PDF, SENDS_MAIL, STAGE_TRANSFER


@dag(
    # Several classes are due on one day; each run holds the advisory lock of its own class only.
    **DAG_DEFAULTS | {"max_active_runs": 8},
    dag_display_name="Report performance 训后 90 天绩效报告",
    schedule=PartitionedAssetTimetable(assets=PERFORMANCE_DUE),
    tags=[STAGE_TRANSFER, MAKES_PDF, SENDS_MAIL],
    doc_md=__doc__,
)
def report_performance_90d():
    @task
    def measure() -> dict:
        """Learners beside their comparison group, graded, with small groups suppressed."""
        from trainloop.impact import measuring

        return measuring.measure_session(session_code())

    @task(outlets=[PLANNED_NOTICES])
    def render() -> dict:
        """The PDFs of what is published, and in the same commit their mails."""
        from trainloop.reporting import performance

        counts = performance.render_reports(session_code())
        announce_notices(counts)
        return counts

    measure() >> render()


report_performance_90d()

"""
Makes the Training Effect Analysis Report 《培训效果分析报告》 of one class session and plans its mails.

- **Reads** answers, attendance, tests and the invitations' counts of one class session; then only what is published.
- **Writes** `marts.*` and `published.*` (suppressed), one PDF per audience and language, `ops.reports`.
- **Mails** HR the HR version and the trainer the trainer version. The mails are planned in the commit that registers
  the PDFs; `deliver_mail` sends them at its next run.
- **Do not run it** for a class whose wave is still open: nothing is shown before the close.
- **Re-run it** by clearing the run of the class, or by `trainloop report <session_code>`. The same data give the same
  release, the same bytes and no second mail; changed data give a new revision.

One run per class session: the partition key is the session code, so every run of a class is found by its code.

---

为一个班次生成《培训效果分析报告》并规划其邮件。

- **读取** 一个班次的答卷、考勤、测验和邀请计数；此后只读取已发布的数据。
- **写入** `marts.*`、`published.*`（已做小样本保护），按受众和语言各一份 PDF，`ops.reports`。
- **邮件** 人力资源收到人力版，培训师收到培训师版；邮件与 PDF 登记在同一次提交中规划，由 `deliver_mail` 下次运行时发
  送。
- **何时不要运行**：问卷尚未关闭的班次；关闭之前不展示任何结果。
- **重跑**：清除该班次的运行，或执行 `trainloop report <班次编号>`。数据相同则结果、文件完全相同且不会再次发信；数据变
  化则产生新的修订版。
"""

from airflow.sdk import PartitionedAssetTimetable, dag, task

from trainloop.orchestration.assets import EVALUATION_CLOSED
from trainloop.orchestration.defaults import DAG_DEFAULTS
from trainloop.orchestration.runs import session_code
from trainloop.orchestration.tags import MAKES_PDF, SENDS_MAIL, STAGE_DELIVERY


@dag(
    # Several classes close on one day; each run holds the advisory lock of its own class only.
    **DAG_DEFAULTS | {"max_active_runs": 8},
    dag_display_name="Report course evaluations 培训效果报告",
    schedule=PartitionedAssetTimetable(assets=EVALUATION_CLOSED),
    tags=[STAGE_DELIVERY, MAKES_PDF, SENDS_MAIL],
    doc_md=__doc__,
)
def report_course_evaluations():
    @task
    def evaluate() -> dict:
        """The statistics of the class, with small groups suppressed."""
        from trainloop.surveys import results

        return results.evaluate_session(session_code())

    @task
    def render() -> dict:
        """The PDFs of what is published, and in the same commit their mails."""
        from trainloop.reporting import course_evaluation

        return course_evaluation.render_reports(session_code())

    evaluate() >> render()


report_course_evaluations()

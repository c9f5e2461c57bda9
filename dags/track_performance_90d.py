"""
Finds the class sessions whose 90-day results can be measured, starts the report of each, and releases follow-ups (R37).

- **Reads** due steps in `ops.milestones`, attendance, and whether the figures of the classes' indicators cover the time
  after the class; answers of the 90-day follow-ups that closed in the last fortnight.
- **Writes** the state of the milestones; emits the partition event `performance_due` with the session code as key; one
  release per class and follow-up in `published`, which the training review reads as behaviour (L3).
- **Mails** nobody.
- **Do not run it** to hurry a report: a class waits until the figures of enough learners are there, at the latest 135
  days after it; then it is reported with what is there, which may be too little data.
- **Re-run it** whenever you like: a report is announced once, and again only after two hours without it, or when
  figures of its time, its attendance, its costs or its design came in later.

Nothing to report is an ordinary day; the task is then skipped.

---

找出可以衡量训后 90 天结果的班次并启动其报告，发布已结束的 90 天跟踪问卷结果（R37）。

- **读取** `ops.milestones` 中到期的节点、考勤，以及班次指标的数据是否覆盖班后期间；最近两周内关闭的 90 天
  跟踪问卷的答卷。
- **写入** 节点状态；以班次编号为分区键发出 `performance_due` 事件；`published` 中每个班次、每份跟踪问卷的发布，年度复盘
  以此作为 L3 行为的依据。
- **邮件** 无。
- **何时不要运行**：不要用它催报告。班次会等到足够多学员的数据到齐，最晚到班后 135 天；届时按已有数据出报告，可能数据太
  少。
- **重跑**：随时可以；报告只通知一次，两小时后仍未完成，或数据、考勤、成本、设计有补充时才再次通知。
"""

from airflow.sdk import dag, task
from airflow.sdk.exceptions import AirflowSkipException

from trainloop.orchestration.assets import PERFORMANCE_DUE, announce_sessions
from trainloop.orchestration.defaults import DAG_DEFAULTS, SCAN_PARAMS, site_time
from trainloop.orchestration.runs import as_of
from trainloop.orchestration.tags import STAGE_TRANSFER


@dag(
    **DAG_DEFAULTS,
    dag_display_name="Track performance 训后 90 天绩效跟踪",
    schedule=site_time("30 6 * * *"),
    params=SCAN_PARAMS,
    tags=[STAGE_TRANSFER],
    doc_md=__doc__,
)
def track_performance_90d():
    @task(outlets=[PERFORMANCE_DUE])
    def start_reports() -> list[str]:
        """One run of `report_performance_90d` per class session whose figures are there or were waited for."""
        from trainloop.impact import tracking

        session_codes = tracking.sessions_to_report(as_of=as_of())
        if not session_codes:
            raise AirflowSkipException("no report is due")
        announce_sessions(session_codes, PERFORMANCE_DUE)
        return session_codes

    @task
    def publish_follow_ups() -> dict:
        """What learners and managers said 90 days after the class, as far as it may be shown."""
        from trainloop.surveys import follow_up

        return follow_up.publish_follow_ups(as_of=as_of())

    publish_follow_ups()
    start_reports()


track_performance_90d()

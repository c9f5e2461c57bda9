"""
Opens, reminds and closes the evaluation wave of every class session, and starts the report of those that closed.

- **Reads** due steps in `ops.milestones`, attendance, who has answered.
- **Writes** `ops.survey_waves`, `ops.invitations`, the state of the milestones; emits the partition event
  `evaluation_closed` with the session code as key.
- **Mails** attendees: the invitation, and at most two reminders to those who owe an answer. HR: classes without
  attendance.
- **Do not run it** with a past date and *Send although the date has passed* unless you want those mails to leave
  today.
- **Re-run it** whenever you like: a step is done once per class session, a person is invited once per wave. A report
  that was announced and is not done is announced again after two hours.

Nothing to open, remind or close is an ordinary day; the last task is then skipped.

---

为每个班次开启、提醒和关闭课后评估问卷，并启动已关闭班次的报告。

- **读取** `ops.milestones` 中到期的节点、考勤、作答情况。
- **写入** `ops.survey_waves`、`ops.invitations`、节点状态；以班次编号为分区键发出 `evaluation_closed` 事件。
- **邮件** 参训学员：邀请，以及最多两次只发给未作答者的提醒；人力资源：没有考勤记录的班次。
- **何时不要运行**：不要用过去的日期并勾选补发，除非确实希望这些邮件今天发出。
- **重跑**：随时可以；每个班次的每个节点只做一次，每人每批次只邀请一次。已通知但未完成的报告两小时后会再次通知。
"""

from airflow.sdk import dag, task
from airflow.sdk.exceptions import AirflowSkipException

from trainloop.orchestration.assets import EVALUATION_CLOSED, PLANNED_NOTICES, announce_notices, announce_sessions
from trainloop.orchestration.defaults import DAG_DEFAULTS, MAILING_SCAN_PARAMS, site_time
from trainloop.orchestration.runs import as_of, mailing_options
from trainloop.orchestration.tags import SENDS_MAIL, STAGE_DELIVERY


@dag(
    **DAG_DEFAULTS,
    dag_display_name="Collect course evaluations 课后评估",
    schedule=site_time("0 6 * * *"),
    params=MAILING_SCAN_PARAMS,
    tags=[STAGE_DELIVERY, SENDS_MAIL],
    doc_md=__doc__,
)
def collect_course_evaluations():
    @task(outlets=[PLANNED_NOTICES])
    def open_waves() -> dict:
        """Classes that ended and whose attendance is in, or was waited for long enough."""
        from trainloop.surveys import evaluation

        counts = evaluation.open_due_waves(**mailing_options())
        announce_notices(counts)
        return counts

    @task(outlets=[PLANNED_NOTICES])
    def remind() -> dict:
        """Attendees who have not answered, on the second and fifth day."""
        from trainloop.surveys import evaluation

        counts = evaluation.remind_due(**mailing_options())
        announce_notices(counts)
        return counts

    @task
    def close_waves() -> dict:
        """Waves whose seven days are over."""
        from trainloop.surveys import evaluation

        return evaluation.close_due(as_of=as_of())

    @task(outlets=[EVALUATION_CLOSED])
    def start_reports() -> list[str]:
        """One run of `report_course_evaluations` per class session whose report is due and not done."""
        from trainloop.surveys import evaluation

        session_codes = evaluation.sessions_to_report(as_of=as_of())
        if not session_codes:
            raise AirflowSkipException("no report is due")
        announce_sessions(session_codes)
        return session_codes

    open_waves() >> remind() >> close_waves() >> start_reports()


collect_course_evaluations()

"""
Writes the log of every class day: who came, what happened, how the platform was used (R22–R24).

- **Reads** `core.attendance`, `core.incidents`, `core.platform_checks`, `core.valid_interactions`, seats of the class,
  what the sign-in sheets say.
- **Writes** sheets as files of the inbox, a PDF per class day and reader in `ops.reports`, the `class_log` steps in
  `ops.milestones`.
- **Mails** the log to the class's trainer and to HR: it names who was missing, so it goes to nobody else.
- **Do not run it** to correct a log: correct the sign-in sheet or the attendance file; the evaluation report follows.
- **Re-run it** whenever you like: a day is logged once. A day without attendance waits for a day, then its log says
  that nobody knows who came.

---

为每个上课日生成班次日志：出勤、突发情况、平台与互动（R22–R24）。

- **读取** `core.attendance`、`core.incidents`、`core.platform_checks`、`core.valid_interactions`、班次名额、签到表。
- **写入** 签到表写成收件目录中的文件；每个上课日每类读者一份 PDF（`ops.reports`）；`class_log` 节点。
- **邮件** 发给该班次的培训师与人力资源部；日志含缺勤者姓名，不发给其他人。
- **何时不要运行**：不要用来更正日志；请更正签到表或签到文件，评估报告会随之更新。
- **重跑**：随时可以；每天只记录一次。没有签到的一天会再等一天，之后日志注明出勤未知。
"""

from airflow.sdk import dag, task

from trainloop.orchestration.assets import PLANNED_NOTICES, announce_notices
from trainloop.orchestration.defaults import DAG_DEFAULTS, MAILING_SCAN_PARAMS, site_time
from trainloop.orchestration.runs import as_of, mailing_options
from trainloop.orchestration.tags import MAKES_PDF, SENDS_MAIL, STAGE_DELIVERY


@dag(
    **DAG_DEFAULTS,
    dag_display_name="Capture class day 班次日志",
    schedule=site_time("30 20 * * *"),
    params=MAILING_SCAN_PARAMS,
    tags=[STAGE_DELIVERY, SENDS_MAIL, MAKES_PDF],
    doc_md=__doc__,
)
def capture_class_day():
    @task
    def hand_in() -> dict:
        """What sheets say and no file does yet: it passes the same gate as every file."""
        from trainloop.delivery import class_watch

        return class_watch.hand_in(as_of=as_of())

    @task(outlets=[PLANNED_NOTICES])
    def write_logs() -> dict:
        """A PDF for each class day that is due, and in the same commit its mails."""
        from trainloop.reporting import class_log

        counts = class_log.write_logs(**mailing_options())
        announce_notices(counts)
        return counts

    hand_in() >> write_logs()


capture_class_day()

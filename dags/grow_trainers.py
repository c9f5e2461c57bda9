"""
Suggests workshops to trainers by their weak items and invites them to what the calendar offers (R41–R42), once a
quarter; reports the yearly pulse of trainers when it has closed (R46).

- **Reads** published evaluations of the last year, `core.trainer_events`, who attended them, the closed wave of
  instrument `trainer_pulse`.
- **Writes** the quarter's rows of `ops.workshop_suggestions`, calendar files of events to come, a release
  `trainer_pulse` of the year.
- **Mails** each trainer concerned, with calendar files; HR the list of suggestions, events and attendance, and the
  result of the pulse. Each once a quarter, the pulse once a revision.
- **Do not run it** before the quarter's events are in the calendar: who has been invited is not invited again in it.
- **Re-run it** whenever you like: suggestions are written anew, nobody is mailed twice.

Which item suggests which workshop is data: `trainer_growth.workshops` of the site file.

---

每季度按薄弱项向培训师推荐工作坊，并邀请参加日历中的活动（R41–R42）；讲师年度调研关闭后报告结果（R46）。

- **读取** 近一年已发布的评估、`core.trainer_events` 与签到，以及已关闭的 `trainer_pulse` 批次。
- **写入** 该季度的 `ops.workshop_suggestions`、待举行活动的日历文件、该年度的 `trainer_pulse` 发布。
- **邮件** 相关培训师（附日历文件）；人力资源部：推荐、日程与签到清单，以及调研结果。每季度一次，调研每版一次。
- **何时不要运行**：本季度活动尚未录入日历时；已邀请的人本季度不会再次收到邀请。
- **重跑**：随时可以；推荐重新写入，邮件不重复。

哪一题对应哪个工作坊是数据：站点文件的 `trainer_growth.workshops`。
"""

from airflow.sdk import dag, task

from trainloop.orchestration.assets import PLANNED_NOTICES, announce_notices
from trainloop.orchestration.defaults import DAG_DEFAULTS, MAILING_SCAN_PARAMS, site_time
from trainloop.orchestration.runs import mailing_options
from trainloop.orchestration.tags import SENDS_MAIL, STAGE_TRAINERS


@dag(
    **DAG_DEFAULTS,
    dag_display_name="Grow trainers 讲师成长",
    schedule=site_time("10 7 12 1,4,7,10 *"),
    params=MAILING_SCAN_PARAMS,
    tags=[STAGE_TRAINERS, SENDS_MAIL],
    doc_md=__doc__,
)
def grow_trainers():
    @task(outlets=[PLANNED_NOTICES])
    def suggest_workshops() -> dict:
        """Weak items of the year, workshops that help, invitations."""
        from trainloop.trainers import growth

        counts = growth.suggest_workshops(**mailing_options())
        announce_notices(counts)
        return counts

    @task(outlets=[PLANNED_NOTICES])
    def report_pulse() -> dict:
        """What trainers said about their year, suppressed, to HR."""
        from trainloop.surveys import trainer_pulse

        counts = trainer_pulse.publish_trainer_pulses(**mailing_options())
        announce_notices(counts)
        return counts

    suggest_workshops()
    report_pulse()


grow_trainers()

"""
Chases what people owe: acknowledgements of feedback (R09) and whatever else is asked by a personal link.

- **Reads** `ops.commitments`: what is open, until when, and who was called when.
- **Writes** the state of what no longer helps (`expired`), what HR has been told, planned notices; appeals about
  promotion points (R45): put to the HRBP, and the points ledger once they are answered.
- **Mails** whoever owes something: at most two reminders in the daily digest, never after an answer. HR: once a day,
  when something became late, was answered or expired; and on the week's first working day one digest of what happened,
  what is late and what waits for a decision.
- **Do not run it** with a past date and *Send although the date has passed* unless you want those mails to leave
  today.
- **Re-run it** whenever you like: a reminder is planned once, HR's list once a day, the digest once a week. Kinds of
  lists under `weekly` of a contact in the site file are told there instead of as mails of their own.

Who asks for something writes the row and plans its first mail in the same commit; this scan only repeats and closes.

---

催办各方的待办事项：反馈确认（R09）以及其他通过个人链接请求的事项。

- **读取** `ops.commitments`：未完成的事项、期限、上次提醒时间。
- **写入** 已失效事项的状态、人力资源部已知悉的内容、计划发送的通知；晋升加分申诉（R45）转交 HRBP，答复后更正加分台账。
- **邮件** 责任人：合入每日摘要，最多两次提醒，答复后不再提醒；人力资源部：有新逾期、新答复或失效时每天一封；
  每周首个工作日一封周报：发生了什么、什么逾期、什么待决定。
- **何时不要运行**：不要用过去的日期并勾选补发，除非确实希望这些邮件今天发出。
- **重跑**：随时可以；每次提醒只计划一次，人力资源部清单每天一封，周报每周一封。站点文件中
  联系人 `weekly` 列出的清单并入周报，不再单独发送。
"""

from airflow.sdk import dag, task

from trainloop.orchestration.assets import PLANNED_NOTICES, announce_notices
from trainloop.orchestration.defaults import DAG_DEFAULTS, MAILING_SCAN_PARAMS, site_time
from trainloop.orchestration.runs import mailing_options
from trainloop.orchestration.tags import SENDS_MAIL, STAGE_PLATFORM


@dag(
    **DAG_DEFAULTS,
    dag_display_name="Chase commitments 待办催办",
    schedule=site_time("40 6 * * *"),
    params=MAILING_SCAN_PARAMS,
    tags=[STAGE_PLATFORM, SENDS_MAIL],
    doc_md=__doc__,
)
def chase_commitments():
    @task(outlets=[PLANNED_NOTICES])
    def remind() -> dict:
        """Whoever owes something and has not done it; what is too late is closed first."""
        from trainloop.requests import commitments

        counts = commitments.remind_due(**mailing_options())
        announce_notices(counts)
        return counts

    @task(outlets=[PLANNED_NOTICES])
    def tell_hr() -> dict:
        """What became late, was answered or expired since HR last read about it."""
        from trainloop.requests import commitments

        counts = commitments.tell_hr(**mailing_options())
        announce_notices(counts)
        return counts

    @task(outlets=[PLANNED_NOTICES])
    def follow_appeals() -> dict:
        """New appeals about promotion points to the HRBP; what was answered is carried out and told."""
        from trainloop.talent import appeals

        counts = appeals.follow_up(**mailing_options())
        announce_notices(counts)
        return counts

    @task(outlets=[PLANNED_NOTICES])
    def tell_week() -> dict:
        """On the week's first working day, HR's digest: what happened, what is late, what waits for a decision."""
        from trainloop.requests import weekly

        counts = weekly.tell_week(**mailing_options())
        announce_notices(counts)
        return counts

    follow_appeals() >> remind() >> tell_hr() >> tell_week()


chase_commitments()

"""
Watches over classes every quarter of an hour: changes, seats of the waitlist, sign-in sheets, online platforms.

- **Reads** `core.class_sessions`, enrollments, leave and venue changes in `core.incidents`, `core.platform_checks`,
  what the sign-in sheets say.
- **Writes** `ops.class_announcements` (what people were last told), `ops.seat_offers`, `ops.class_desks`, the platform
  steps in `ops.milestones`; sheets, incidents and accepted seats as files of the inbox.
- **Mails** one correction to everybody concerned when a class is moved, cancelled, split or gets another room; the
  link of the sign-in sheet to the class manager (to HR where there is none); a seat to the next of the waitlist; an
  alarm to class manager and HR when a platform check is missing or failed; the login guide to learners of online
  classes. What is urgent leaves in quiet hours, too.
- **Do not run it** to tell people twice: a change is told once. Correct the class in its source file instead.
- **Re-run it** whenever you like: a second run finds nothing to tell. With a past date it tells nobody anything.

What sheets and offers say is handed in first; then come changes, seats, sheets and platforms in this order, each in a
commit of its own. Where one fails the task is red and the rest waits for the retry; what was done stays done.

---

每 15 分钟照看即将开课的班次：变更、候补名额、签到表、线上平台。

- **读取** `core.class_sessions`、报名、`core.incidents` 中的请假与场地变更、`core.platform_checks`、签到表内容。
- **写入** `ops.class_announcements`（最近一次告知的内容）、`ops.seat_offers`、`ops.class_desks`、`ops.milestones`
  中的平台检查节点；签到、突发事件与接受的名额写成收件目录中的文件。
- **邮件** 班次改期、取消、拆分或换场地时，给相关人员各一封更正邮件；签到表链接给班主任（没有时给人力资源部）；
  空位给候补的下一位；平台检查缺失或未通过时立即通知班主任与人力资源部；线上课登录指南给学员。紧急通知不受安静时段限制。
- **何时不要运行**：不要为了再次通知而运行；一次变更只通知一次。请在来源文件中更正班次。
- **重跑**：随时可以；重复运行不会再通知。填写过去的日期时不通知任何人。

先交存签到表与名额的内容，再依次处理变更、名额、签到表和平台，各自一次提交。某一步失败时任务标红，其余步骤等待重试；已完成的
保持不变。
"""

from airflow.sdk import dag, task

from trainloop.orchestration.assets import PLANNED_NOTICES, announce_notices
from trainloop.orchestration.defaults import DAG_DEFAULTS, MAILING_SCAN_PARAMS, site_time
from trainloop.orchestration.runs import mailing_options
from trainloop.orchestration.tags import SENDS_MAIL, STAGE_DELIVERY


@dag(
    **DAG_DEFAULTS,
    dag_display_name="Watch class day 班次当天值守",
    schedule=site_time("*/15 * * * *"),
    params=MAILING_SCAN_PARAMS,
    tags=[STAGE_DELIVERY, SENDS_MAIL],
    doc_md=__doc__,
)
def watch_class_day():
    # One task: a look at five kinds of work that mostly finds nothing costs less than starting a second task.
    @task(outlets=[PLANNED_NOTICES])
    def watch() -> dict:
        """Sheets and offers as files of the inbox, then changes, free seats, sign-in sheets, platforms."""
        from trainloop.delivery import class_watch

        counts = class_watch.watch(**mailing_options())
        announce_notices(counts)
        return counts

    watch()


watch_class_day()

"""
Composes what was decided to be told, and sends it: each mail once, in the recipient's working hours.

- **Reads** `ops.notices`, the recipients' language, calendar and stops, the PDFs to attach.
- **Writes** `ops.messages`: the frozen bytes of each mail and what the server answered.
- **Mails** everybody the lifecycle tells something. The server is the Airflow Connection `smtp_default`.
- **Do not run it** on a copy of the database: the copy has no sender lease and sends nothing until a person grants it
  (`trainloop outbox lease`).
- **Re-run it** whenever you like, also after a kill: a mail that may have left goes again with the same bytes and the
  same Message-ID, at most once. Hold a template back with `trainloop outbox hold`.

It runs every five minutes, and at once when a DAG planned notices. A server that is down keeps this DAG green: the
backlog waits, drains in order, and what became too old is closed and reported to HR once. What was composed before
leaves first, even when composing fails: then the task is red, and the next run composes again.

---

把已决定告知的事项写成邮件并发送：每封只发一次，且在收件人的工作时间内。

- **读取** `ops.notices`，收件人的语言、日历和停发记录，需要附上的 PDF。
- **写入** `ops.messages`：每封邮件冻结的内容和服务器的答复。
- **邮件** 发给流程中需要告知的每个人；服务器由 Airflow 连接 `smtp_default` 指定。
- **何时不要运行**：在数据库副本上。副本没有发送租约，在有人授权（`trainloop outbox lease`）之前不会发送。
- **重跑**：随时可以，被中断后也可以；可能已发出的邮件最多以完全相同的内容和 Message-ID 再发一次。用 `trainloop outbox
  hold` 暂停某类邮件。

每五分钟运行一次，有新通知时立即运行。服务器不可用时本 DAG 仍为绿色：积压的邮件等待并按顺序补发，过期的会关闭并告知人力
资源一次。此前写好的邮件总是先发出；撰写失败时任务标红，下次运行会再次撰写。
"""

from airflow.sdk import AssetOrTimeSchedule, dag, task

from trainloop.orchestration.assets import NOTICES_PLANNED
from trainloop.orchestration.defaults import DAG_DEFAULTS, MAILING_SCAN_PARAMS, site_time
from trainloop.orchestration.mail import smtp_transport
from trainloop.orchestration.runs import mailing_options
from trainloop.orchestration.tags import SENDS_MAIL, STAGE_PLATFORM


@dag(
    **DAG_DEFAULTS,
    dag_display_name="Deliver mail 发送邮件",
    schedule=AssetOrTimeSchedule(timetable=site_time("*/5 * * * *"), assets=[NOTICES_PLANNED]),
    params=MAILING_SCAN_PARAMS,
    tags=[STAGE_PLATFORM, SENDS_MAIL],
    doc_md=__doc__,
)
def deliver_mail():
    # One task: most of a day's runs find nothing, and each task of a run costs Airflow more than the look itself.
    @task
    def deliver() -> dict:
        """What waits, oldest first; then what is due now, several notices of one person in one mail."""
        from trainloop.outbox import delivery

        return delivery.deliver(smtp_transport, **mailing_options())

    deliver()


deliver_mail()

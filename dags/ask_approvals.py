"""
Asks HR for the decisions that are open, here and by mail, and carries out what was decided.

- **Reads** `ops.approvals`: what is open, decided, or expired, and who was called when.
- **Writes** the decision taken here, which task waits for which approval, what expired, what took effect; the PDFs
  that may leave HR.
- **Mails** whoever is to decide: the request with the draft and at most two reminders, never after a decision. After an
  approval: the report to executives and HR, an extract to each trainer concerned; an allowance's file to payroll.
- Allowances are decided **here only**: two logins that the site file maps to different employees, nobody about the own.
- **Do not run it** with a past date and *Send although the date has passed* unless you want those reminders to leave
  today.
- **Re-run it** whenever you like: the row is the truth. A cleared task asks again only while the row is open. What
  `follow_up` found no work for is skipped; clear `follow_up` to have it look again.

The task `ask` waits under *Required Actions* without taking a slot. It looks at the row every half hour, so a
decision by the link in the mail releases it; a run stays active until its approvals are decided.

---

向人力资源请求待决事项的审批（本页与邮件两个入口），并执行已作出的决定。

- **读取** `ops.approvals`：待决、已决、已失效的事项及提醒记录。
- **写入** 在此作出的决定、由哪个任务等待、失效与生效情况；可以离开人力资源部的 PDF。
- **邮件** 审批人：附草稿的请求，最多两次提醒，决定后不再提醒。批准后：管理层和人力资源收到报告，
  相关培训师收到摘录；津贴文件发给薪酬组。
- 津贴**只能在此决定**：须由站点文件对应到不同员工的两个账号批准，任何人不能批准自己的津贴。
- **何时不要运行**：不要用过去的日期并勾选补发，除非确实希望这些提醒今天发出。
- **重跑**：随时可以；以 `ops.approvals` 中的记录为准。清除任务后，仅当仍待决时才会再次询问。
  `follow_up` 认为无事可做的任务会跳过；清除 `follow_up` 可让它重新查看。

任务 `ask` 在“待办操作”中等待，不占用槽位；每半小时查看一次记录，通过邮件链接作出的决定会使其结束。
"""

from airflow.sdk import dag, get_current_context, task

from trainloop.orchestration.approval import AskApproval
from trainloop.orchestration.assets import PLANNED_NOTICES, announce_notices
from trainloop.orchestration.defaults import DAG_DEFAULTS, MAILING_SCAN_PARAMS, site_time
from trainloop.orchestration.runs import mailing_options
from trainloop.orchestration.tags import MAKES_PDF, NEEDS_APPROVAL, SENDS_MAIL, STAGE_PLATFORM

# Which task carries out the decisions of a kind; other kinds take effect in the DAG that asked.
CARRIED_OUT_BY = {
    "annual_needs_report": "carry_out",
    "allowance": "pay_allowances",
    "trainer_award": "record_award",
    "training_review": "send_training_review",
}


@dag(
    # A run lives as long as its decisions take; the next scans must not wait for it.
    **DAG_DEFAULTS | {"max_active_runs": 64},
    dag_display_name="Ask approvals 审批",
    schedule=site_time("*/15 * * * *"),
    params=MAILING_SCAN_PARAMS,
    tags=[STAGE_PLATFORM, SENDS_MAIL, MAKES_PDF, NEEDS_APPROVAL],
    doc_md=__doc__,
)
def ask_approvals():
    @task.branch(outlets=[PLANNED_NOTICES])
    def follow_up() -> list[str]:
        """What expired is closed; whoever has not decided is reminded. Says which of the tasks below have work."""
        from trainloop.requests import approvals

        counts = approvals.follow_up(**mailing_options(), run_id=get_current_context()["run_id"])
        announce_notices(counts)
        decided = [task_id for kind, task_id in CARRIED_OUT_BY.items() if kind in counts["decided_kinds"]]
        return decided + (["find_open"] if counts["is_unasked"] else [])

    @task
    def find_open() -> list[int]:
        """Approvals that no living task waits for."""
        from trainloop.requests import approvals

        return approvals.claim_doors(get_current_context()["run_id"])

    @task(outlets=[PLANNED_NOTICES])
    def carry_out() -> dict:
        """What was approved leaves HR: final PDFs, extracts, and their mails."""
        from trainloop.reporting import annual_needs

        counts = annual_needs.send_approved()
        announce_notices(counts)
        return counts

    @task(outlets=[PLANNED_NOTICES])
    def pay_allowances() -> dict:
        """Batches that two logins approved: the file to payroll, statements to trainers."""
        from trainloop.trainers import allowances

        counts = allowances.send_approved()
        announce_notices(counts)
        return counts

    @task(outlets=[PLANNED_NOTICES])
    def send_training_review() -> dict:
        """An approved training review: the business version and its mails."""
        from trainloop.reporting import training_review

        counts = training_review.send_approved()
        announce_notices(counts)
        return counts

    @task(outlets=[PLANNED_NOTICES])
    def record_award() -> dict:
        """What the committee said about the best trainer; thanks to every trainer of the year."""
        from trainloop.trainers import award

        counts = award.record_decisions()
        announce_notices(counts)
        return counts

    ask = AskApproval.partial(task_id="ask", map_index_template="{{ task.approval_id }}")

    unasked = find_open()
    follow_up() >> [carry_out(), pay_allowances(), record_award(), send_training_review(), unasked]
    ask.expand(approval_id=unasked)


ask_approvals()

"""
Looks after action learning plans every day (R31–R33): new plans, weekly updates, check-ins, managers' words.

- **Reads** plan forms (`core.named_responses`), updates and check-ins from the plans' own pages, answers of managers,
  who leads whom.
- **Writes** `ops.action_plans` and `ops.plan_updates`; what managers owe (`ops.commitments`, chased by
  `chase_commitments`). A plan is verified when it is done, has evidence and its manager confirms; what nobody has
  checked in 14 days after its day is late. Starts `report_action_plans_30d` a week after a class's last check-in.
- **Mails** each learner one digest on Mondays over all open plans, only when an update is due; each manager one about
  the plans to care about; the call for the 30-day check-in and at most two reminders.
- **Do not run it** with a past date and *Send although the date has passed* unless you want those mails to leave
  today.
- **Re-run it** whenever you like; a Monday without a run is made up for during the week, nothing is told twice.

The plan form itself is a survey wave that `run_survey_waves` opens on the day after a class.

---

每天处理行动学习计划（R31–R33）：新计划、周更新、30 天回顾、上级的回复。

- **读取** 计划表（`core.named_responses`）、计划页面上的更新与回顾、上级的答复、汇报关系。
- **写入** `ops.action_plans`、`ops.plan_updates`；上级待办写入 `ops.commitments`，由 `chase_commitments` 跟进。
  已完成、有证据且上级确认的计划为“已验证”；到期 14 天后仍未回顾的为“已延误”。全班最后
  一个回顾日的一周后启动 `report_action_plans_30d`。
- **邮件** 学员每周一一封，涵盖全部进行中的计划，仅在需要更新时发送；上级一封，只列需要关注的计划；
  30 天回顾的邀请及最多两次提醒。
- **何时不要运行**：不要用过去的日期并勾选补发，除非确实希望这些邮件今天发出。
- **重跑**：随时可以；错过的周一会在当周补上，不会重复发送。
"""

from airflow.sdk import dag, task
from airflow.sdk.exceptions import AirflowSkipException

from trainloop.orchestration.assets import ACTION_PLANS_DUE, PLANNED_NOTICES, announce_notices, announce_sessions
from trainloop.orchestration.defaults import DAG_DEFAULTS, MAILING_SCAN_PARAMS, site_time
from trainloop.orchestration.runs import as_of, mailing_options
from trainloop.orchestration.tags import SENDS_MAIL, STAGE_TRANSFER


@dag(
    **DAG_DEFAULTS,
    dag_display_name="Check in action plans 行动计划跟进",
    schedule=site_time("40 6 * * *"),
    params=MAILING_SCAN_PARAMS,
    tags=[STAGE_TRANSFER, SENDS_MAIL],
    doc_md=__doc__,
)
def check_in_action_plans():
    @task
    def take_in() -> dict:
        """Forms become plans; updates, check-ins and managers' words change how they stand."""
        from trainloop.plans import taking

        return taking.take_in(as_of())

    @task(outlets=[PLANNED_NOTICES])
    def ask_managers() -> dict:
        """Who leads a learner acknowledges the plan and confirms its result."""
        from trainloop.plans import calls

        counts = calls.ask_managers(**mailing_options())
        announce_notices(counts)
        return counts

    @task(outlets=[PLANNED_NOTICES])
    def plan_digests() -> dict:
        """Monday's digests of learners and managers."""
        from trainloop.plans import calls

        counts = calls.plan_digests(**mailing_options())
        announce_notices(counts)
        return counts

    @task(outlets=[PLANNED_NOTICES])
    def call_check_ins() -> dict:
        """The 30-day check-in on its day, and its reminders."""
        from trainloop.plans import calls

        counts = calls.call_check_ins(**mailing_options())
        announce_notices(counts)
        return counts

    @task(outlets=[ACTION_PLANS_DUE])
    def start_reports() -> list[str]:
        """One run of `report_action_plans_30d` per class session whose last check-in was a week ago."""
        from trainloop.plans import due

        session_codes = due.sessions_to_report(as_of=as_of())
        if not session_codes:
            raise AirflowSkipException("no report is due")
        announce_sessions(session_codes, ACTION_PLANS_DUE)
        return session_codes

    take_in() >> ask_managers() >> plan_digests() >> call_check_ins() >> start_reports()


check_in_action_plans()

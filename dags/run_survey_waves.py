"""
Plans, opens, reminds and closes the waves of every survey and staff form but course evaluations.

- **Reads** planned waves and their steps in `ops.milestones`, classes that ended, whom each wave asks (employees,
  attendees, managers, listed people), who has answered, which interviews are in.
- **Writes** `ops.survey_waves`, `ops.invitations` with the coarse groups of anonymous answers, the state of the
  milestones; answers of closed waves anew in random order; filled interview forms as files of the inbox.
- **Mails** whoever is asked: the invitation and the reminders of the site file, to those who owe an answer. Named tasks
  come in the same digest; nobody gets more surveys in 30 days than the cap allows.
- **Do not run it** with a past date and *Send although the date has passed* unless you want those mails to leave
  today.
- **Re-run it** whenever you like: a wave opens once, a person is invited once per wave, a reminder is planned once.

Follow-ups 90 days after a class and the yearly trainer pulse are planned here; the needs survey is launched by
`launch_annual_needs_survey`, the pulse by `pulse_quarterly_satisfaction`, 360 waves by `review_new_manager_360`.

---

规划、开启、提醒并关闭除课后评估以外的所有问卷与内部表单批次。

- **读取** 计划中的批次及其在 `ops.milestones` 中的节点、已结束的班次、各批次的调查对象、作答情况、已提交的访谈。
- **写入** `ops.survey_waves`、`ops.invitations`（含匿名答卷的粗粒度分组）、节点状态；已关闭批次的答卷按随机顺序重写；
  已填写的访谈表写入收件目录。
- **邮件** 调查对象：邀请，以及站点文件规定次数的提醒，只发给尚未作答者；30 天内每人的问卷数不超过上限。
- **何时不要运行**：不要用过去的日期并勾选补发，除非确实希望这些邮件今天发出。
- **重跑**：随时可以；每批次只开启一次，每人每批次只邀请一次，每次提醒只规划一次。
"""

from airflow.sdk import dag, task

from trainloop.orchestration.assets import PLANNED_NOTICES, announce_notices
from trainloop.orchestration.defaults import DAG_DEFAULTS, MAILING_SCAN_PARAMS, site_time
from trainloop.orchestration.runs import as_of, mailing_options
from trainloop.orchestration.tags import SENDS_MAIL, STAGE_NEEDS


@dag(
    **DAG_DEFAULTS,
    dag_display_name="Run survey waves 问卷批次",
    schedule=site_time("15 6 * * *"),
    params=MAILING_SCAN_PARAMS,
    tags=[STAGE_NEEDS, SENDS_MAIL],
    doc_md=__doc__,
)
def run_survey_waves():
    @task
    def plan_waves() -> dict:
        """Follow-ups of classes that ended, and the yearly waves."""
        from trainloop.surveys import planning

        return planning.plan_due(as_of=as_of())

    @task(outlets=[PLANNED_NOTICES])
    def open_waves() -> dict:
        """Planned waves whose day has come; open ones are brought in step with the people they ask."""
        from trainloop.surveys import rounds

        counts = rounds.open_due(**mailing_options())
        announce_notices(counts)
        return counts

    @task(outlets=[PLANNED_NOTICES])
    def remind() -> dict:
        """Those who owe an answer or an interview, on the days of the site file."""
        from trainloop.surveys import rounds

        counts = rounds.remind_due(**mailing_options())
        announce_notices(counts)
        return counts

    @task
    def close_waves() -> dict:
        """Waves whose last day is over: links die, answers lose their order."""
        from trainloop.surveys import rounds

        return rounds.close_due(as_of=as_of())

    @task
    def hand_in_interviews() -> dict:
        """Filled interview forms, as files of the inbox: they pass the same gate as every file."""
        from trainloop.surveys import interviews

        return interviews.hand_in()

    plan_waves() >> open_waves() >> remind() >> close_waves() >> hand_in_interviews()


run_survey_waves()

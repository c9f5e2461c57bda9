"""
Plans the quarterly pulse (R08) and, once it closed, releases its results and the feedback that follows from them (R09).

- **Reads** the class sessions of the quarter that ended; the answers of closed pulses; what earlier pulses released.
- **Writes** the planned wave (it opens on the fifth working day), `published.*` (suppressed); when something really
  dropped, a commitment per trainer and post-class interviews by the class managers of the quarter.
- **Mails** HR: every release. Trainers who taught in the quarter: what dropped, with a link to acknowledge it within
  five working days. Learners are asked by `run_survey_waves`.
- **Do not run it** with a past date and *Send although the date has passed* unless you want those mails to leave
  today.
- **Re-run it** whenever you like: a quarter has one wave, the same answers give the same release, nobody is asked
  twice.

It runs every day, so that a missed day heals; on most days there is nothing to plan and nothing to release.

---

规划季度满意度调研（R08）；调研关闭后发布结果，并把由此产生的反馈送达培训师（R09）。

- **读取** 上一季度的班次；已关闭调研的答卷；以往已发布的结果。
- **写入** 计划的问卷批次（第 5 个工作日开启），`published.*`（已做小样本保护）；出现明显下降时，为每位培训师建立待办，
  并请该季度的班主任做课后访谈。
- **邮件** 人力资源部：每次发布的结果；该季度授课的培训师：下降的项目与确认链接（5 个工作日内）。学员由
  `run_survey_waves` 邀请。
- **何时不要运行**：不要用过去的日期并勾选补发，除非确实希望这些邮件今天发出。
- **重跑**：随时可以；每季度只有一个批次，答卷相同则结果相同，不会重复请求。
"""

from airflow.sdk import dag, task

from trainloop.orchestration.assets import PLANNED_NOTICES, announce_notices
from trainloop.orchestration.defaults import DAG_DEFAULTS, MAILING_SCAN_PARAMS, site_time
from trainloop.orchestration.runs import as_of, mailing_options
from trainloop.orchestration.tags import SENDS_MAIL, STAGE_NEEDS


@dag(
    **DAG_DEFAULTS,
    dag_display_name="Pulse of the quarter 季度满意度",
    schedule=site_time("20 6 * * *"),
    params=MAILING_SCAN_PARAMS,
    tags=[STAGE_NEEDS, SENDS_MAIL],
    doc_md=__doc__,
)
def pulse_quarterly_satisfaction():
    @task
    def plan_pulse() -> dict:
        """The pulse about the quarter before; after a drop, post-class interviews."""
        from trainloop.surveys import pulse

        return pulse.plan_pulse(as_of=as_of())

    @task(outlets=[PLANNED_NOTICES])
    def publish() -> dict:
        """What closed pulses say, suppressed; to HR always, to trainers when something really dropped."""
        from trainloop.surveys import pulse

        counts = pulse.publish_pulses(**mailing_options())
        announce_notices(counts)
        return counts

    plan_pulse() >> publish()


pulse_quarterly_satisfaction()

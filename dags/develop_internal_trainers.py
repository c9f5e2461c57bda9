"""
Looks after internal trainers in the making once a week (R15): deadlines of stages, trials, certificates, bench, load.

- **Reads** `core.trainer_candidates` and `core.trainer_assessments`, employees, classes of internal trainers in this
  quarter. Stages: nominated → mentored → micro-course → trial → certified → lapsed.
- **Writes** findings in `ops.resource_findings`.
- **Mails** candidate and mentor when a step is due soon and when it is late, HR one list of everything, only when
  something is new; each state is told once.
- **Do not run it** with a past date and *Send although the date has passed* unless you want those mails to leave
  today.
- **Re-run it** whenever you like: a state that was told is not told again, what was settled is closed.

A stage that skips one never gets here: the gate holds its row back with the reason. A trial counts with two assessors;
a certificate that ended makes its holder lapsed. Marks are told to HR only, as passed or not.

---

每周跟进内部讲师培养（R15）：阶段期限、试讲、证书、讲师储备与课时负荷。

- **读取** `core.trainer_candidates`、`core.trainer_assessments`、员工、内部讲师本季度的班次。
  阶段：提名 → 导师辅导 → 微课 → 试讲 → 授课认证 → 失效。
- **写入** `ops.resource_findings` 中的情况。
- **邮件** 仅在有新情况时：候选人与导师（临近期限、逾期各一次），人力资源部收到总清单；同一状态只告知一次。
- **何时不要运行**：不要用过去的日期并勾选补发，除非确实希望这些邮件今天发出。
- **重跑**：随时可以；已告知的状态不再告知，已解决的自动关闭。
"""

from airflow.sdk import dag, task

from trainloop.orchestration.assets import PLANNED_NOTICES, announce_notices
from trainloop.orchestration.defaults import DAG_DEFAULTS, MAILING_SCAN_PARAMS, site_time
from trainloop.orchestration.runs import mailing_options
from trainloop.orchestration.tags import SENDS_MAIL, STAGE_RESOURCES


@dag(
    **DAG_DEFAULTS,
    dag_display_name="Develop internal trainers 内部讲师培养",
    schedule=site_time("25 5 * * 1"),
    params=MAILING_SCAN_PARAMS,
    tags=[STAGE_RESOURCES, SENDS_MAIL],
    doc_md=__doc__,
)
def develop_internal_trainers():
    @task(outlets=[PLANNED_NOTICES])
    def develop() -> dict:
        """Every candidate in every topic, the bench of the topics and the load of internal trainers."""
        from trainloop.resources import internal_trainers

        counts = internal_trainers.develop(**mailing_options())
        announce_notices(counts)
        return counts

    develop()


develop_internal_trainers()

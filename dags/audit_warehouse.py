"""
Checks the whole warehouse once a day and compares what was due with what was done.

- **Reads** `core.*`, `marts.*`, `ops.*`.
- **Writes** check runs and results in `ops.*`, the data docs, milestones that have expired.
- **Mails** engineers and HR one list of gaps; nothing when there is none.
- **Do not run it** instead of reading its last result: `trainloop status` and the data docs show that.
- **Re-run it** whenever you like: the list of a day is mailed once.

Airflow's green is no proof: this DAG asks the warehouse what was due and is not done, whatever the runs looked like.

---

每天检查整个数仓，并对照应做与已做的事项。

- **读取** `core.*`、`marts.*`、`ops.*`。
- **写入** `ops.*` 中的检查记录与结果、数据质量页面、已过期的节点。
- **邮件** 把缺口清单发给工程师和人力资源；没有缺口则不发。
- **何时不要运行**：只想看上次结果时，请看 `trainloop status` 和数据质量页面。
- **重跑**：随时可以；同一天的清单只发一次。
"""

from airflow.sdk import dag, task

from trainloop.orchestration.assets import DATASETS, PLANNED_NOTICES, announce_notices
from trainloop.orchestration.defaults import DAG_DEFAULTS, SCAN_PARAMS, site_time
from trainloop.orchestration.runs import as_of
from trainloop.orchestration.tags import SENDS_MAIL, STAGE_PLATFORM


@dag(
    **DAG_DEFAULTS,
    dag_display_name="Audit warehouse 数仓审计",
    schedule=site_time("0 7 * * *"),
    params=SCAN_PARAMS,
    tags=[STAGE_PLATFORM, SENDS_MAIL],
    doc_md=__doc__,
)
def audit_warehouse():
    @task(inlets=[*DATASETS.values()], outlets=[PLANNED_NOTICES])
    def audit() -> dict:
        """Suites on core and marts, conservation of rows, due against done."""
        from trainloop.quality import audit

        counts = audit.audit_warehouse(as_of=as_of())
        announce_notices(counts)
        return counts

    audit()


audit_warehouse()

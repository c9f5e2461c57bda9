"""
Plans every due step of every class session, and plans again what moved.

- **Reads** `core.class_sessions` and `core.attendance`, the working-day calendars, the rules in the site file.
- **Writes** `ops.milestones`: one row per class session and step with its due date and the moment after which it is
  no use.
- **Mails** nobody.
- **Do not run it** to delay a step: move the class in its source file, the plan follows. Done steps are never moved.
- **Re-run it** whenever you like: it moves pending rows only, and a second run changes nothing.

It runs every morning, and as soon as `ingest_inbox` says that class sessions changed.

---

为每个班次规划所有到期节点，并重新规划发生变动的班次。

- **读取** `core.class_sessions`、`core.attendance`、工作日历和站点文件中的规则。
- **写入** `ops.milestones`：每个班次、每个节点一行，含到期日与失效时刻。
- **邮件** 不发。
- **何时不要运行**：不能用来推迟节点；请在来源文件中移动班次，计划会随之变化。已完成的节点不会再移动。
- **重跑**：随时可以；只移动未完成的行，重复运行没有变化。
"""

from airflow.sdk import AssetOrTimeSchedule, dag, task

from trainloop.orchestration.assets import CLASS_SESSIONS
from trainloop.orchestration.defaults import DAG_DEFAULTS, SCAN_PARAMS, site_time
from trainloop.orchestration.runs import as_of
from trainloop.orchestration.tags import STAGE_PLATFORM


@dag(
    **DAG_DEFAULTS,
    dag_display_name="Plan milestones 规划节点",
    schedule=AssetOrTimeSchedule(timetable=site_time("30 5 * * *"), assets=[CLASS_SESSIONS]),
    params=SCAN_PARAMS,
    tags=[STAGE_PLATFORM],
    doc_md=__doc__,
)
def plan_milestones():
    @task
    def plan() -> dict:
        """Pending steps of classes that are new, moved, split or cancelled."""
        from trainloop.surveys import milestones

        return milestones.plan_milestones(as_of=as_of())

    plan()


plan_milestones()

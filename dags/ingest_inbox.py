"""
Reads every file that waits in the inbox, checks it against its data contract and merges what holds into core.

- **Reads** `<inbox>/<dataset>/*.csv|xlsx` and the corrected rows that owners put into
  `<inbox>/<dataset>/corrections/`.
- **Writes** `core.*`, the file registry, check results, quarantine and parked rows in `ops.*`, the archive, the data
  docs.
- **Mails** the owner of a dataset: offending rows as XLSX, or the one reason why a whole file was refused.
- **Do not run it** to repair a file: correct the file and drop it again; bytes that were seen before change nothing.
- **Re-run it** whenever you like, also after a kill: a file counts as done only in the commit that merges it. Clear
  the mapped task of one dataset to try that dataset alone; the others do not wait for it.

One mapped task per dataset, in the order in which datasets refer to each other. A dataset that fails stops no other;
the last task then marks the run as failed. An asset of a dataset is emitted only when rows of it changed.

---

读取收件箱中等待的每个文件，按数据契约检查，合格的行并入 core。

- **读取** `<inbox>/<数据集>/*.csv|xlsx`，以及责任人放入 `<inbox>/<数据集>/corrections/` 的更正行。
- **写入** `core.*`；`ops.*` 中的文件登记、检查结果、隔离区和待匹配行；归档；数据质量页面。
- **邮件** 发给数据集责任人：不合格的行（XLSX 附件），或整个文件被拒收的唯一原因。
- **何时不要运行**：不能靠重跑修复文件。请更正文件后重新放入；相同内容再次到达不会产生任何变化。
- **重跑**：随时可以，被中断后也可以；文件只有在合并提交后才算完成。只想重试一个数据集时，清除它的映射任务即可。
"""

from airflow.sdk import TriggerRule, dag, get_current_context, task

from trainloop.orchestration.assets import CHANGED_DATASETS, PLANNED_NOTICES, announce_changes, announce_notices
from trainloop.orchestration.defaults import DAG_DEFAULTS, site_time
from trainloop.orchestration.tags import SENDS_MAIL, STAGE_PLATFORM
from trainloop.orchestration.watcher import fail_the_run


@dag(
    **DAG_DEFAULTS,
    dag_display_name="Ingest inbox 数据收件",
    schedule=site_time("*/15 * * * *"),
    tags=[STAGE_PLATFORM, SENDS_MAIL],
    doc_md=__doc__,
)
def ingest_inbox():
    @task
    def find_waiting_datasets() -> list[str]:
        """Datasets with complete files, with interrupted ones, or with parked rows whose reference has come."""
        from trainloop.intake.pipeline import waiting_datasets

        return waiting_datasets()

    @task(
        outlets=[CHANGED_DATASETS, PLANNED_NOTICES],
        map_index_template="{{ dataset_label }}",
        # One after the other, in the order of the list: a class is known before its enrollments arrive.
        max_active_tis_per_dagrun=1,
    )
    def ingest(dataset: str) -> dict:
        """All files of one dataset, in the order in which they arrived."""
        from trainloop.intake.pipeline import ingest_dataset

        get_current_context()["dataset_label"] = dataset
        counts = ingest_dataset(dataset)
        announce_changes([dataset] if counts["changed_count"] else [])
        announce_notices(counts)
        return counts

    # After intake, failed or not; where nothing was to be taken in, no second task starts.
    @task(outlets=[CHANGED_DATASETS], trigger_rule=TriggerRule.NONE_SKIPPED)
    def match_parked() -> dict:
        """Valid rows that came before what they refer to."""
        from trainloop.intake.parking import match_parked_rows

        counts = match_parked_rows()
        announce_changes(counts["changed_datasets"])
        return counts

    ingested = ingest.expand(dataset=find_waiting_datasets())
    matched = match_parked()

    ingested >> matched
    [ingested, matched] >> fail_the_run()


ingest_inbox()

"""
Sends quarantined rows through the gate again, by hand.

- **Reads** open rows of `ops.quarantined_rows` of one dataset or of one file, as they came.
- **Writes** what passes now to `core.*`; rows that still fail stay in quarantine with today's reasons.
- **Mails** the owner of the dataset when rows still fail.
- **Run it** after a contract was relaxed or corrected. **Do not run it** for rows whose *values* are wrong: let the
  owner correct the XLSX from the mail and drop it into `<inbox>/<dataset>/corrections/`; `ingest_inbox` takes it from
  there.
- **Re-run it** whenever you like: a row that was accepted is not open any more.

---

由人工触发，把隔离区中的行再次送过质量闸口。

- **读取** `ops.quarantined_rows` 中某个数据集或某个文件的未处理行，保持到达时的原样。
- **写入** 现在合格的行进入 `core.*`；仍不合格的行连同今天的原因留在隔离区。
- **邮件** 仍有不合格的行时发给数据集责任人。
- **何时运行**：数据契约放宽或更正之后。**何时不要运行**：值本身有误的行——请责任人更正邮件中的 XLSX，放入`<inbox>/<数
  据集>/corrections/`，由 `ingest_inbox` 处理。
- **重跑**：随时可以；已被接收的行不再处于未处理状态。
"""

from airflow.sdk import Param, dag, get_current_context, task

from trainloop.orchestration.assets import (
    CHANGED_DATASETS,
    PLANNED_NOTICES,
    SURVEY_EXPORTS,
    announce_changes,
    announce_notices,
    dataset_names,
)
from trainloop.orchestration.defaults import DAG_DEFAULTS
from trainloop.orchestration.tags import SENDS_MAIL, STAGE_PLATFORM


@dag(
    **DAG_DEFAULTS,
    dag_display_name="Replay quarantine 重放隔离区",
    schedule=None,
    params={
        "dataset": Param("employees", type="string", enum=[*dataset_names()], title="Dataset 数据集"),
        "file_id": Param(
            None,
            type=["null", "integer"],
            minimum=1,
            title="File 文件编号",
            description="Leave empty for all open rows of the dataset. 留空为该数据集的全部未处理行。",
        ),
    },
    tags=[STAGE_PLATFORM, SENDS_MAIL],
    doc_md=__doc__,
)
def replay_quarantine():
    @task(outlets=[CHANGED_DATASETS, PLANNED_NOTICES])
    def replay() -> dict:
        """Open rows, under the contract as it is today."""
        from trainloop.intake import replay
        from trainloop.surveys.sources import exports

        params = get_current_context()["params"]
        if params["dataset"] == SURVEY_EXPORTS:
            counts = exports.replay_survey_quarantine(file_id=params["file_id"])
        else:
            counts = replay.replay_quarantine(file_id=params["file_id"], dataset=params["dataset"])
        announce_changes([params["dataset"]] if counts["changed_count"] else [])
        announce_notices(counts)
        return counts

    replay()


replay_quarantine()

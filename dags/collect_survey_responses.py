"""
Brings the answers of outside survey tools through the gate and marks who has answered.

- **Reads** `<inbox>/survey_exports/*` with the column mappings in `<inbox>/survey_exports/mappings/`.
- **Writes** `confidential.responses` and `confidential.answers` (no name, no time, no order), the registry and
  quarantine in `ops.*`, and the flag `is_used` of invitations whose completion is known.
- **Mails** the owner of the survey exports: rows that failed a check, or why a file was refused.
- **Do not run it** to change an answer: answers after the close of a wave are refused, and counted.
- **Re-run it** whenever you like: an answer is known by its wave and the tool's own id, so nothing is counted twice.

---

把外部问卷工具导出的答卷送过质量闸口，并标记谁已作答。

- **读取** `<inbox>/survey_exports/*` 及其列映射 `<inbox>/survey_exports/mappings/`。
- **写入** `confidential.responses`、`confidential.answers`（不含姓名、时间和顺序），`ops.*` 中的登记与隔离区，以及邀
  请的已作答标记。
- **邮件** 发给问卷导出的责任人：不合格的行，或文件被拒收的原因。
- **何时不要运行**：不能用来修改答卷；批次关闭之后的答卷会被拒收并计数。
- **重跑**：随时可以；答卷以批次和工具自身的编号识别，不会重复计数。
"""

from airflow.sdk import dag, task

from trainloop.orchestration.assets import (
    CHANGED_DATASETS,
    PLANNED_NOTICES,
    SURVEY_EXPORTS,
    announce_changes,
    announce_notices,
)
from trainloop.orchestration.defaults import DAG_DEFAULTS, site_time
from trainloop.orchestration.tags import SENDS_MAIL, STAGE_DELIVERY


@dag(
    **DAG_DEFAULTS,
    dag_display_name="Collect survey responses 回收答卷",
    schedule=site_time("*/15 * * * *"),
    tags=[STAGE_DELIVERY, SENDS_MAIL],
    doc_md=__doc__,
)
def collect_survey_responses():
    @task(outlets=[CHANGED_DATASETS, PLANNED_NOTICES])
    def collect() -> dict:
        """Every waiting export, then the completions that came with the inbox."""
        from trainloop.surveys import exports

        counts = exports.collect_survey_responses()
        announce_changes([SURVEY_EXPORTS] if counts["changed_count"] else [])
        announce_notices(counts)
        return counts

    collect()


collect_survey_responses()

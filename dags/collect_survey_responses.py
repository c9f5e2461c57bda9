"""
Collects the answers of every survey source and marks who has answered.

- **Reads** the own forms' waiting answers, the LimeSurvey of your company where one is set up, and
  `<inbox>/survey_exports/*` with the column mappings in `<inbox>/survey_exports/mappings/`.
- **Writes** `confidential.responses` and `confidential.answers` (no name, no time, no order), the registry and
  quarantine in `ops.*`, and the flag `is_used` of invitations whose completion is known.
- **Mails** the owner of the survey exports: rows that failed a check, or why a file was refused.
- **Do not run it** to change an answer: answers after the close of a wave are refused, and counted.
- **Re-run it** whenever you like: an answer is known by its wave and the tool's own id, so nothing is counted twice.

A source that cannot be read stops no other: the rest is collected, then one task for each such source marks the run as
failed and names it. The next run tries again. The counts of a run stand in the log of `collect`.

---

从每个问卷来源回收答卷，并标记谁已作答。

- **读取** 自有表单中等待的答卷、公司的 LimeSurvey（如已配置），以及 `<inbox>/survey_exports/*` 及其列映射
  `<inbox>/survey_exports/mappings/`。
- **写入** `confidential.responses`、`confidential.answers`（不含姓名、时间和顺序），`ops.*` 中的登记与隔离区，以及邀
  请的已作答标记。
- **邮件** 发给问卷导出的责任人：不合格的行，或文件被拒收的原因。
- **何时不要运行**：不能用来修改答卷；批次关闭之后的答卷会被拒收并计数。
- **重跑**：随时可以；答卷以批次和工具自身的编号识别，不会重复计数。

某个来源无法读取时，其他来源照常回收；随后由每个失败来源的一个任务将本次运行标记为失败，并只写明来源名称。下次运行会再次尝试。
各项计数见任务 `collect` 的日志。
"""

from airflow.sdk import dag, get_current_context, task

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
    def collect() -> list[str]:
        """Every source on its own; LimeSurvey, which is another machine, comes last. Returns those that failed."""
        from trainloop.surveys import collecting

        counts = collecting.collect_survey_responses()
        announce_changes([SURVEY_EXPORTS] if counts["changed_count"] else [])
        announce_notices(counts)
        return collecting.failures(counts)

    # Mapped over the failures: a run without any starts no second task.
    @task(map_index_template="{{ source_label }}")
    def name_failed_source(failed: str) -> None:
        """Fail, since a source could not be read: what the others gave is already in and announced."""
        from trainloop.surveys.collecting import raise_failures

        get_current_context()["source_label"] = failed
        raise_failures([failed])

    name_failed_source.expand(failed=collect())


collect_survey_responses()

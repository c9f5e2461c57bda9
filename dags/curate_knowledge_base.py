"""
Looks after the knowledge base once a week (R14): what is old, double, without licence, owner or file.

- **Reads** `core.knowledge_assets` and their files in the material store (those not read lately, classes to come
  first), course packs and what learners opened, courses that are taught.
- **Writes** `ops.asset_checks`, the index `marts.knowledge_index`, findings in `ops.resource_findings`.
- **Mails** each owner the own assets and HR one list of all, only when something is new; each state is told once.
- **Do not run it** with a past date and *Send although the date has passed* unless you want those mails to leave
  today.
- **Re-run it** whenever you like: the index is made anew, a state that was told is not told again, what was mended is
  closed.

The course packs of classes are made by `prepare_class_sessions`, which leaves out what must not be handed out.

---

每周整理知识库（R14）：过期、重复、未授权、无负责人、文件缺失或被改动的资产。

- **读取** `core.knowledge_assets` 及资料库中的文件（近期未核对的，优先即将开课的）、课程资料包与学员打开记录、
  在授课程。
- **写入** `ops.asset_checks`、索引 `marts.knowledge_index`、`ops.resource_findings` 中的问题。
- **邮件** 仅在有新情况时：负责人收到自己的资产，人力资源部收到总清单；同一状态只告知一次。
- **何时不要运行**：不要用过去的日期并勾选补发，除非确实希望这些邮件今天发出。
- **重跑**：随时可以；索引重新生成，已告知的状态不再告知，已处理的自动关闭。
"""

from airflow.sdk import dag, task

from trainloop.orchestration.assets import PLANNED_NOTICES, announce_notices
from trainloop.orchestration.defaults import DAG_DEFAULTS, MAILING_SCAN_PARAMS, site_time
from trainloop.orchestration.runs import mailing_options
from trainloop.orchestration.tags import SENDS_MAIL, STAGE_RESOURCES


@dag(
    **DAG_DEFAULTS,
    dag_display_name="Curate knowledge base 整理知识库",
    schedule=site_time("20 5 * * 1"),
    params=MAILING_SCAN_PARAMS,
    tags=[STAGE_RESOURCES, SENDS_MAIL],
    doc_md=__doc__,
)
def curate_knowledge_base():
    @task
    def check_files() -> dict:
        """Files that were not read lately, against their registered checksums."""
        from trainloop.resources import knowledge

        return knowledge.check_files()

    @task(outlets=[PLANNED_NOTICES])
    def curate() -> dict:
        """The index made anew; what is wrong is opened, closed and told."""
        from trainloop.resources import knowledge

        counts = knowledge.curate(**mailing_options())
        announce_notices(counts)
        return counts

    check_files() >> curate()


curate_knowledge_base()

"""
Takes out every night what is older than the site file's `retention` days, and proves it with counts.

- **Reads** every table in which people stand (`trainloop.retention.holdings`) and the small files beside the archive
  that remember erased people.
- **Writes** `ops.purge_counts`: one row per rule and place, zero included. Archived inbox files, values in quarantine,
  who was asked by closed surveys, bodies of mails, raw 360 ratings, individual indicators and forms, task logs: each by
  its own rule. People who left become aliases that lead nowhere; whoever was erased on request and came back with a
  restored database is erased again. Practice cases of erased people leave the material store, and a row in the inbox
  ends them in the knowledge base.
- **Mails** nobody.
- **Do not run it** before a restored database has been looked at, if something that is due to go is still needed: what
  is gone stays gone.
- **Re-run it** whenever you like; each place is one commit, and a run that was killed goes on where it stopped.

One person's erasure and export are commands: `trainloop erase`, `trainloop export`.

---

每晚清除超过 `retention` 期限的数据，并以计数留证。

- **读取** 所有含个人数据的表（`trainloop.retention.holdings`），以及归档旁记录已删除人员的小文件。
- **写入** `ops.purge_counts`：每条规则、每个位置一行（含 0）。归档文件、隔离区的值、已关闭问卷的受邀名单、邮件正文、
  360 原始评分、个人指标与表单、任务日志，各按各的期限；离职人员改为无法追溯的别名；
  数据库恢复后重新出现的已删除人员会再次删除；已删除人员的实践案例同时移出资料库。
- **邮件**：无。
- **何时不要运行**：数据库刚恢复且仍需查看到期数据时；删除后不可恢复。
- **重跑**：随时可以；每个位置一次提交，中断后从中断处继续。

单个人员的删除与导出是命令：`trainloop erase`、`trainloop export`。
"""

from airflow.sdk import dag, task

from trainloop.orchestration.defaults import DAG_DEFAULTS, SCAN_PARAMS, site_time
from trainloop.orchestration.runs import as_of
from trainloop.orchestration.tags import STAGE_PLATFORM


@dag(
    **DAG_DEFAULTS,
    dag_display_name="Purge expired records 清除到期数据",
    schedule=site_time("10 2 * * *"),
    params=SCAN_PARAMS,
    tags=[STAGE_PLATFORM],
    doc_md=__doc__,
)
def purge_expired_records():
    @task
    def purge() -> dict:
        """What is older than the rules allow; counts by rule."""
        from trainloop.retention.purge import purge_expired

        return purge_expired(as_of())

    @task
    def take_out_cases() -> dict:
        """Practice cases of erased people leave the knowledge base on the same night."""
        from trainloop.talent import cases

        return cases.take_out()

    @task
    def purge_task_logs() -> int:
        """Logs of tasks on this machine; remote logs keep the rules of their store."""
        from airflow.configuration import conf

        from trainloop.config import get_site
        from trainloop.retention.files import purge_logs

        return purge_logs(conf.get("logging", "base_log_folder"), get_site().retention.task_logs)

    purge() >> take_out_cases() >> purge_task_logs()


purge_expired_records()

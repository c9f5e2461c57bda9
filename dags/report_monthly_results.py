"""
Makes the monthly results 《月度成果汇报》 of action plans by department and course, and plans their mails (R34, R40).

- **Reads** the plans of the classes whose 30-day reports fell due in the month before; the stories that these reports
  have shown; then only what is published.
- **Writes** `published.*` (suppressed), one PDF for HR in each language, `ops.reports`.
- **Mails** HR: the PDF. Heads of departments: their own department's figures and what was in the way there. Nobody
  reads another department's.
- **Do not run it** with a past date to correct a month: a month that was released stays as it was released.
- **Re-run it** whenever you like: a month is released once and told once.

It runs every day, so that a missed day heals: it acts from the first working day of a month on, once.

---

按部门和课程汇总行动计划的《月度成果汇报》，并规划其邮件（R34、R40）。

- **读取** 30 天报告在上月到期的班次的计划；这些报告已展示的学员原话；此后只读取已发布的数据。
- **写入** `published.*`（已做小样本保护），每种语言一份人力资源版 PDF，`ops.reports`。
- **邮件** 人力资源部：PDF；部门负责人：本部门的数字和应用障碍，看不到其他部门。
- **何时不要运行**：不要用过去的日期来更正某个月，已发布的月份保持不变。
- **重跑**：随时可以；每个月只发布一次、通知一次。
"""

from airflow.sdk import dag, task

from trainloop.orchestration.assets import PLANNED_NOTICES, announce_notices
from trainloop.orchestration.defaults import DAG_DEFAULTS, SCAN_PARAMS, site_time
from trainloop.orchestration.runs import as_of
from trainloop.orchestration.tags import MAKES_PDF, SENDS_MAIL, STAGE_TRANSFER


@dag(
    **DAG_DEFAULTS,
    dag_display_name="Report monthly results 月度成果汇报",
    # After the 30-day reports of the day before; the first working day is the site's calendar's.
    schedule=site_time("45 7 * * *"),
    params=SCAN_PARAMS,
    tags=[STAGE_TRANSFER, MAKES_PDF, SENDS_MAIL],
    doc_md=__doc__,
)
def report_monthly_results():
    @task
    def evaluate() -> dict:
        """What the plans of the month before came to, with small groups suppressed."""
        from trainloop.plans import monthly

        return monthly.evaluate_month(as_of=as_of())

    @task(outlets=[PLANNED_NOTICES])
    def render() -> dict:
        """The PDF of what is published, and in the same commit the mails to HR and heads."""
        from trainloop.reporting import monthly_results

        counts = monthly_results.render_month()
        announce_notices(counts)
        return counts

    evaluate() >> render()


report_monthly_results()

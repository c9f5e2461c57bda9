"""
Checks every class session that is to come, 14, 7, 3 and 1 days before it begins (R16, R17, R21).

- **Reads** class sessions, resource bookings, employees, enrollments and attendance of earlier classes, budgets and
  costs.
- **Writes** approvals of overspent budgets, `ops.readiness_exceptions` (opened and closed every day),
  `marts.headcount_forecasts`, the state of the steps.
- **Mails** on the days of the steps, and only when something is new: the class manager their class, HR one list of all
  classes. HR: a question for each budget that is newly over its plan, the state of the budgets once a month.
- **Do not run it** with a past date and *Send although the date has passed* unless you want those mails to leave
  today.
- **Re-run it** whenever you like: a step is done once, nobody is told the same twice, and what recovered is closed.

A class that becomes known late is checked at once; the steps it missed expire and are reported.

---

在开课前 14、7、3、1 天检查每个即将开课的班次（R16、R17、R21）。

- **读取** 班次、资源预订、员工、报名与往期考勤、预算与费用。
- **写入** 超支预算的审批、`ops.readiness_exceptions`（每天打开与关闭）、`marts.headcount_forecasts`、节点状态。
- **邮件** 仅在节点当天且有新情况时：班主任收到自己的班次，人力资源部收到一份总清单；新出现的超支预算请人力资源部
  审批，预算状况每月一封。
- **何时不要运行**：不要用过去的日期并勾选补发，除非确实希望这些邮件今天发出。
- **重跑**：随时可以；每个节点只做一次，同一问题不会重复告知，已恢复的自动关闭。
"""

from airflow.sdk import dag, task

from trainloop.orchestration.assets import PLANNED_NOTICES, announce_notices
from trainloop.orchestration.defaults import DAG_DEFAULTS, MAILING_SCAN_PARAMS, site_time
from trainloop.orchestration.runs import mailing_options
from trainloop.orchestration.tags import SENDS_MAIL, STAGE_DELIVERY


@dag(
    **DAG_DEFAULTS,
    dag_display_name="Check session readiness 开课准备检查",
    schedule=site_time("10 6 * * *"),
    params=MAILING_SCAN_PARAMS,
    tags=[STAGE_DELIVERY, SENDS_MAIL],
    doc_md=__doc__,
)
def check_session_readiness():
    @task(outlets=[PLANNED_NOTICES])
    def check_budgets() -> dict:
        """Budgets that are newly over their plan are put to HR; once a month HR reads how the year stands."""
        from trainloop.resources import budgets

        counts = budgets.check_due(**mailing_options())
        announce_notices(counts)
        return counts

    @task(outlets=[PLANNED_NOTICES])
    def check() -> dict:
        """Every class to come: what is missing, booked twice or too large, and who has to know."""
        from trainloop.delivery import readiness

        counts = readiness.check_readiness(**mailing_options())
        announce_notices(counts)
        return counts

    check_budgets() >> check()


check_session_readiness()

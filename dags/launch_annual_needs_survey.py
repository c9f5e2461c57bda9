"""
Launches the yearly needs survey: the anonymous wave to everybody and the interviews of the departments.

- **Reads** the launch day in the site file (`survey_waves.annual_needs.launch_on`), `core.interview_plan`, interviews
  that are in.
- **Writes** the planned waves in `ops.survey_waves`, their steps in `ops.milestones`, the opened wave's invitations.
- **Mails** every active employee the invitation to the survey when it opens; interviewers their interviews.
- **Do not run it** to try it out: on the day and in the three weeks after it the survey opens at once for everybody.
- **Re-run it** whenever you like: a year's survey is planned once; one that is open or over is left alone, and only
  interviews that are new in the plan are added.

It runs by itself on the launch day. To launch on another day, trigger it with *Opening day*; `run_survey_waves` opens,
reminds and closes what is planned here, and chases interviews until they are in.

---

启动年度培训需求调研：面向全员的匿名问卷，以及各业务部门的访谈。

- **读取** 站点文件中的启动日（`survey_waves.annual_needs.launch_on`）、`core.interview_plan`、已提交的访谈。
- **写入** `ops.survey_waves` 中的计划批次、`ops.milestones` 中的节点、已开启批次的邀请。
- **邮件** 问卷开启时邀请全体在职员工；向访谈人发送访谈任务。
- **何时不要运行**：不要试运行；在启动日及之后三周内运行会立即向全员开启问卷。
- **重跑**：随时可以；每年的问卷只规划一次，已开启或已结束的不再变动，只补充计划中新增的访谈。

到启动日自动运行。若要改期，请填写“开启日期”后手动触发；后续的开启、提醒、关闭与访谈催办由 `run_survey_waves` 完成。
"""

from airflow.sdk import Param, dag, task

from trainloop.orchestration.assets import PLANNED_NOTICES, announce_notices
from trainloop.orchestration.defaults import DAG_DEFAULTS, MAILING_SCAN_PARAMS, launch_time
from trainloop.orchestration.runs import as_of, mailing_options, opens_on
from trainloop.orchestration.tags import SENDS_MAIL, STAGE_NEEDS

OPENS_ON = Param(
    None,
    type=["null", "string"],
    format="date",
    title="Opening day 开启日期",
    description="Empty = the launch day of the site file. 留空为站点文件中的启动日。",
)


@dag(
    **DAG_DEFAULTS,
    dag_display_name="Launch annual needs survey 启动年度需求调研",
    schedule=launch_time("annual_needs"),
    params=MAILING_SCAN_PARAMS | {"opens_on": OPENS_ON},
    tags=[STAGE_NEEDS, SENDS_MAIL],
    doc_md=__doc__,
)
def launch_annual_needs_survey():
    @task
    def plan_survey() -> dict:
        """The wave of next year's plan and the interviews that are not in yet."""
        from trainloop.surveys import needs_launch

        return needs_launch.launch(as_of=as_of(), opens_on=opens_on())

    @task(outlets=[PLANNED_NOTICES])
    def open_waves() -> dict:
        """What is due today; a launch on a day off opens on the next working day."""
        from trainloop.surveys import rounds

        counts = rounds.open_due(**mailing_options())
        announce_notices(counts)
        return counts

    plan_survey() >> open_waves()


launch_annual_needs_survey()

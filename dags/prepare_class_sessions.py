"""
Prepares every class session: materials, pre-work, learners' questions, groups and run sheets (R18–R21).

- **Reads** due steps in `ops.milestones`, `core.knowledge_assets` and their files in the material store, enrollments,
  pre-work events, learners' questions.
- **Writes** `ops.course_packs`, `ops.material_links`, `ops.digested_questions`, exceptions of materials, the state of
  the steps, `ops.learner_groups`, the PDF of each run sheet in `ops.reports`.
- **Mails** confirmed learners and the trainer: the course pack by link seven days before, a new version once, late
  learners the same day; unfinished learners: at most two reminders; the trainer: questions without names; class
  manager and trainer: the run sheet one working day before (HR where a class has no manager).
- **Do not run it** with a past date and *Send although the date has passed* unless you want those mails to leave
  today.
- **Re-run it** whenever you like: a version is told once, a reminder is planned once, a question is told once.

An asset that is missing, unlicensed or not the registered file stops nothing: the rest goes out, and
`check_session_readiness` tells the class manager and HR.

---

为每个班次做课前准备：资料发放、预习、学员提问、分组与执行单（R18–R21）。

- **读取** `ops.milestones` 中到期的节点、`core.knowledge_assets` 及资料库文件、报名、预习记录、学员提问。
- **写入** `ops.course_packs`、`ops.material_links`、`ops.digested_questions`、`ops.learner_groups`、资料异常、
  节点状态、执行单 PDF。
- **邮件** 已确认学员与讲师：开课前七天通过链接发放资料，新版本只发一次，晚报名者当天发放；未完成预习者最多提醒两次；
  讲师收到不带姓名的提问汇总；班主任与讲师在前一个工作日收到执行单（没有班主任时发给人力资源部）。
- **何时不要运行**：不要用过去的日期并勾选补发，除非确实希望这些邮件今天发出。
- **重跑**：随时可以；每个版本只告知一次，每次提醒只计划一次，每个问题只汇总一次。
"""

from airflow.sdk import dag, task

from trainloop.orchestration.assets import PLANNED_NOTICES, announce_notices
from trainloop.orchestration.defaults import DAG_DEFAULTS, MAILING_SCAN_PARAMS, site_time
from trainloop.orchestration.runs import mailing_options
from trainloop.orchestration.tags import MAKES_PDF, SENDS_MAIL, STAGE_DELIVERY


@dag(
    **DAG_DEFAULTS,
    dag_display_name="Prepare class sessions 课前准备",
    schedule=site_time("50 5 * * *"),
    params=MAILING_SCAN_PARAMS,
    tags=[STAGE_DELIVERY, MAKES_PDF, SENDS_MAIL],
    doc_md=__doc__,
)
def prepare_class_sessions():
    @task(outlets=[PLANNED_NOTICES])
    def send_materials() -> dict:
        """Packs of classes that are due, changed or got new learners."""
        from trainloop.delivery import materials

        counts = materials.send_materials(**mailing_options())
        announce_notices(counts)
        return counts

    @task(outlets=[PLANNED_NOTICES])
    def remind_of_prework() -> dict:
        """Learners with pre-work left, three days and one day before."""
        from trainloop.delivery import prework

        counts = prework.remind_of_prework(**mailing_options())
        announce_notices(counts)
        return counts

    @task(outlets=[PLANNED_NOTICES])
    def digest_questions() -> dict:
        """What learners asked, to their trainer, two working days before and whenever more comes."""
        from trainloop.delivery import questions

        counts = questions.digest_questions(**mailing_options())
        announce_notices(counts)
        return counts

    @task(outlets=[PLANNED_NOTICES])
    def make_run_sheets() -> dict:
        """Groups and the run sheet of every class of the next working day."""
        from trainloop.delivery import run_sheets

        counts = run_sheets.make_run_sheets(**mailing_options())
        announce_notices(counts)
        return counts

    send_materials() >> remind_of_prework() >> digest_questions() >> make_run_sheets()


prepare_class_sessions()

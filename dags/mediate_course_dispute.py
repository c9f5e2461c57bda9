"""
Mediates when trainer and business see a course differently (R47–R52): from two statements to three signatures.

- **Start it by hand** with the form to open a dispute (course, trainer, business head, reason; the need if there is
  one), to withdraw one, or to ask again where links expired; ids only. Trainer and business head open one themselves by
  the link in their report. Every day it looks at all open disputes without any form.
- **Reads** what the three wrote by their personal links, published needs and evaluations, interviews, the pilot's
  figures, both teams' feedback.
- **Writes** `ops.disputes` step by step, what is asked of whom, the papers (clarification pack, pilot report, agreed
  plan) with their releases, PDFs in every language of the site.
- **Mails** the three: what each owes now (one link each), the pack with the day of the meeting, the pilot report, the
  signed plan. `chase_commitments` reminds.
- **Do not run it** with a past date and *Send although the date has passed* unless you want those mails to leave today.
- **Re-run it** whenever you like: the same three have one dispute about a course, a step is asked once, a registered
  pilot is never changed once data arrived.

---

培训师与业务部门对课程看法不一致时的三方调解（R47–R52）：从双方陈述到三方签署。

- **手动启动**：填写表单发起分歧（课程、培训师、业务负责人、原因；如有则填培训需求）、撤回分歧，
  或在链接过期后重新请求；只填编号。
  培训师与业务负责人也可通过报告邮件中的链接自行发起。每天自动检查所有进行中的分歧，无需表单。
- **读取** 三方通过个人链接填写的内容、已发布的需求与评估、访谈、试点指标、两个团队的反馈。
- **写入** `ops.disputes` 的各步骤、各方待办、文件（澄清会材料、试点报告、商定方案）及各语言 PDF。
- **邮件** 三方：当前待办（各有一个链接）、含会议日期的澄清会材料、试点报告、已签署方案；
  催办由 `chase_commitments` 负责。
- **何时不要运行**：不要用过去的日期并勾选补发，除非确实希望这些邮件今天发出。
- **重跑**：随时可以；同一三方对同一课程只有一个分歧，每步只请求一次，数据产生后试点登记不可更改。
"""

from airflow.sdk import Param, dag, get_current_context, task

from trainloop.orchestration.assets import PLANNED_NOTICES, announce_notices
from trainloop.orchestration.defaults import DAG_DEFAULTS, MAILING_SCAN_PARAMS, site_time
from trainloop.orchestration.runs import mailing_options
from trainloop.orchestration.tags import MAKES_PDF, SENDS_MAIL, STAGE_TRAINERS

CODE = {"type": ["null", "string"], "pattern": r"^[A-Za-z0-9][A-Za-z0-9_.\-]{0,49}$"}
REASONS = [None, "content", "level", "practice", "results", "time", "other"]
OPEN, WITHDRAW = "Open a dispute 发起分歧", "Withdraw a dispute 撤回分歧"
ASK_AGAIN = "Ask again 重新请求"
NUMBER = {"type": ["null", "string"], "pattern": r"^D-\d{4}-\d{3,}$"}
PARAMS = {
    "course_code": Param(None, **CODE, title="Course 课程编码", section=OPEN),
    "topic_code": Param(None, **CODE, title="Training need (may be empty) 培训需求编码（可空）", section=OPEN),
    "trainer_id": Param(None, **CODE, title="Trainer 培训师编号", section=OPEN),
    "business_head_id": Param(None, **CODE, title="Business head, employee number 业务负责人工号", section=OPEN),
    "reason_code": Param(None, type=["null", "string"], enum=REASONS, title="Reason 原因", section=OPEN),
    "withdraw_dispute_id": Param(None, **NUMBER, title="Dispute 分歧编号", section=WITHDRAW),
    "withdraw_reason": Param(
        "settled", enum=["settled", "mistake", "course_ended"], title="Why 原因", section=WITHDRAW
    ),
    "ask_again_dispute_id": Param(
        None, **NUMBER, title="Dispute whose links expired 链接已过期的分歧编号", section=ASK_AGAIN
    ),
}


@dag(
    **DAG_DEFAULTS,
    dag_display_name="Mediate course disputes 课程分歧调解",
    schedule=site_time("20 7 * * *"),
    params=PARAMS | MAILING_SCAN_PARAMS,
    tags=[STAGE_TRAINERS, SENDS_MAIL, MAKES_PDF],
    doc_md=__doc__,
)
def mediate_course_dispute():
    @task(outlets=[PLANNED_NOTICES])
    def act_on_form() -> dict:
        """What the form asks to open, withdraw or ask again; an empty form does nothing."""
        from trainloop.disputes import opening

        counts = opening.act_on_form(get_current_context()["params"])
        announce_notices(counts)
        return counts

    @task(outlets=[PLANNED_NOTICES])
    def advance() -> dict:
        """Each open dispute as far as the answers of the three allow."""
        from trainloop.disputes import scan

        counts = scan.advance(**mailing_options())
        announce_notices(counts)
        return counts

    @task
    def make_papers() -> dict:
        """What the next step needs on paper: evidence for the meeting, the pilot's result, the signed plan."""
        from trainloop.disputes import papers

        return papers.make_papers()

    @task(outlets=[PLANNED_NOTICES])
    def conclude() -> dict:
        """Pilots whose result is on paper now: the decision is asked for on the same day."""
        from trainloop.disputes import scan

        counts = scan.advance(**mailing_options())
        announce_notices(counts)
        return counts

    @task(outlets=[PLANNED_NOTICES])
    def render() -> dict:
        """The papers as PDFs, and the mails to the three that carry them."""
        from trainloop.reporting import dispute_papers

        counts = dispute_papers.render_papers(**mailing_options())
        announce_notices(counts)
        return counts

    act_on_form() >> advance() >> make_papers() >> conclude() >> render()


mediate_course_dispute()

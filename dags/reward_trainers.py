"""
Computes the teaching-hour allowances of the month before and asks two approvers for them (R44); in December it also
ranks the year's trainers for the award committee (R43).

- **Reads** classes that took place until the end of that month, attendance, published evaluations, trainers' levels and
  `core.allowance_rates` (by the day of the class), what approved batches paid before.
- **Writes** the month's batch in `ops.allowance_batches` and its lines, the payroll CSV, an approval of kind
  `allowance`; classes without an amount in `ops.allowance_refusals`. For the award a release `trainer_award` of the
  year, the committee's pack PDF in every language and an approval of kind `trainer_award`.
- **Mails** the contact of the site file that a decision waits; HR which classes cannot be computed and why. Payroll and
  trainers hear of a batch from `ask_approvals`, after two logins of different employees approved it. The committee's
  contact gets the pack; `ask_approvals` records the decision and thanks the trainers (R46).
- **Do not run it** for a past date with *Send although the date has passed* while the newer month's batch waits: the
  question about that one is withdrawn.
- **Re-run it** whenever you like: the same data make no batch; other data make the next revision, and whatever an
  approved batch paid is never in it again.

---

计算上个月的授课课时津贴并请两位审批人批准（R44）；十二月同时为评审委员会排出年度优秀培训师（R43）。

- **读取** 截至上月末已举行的班次、签到、已发布的评估、讲师等级与 `core.allowance_rates`（按班次当天），
  以及此前已批准的支付。
- **写入** `ops.allowance_batches` 中该月的批次与明细、薪酬 CSV、类别为 `allowance` 的审批；无法计算的班次写入
  `ops.allowance_refusals`。评选：该年度的 `trainer_award`、各语言的评审材料 PDF、类别为 `trainer_award` 的审批。
- **邮件** 站点文件中的联系人：有待决审批；人力资源部：哪些班次无法计算及原因。两位不同员工的账号批准后，由
  `ask_approvals` 通知薪酬组与培训师。委员会联系人收到评审材料；`ask_approvals` 记录决定并感谢培训师（R46）。
- **何时不要运行**：较新月份的批次待批时，不要用过去的日期并勾选补发，否则该审批会被撤回。
- **重跑**：随时可以；数据不变则没有新批次，数据变化则产生下一版本，已支付的金额不会再次出现。
"""

from airflow.sdk import dag, task

from trainloop.orchestration.assets import PLANNED_NOTICES, announce_notices
from trainloop.orchestration.defaults import DAG_DEFAULTS, MAILING_SCAN_PARAMS, site_time
from trainloop.orchestration.runs import as_of, mailing_options
from trainloop.orchestration.tags import MAKES_PDF, NEEDS_APPROVAL, SENDS_MAIL, STAGE_TRAINERS


@dag(
    **DAG_DEFAULTS,
    dag_display_name="Reward trainers 讲师激励",
    # By the tenth, evaluations of classes that ended on the last day of the month are closed and reported.
    schedule=site_time("50 6 10 * *"),
    params=MAILING_SCAN_PARAMS,
    tags=[STAGE_TRAINERS, SENDS_MAIL, MAKES_PDF, NEEDS_APPROVAL],
    doc_md=__doc__,
)
def reward_trainers():
    @task(outlets=[PLANNED_NOTICES])
    def compute_allowances() -> dict:
        """What each class is worth, less what was paid for it; the file that two people decide about."""
        from trainloop.trainers import allowances

        counts = allowances.compute_month(**mailing_options())
        announce_notices(counts)
        return counts

    @task
    def rank_trainers() -> dict:
        """In December: evaluation, verified transfer, hours and knowledge, with intervals of ranks."""
        from trainloop.trainers import award

        return award.rank_trainers(as_of=as_of())

    @task(outlets=[PLANNED_NOTICES])
    def report_award() -> dict:
        """The committee's pack, and the question to the committee."""
        from trainloop.reporting import trainer_award

        counts = trainer_award.render_pack()
        announce_notices(counts)
        return counts

    compute_allowances()
    rank_trainers() >> report_award()


reward_trainers()

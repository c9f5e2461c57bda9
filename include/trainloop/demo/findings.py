"""Planted truth against what the product found: one check per promise, read from the warehouse."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from trainloop.demo.company import Company
from trainloop.demo.tables import PlantedFile
from trainloop.warehouse.engine import Connection

# What is promised, in both languages; a dimension's mean is promised under `quality`.
PROMISES: dict[str, tuple[str, str]] = {
    "half_written": ("未写完的文件不读取", "a half-written file is not read"),
    "same_bytes": ("相同内容只入库一次", "the same bytes count once"),
    "registered": ("文件已登记", "the file is registered"),
    "refused": ("整个文件被拒收", "the whole file is refused"),
    "conserved": ("行数守恒", "no row is lost"),
    "quarantined": ("问题行按行与规则隔离", "bad rows are quarantined by row and rule, and no others"),
    "parked": ("早到的行等待后匹配", "early rows wait and are matched"),
    "unchanged": ("重复的行不变", "repeated rows change nothing"),
    "revision": ("更正作为第 2 版", "a corrected file is revision 2"),
    "answers": ("完整/部分答卷与应答人数", "complete and partial answers of the people asked"),
    "band": ("回收率判断", "the response rate is judged"),
    "straight_lined": ("直线作答被标出", "straight-lining is flagged"),
    "suppressed": ("人数过少，不显示任何结果", "too few people: nothing is shown"),
    "quality": ("维度均值落在报告区间内", "dimension means lie in the reported intervals"),
    "findings": ("薄弱项被找到，没有误报", "weak items are found, and no others"),
    "worth_talking_about": ("小班：值得讨论的两项", "a small class: two items worth talking about"),
    "gain": ("前后测提高（百分点）", "the gain from pre- to post-test, in points"),
    "improved": ("改进项得到验证", "an improvement is verified"),
    "cancelled": ("取消的班次没有问卷", "a cancelled class has no survey"),
    "moved": ("改期后节点重排", "a moved class is planned anew"),
    "left": ("离职者不再被提醒", "who has left is not reminded"),
    "reports": ("报告 PDF", "report PDFs"),
    "calls": ("邀请与提醒只发给未作答者", "invitations, then reminders only to those who owe an answer"),
    "on_time": ("没有邮件过期或失败", "no mail came too late or failed"),
    "pulse_answers": ("季度调研答卷数", "answers to the pulse"),
    "pulse_means": ("季度调研均值", "means of the pulse"),
    "dropped": ("真实下降的题目，没有误报", "items that really dropped, and no others"),
    "acknowledged": (
        "反馈：一人确认，其余列入逾期名单",
        "one acknowledges, the others are on the overdue list",
    ),
    "plans": ("行动计划：份数、已验证、已延误、已终止", "action plans: written, verified, late, withdrawn"),
    "plan_obstacles": ("30 天回顾中的障碍", "obstacles named in check-ins"),
    "plan_reports": ("30 天行动计划报告", "30-day Action Plan Reports"),
    "plan_mails": ("没有多余或重复的计划邮件", "no needless or doubled mail about plans"),
    "competency_told": ("胜任力结果只给本人和上级", "competency results to the people and their managers"),
    "private_feedback": ("360 私密反馈只给本人", "private 360 feedback to each new manager"),
    "cohort_weakness": ("新任经理的共性薄弱项", "what new managers find hard"),
    "needs_answers": ("年度调研答卷数", "answers to the annual needs survey"),
    "approved": ("报告由 HR 批准：邮件链接与 Airflow", "HR approved: by the link, then in Airflow"),
    "needs_published": ("年度需求分析已发布", "the year's needs analysis is published"),
    "verdict": ("需求判定及其理由", "a need's verdict, and why"),
    "priority": ("优先级名次与预算线", "rank and side of the budget line"),
    "asking": ("目标人群中提出该主题的比例", "share of the target group that asks for it"),
    "gap": ("业务差距", "the business gap"),
    "orphans": ("无主题的目标、无目标的主题、无目标的课程", "goals without topic, topics and courses without goal"),
    "vendor_score": ("供应商得分", "scores of vendors"),
    "vendor_verdict": ("供应商结论：授权优先", "vendors: the licence decides before the score"),
    "vendor_classes": ("供应商授权将过期的班次", "classes whose vendor's licence runs out"),
    "double_booking": ("重复预订的教室", "a room booked twice"),
    "confirmation_missing": ("尚未确认的预订", "a booking nobody confirmed"),
    "over_budget": ("使用超支预算的班次", "classes on an overspent budget"),
    "material_licence_expired": ("授权过期的资料", "materials whose licence ran out"),
    "no_other_exceptions": ("没有误报的准备问题", "no other exceptions"),
    "mended": ("更正后问题关闭", "a corrected booking closes the exception"),
    "budget_asked": ("超支由 HR 通过链接批准", "HR approved the overspend by the link"),
    "materials": ("资料发放一次，新版本一次", "materials once, a new version once"),
    "correction": ("改期：每人一封更正邮件", "one correction mail each when a class moves"),
    "cancellation": ("取消：每人一封邮件", "one mail each when a class is cancelled"),
    "prework": ("预习提醒只发给未完成者", "pre-work reminders to the unfinished only"),
    "questions": ("学员提问汇总，不含姓名", "learners' questions without names"),
    "platform": ("平台检查按时进行", "platform checks in time"),
    "no_other_alarm": ("没有误报的平台告警", "no other platform alarm"),
    "class_logs": ("每个班次日都有班级日志", "a log of every class day"),
    "run_sheets": ("每个班次都有运行表", "a run sheet for every class"),
    "spoke": ("发言学员的比例", "share of learners who spoke"),
    "quiz": ("随堂测验正确率", "quiz items: right answers"),
    "cost": ("人均成本", "cost per head"),
    "asset_stale": ("过期未审阅的课件", "stale courseware"),
    "asset_duplicate": ("重复的资料", "a duplicate asset"),
    "asset_ownerless": ("无人负责的资料", "an asset without owner"),
    "asset_licence_expired": ("授权过期的知识资产", "an asset whose licence ran out"),
    "stage_overdue": ("内部讲师阶段逾期", "an overdue stage of an internal trainer"),
    "rubric_incomplete": ("只有一位评委的试讲", "a trial with one assessor"),
    "platform_alarm": ("平台检查未通过即告警", "a failed platform check is told"),
    "listed": ("晋升参考名单：满足条件者与所缺条件", "the advisory list: who meets all, what one lacks"),
    "list_readers": ("名单只发给 HRBP", "the list goes to the HRBP alone"),
    "points": ("加分台账：各规则的数量", "the points ledger: units by rule"),
    "appeals": ("申诉：采纳与不采纳，均已答复", "appeals: upheld and declined, both answered"),
    "certificate_told": ("证书到期前提醒本人", "who holds a certificate that ends is told"),
    "certificates_fresh": ("十一月核对：员工证书数据未过期", "November's audit: certificates are fresh"),
    "cases": (
        "实践案例：邀请、未答、入库、未批准、撤回",
        "practice cases: invited, silent, published, declined, taken back",
    ),
    "case_comments": ("讲师点评：按时、逾期（已催办）", "trainers' comments: in time, late (and reminded)"),
    "case_files": ("撤回的案例离开知识库", "a case that is taken back leaves the knowledge base"),
    "performance_sentence": ("90 天结论与证据等级", "the 90-day sentence is the one its evidence allows"),
    "performance_effect": ("预埋的效果落在区间内", "the planted change lies in the 90-day interval"),
    "performance_reports": ("90 天绩效报告 PDF", "90-day Performance Report PDFs"),
    "performance_skipped": ("没有指标的课程不出 90 天报告", "no 90-day report without an indicator"),
    "allowance": ("班次津贴", "a class's allowance"),
    "allowance_delta": ("支付后更正只付差额", "a correction after payment pays the difference"),
    "allowance_others": ("没有其他班次被支付", "no other class is paid"),
    "payroll_files": ("薪酬文件（每月行数）", "payroll files, lines by month"),
    "two_logins": ("每批由两个账号批准", "two logins approve every batch"),
    "own_allowance": ("不能批准自己的津贴", "nobody approves the own allowance"),
    "award_ranking": ("年度优秀培训师排名", "the year's trainers in rank order"),
    "award_not_ranked": ("未参与排名及原因", "who is not ranked, and why"),
    "award_decided": ("委员会的决定", "what the committee decided"),
    "thanked": ("感谢邮件", "thank-you mails"),
    "workshop": ("薄弱项推荐的工作坊", "the workshop a weak side suggests"),
    "divergent": ("课程分歧：两方真正的分歧点", "a dispute: what really divides the two sides"),
    "blended": ("混合设计三项之和为 100%", "the shares of the blended design make 100 %"),
    "pilot_locked": ("试点在数据之前登记并锁定", "the pilot is registered and locked before data"),
    "pilot_unchanged": ("开课后改动试点标准被拒并记录", "a pilot changed after its class began: refused, on record"),
    "pilot_effect": ("试点的预埋效果", "the planted effect of the pilot"),
    "pilot_suggestion": ("试点报告：证据等级、建议、是否达标", "pilot report: grade, suggestion, criterion met"),
    "pilot_reaction": ("试点与对照团队的反馈", "what both teams of the pilot say"),
    "wrong_signer": ("他人冒签被拒并记录", "a signature by somebody else: refused, on record"),
    "three_signed": ("三方签署商定方案", "the three sign the agreed plan"),
    "dispute_papers": (
        "澄清会材料、试点报告、商定方案：PDF 与邮件",
        "pack, pilot report, plan: PDFs and mails",
    ),
    "review_suggestion": ("年度复盘对课程的建议", "what the training review suggests for a course"),
    "review_others": ("没有其他课程被复盘", "no other course is reviewed"),
    "review_seeds": ("复盘结果列入下一年度需求", "what the review leaves for next year's needs"),
    "review_weak_items": ("复盘列入的薄弱项属于哪门课程", "whose weak items the review leaves"),
    "review_in_needs": ("需求分析引用了复盘的全部发现", "every finding of the review stands in the needs analysis"),
    "review_approved": ("复盘报告由 HR 通过链接批准", "HR approved the review by the link"),
    "review_readers": ("复盘报告：管理层与 HR / 其他人", "the review's readers: executives and HR / others"),
    "review_extracts": ("部门负责人收到本部门摘录", "heads get their department's extract"),
    "review_pdfs": ("复盘报告与摘录 PDF", "PDFs of the review and its extracts"),
    "masked": ("姓名、电话、邮箱已遮盖", "names, phones and addresses are masked"),
}


@dataclass(frozen=True)
class Check:
    """One promise about one subject (a class session, a file): what was planted, what was found, do they agree."""

    promise: str
    subject: str
    planted: str
    found: str
    is_met: bool
    dimension: str = ""

    @property
    def zh(self) -> str:
        return PROMISES[self.promise][0]

    @property
    def en(self) -> str:
        return PROMISES[self.promise][1]


def same(promise: str, subject: str, planted: Any, found: Any) -> Check:
    """Return a check that is met when both are equal."""
    return Check(promise, subject, shown(planted), shown(found), planted == found)


def shown(value: Any) -> str:
    """Return a value as a reader sees it.

    >>> shown(None), shown(4.10), shown("fine")
    ('–', '4.1', 'fine')
    """
    match value:
        case None:
            return "–"
        case tuple() | list():
            return " / ".join(map(shown, value))
        case int() | float() | Decimal():
            return f"{value:g}"
        case _:
            return str(value)


def check_all(connection: Connection, company: Company, files: Sequence[PlantedFile]) -> list[Check]:
    """Return every check over the finished year; a role that may read counts of everything (owner)."""
    from trainloop.demo.findings_delivery import check_delivery
    from trainloop.demo.findings_disputes import check_disputes
    from trainloop.demo.findings_files import check_files
    from trainloop.demo.findings_needs import check_needs
    from trainloop.demo.findings_performance import check_performance
    from trainloop.demo.findings_plans import check_plans
    from trainloop.demo.findings_review import check_review
    from trainloop.demo.findings_rewards import check_rewards
    from trainloop.demo.findings_sessions import check_lifecycle, check_sessions
    from trainloop.demo.findings_surveys import check_surveys
    from trainloop.demo.findings_talent import check_talent

    return [
        *check_files(connection, files),
        *check_sessions(connection, company),
        *check_lifecycle(connection, company),
        *check_delivery(connection, company),
        *check_performance(connection),
        *check_rewards(connection),
        *check_disputes(connection),
        *check_review(connection),
        *check_surveys(connection),
        *check_plans(connection),
        *check_talent(connection, company),
        *check_needs(connection),
    ]

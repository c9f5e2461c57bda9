"""The calendar of the sample year: the days on which something is due, and the work of each.

Class sessions lie so that their days fall together. Per wave: opening the day after the class, a reminder after two and
after five days, each rolled to working days, the close after seven; on the day after the close the answers of the last
days come in, the wave closes and its report is made. Between these days nothing is due, so the clock jumps.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, time, timedelta
from typing import Literal, get_args

from trainloop.config import get_site

# ingest: files of the inbox. collect: answers of survey sources. evaluate: open, remind, close and report classes.
# score, curate, develop: vendors, the knowledge base, internal trainers. ready, prepare: classes to come. watch,
# capture: the class day. reward, grow: allowances and the award, workshops. track: 90-day reports. look_back: the
# training review. launch: the needs survey. waves: open, remind and close all other surveys. pulse, review, analyze:
# plan, close and publish the quarter, the 360s, the year's needs. chase: what people owe. plans: action plans. months:
# their month. cases, talent: practice cases, promotion. mediate: a dispute, one step on. approvals: somebody decides in
# Airflow. audit: due against done. Mails, milestones and reports follow by themselves.
Work = Literal[
    "ingest",
    "score",
    "curate",
    "develop",
    "reward",
    "look_back",
    "grow",
    "ready",
    "prepare",
    "watch",
    "capture",
    "collect",
    "evaluate",
    "track",
    "launch",
    "waves",
    "pulse",
    "review",
    "analyze",
    "chase",
    "plans",
    "months",
    "cases",
    "talent",
    "mediate",
    "approvals",
    "audit",
]
BEGIN: tuple[Work, ...] = ("ingest",)
OPEN: tuple[Work, ...] = ("ingest", "evaluate")
FULL: tuple[Work, ...] = ("ingest", "collect", "evaluate")


@dataclass(frozen=True)
class Step:
    """One day: what happens in words, which work is triggered, up to which round learners of a class have answered,
    and what else people do about their mails first (`trainloop.demo.respondents`); `forms`: work that HR starts by the
    form of its DAG.
    """

    on: date
    zh: str
    en: str
    work: tuple[Work, ...]
    answers: Mapping[str, int] = field(default_factory=dict)
    acts: tuple[str, ...] = ()
    forms: tuple[Work, ...] = ()
    number: int = 0
    at: time = time(10)

    @property
    def moment(self) -> datetime:
        """When the clock stands still on this day: a little later each time, so that 48 hours are 48 hours."""
        start = datetime.combine(self.on, self.at, get_site().company.zone)
        return (start + timedelta(minutes=self.number)).astimezone(UTC)


def _days() -> tuple[tuple[str, str, str, tuple[Work, ...], str], ...]:
    """(day, with its time where that is not ten; zh; en; work; who answers).

    Who answers: `class:<last digits>:<round>` and the scripts of respondents; `form:<work>` is HR in Airflow.
    """
    return (
        ("01-05", "主数据与年度计划到达；供应商评分", "master data and the year's plan arrive; vendors are scored",
         ("ingest", "score", "ready"), ""),
        ("01-08", "一月班次：资料发放", "January's classes: materials go out", ("ready", "prepare"), ""),
        ("01-14", "开课前一天：运行表与签到表", "the day before: run-sheets and sign-in sheets",
         ("ready", "prepare", "watch"), ""),
        ("01-16", "两个班次结束，问卷开启", "two classes are over, their surveys open",
         ("ingest", "capture", "evaluate"), ""),
        ("01-19", "部分学员作答，第一次提醒", "some answer, first reminder to the others", FULL, "class:12:1"),
        ("01-21", "第二次提醒", "second reminder", FULL, "class:12:2"),
        # Own forms take answers until the end of the last day; the vendor's list of them comes after it.
        ("01-23", "问卷最后一天", "the surveys' last day", ("ingest", "collect"), "class:12:3"),
        ("01-26", "问卷关闭，首批报告", "surveys close, the first reports", FULL, ""),
        ("02-05", "二月班次：资料发放", "February's class: materials go out", ("ready", "prepare"), ""),
        ("02-11", "开课前一天", "the day before the class", ("ready", "prepare", "watch"), ""),
        ("02-13", "春节前最后一班，问卷开启", "the last class before Spring Festival",
         ("ingest", "capture", "evaluate", "reward"), ""),
        ("02-24", "春节后提醒；两人批准一月津贴", "a reminder; two people approve January's allowances",
         (*FULL, "approvals"), "class:3:1"),
        ("02-25", "回收率不足的班次出报告", "the class that few answered for is reported",
         (*FULL, "approvals"), "class:3:2"),
        ("04-02", "开课前 14 天：重复预订、超支、供应商授权过期", "14 days before: a room booked twice, a budget over",
         ("ingest", "score", "curate", "ready"), ""),
        ("04-08", "第一季度满意度调研开启", "the pulse about the first quarter opens", ("pulse", "waves"), ""),
        ("04-09", "开课前 7 天：资料发放，一份资料授权过期", "7 days before: materials go out but for one; HR approves",
         ("ready", "prepare"), "approve"),
        ("04-13", "开课前 3 天：预订已更正", "3 days before: the booking is corrected",
         ("ingest", "ready", "prepare", "reward"), ""),
        ("04-15", "开课前 1 天：运行表；批准课时差额", "the day before: run-sheets; the corrected hours are approved",
         ("ingest", "ready", "prepare", "watch", "approvals"), ""),
        ("04-17", "三班结束；季度调研作答", "three classes on one day; the pulse is answered",
         ("ingest", "capture", "collect", "evaluate", "waves"), "pulse:2026Q1"),
        ("04-20", "第一次提醒；一名学员离职", "first reminder; one learner has left", FULL, "class:456:1"),
        ("04-21", "两个班次：请写行动计划", "two classes are asked for action plans", ("waves",), ""),
        ("04-22", "第二次提醒；首个季度结果；行动计划", "second reminder; the first quarter's result; action plans",
         ("ingest", "collect", "evaluate", "waves", "pulse", "plans"), "class:456:2 plans:write"),
        ("04-24", "问卷最后一天；上级阅读计划", "the surveys' last day; managers read plans",
         ("ingest", "collect", "plans"), "class:456:3 plans:acknowledge"),
        ("04-27", "三份报告，其中一班人数过少；周一计划更新", "three reports, one class too small; plans on Monday",
         ("ingest", "evaluate", "plans"), ""),
        ("05-11", "一半学员更新计划；上级看到红黄灯", "half the plans are updated; managers see red and amber",
         ("plans",), "plans:update"),
        ("05-18", "30 天回顾（周末顺延）", "30-day check-ins, rolled over the weekend", ("plans",), ""),
        ("05-25", "名单更新；首份 90 天报告；回顾", "employees renewed; the first 90-day report; check-ins",
         ("ingest", "track", "plans"), "plans:check_in"),
        ("05-28", "六月班次：资料发放；上级确认结果", "June's class: materials go out; managers confirm results",
         ("ingest", "ready", "prepare", "watch", "plans"), "plans:confirm"),
        ("05-29", "资料发出后班次改期；一个取消", "a class moves after its materials went out; one is cancelled",
         ("ingest", "watch"), ""),
        ("06-04", "新日期前 7 天：只发资料新版本；邀请实践案例", "7 days before: a new version only; cases are invited",
         ("ingest", "ready", "prepare", "plans", "months", "cases"), ""),
        ("06-08", "预习提醒；学员提问到达", "pre-work reminders; learners' questions arrive",
         ("ingest", "ready", "prepare"), ""),
        ("06-10", "平台检查未通过；提问汇总", "a platform check fails; the questions reach the trainer",
         ("ingest", "ready", "prepare", "watch"), ""),
        ("06-11 07:05", "开课前 2 小时：平台已修复", "two hours before: the platform is mended",
         ("ingest", "watch"), ""),
        ("06-12", "改期班次与线上班次结束；案例送讲师", "the moved class and an online one are over; cases are written",
         ("ingest", "capture", "evaluate", "cases"), "careers:write"),
        ("06-15", "签到更正，第一次提醒", "attendance is corrected, first reminder", FULL, "class:78:1"),
        ("06-17", "第二次提醒；一位讲师点评案例", "second reminder; one trainer comments on cases",
         (*FULL, "cases"), "class:78:2 careers:comment"),
        # Whoever was invited late is reminded late: 48 hours after the first reminder lie in the holidays.
        ("06-22", "端午后补发一次提醒", "one late reminder after Dragon Boat", ("evaluate",), ""),
        ("06-22", "问卷最后一天", "the surveys' last day", ("ingest", "collect"), "class:78:3"),
        ("06-23", "问卷关闭，两份报告；低绩效入选班次的 90 天", "two reports; a class chosen for low results",
         ("ingest", "collect", "evaluate", "track", "cases"), "careers:decide"),
        ("07-07", "第二季度满意度调研开启；HR 发起课程分歧调解", "the pulse opens; HR opens a dispute by the form",
         ("pulse", "waves", "talent", "mediate"), "careers:withdraw form:mediate"),
        ("07-14", "季度调研作答；两人申诉；双方陈述", "the pulse is answered; two people appeal; both sides state",
         ("collect", "waves", "mediate"), "pulse:2026Q2 careers:appeal parties:state"),
        ("07-20", "满意度真实下降；澄清会后的混合设计", "a real drop is told; a design after the meeting",
         ("waves", "pulse", "mediate"), "parties:design"),
        ("07-22", "一位培训师确认，其余被提醒；三方同意设计", "one trainer acknowledges; the three agree",
         ("chase", "mediate"), "acknowledge parties:acknowledge"),
        ("07-29", "逾期名单送达 HR；申诉答复；试点预登记", "appeals are answered; the pilot is registered",
         ("chase", "cases", "mediate"), "careers:answer careers:comment_late parties:register"),
        ("09-22", "九月班次：资料发放；三班的 90 天绩效", "September's materials go out; three 90-day reports",
         ("ingest", "ready", "prepare", "track", "cases", "talent"), "careers:decide"),
        ("09-28", "开课前一天", "the day before the classes", ("ready", "prepare", "watch"), ""),
        ("09-30", "国庆前三班；六位新任经理 360", "three classes; six new managers' 360",
         ("ingest", "capture", "evaluate", "review", "waves"), ""),
        ("10-08", "国庆后提醒", "a reminder after the holidays",
         ("ingest", "collect", "evaluate", "waves"), "class:012:1"),
        ("10-08", "问卷最后一天", "the surveys' last day", ("ingest", "collect"), "class:012:2"),
        ("10-09", "检验一月的薄弱项；改动试点标准被拒", "was January's weak item improved? a pilot stays locked",
         ("ingest", "collect", "evaluate", "track", "audit"), "parties:change"),
        # Reminders held since the 8th leave on this working Saturday, so that no call of the 13th waits behind them.
        ("10-10", "调休工作日：到期提醒", "a make-up working day: reminders that waited", ("waves",), ""),
        ("10-13", "第三季度调研开启；360 评价", "the pulse about the third quarter opens; 360 ratings",
         ("collect", "pulse", "waves", "develop", "grow"), "rate"),
        ("10-19", "季度调研作答", "the pulse is answered", ("collect", "waves"), "pulse:2026Q3"),
        ("10-26", "360 私密反馈；季度结果；试点两队反馈", "360 feedback; both teams of the pilot are asked",
         ("mediate", "waves", "review", "pulse", "track"), ""),
        ("11-02", "年度培训需求调研启动；试点反馈作答", "the needs survey is launched; the teams answer",
         ("launch", "waves"), "feedback"),
        ("11-09", "全员作答与第一次提醒；试点报告", "everybody answers; first reminder; the pilot is reported",
         ("ingest", "collect", "waves", "mediate"), "needs:1"),
        ("11-16", "第二次提醒；三方决定推广", "second reminder; the three decide to adopt",
         ("collect", "waves", "mediate"), "needs:2 parties:decide"),
        ("11-24", "年度复盘与需求分析，两份草稿待批", "the year is reviewed, needs are analysed: two drafts wait",
         ("ingest", "collect", "waves", "look_back", "analyze"), ""),
        ("11-25", "HR 通过邮件链接批准；冒签被拒，三方签署", "HR approves by link; a wrong signer, then the three sign",
         ("approvals", "mediate"), "approve parties:sign"),
        ("11-26", "补充确认，第二版在 Airflow 中批准", "a late word: revision 2 is approved in Airflow",
         ("ingest", "analyze", "approvals"), ""),
        ("11-27", "第二版送达；核对应做与已做", "revision 2 leaves; due against done",
         ("approvals", "chase", "audit"), ""),
        ("12-10", "全年津贴与年度优秀培训师评审材料", "the year's allowances; the award committee gets its pack",
         ("reward",), ""),
        ("12-11", "委员会决定，感谢全体培训师；津贴发放", "the committee decides, trainers are thanked",
         ("approvals", "approvals"), "approve"),
    )  # fmt: skip


def steps() -> tuple[Step, ...]:
    """Return the days of the year in order."""
    return tuple(
        Step(
            date.fromisoformat(f"2026-{day[:5]}"),
            zh,
            en,
            work,
            _answers(day, acts),
            _scripts(acts),
            _forms(acts),
            number,
            time.fromisoformat(day[6:] or "10:00"),
        )
        for number, (day, zh, en, work, acts) in enumerate(_days())
    )


def _answers(day: str, acts: str) -> dict[str, int]:
    """Return up to which round each class has answered. In autumn a class is named by the last of two digits."""
    decade = "1" if day >= "09" else "0"
    return {
        f"2026-C0{decade}{digit}": int(act.rpartition(":")[2])
        for act in acts.split()
        if act.startswith("class:")
        for digit in act.split(":")[1]
    }


def _scripts(acts: str) -> tuple[str, ...]:
    return tuple(act for act in acts.split() if not act.startswith(("class:", "form:")))


def _forms(acts: str) -> tuple[Work, ...]:
    return tuple(work for work in get_args(Work) if f"form:{work}" in acts.split())

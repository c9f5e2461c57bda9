"""The calendar of the sample year: the days on which something is due, and the work of each.

Class sessions lie so that their days fall together. Per wave: opening the day after the class, a reminder after two and
after five days, each rolled to working days, the close after seven; on the day after the close the answers of the last
days come in, the wave closes and its report is made. Between these days nothing is due, so the clock jumps.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, time, timedelta
from typing import Literal

from trainloop.config import get_site

# ingest: files of the inbox. collect: answers of survey tools. evaluate: open, remind, close and report. audit: due
# against done. Mails, plans and reports follow by themselves.
Work = Literal["ingest", "collect", "evaluate", "audit"]
BEGIN: tuple[Work, ...] = ("ingest",)
OPEN: tuple[Work, ...] = ("ingest", "evaluate")
FULL: tuple[Work, ...] = ("ingest", "collect", "evaluate")


@dataclass(frozen=True)
class Step:
    """One day: what happens in words, which work is triggered, up to which round learners of a class have answered."""

    on: date
    zh: str
    en: str
    work: tuple[Work, ...]
    answers: Mapping[str, int] = field(default_factory=dict)
    number: int = 0

    @property
    def moment(self) -> datetime:
        """When the clock stands still on this day: a little later each time, so that 48 hours are 48 hours."""
        start = datetime.combine(self.on, time(10), get_site().company.zone)
        return (start + timedelta(minutes=self.number)).astimezone(UTC)


def _days() -> tuple[tuple[str, str, str, tuple[Work, ...], tuple[str, int]], ...]:
    """(day, zh, en, work, (last digits of the class sessions that answer, their round))."""
    return (
        ("01-05", "主数据与年度计划到达", "master data and the year's plan arrive", BEGIN, ("", 0)),
        ("01-16", "两个班次结束，问卷开启", "two classes are over, their surveys open", OPEN, ("", 0)),
        ("01-19", "部分学员作答，第一次提醒", "some answer, first reminder to the others", FULL, ("12", 1)),
        ("01-21", "第二次提醒", "second reminder", FULL, ("12", 2)),
        ("01-26", "问卷关闭，首批报告", "surveys close, the first reports", FULL, ("12", 3)),
        ("02-13", "春节前最后一班，问卷开启", "the last class before Spring Festival", OPEN, ("", 0)),
        ("02-24", "春节后提醒", "a reminder after the holidays", FULL, ("3", 1)),
        ("02-25", "回收率不足的班次出报告", "the class that few answered for is reported", FULL, ("3", 2)),
        ("04-17", "上海、新加坡同日三班，问卷开启", "three classes on one day, Shanghai and Singapore", OPEN, ("", 0)),
        ("04-20", "第一次提醒；一名学员离职", "first reminder; one learner has left", FULL, ("456", 1)),
        ("04-22", "第二次提醒；首次导出答卷", "second reminder; a first export of answers", FULL, ("456", 2)),
        ("04-24", "截止日导出全部答卷", "the last day: all answers are exported", ("ingest", "collect"), ("456", 3)),
        ("04-27", "三份报告，其中一班人数过少", "three reports, one class too small to show", OPEN, ("", 0)),
        ("05-25", "一个班次改期，一个取消", "one class moves, one is cancelled", BEGIN, ("", 0)),
        ("06-12", "改期班次与线上班次结束", "the moved class and an online class are over", OPEN, ("", 0)),
        ("06-15", "签到更正，第一次提醒", "attendance is corrected, first reminder", FULL, ("78", 1)),
        ("06-17", "第二次提醒", "second reminder", FULL, ("78", 2)),
        # Whoever was invited late is reminded late: 48 hours after the first reminder lie in the holidays.
        ("06-22", "端午后补发一次提醒", "one late reminder after Dragon Boat", ("evaluate",), ("", 0)),
        ("06-23", "问卷关闭，两份报告", "surveys close, two reports", FULL, ("78", 3)),
        ("09-30", "国庆前三班，问卷开启", "three classes before the October holidays", OPEN, ("", 0)),
        ("10-08", "国庆后提醒", "a reminder after the holidays", FULL, ("012", 1)),
        ("10-09", "检验一月的薄弱项；核对应做与已做", "was January's weak item improved? due against done",
         ("ingest", "collect", "evaluate", "audit"), ("012", 2)),
        ("11-24", "部门负责人确认需求", "heads confirm next year's needs", BEGIN, ("", 0)),
    )  # fmt: skip


def steps() -> tuple[Step, ...]:
    """Return the days of the year in order."""
    return tuple(
        Step(
            date.fromisoformat(f"2026-{day}"),
            zh,
            en,
            work,
            {_session_code(day, letter): round_number for letter in letters},
            number,
        )
        for number, (day, zh, en, work, (letters, round_number)) in enumerate(_days())
    )


def _session_code(day: str, letter: str) -> str:
    """One digit per class session that answers on a day: in autumn it is the last of two."""
    return f"2026-C0{'1' if day >= '09' else '0'}{letter}"

"""What each class session sends: enrolments before it, attendance and tests after it."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from datetime import date, datetime, timedelta

from trainloop.demo.answers import pre_post_scores
from trainloop.demo.company import Company
from trainloop.demo.tables import Cell, PlantedFile, Table, csv_bytes, plain, xlsx_bytes
from trainloop.demo.truth import ClassSession

ENROLLMENT = {"session_code": "班次编号", "employee_id": "学员工号", "status": "报名情况", "source": "报名方式"}
ENROLLMENT_EN = {
    "session_code": "Class code",
    "employee_id": "Staff ID",
    "status": "Enrollment status",
    "source": "Source",
}
ATTENDANCE = {
    "session_code": "班次",
    "employee_id": "学员工号",
    "slot": "时段",
    "status": "出勤情况",
    "signed_in_at": "签到时间",
    "signed_out_at": "签退时间",
    "method": "签到方式",
}
ATTENDANCE_EN = {
    "session_code": "Class code",
    "employee_id": "Staff ID",
    "slot": "Slot",
    "status": "Attendance status",
    "signed_in_at": "Sign in",
    "signed_out_at": "Sign out",
    "method": "Method",
}
TESTS = {
    "session_code": "班次编码",
    "employee_id": "员工工号",
    "pre_score": "训前成绩",
    "post_score": "训后成绩",
    "maximum_score": "满分",
}
ZH_STATUS = {"present": "出勤", "late": "迟到", "absent": "缺席", "excused": "请假"}
EN_STATUS = {"present": "Present", "late": "Late", "absent": "No show", "excused": "On leave"}
Dated = tuple[date, PlantedFile]


def files(company: Company) -> Iterator[Dated]:
    """Yield the class files of the year with the day each arrives."""
    yield from _enrollments(company)
    yield from _attendance(company)
    yield from _tests(company)


def _on(text: str) -> date:
    return date.fromisoformat(f"2026-{text}")


def _enrollments(company: Company) -> Iterator[Dated]:
    first = _enrollment_table(company, "2026-C001", "2026-C002")
    unclear = first.add(session_code="2026-C001", employee_id=company.spare[8], status="待定", source="部门推荐")
    first.note(unclear, "not_allowed", "status")
    nobody = first.add(session_code="2026-C002", employee_id=None, status="已报名", source="自主报名")
    first.note(nobody, "missing_value", "employee_id")
    yield _on("01-05"), _file("enrollments", "报名_一月.csv", first, csv_bytes(first, "utf-16", "\t"))
    # Sent again under another name, byte for byte.
    yield (
        _on("01-19"),
        replace(
            _file("enrollments", "报名_一月(最终版).csv", first, csv_bytes(first, "utf-16", "\t")),
            repeats="报名_一月.csv",
        ),
    )
    # The class is announced a week after its enrolments: they wait.
    early = _enrollment_table(company, "2026-C003")
    yield (
        _on("01-19"),
        replace(_file("enrollments", "报名_二月班.csv", early, csv_bytes(early, "gb18030")), parked=len(early.rows)),
    )
    spring = _enrollment_table(company, "2026-C004")
    yield _on("02-25"), _file("enrollments", "报名_C004.xlsx", spring, xlsx_bytes(spring, "报名"))
    singapore = _enrollment_table(company, "2026-C005", "2026-C006", headers=ENROLLMENT_EN)
    yield _on("02-25"), _file("enrollments", "SG enrolments April.csv", singapore, csv_bytes(singapore))
    june = _enrollment_table(company, "2026-C007", "2026-C008", "2026-C009")
    # One learner of these is hired in May: HR's list does not know the number yet.
    yield (
        _on("04-27"),
        replace(_file("enrollments", "报名_六月.csv", june, csv_bytes(june)), parked=len(company.newcomers)),
    )
    autumn = _enrollment_table(company, "2026-C010", "2026-C011", "2026-C012")
    yield _on("06-23"), _file("enrollments", "报名_九月.xlsx", autumn, xlsx_bytes(autumn, "报名"))


def _enrollment_table(company: Company, *codes: str, headers: dict[str, str] = ENROLLMENT) -> Table:
    table = Table(headers)
    word = "已报名" if headers is ENROLLMENT else "Enrolled"
    for code in codes:
        for employee_id in company.learners[code]:
            table.add(session_code=code, employee_id=employee_id, status=word, source="部门推荐")
    return table


def _file(dataset: str, name: str, table: Table, content: bytes) -> PlantedFile:
    return PlantedFile(dataset, name, content, len(table.rows), table.bad())


def statuses(session: ClassSession) -> list[str]:
    """Return the learners' attendance in their order: the late ones, present ones, absent ones, excused ones."""
    present = session.attendee_count - session.late
    counts = {"late": session.late, "present": present, "absent": session.absent, "excused": session.excused}
    return [status for status, count in counts.items() for _ in range(count)]


def _attendance(company: Company) -> Iterator[Dated]:
    january = _attendance_table(company, "2026-C001", "2026-C002")
    spare = company.spare
    for employee_id, rule, column, cells in (
        (spare[8], "out_of_range", "slot", {"slot": 0}),
        (spare[9], "not_allowed", "status", {"status": "打卡异常"}),
        (spare[10], "missing_value", "status", {"status": None}),
        (spare[11], "row_rule:out_after_in", "signed_out_at", {"signed_out_at": datetime(2026, 1, 15, 8, 1)}),  # noqa: DTZ001
        (spare[12], "wrong_type", "signed_in_at", {"signed_in_at": "昨天上午"}),
    ):
        row = january.add(**_signed("2026-C001", employee_id, 1, "present", _on("01-15"), ZH_STATUS) | cells)
        january.note(row, rule, column)
    yield _on("01-16"), _file("attendance", "签到_0115.csv", january, csv_bytes(january, "gb18030"))
    for day, name, codes in (
        ("02-13", "签到_0212.xlsx", ("2026-C003",)),
        ("04-17", "签到_0416.xlsx", ("2026-C004",)),
        ("09-30", "签到_0929.xlsx", ("2026-C010", "2026-C012")),
    ):
        table = _attendance_table(company, *codes)
        yield _on(day), _file("attendance", name, table, xlsx_bytes(table, "签到", formats=_TIMES))
    for day, name, english in (
        ("04-17", "SG sign-in 0416.csv", ("2026-C005", "2026-C006")),
        ("09-30", "SG sign-in 0929.csv", ("2026-C011",)),
    ):
        table = _attendance_table(company, *english, is_english=True)
        yield _on(day), _file("attendance", name, table, csv_bytes(table))
    yield from _june_attendance(company)


_TIMES = {"signed_in_at": "yyyy/m/d h:mm", "signed_out_at": "yyyy/m/d h:mm"}


def _june_attendance(company: Company) -> Iterator[Dated]:
    """The list of 2026-C007 comes twice: first with one learner absent who was there, then corrected."""
    safety = _attendance_table(company, "2026-C008")
    yield _on("06-12"), _file("attendance", "签到_0611_线上.csv", safety, csv_bytes(safety))
    right = _attendance_table(company, "2026-C007")
    wrong = Table(right.headers, [dict(row) for row in right.rows])
    for row in wrong.rows[:2]:
        row.update(status=ZH_STATUS["absent"], signed_in_at=None, signed_out_at=None)
    yield _on("06-12"), _file("attendance", "签到_0611.csv", wrong, csv_bytes(wrong, "gb18030"))
    yield (
        _on("06-15"),
        replace(
            _file("attendance", "签到_0611.csv", right, csv_bytes(right, "gb18030")),
            unchanged=len(right.rows) - 2,
            is_revision=True,
        ),
    )


def _attendance_table(company: Company, *codes: str, is_english: bool = False) -> Table:
    table = Table(ATTENDANCE_EN if is_english else ATTENDANCE)
    words = EN_STATUS if is_english else ZH_STATUS
    for code in codes:
        session = company.session(code)
        for employee_id, status in zip(company.learners[code], statuses(session), strict=True):
            for slot in (1, 2):
                # Late in the morning is present in the afternoon.
                shown = "present" if status == "late" and slot == 2 else status
                table.add(**_signed(code, employee_id, slot, shown, session.held_on, words))
    return table


def _signed(code: str, employee_id: str, slot: int, status: str, day: date, words: dict[str, str]) -> dict[str, Cell]:
    was_there = status in {"present", "late"}
    begins = datetime(day.year, day.month, day.day, 9 if slot == 1 else 13)  # noqa: DTZ001 - local time of the class
    signed_in = begins + timedelta(minutes=20 if status == "late" else -8)
    return {
        "session_code": code,
        "employee_id": employee_id,
        "slot": slot,
        "status": words[status],
        "signed_in_at": signed_in if was_there else None,
        "signed_out_at": begins + timedelta(hours=3 + slot - 1) if was_there else None,
        "method": "扫码" if words is ZH_STATUS else "QR code",
    }


def _tests(company: Company) -> Iterator[Dated]:
    spare = company.spare
    first = _test_table(company, "2026-C002")
    for row in first.rows[:6]:
        # Some people type percentages; a spreadsheet keeps them as fractions.
        row["pre_score"] = None if row["pre_score"] is None else f"{row['pre_score']}%"
    for employee_id, rule, column, cells in (
        (spare[8], "row_rule:post_within_maximum", "post_score", {"post_score": 120}),
        (spare[9], "wrong_type", "pre_score", {"pre_score": "缺考"}),
        (spare[10], "missing_value", "maximum_score", {"maximum_score": None}),
        (spare[11], "out_of_range", "pre_score", {"pre_score": -5}),
    ):
        scores: dict[str, Cell] = {"pre_score": 60, "post_score": 80, "maximum_score": 100}
        row_at = first.add(session_code="2026-C002", employee_id=employee_id, **scores | cells)
        first.note(row_at, rule, column)
    yield _on("01-16"), _file("test_results", "成绩_C002.xlsx", first, xlsx_bytes(first, "成绩"))
    spring = _test_table(company, "2026-C004", "2026-C005")
    without = Table({name: text for name, text in TESTS.items() if name != "maximum_score"}, spring.rows)
    yield (
        _on("04-17"),
        replace(
            _file("test_results", "成绩_四月.csv", without, csv_bytes(without, "gb18030")), refused="missing_column"
        ),
    )
    yield _on("04-20"), _file("test_results", "成绩_四月.csv", spring, csv_bytes(spring, "gb18030"))
    june = _test_table(company, "2026-C007", "2026-C008")
    content = xlsx_bytes(june, "成绩", formats={"post_score": "0.0"})
    half = PlantedFile("test_results", "成绩_六月.xlsx.part", content[: len(content) // 2], kind="temporary")
    yield _on("06-12"), half
    yield _on("06-15"), _file("test_results", "成绩_六月.xlsx", june, content)
    autumn = _test_table(company, "2026-C012")
    yield _on("09-30"), _file("test_results", "成绩_C012.csv", autumn, csv_bytes(autumn, show=_point))


def _point(cell: Cell) -> str:
    return f"{cell}.00" if isinstance(cell, int) else plain(cell)


def _test_table(company: Company, *codes: str) -> Table:
    table = Table(TESTS)
    for code in codes:
        session = company.session(code)
        people = company.learners[code][: session.attendee_count]
        for employee_id, scores in zip(people, pre_post_scores(session), strict=True):
            table.add(
                session_code=code,
                employee_id=employee_id,
                pre_score=scores.pre,
                post_score=scores.post,
                maximum_score=100,
            )
    return table

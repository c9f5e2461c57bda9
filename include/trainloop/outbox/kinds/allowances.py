"""Mails about teaching-hour allowances: the file to payroll, a statement to each trainer, to HR what has no amount."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from decimal import Decimal
from typing import Any, Final

from trainloop.config import Locale
from trainloop.domain.plain_number import plain_number
from trainloop.outbox.kinds.content import Content, Due, Tile, Unwritable, Written
from trainloop.outbox.kinds.files import payroll_file as csv_of
from trainloop.outbox.wording import day_text, money_text, named_month
from trainloop.warehouse.engine import Connection
from trainloop.warehouse.statements import statement

LISTED: Final = 40
_WORDS: Mapping[Locale, Mapping[str, str]] = {
    "zh-CN": {
        "total": "合计",
        "lines": "班次行数",
        "corrections": "其中更正",
        "trainers": "培训师",
        "first": "{day} {course}（{session}）：{formula} = {due}",
        "correction": "{day} {course}（{session}）更正：应付 {due}，已付 {paid}，本次 {amount}",
        "reversal": "{day} {course}（{session}）已取消或改由他人授课：已付 {paid}，本次 {amount}",
        "more": "另有 {count} 行，见人力资源部存档。",
    },
    "en": {
        "total": "Total",
        "lines": "Class lines",
        "corrections": "Of them corrections",
        "trainers": "Trainers",
        "first": "{day} {course} ({session}): {formula} = {due}",
        "correction": "{day} {course} ({session}) corrected: due {due}, paid before {paid}, now {amount}",
        "reversal": "{day} {course} ({session}) cancelled or given by somebody else: paid before {paid}, now {amount}",
        "more": "And {count} more lines, kept by HR.",
    },
}
_KINDS: Mapping[str, Mapping[Locale, str]] = {
    "base": {"zh-CN": "课时标准", "en": "base rate"},
    "level": {"zh-CN": "等级系数", "en": "level factor"},
    "difficulty": {"zh-CN": "难度系数", "en": "difficulty factor"},
    "class_size": {"zh-CN": "规模系数", "en": "class-size factor"},
    "quality": {"zh-CN": "质量系数", "en": "quality factor"},
}
# What is wrong and what to do; {kind} {code}: the rate, {rows}: file and line of the rows concerned.
_REASONS: Mapping[str, Mapping[Locale, str]] = {
    "no_rate": {
        "zh-CN": "班次当天没有{kind}「{code}」。请在费率表中补上该日期的行{rows}",
        "en": "no {kind} “{code}” on the day of the class. Add a row for that day to the rate table{rows}",
    },
    "rates_overlap": {
        "zh-CN": "班次当天有多个{kind}「{code}」。请更正有效期{rows}",
        "en": "several rows of {kind} “{code}” on the day of the class. Correct their ranges{rows}",
    },
    "other_currency": {
        "zh-CN": "{kind}「{code}」不是公司的币种。请更正币种{rows}",
        "en": "{kind} “{code}” is not in the company's currency. Correct it{rows}",
    },
    "band_unreadable": {
        "zh-CN": "{kind}的档位「{code}」不是数值。请写该档的下限{rows}",
        "en": "the band “{code}” of the {kind} is no number. Write its lowest value{rows}",
    },
    "no_level": {
        "zh-CN": "培训师没有等级。请在讲师数据中补充讲师等级",
        "en": "the trainer has no level. Add it to the trainers' data",
    },
    "no_attendance": {
        "zh-CN": "没有签到数据，无法确定规模系数。请提交签到表",
        "en": "no attendance came in, so the class size is not known. Send the attendance list",
    },
}
_ROWS = {"zh-CN": "（{rows}）", "en": " ({rows})"}
_REFUSED = {"zh-CN": "{session}（{trainer}）：{reason}。", "en": "{session} ({trainer}): {reason}."}


def payroll_file(connection: Connection, notices: Sequence[Due]) -> dict[int, Written]:
    """Return the mails that carry an approved batch to payroll; nothing else ever does."""
    return {due.notice_id: _payroll(connection, due) for due in notices}


def allowance_statement(connection: Connection, notices: Sequence[Due]) -> dict[int, Written]:
    """Return each trainer's own lines of one approved batch."""
    return {due.notice_id: _statement(connection, due) for due in notices}


def allowance_problems(connection: Connection, notices: Sequence[Due]) -> dict[int, Written]:
    """Return HR's list of classes without an amount, each with its reason and remedy."""
    rows = connection.execute(statement("allowances", "refusals")).fetchall()
    return {due.notice_id: _problems(due, rows) for due in notices}


def _payroll(connection: Connection, due: Due) -> Written:
    row = _batch(connection, due)
    if row is None:
        return Unwritable("subject_unknown")
    if due.recipient.contact_kind != "payroll" or row["state"] != "approved":
        return Unwritable("wrong_audience")
    words = _WORDS[due.locale]
    return Content(
        _named(row, due.locale)
        | {
            "approvers": "、".join(row["approver_ids"]) if due.locale == "zh-CN" else ", ".join(row["approver_ids"]),
            "sha256": row["file_sha256"][:16],
            "figures": [
                Tile(words["total"], money_text(row["total_amount"], row["currency"], due.locale, 2)),
                Tile(words["trainers"], str(row["trainer_count"])),
                Tile(words["lines"], str(row["line_count"])),
                Tile(words["corrections"], str(row["correction_count"])),
            ],
        },
        (csv_of(row, due.locale),),
    )


def _statement(connection: Connection, due: Due) -> Written:
    row = _batch(connection, due)
    if row is None or due.recipient.kind != "trainer":
        return Unwritable("subject_unknown")
    keys = {"month": row["month"], "revision_number": row["revision_number"], "trainer_id": due.recipient.id}
    lines = connection.execute(statement("allowances", "trainer_lines"), keys).fetchall()
    if not lines:
        return Unwritable("not_concerned")
    words = _WORDS[due.locale]
    listed = [_class_line(line, due.locale) for line in lines[:LISTED]]
    if len(lines) > LISTED:
        listed.append(words["more"].format(count=len(lines) - LISTED))
    total = sum((line["amount"] for line in lines), Decimal(0))
    corrections = sum(line["kind"] != "first" for line in lines)
    return Content(
        _named(row, due.locale)
        | {
            "total": money_text(total, row["currency"], due.locale, 2),
            "corrections": corrections,
            "lines": listed,
            "figures": [
                Tile(words["total"], money_text(total, row["currency"], due.locale, 2)),
                Tile(words["lines"], str(len(lines))),
                Tile(words["corrections"], str(corrections)),
            ],
        }
    )


def _problems(due: Due, rows: Sequence[Mapping[str, Any]]) -> Written:
    if not rows:
        return Unwritable("resolved")
    listed = [_REFUSED[due.locale].format(session=row["session_code"], trainer=row["name"],
                                          reason=_reason(row, due.locale)) for row in rows[:LISTED]]  # fmt: skip
    if len(rows) > LISTED:
        listed.append(_WORDS[due.locale]["more"].format(count=len(rows) - LISTED))
    return Content({"month": named_month(due.subject_id, due.locale), "count": len(rows), "problems": listed})


def _reason(row: Mapping[str, Any], locale: Locale) -> str:
    kind = _KINDS[row["rate_kind"]][locale] if row["rate_kind"] else ""
    rows = _ROWS[locale].format(rows="; ".join(row["rate_files"])) if row["rate_files"] else ""
    return _REASONS[row["reason"]][locale].format(kind=kind, code=row["rate_code"] or "", rows=rows)


def _class_line(line: Mapping[str, Any], locale: Locale) -> str:
    course = line["name_zh"] if locale == "zh-CN" else line["name_en"]
    factors = ("hours", "base_amount", "level_factor", "difficulty_factor", "class_size_factor", "quality_factor")
    formula = " × ".join(plain_number(line[name]) for name in factors if line[name] is not None)
    return _WORDS[locale][line["kind"]].format(
        day=day_text(line["class_on"], locale),
        course=course or line["session_code"],
        session=line["session_code"],
        formula=formula,
        due=f"{line['due_amount']:,.2f}",
        paid=f"{line['paid_amount']:,.2f}",
        amount=f"{line['amount']:+,.2f}",
    )


def _batch(connection: Connection, due: Due) -> dict[str, Any] | None:
    keys = {"month": due.subject_id, "revision_number": due.sequence_number}
    return connection.execute(statement("allowances", "batches"), keys).fetchone()


def _named(row: Mapping[str, Any], locale: Locale) -> dict[str, Any]:
    return {"month": named_month(row["month"], locale), "batch": row["revision_number"]}

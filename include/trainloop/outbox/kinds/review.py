"""Mails of the approved training review: to executives and HR, its extracts to heads; nobody before the approval."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from trainloop.config import Locale
from trainloop.outbox.kinds.content import Content, Due, Tile, Unwritable, Written
from trainloop.outbox.kinds.files import report_file
from trainloop.warehouse.engine import Connection
from trainloop.warehouse.statements import statement

_TILES: Mapping[Locale, Mapping[str, str]] = {
    "zh-CN": {"stop": "停办", "fix": "改进", "scale": "推广", "keep": "保持"},
    "en": {"stop": "Stop", "fix": "Fix", "scale": "Scale", "keep": "Keep"},
}
_OWN_TILES: Mapping[Locale, Mapping[str, str]] = {
    "zh-CN": {"people": "参训人数", "courses": "参加的课程", "needs": "列入计划 / 已确认需求"},
    "en": {"people": "People reached", "courses": "Courses", "needs": "Needs planned / confirmed"},
}
_CONTACTS = {"executive", "hr"}


def training_review(connection: Connection, notices: Sequence[Due]) -> dict[int, Written]:
    """Return the content of the review's mails; nothing leaves without the row that approved this revision."""
    return {due.notice_id: _content(connection, due) for due in notices}


def department_review(connection: Connection, notices: Sequence[Due]) -> dict[int, Written]:
    """Return the content of extracts; a head gets the own department's, whatever a planning step wrote."""
    return {due.notice_id: _extract(connection, due) for due in notices}


def _content(connection: Connection, due: Due) -> Written:
    if due.recipient.kind != "contact" or due.recipient.contact_kind not in _CONTACTS:
        return Unwritable("wrong_audience")
    row = _approved(connection, due.subject_id, due)
    if isinstance(row, Unwritable):
        return row
    file = report_file(connection, "training_review", _subject(due), "business", due.locale)
    if file is None:
        return Unwritable("report_not_ready", is_for_good=False)
    rows = connection.execute(statement("outbox", "review_suggestions"), {"release_id": row["release_id"]})
    said = [found["text_value"] for found in rows]
    tiles = [Tile(word, str(said.count(name))) for name, word in _TILES[due.locale].items()]
    return Content({"year": due.subject_id, "revision": due.sequence_number, "figures": tiles}, (file,))


def _extract(connection: Connection, due: Due) -> Written:
    year, _, code = due.subject_id.partition(":")
    keys = {"department_code": code, "employee_id": due.recipient.id}
    is_head = due.recipient.kind == "employee" and connection.execute(statement("outbox", "department_head"), keys)
    if not is_head or is_head.fetchone() is None:
        return Unwritable("wrong_audience")
    row = _approved(connection, year, due)
    if isinstance(row, Unwritable):
        return row
    keys |= {"release_id": row["release_id"]}
    file = report_file(connection, "department_review", _subject(due), "business", due.locale)
    own = connection.execute(statement("outbox", "department_review"), keys).fetchone()
    if file is None or own is None:
        return Unwritable("report_not_ready", is_for_good=False)
    numbers = own | {"needs": f"{own['planned_count']} / {own['confirmed_count']}"}
    tiles = [Tile(word, str(numbers[name])) for name, word in _OWN_TILES[due.locale].items()]
    department = own["name_zh"] if due.locale == "zh-CN" else own["name_en"]
    context = {"year": year, "revision": due.sequence_number, "department": department, "figures": tiles}
    return Content(context, (file,))


def _approved(connection: Connection, year: str, due: Due) -> Mapping[str, Any] | Unwritable:
    keys = {"year": year, "revision_number": due.sequence_number}
    row = connection.execute(statement("outbox", "review_approval"), keys).fetchone()
    if row is None:
        return Unwritable("not_approved")
    return Unwritable("superseded") if row["is_superseded"] else row


def _subject(due: Due) -> Mapping[str, Any]:
    return {
        "subject_kind": due.subject_kind,
        "subject_id": due.subject_id,
        "revision_number": due.sequence_number,
    }

"""Mails before a class (R19–R21): the course pack by link, pre-work left to do, learners' questions, the run sheet."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from trainloop.config import Locale
from trainloop.forms import links
from trainloop.outbox.hours import zone_of
from trainloop.outbox.kinds.content import Content, Due, Unwritable, Written
from trainloop.outbox.kinds.files import report_file
from trainloop.outbox.wording import moment_text
from trainloop.warehouse.engine import Connection
from trainloop.warehouse.statements import statement

_ONLINE = {"zh-CN": "线上", "en": "online"}
_PLACE_OPEN = {"zh-CN": "待定", "en": "to be announced"}
_TIMES = {"zh-CN": "（{count} 个相近问题）", "en": " ({count} alike)"}


def course_materials(connection: Connection, notices: Sequence[Due]) -> dict[int, Written]:
    """Return the mail with the link to a class's pack; of several waiting versions only the newest is told."""
    rows = _calls(connection, notices)
    return {due.notice_id: _materials(due, rows.get(due.notice_id)) for due in notices}


def _materials(due: Due, row: Mapping[str, Any] | None) -> Written:
    if row is None:
        return Unwritable("subject_unknown")
    if not row["is_concerned"]:
        return Unwritable("not_concerned")
    if due.sequence_number < row["pack_number"]:
        return Unwritable("superseded")
    if not row["asset_count"]:
        return Unwritable("resolved")
    return Content(_context(row, due) | {"is_update": due.sequence_number > 1 and row["opened_at"] is not None})


def prework_reminder(connection: Connection, notices: Sequence[Due]) -> dict[int, Written]:
    """Return the reminder of pre-work, to those who have not finished it."""
    rows = _calls(connection, notices)
    written: dict[int, Written] = {}
    for due in notices:
        row = rows.get(due.notice_id)
        if row is None or not row["is_concerned"]:
            written[due.notice_id] = Unwritable("not_concerned")
        elif not row["left_count"]:
            written[due.notice_id] = Unwritable("answered")
        else:
            written[due.notice_id] = Content(_context(row, due))
    return written


def question_digest(connection: Connection, notices: Sequence[Due]) -> dict[int, Written]:
    """Return what learners asked, without names, to the trainer who still gives the class."""
    rows: dict[tuple[str, int], list[Mapping[str, Any]]] = {}
    wanted = {
        "session_codes": [due.subject_id for due in notices],
        "digest_numbers": [due.sequence_number for due in notices],
    }
    for row in connection.execute(statement("outbox", "question_digests"), wanted):
        rows.setdefault((row["session_code"], row["digest_number"]), []).append(row)
    return {due.notice_id: _digest(due, rows.get((due.subject_id, due.sequence_number), [])) for due in notices}


def _digest(due: Due, rows: Sequence[Mapping[str, Any]]) -> Written:
    if not rows:
        return Unwritable("subject_unknown")
    if rows[0]["trainer_id"] != due.recipient.id:
        return Unwritable("not_concerned")
    groups: dict[int, list[str]] = {}
    for row in rows:
        groups.setdefault(row["cluster_number"], []).append(row["masked_text"])
    return Content(
        _class(rows[0], due)
        | {
            "question_count": len(rows),
            "group_count": len(groups),
            "is_later": due.sequence_number > 1,
            "lines": [_group(texts, due.locale) for texts in groups.values()],
        }
    )


def run_sheet(connection: Connection, notices: Sequence[Due]) -> dict[int, Written]:
    """Return the mail with a class's run sheet, to who runs or teaches it; of several the newest."""
    wanted = {"session_codes": [due.subject_id for due in notices]}
    rows = {row["session_code"]: row for row in connection.execute(statement("outbox", "run_sheets"), wanted)}
    return {due.notice_id: _sheet(connection, due, rows.get(due.subject_id)) for due in notices}


def _sheet(connection: Connection, due: Due, row: Mapping[str, Any] | None) -> Written:
    if row is None:
        return Unwritable("subject_unknown")
    readers = {"trainer": row["trainer_id"], "employee": row["class_manager_id"]}
    if readers.get(due.recipient.kind, due.recipient.id) != due.recipient.id:
        return Unwritable("not_concerned")
    if due.sequence_number < row["revision_number"]:
        return Unwritable("superseded")
    subject = {"subject_kind": "class_session", "subject_id": due.subject_id, "revision_number": due.sequence_number}
    file = report_file(connection, "run_sheet", subject, "class_manager", due.locale)
    if file is None:
        return Unwritable("report_not_ready", is_for_good=False)
    return Content(
        _class(row, due)
        | {
            "place": row["venue_code"] or (_ONLINE if row["mode"] == "online" else _PLACE_OPEN)[due.locale],
            "learner_count": row["learner_count"],
            "problem_count": row["problem_count"],
            "is_revised": due.sequence_number > 1,
            "reader": {"trainer": "trainer", "employee": "manager"}.get(due.recipient.kind, "hr"),
        },
        (file,),
    )


def _group(texts: Sequence[str], locale: Locale) -> str:
    """Alike questions in one line, each wording once."""
    said = list(dict.fromkeys(texts))
    line = (" / " if locale == "en" else " ／ ").join(said)
    return line if len(texts) == 1 else line + _TIMES[locale].format(count=len(texts))


def _calls(connection: Connection, notices: Sequence[Due]) -> dict[int, dict[str, Any]]:
    wanted = {"notice_ids": [due.notice_id for due in notices]}
    return {row["notice_id"]: row for row in connection.execute(statement("outbox", "material_calls"), wanted)}


def _context(row: Mapping[str, Any], due: Due) -> dict[str, Any]:
    place = row["venue_code"] or (_ONLINE if row["mode"] == "online" else _PLACE_OPEN)[due.locale]
    return _class(row, due) | {
        "place": place,
        "asset_count": row["asset_count"],
        "prework_count": row["prework_count"],
        "left_count": row["left_count"],
        "is_trainer": due.recipient.kind == "trainer",
        "link": links.address("m", row["token"]),
    }


def _class(row: Mapping[str, Any], due: Due) -> dict[str, Any]:
    starts_at: datetime = row["starts_at"]
    return {
        "course": row["course_zh"] if due.locale == "zh-CN" else row["course_en"],
        "session_code": row["session_code"],
        "trainer": row["trainer_name"],
        # Where the class is held, not where its reader lives: people come by the clock of the room.
        "starts": moment_text(starts_at, zone_of(row["session_timezone"]), due.locale),
    }

"""Mails of the approved training review: to executives, HR and heads of business, nobody before the approval."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from trainloop.config import Locale
from trainloop.outbox.kinds.content import Content, Due, Tile, Unwritable, Written
from trainloop.outbox.kinds.files import report_file
from trainloop.warehouse.engine import Connection
from trainloop.warehouse.statements import statement

_TILES: Mapping[Locale, Mapping[str, str]] = {
    "zh-CN": {"stop": "停办", "fix": "改进", "scale": "推广", "keep": "保持"},
    "en": {"stop": "Stop", "fix": "Fix", "scale": "Scale", "keep": "Keep"},
}
_CONTACTS = {"executive", "hr"}


def training_review(connection: Connection, notices: Sequence[Due]) -> dict[int, Written]:
    """Return the content of the review's mails; nothing leaves without the row that approved this revision."""
    return {due.notice_id: _content(connection, due) for due in notices}


def _content(connection: Connection, due: Due) -> Written:
    who = due.recipient
    keys = {"year": due.subject_id, "revision_number": due.sequence_number}
    if who.kind == "employee":
        heads = connection.execute(statement("outbox", "department_heads"), {"employee_id": who.id}).fetchall()
        if not heads:
            return Unwritable("wrong_audience")
    elif who.kind != "contact" or who.contact_kind not in _CONTACTS:
        return Unwritable("wrong_audience")
    row = connection.execute(statement("outbox", "review_approval"), keys).fetchone()
    if row is None:
        return Unwritable("not_approved")
    if row["is_superseded"]:
        return Unwritable("superseded")
    subject = {
        "subject_kind": due.subject_kind,
        "subject_id": due.subject_id,
        "revision_number": due.sequence_number,
    }
    file = report_file(connection, "training_review", subject, "business", due.locale)
    if file is None:
        return Unwritable("report_not_ready", is_for_good=False)
    rows = connection.execute(statement("outbox", "review_suggestions"), {"release_id": row["release_id"]})
    said = [found["text_value"] for found in rows]
    tiles = [Tile(word, str(said.count(name))) for name, word in _TILES[due.locale].items()]
    return Content({"year": due.subject_id, "revision": due.sequence_number, "figures": tiles}, (file,))

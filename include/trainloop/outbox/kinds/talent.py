"""Mails about promotion: the HRBP's list; to each person their own points, certificates and answers to appeals."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from trainloop.config import Locale, get_site
from trainloop.domain.plain_number import plain_number
from trainloop.forms import links
from trainloop.outbox.kinds.content import Content, Due, Tile, Unwritable, Written
from trainloop.outbox.kinds.files import report_file
from trainloop.outbox.wording import day_text, named_month
from trainloop.warehouse.engine import Connection
from trainloop.warehouse.statements import statement

_TILES: Mapping[Locale, Mapping[str, str]] = {
    "zh-CN": {"met_count": "满足全部条件", "one_open_count": "尚缺一项", "judged_count": "评估人数"},
    "en": {"met_count": "All conditions met", "one_open_count": "One condition open", "judged_count": "Judged"},
}


def promotion_list(connection: Connection, notices: Sequence[Due]) -> dict[int, Written]:
    """Return the HRBP's mails with one month's list each; whoever else was planned for gets none."""
    return {due.notice_id: _list(connection, due) for due in notices}


def _list(connection: Connection, due: Due) -> Written:
    if due.recipient.key != ("contact", get_site().talent.hrbp):
        return Unwritable("wrong_audience")
    subject = {
        "subject_kind": due.subject_kind,
        "subject_id": due.subject_id,
        "revision_number": due.sequence_number,
    }
    file = report_file(connection, "promotion_list", subject, "hrbp", due.locale)
    if file is None:
        return Unwritable("report_not_ready", is_for_good=False)
    tiles = [Tile(word, str(due.facts[name])) for name, word in _TILES[due.locale].items()]
    return Content(
        {"month": named_month(due.subject_id, due.locale), "revision": due.sequence_number, "figures": tiles}, (file,)
    )


def promotion_points(connection: Connection, notices: Sequence[Due]) -> dict[int, Written]:
    """Return each person's mail with the link to their own page; a version that another has replaced makes none."""
    rows = _rows(connection, "point_pages", notices)
    return {due.notice_id: _points(due, rows.get(due.notice_id)) for due in notices}


def _points(due: Due, row: Mapping[str, Any] | None) -> Written:
    if row is None:
        return Unwritable("subject_unknown")
    if row["version_number"] != due.sequence_number:
        return Unwritable("superseded")
    days = get_site().commitments["answer_appeal"].due_working_days
    return Content({"points": plain_number(row["points"]), "link": links.address("g", row["token"]), "days": days})


def certificate_ending(connection: Connection, notices: Sequence[Due]) -> dict[int, Written]:
    """Return the mails about certificates that end soon; one that was renewed meanwhile makes none."""
    rows = _rows(connection, "ending_certificates", notices)
    return {due.notice_id: _ending(due, rows.get(due.notice_id)) for due in notices}


def _ending(due: Due, row: Mapping[str, Any] | None) -> Written:
    if row is None:
        return Unwritable("resolved")
    name = row["name_zh"] if due.locale == "zh-CN" else row["name_en"]
    return Content({"certificate": name, "expires_on": day_text(row["expires_on"], due.locale)})


def appeal_answered(connection: Connection, notices: Sequence[Due]) -> dict[int, Written]:
    """Return the answers to appeals in the HRBP's own words."""
    rows = _rows(connection, "answered_appeals", notices)
    return {due.notice_id: _answer(due, rows.get(due.notice_id)) for due in notices}


def _answer(due: Due, row: Mapping[str, Any] | None) -> Written:
    if row is None:
        return Unwritable("subject_unknown")
    rule = get_site().talent.points.get(row["rule_code"])
    return Content({
        "rule": rule.text(due.locale) if rule else row["rule_code"],
        "happened_on": day_text(row["happened_on"], due.locale),
        "is_upheld": row["state"] == "upheld",
        "answer": row["comment"],
        "link": links.address("g", row["token"]),
    })


def _rows(connection: Connection, name: str, notices: Sequence[Due]) -> dict[int, dict[str, Any]]:
    wanted = {"notice_ids": [due.notice_id for due in notices]}
    return {row["notice_id"]: row for row in connection.execute(statement("outbox", name), wanted)}

"""Mails of the approved needs report: the whole of it to executives and HR, an extract to each trainer concerned."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from decimal import Decimal
from typing import Any

from trainloop.config import Locale, get_site
from trainloop.outbox.kinds.content import Content, Due, Tile, Unwritable, Written
from trainloop.outbox.kinds.files import report_file
from trainloop.outbox.wording import day_text, money_text
from trainloop.warehouse.engine import Connection
from trainloop.warehouse.statements import statement

_WORDS: Mapping[Locale, Mapping[str, str]] = {
    "zh-CN": {
        "valid": "有效需求",
        "funded": "列入计划",
        "budget": "预算",
        "rate": "应答率",
        "plan": "{topic}（第 {rank} 位）",
        "in_plan": "{topic}：列入计划",
        "valid_only": "{topic}：有效，在预算线以下",
        "to_clarify": "{topic}：待澄清",
        "rejected": "{topic}：不采纳",
    },
    "en": {
        "valid": "Valid needs",
        "funded": "In the plan",
        "budget": "Budget",
        "rate": "Response rate",
        "plan": "{topic} (rank {rank})",
        "in_plan": "{topic}: in the plan",
        "valid_only": "{topic}: valid, below the budget line",
        "to_clarify": "{topic}: to clarify",
        "rejected": "{topic}: rejected",
    },
}
_EXECUTIVE_KINDS = {"executive", "hr"}


def annual_needs_report(connection: Connection, notices: Sequence[Due]) -> dict[int, Written]:
    """Return the content of the report's mails; nothing leaves without the row that approved this revision."""
    return {due.notice_id: _report(connection, due) for due in notices}


def _report(connection: Connection, due: Due) -> Written:
    if due.recipient.kind != "contact" or due.recipient.contact_kind not in _EXECUTIVE_KINDS:
        return Unwritable("wrong_audience")
    approval = _approval(connection, due.subject_id, due.sequence_number)
    if approval is None:
        return Unwritable("not_approved")
    if approval["is_superseded"]:
        return Unwritable("superseded")
    subject = _subject(due)
    file = report_file(connection, "annual_needs", subject, "business", due.locale)
    if file is None:
        return Unwritable("report_not_ready", is_for_good=False)
    needs = _needs(connection, due.subject_id, due.sequence_number)
    words, locale = _WORDS[due.locale], due.locale
    contact = get_site().contacts.get(approval["decided_by"])
    zone = get_site().company.zone
    return Content(
        {
            "year": due.subject_id,
            "revision": due.sequence_number,
            "approved_by": contact.name if contact else approval["decided_by"],
            "approved_on": day_text(approval["decided_at"].astimezone(zone).date(), locale),
            "figures": _tiles(connection, approval, needs, words, locale),
            "findings": [
                words["plan"].format(rank=row["rank"], topic=_topic(row, locale))
                for row in needs
                if row["funding"] == "funded"
            ],
        },
        (file,),
    )


def trainer_needs(connection: Connection, notices: Sequence[Due]) -> dict[int, Written]:
    """Return the content of extracts; a trainer gets the own one and nothing else, whatever a planning step wrote."""
    return {due.notice_id: _extract(connection, due) for due in notices}


def _extract(connection: Connection, due: Due) -> Written:
    year, _, trainer_id = due.subject_id.partition(":")
    if due.recipient.kind != "trainer" or due.recipient.id != trainer_id:
        return Unwritable("wrong_audience")
    approval = _approval(connection, year, due.sequence_number)
    if approval is None:
        return Unwritable("not_approved")
    if approval["is_superseded"]:
        return Unwritable("superseded")
    file = report_file(connection, "trainer_needs", _subject(due), "trainer", due.locale)
    if file is None:
        return Unwritable("report_not_ready", is_for_good=False)
    taught = {row["topic_code"] for row in connection.execute(statement("outbox", "taught_topics"), {"id": trainer_id})}
    words = _WORDS[due.locale]
    lines = [
        words[_place(row)].format(topic=_topic(row, due.locale))
        for row in _needs(connection, year, due.sequence_number)
        if row["topic_code"] in taught
    ]
    return Content({"year": year, "revision": due.sequence_number, "findings": lines}, (file,))


def _place(row: Mapping[str, Any]) -> str:
    if row["funding"] == "funded":
        return "in_plan"
    return "valid_only" if row["verdict"] == "valid" else str(row["verdict"])


def _subject(due: Due) -> dict[str, Any]:
    return {
        "subject_kind": due.subject_kind,
        "subject_id": due.subject_id,
        "revision_number": due.sequence_number,
    }


def _approval(connection: Connection, year: str, revision_number: int) -> dict[str, Any] | None:
    keys = {"year": year, "revision_number": revision_number}
    return connection.execute(statement("outbox", "needs_approval"), keys).fetchone()


def _needs(connection: Connection, year: str, revision_number: int) -> list[dict[str, Any]]:
    keys = {"year": year, "revision_number": revision_number}
    return connection.execute(statement("outbox", "approved_needs"), keys).fetchall()


def _topic(row: Mapping[str, Any], locale: Locale) -> str:
    return str(row["name_zh"] if locale == "zh-CN" else row["name_en"])


def _tiles(
    connection: Connection,
    approval: Mapping[str, Any],
    needs: Sequence[Mapping[str, Any]],
    words: Mapping[str, str],
    locale: Locale,
) -> list[Tile]:
    keys = {"release_id": approval["release_id"]}
    figures = {row["statistic"]: row["value"] for row in connection.execute(statement("outbox", "needs_figures"), keys)}
    tiles = [
        Tile(words["valid"], str(sum(row["verdict"] == "valid" for row in needs))),
        Tile(words["funded"], str(sum(row["funding"] == "funded" for row in needs))),
    ]
    if (budget := figures.get("budget_amount")) is not None:
        tiles.append(Tile(words["budget"], money_text(Decimal(budget), get_site().needs.currency, locale)))
    if (rate := figures.get("rr1_pct")) is not None:
        tiles.append(Tile(words["rate"], f"{Decimal(rate):f}%"))
    return tiles

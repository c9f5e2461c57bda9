"""The Training Effect Analysis Report: its PDF and, in the mail itself, the figures of the same release."""

from __future__ import annotations

import re
from collections.abc import Sequence
from decimal import Decimal
from typing import Any

from trainloop.config import Locale, get_site
from trainloop.forms import links
from trainloop.outbox.kinds.content import Content, Due, StoredFile, Tile, Unwritable, Written, class_context
from trainloop.warehouse.engine import Connection
from trainloop.warehouse.statements import statement

_WORDS = {
    "zh-CN": {
        "rate": "应答率",
        "rate_note": "{complete}/{eligible} 人",
        "nps": "净推荐值 NPS",
        "n": "n = {n}",
        "talk": "值得讨论：{text}",
    },
    "en": {
        "rate": "Response rate",
        "rate_note": "{complete} of {eligible}",
        "nps": "NPS",
        "n": "n = {n}",
        "talk": "Worth talking about: {text}",
    },
}
_FILE_NAMES = {"zh-CN": "培训效果分析报告", "en": "Training effect report"}


def evaluation_report(connection: Connection, notices: Sequence[Due]) -> dict[int, Written]:
    """Return the content of reports to HR and to the session's trainer; each gets the PDF made for that audience.

    The PDF is the newest of the notice's revision in the recipient's language, or in the company's when the site does
    not print that one. Until it is registered the notice waits.
    """
    wanted = {
        "notice_ids": [due.notice_id for due in notices],
        "audiences": [str(due.facts.get("audience", "")) for due in notices],
        "locales": [_printed_locale(due.locale) for due in notices],
    }
    rows = {row["notice_id"]: row for row in connection.execute(statement("outbox", "evaluation_reports"), wanted)}
    releases = {"release_ids": list({row["release_id"] for row in rows.values()})}
    figures: dict[int, dict[tuple[str, str, str], dict[str, Any]]] = {}
    for row in connection.execute(statement("outbox", "report_figures"), releases):
        figures.setdefault(row["release_id"], {})[row["family"], row["code"], row["statistic"]] = row
    findings = connection.execute(statement("outbox", "report_findings"), releases).fetchall()
    return {due.notice_id: _content(due, rows.get(due.notice_id), figures, findings) for due in notices}


def _printed_locale(locale: Locale) -> Locale:
    company = get_site().company
    if locale in company.report_locales:
        return locale
    return company.locale if company.locale in company.report_locales else company.report_locales[0]


def _content(
    due: Due,
    row: dict[str, Any] | None,
    figures: dict[int, dict[tuple[str, str, str], dict[str, Any]]],
    findings: Sequence[dict[str, Any]],
) -> Written:
    audience = due.facts.get("audience")
    # A person gets what was made for them and nothing else, whatever a planning step wrote.
    if audience != ("trainer" if due.recipient.kind == "trainer" else "hr") or (
        audience == "hr" and due.recipient.contact_kind != "hr"
    ):
        return Unwritable("wrong_audience")
    if row is None:
        return Unwritable("report_not_ready", is_for_good=False)
    released = figures.get(row["release_id"], {})
    locale = due.locale
    suffix = "zh" if locale == "zh-CN" else "en"
    session = re.sub(r"[^\w.-]+", "_", row["session_code"])
    name = f"{_FILE_NAMES[row['locale']]} {session} v{row['revision_number']}.pdf"
    context = class_context(row, due) | {
        "audience": audience,
        # By it the trainer opens a dispute about the course (R47); HR has its own form.
        "door": links.address("o", links.door_token("trainer", due.recipient.id, row["session_code"]))
        if audience == "trainer"
        else "",
        "revision": row["revision_number"],
        "complete_count": _number(released, "response", "wave", "complete_count"),
        "band": (released.get(("response", "wave", "band")) or {}).get("text_value") or "",
        "figures": _tiles(released, row["instrument_code"], locale),
        "findings": [
            _WORDS[locale]["talk"].format(text=found[f"suggestion_{suffix}"])
            if found["strength"] == "worth_talking_about"
            else found[f"suggestion_{suffix}"]
            for found in findings
            if found["release_id"] == row["release_id"]
        ],
    }
    return Content(context, (StoredFile(name, "application/pdf", row["uri"], row["pdf_sha256"]),))


def _tiles(released: dict[tuple[str, str, str], dict[str, Any]], instrument_code: str, locale: Locale) -> list[Tile]:
    from trainloop.surveys.instrument import load_instrument

    words = _WORDS[locale]
    rate = _figure(released, ("response", "wave", "rr1_pct"), locale, "%")
    rate_note = words["rate_note"].format(
        complete=_number(released, "response", "wave", "complete_count"),
        eligible=_number(released, "response", "wave", "eligible_count"),
    )
    tiles = [Tile(words["rate"], rate[0], rate_note)]
    instrument = load_instrument(instrument_code)
    for code, dimension in instrument.dimensions.items():
        value, refusal = _figure(released, ("dimension", code, "mean"), locale)
        note = refusal or words["n"].format(n=_number(released, "dimension", code, "n"))
        tiles.append(Tile(dimension.zh if locale == "zh-CN" else dimension.en, value, note))
    for family, code, statistic in released:
        if (family, statistic) == ("nps", "nps"):
            value, refusal = _figure(released, (family, code, statistic), locale, is_signed=True)
            tiles.append(Tile(words["nps"], value, refusal or words["n"].format(n=_number(released, "nps", code, "n"))))
    return tiles


def _figure(
    released: dict[tuple[str, str, str], dict[str, Any]],
    key: tuple[str, str, str],
    locale: Locale,
    unit: str = "",
    *,
    is_signed: bool = False,
) -> tuple[str, str]:
    """Return (what to print, why there is no number)."""
    from trainloop.statistics.refusal import reason_text

    row = released.get(key)
    if row is None or row["value"] is None:
        return "–", reason_text(row["reason"], locale) if row and row["reason"] else ""
    text = _plain(row["value"])
    if is_signed and row["value"]:
        text = ("+" if row["value"] > 0 else "−") + text.lstrip("-")
    return (f"{text.removesuffix('.0')}{unit}" if unit else text), ""


def _number(released: dict[tuple[str, str, str], dict[str, Any]], family: str, code: str, statistic: str) -> str:
    row = released.get((family, code, statistic))
    return _plain(row["value"]) if row and row["value"] is not None else "–"


def _plain(value: Decimal) -> str:
    """Return a published number; it was rounded to the digits that may be shown."""
    return f"{value:f}"

"""Answers of LimeSurvey as a file of the inbox: who, when and in which order is not in it.

Each sheet is known by a keyed hash of LimeSurvey's id. The same answers make the same bytes under the same name.
"""

from __future__ import annotations

import csv
import hashlib
import hmac
import io
from typing import Any

from trainloop import faults, storage
from trainloop.settings import get_settings
from trainloop.surveys.instrument import Instrument
from trainloop.surveys.limesurvey_form import COMPLETE, ID, SENT_BY, TOKEN, file_name
from trainloop.warehouse import engine
from trainloop.warehouse.statements import statement

INBOX = "survey_exports"


def place(survey_id: int, heads: list[str], lines: list[list[str]]) -> str | None:
    """Put the answer sheets into the inbox, once; return what the gate has said about this very file before.

    The same answers make the same bytes and the same name, so a pull that brought nothing new is no new file.
    """
    buffer = io.StringIO()
    csv.writer(buffer).writerows([heads, *lines])
    content = buffer.getvalue().encode("utf-8")
    name = file_name(survey_id, hashlib.sha256(content).hexdigest()[:8])
    with engine.connect("intake") as connection:
        known = connection.execute(statement("limesurvey", "gate_state"), {"dataset": INBOX, "name": name}).fetchone()
    if known:
        return str(known["state"])
    _put(name, content)
    faults.point("limesurvey.answers.placed")
    return None


def sheets(
    wave: dict[str, Any], instrument: Instrument, codes: dict[str, str], rows: list[dict[str, Any]]
) -> tuple[list[str], list[list[str]]]:
    """Return header and lines of the file of these answer sheets, in an order that tells nothing.

    codes: question code by item, as the survey was made.
    """
    kinds = {codes[item.code]: item.kind for item in instrument.items if item.code in codes}
    asked = [name for name in (rows[0] if rows else {}) if name.split("[")[0] in kinds]
    heads = [ID, SENT_BY, COMPLETE, *([TOKEN] if wave["anonymity"] == "confidential" else []), *asked]
    key = hmac.new(get_settings().secret().encode(), b"limesurvey-response", hashlib.sha256).digest()
    lines = []
    for row in rows:
        said = {name: _text(kinds[name.split("[")[0]], row.get(name)) for name in asked}
        # Whoever opens a link leaves a sheet behind, the scanner of a mailbox too: what says nothing is no answer.
        if not row.get("submitdate") and not any(said.values()):
            continue
        # LimeSurvey refuses answers after the end itself, so each was sent in time. When, is told nowhere: the opening
        # stands for it, which stays what it is when the end is moved.
        own = {ID: hmac.new(key, f"{wave['survey_id']}/{row['id']}".encode(), hashlib.sha256).hexdigest(),
               SENT_BY: wave["opened_at"].isoformat(), COMPLETE: "Y" if row.get("submitdate") else "",
               TOKEN: row.get("token") or ""}  # fmt: skip
        lines.append([{**said, **own}[head] for head in heads])
    return heads, sorted(lines)


def _put(name: str, content: bytes) -> None:
    """Put a file into the inbox of exports."""
    storage.keep(f"{get_settings().folder_uri('inbox')}/{INBOX}/{name}", content)


def _text(kind: str, value: object) -> str:
    text = "" if value is None else str(value)
    if kind == "number" and "." in text:
        return text.rstrip("0").rstrip(".")  # LimeSurvey writes 8 as 8.0000000000
    return text[:10] if kind == "date" else text

"""The aggregate figures of a report as files inside its PDF: data.csv for spreadsheets, data.json for programs."""

from __future__ import annotations

import csv
import io
import re

from pydantic_core import to_json

from trainloop.reporting.document import Document

_FORMULA_STARTS = ("=", "+", "-", "@", "\t", "\r", "\n")
_NUMBER = re.compile(r"[-+]?\d+(\.\d+)?")
COLUMNS = ("family", "code", "label", "statistic", "value", "respondent_count", "is_hidden", "reason")


def cell(value: object) -> str:
    """Return a value as a spreadsheet cell that no program takes for a formula."""
    text = "" if value is None else str(value)
    if isinstance(value, bool):
        text = str(value).lower()
    return f"'{text}" if text.startswith(_FORMULA_STARTS) and not _NUMBER.fullmatch(text) else text


def files(view: Document) -> list[tuple[str, bytes, str]]:
    """Return name, content and description of each attachment, in the order of their names."""
    return [("data.csv", _csv(view), f"{view.title} (CSV)"), ("data.json", _json(view), f"{view.title} (JSON)")]


def _csv(view: Document) -> bytes:
    buffer = io.StringIO(newline="")
    writer = csv.writer(buffer)
    writer.writerow(COLUMNS)
    for row in view.data_rows:
        writer.writerow([cell(getattr(row, column)) for column in COLUMNS])
    # The mark tells Excel that this is UTF-8.
    return b"\xef\xbb\xbf" + buffer.getvalue().encode("utf-8")


def _json(view: Document) -> bytes:
    content = {
        "report": view.kind,
        **view.about(),
        "audience": view.audience,
        "locale": view.locale,
        "released_at": view.released_at,
        "site_version": view.site_version,
        "figures": [row.model_dump() for row in view.data_rows],
    }
    return to_json(content, indent=1) + b"\n"

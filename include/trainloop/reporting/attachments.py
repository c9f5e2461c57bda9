"""The aggregate figures of a report as files inside its PDF: data.csv for spreadsheets, data.json for programs."""

from __future__ import annotations

import csv
import io

from pydantic_core import to_json

from trainloop.domain.spreadsheet import safe_cell
from trainloop.reporting.document import Document

COLUMNS = ("family", "code", "label", "statistic", "value", "respondent_count", "is_hidden", "reason")


def files(view: Document) -> list[tuple[str, bytes, str]]:
    """Return name, content and description of each attachment, in the order of their names."""
    return [("data.csv", _csv(view), f"{view.title} (CSV)"), ("data.json", _json(view), f"{view.title} (JSON)")]


def _csv(view: Document) -> bytes:
    buffer = io.StringIO(newline="")
    writer = csv.writer(buffer)
    writer.writerow(COLUMNS)
    for row in view.data_rows:
        writer.writerow([safe_cell(getattr(row, column)) for column in COLUMNS])
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

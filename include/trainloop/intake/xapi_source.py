"""xAPI statements as JSON: each statement is a row, its place in the file (from 1) the row's number.

Read as `{"statements": […]}`, a list, or one statement. Which field is which column:

| column | field |
|---|---|
| interaction_id | `id`, a UUID; the same id twice is one statement |
| kind | last part of `verb.id`, by the words of the contract: answered → quiz, commented → turn, voided → void … |
| session_code | a key of `context.extensions` ending in `session_code`, else `contextActivities` (grouping, parent) |
| employee_id | `actor.account.name` |
| item_code | last part of `object.id`; of a voided statement its whole id |
| is_correct, turn_count | `result.success`, a key of `result.extensions` that ends with `turn_count` |
| duration_seconds | `result.duration`, ISO 8601 |
| happened_at | `timestamp` |

Nothing is guessed: what is missing or no such value stays as it came, and the gate says so by statement and field.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from decimal import Decimal
from pathlib import Path
from typing import Any, NoReturn, Self
from uuid import UUID

from trainloop.contracts import Contract
from trainloop.intake.guard import check_json
from trainloop.intake.header import Header
from trainloop.intake.refusal import FileRefusedError
from trainloop.intake.source import CellFinding, Rows

# What stands in messages where a table has its header.
FIELDS = {
    "interaction_id": "id",
    "session_code": "context.extensions […session_code]",
    "employee_id": "actor.account.name",
    "kind": "verb.id",
    "item_code": "object.id",
    "is_correct": "result.success",
    "turn_count": "result.extensions […turn_count]",
    "duration_seconds": "result.duration",
    "happened_at": "timestamp",
}
_VOIDED = "voided"
_NO_STATEMENT = "not a statement"
_DURATION = re.compile(r"P(?:(\d+)D)?(?:T(?:(\d+)H)?(?:(\d+)M)?(?:(\d+(?:\.\d+)?)S)?)?")


@dataclass
class XapiSource:
    """The statements of one file."""

    statements: list[Any]
    header: Header
    delimiter: str = ","
    line_count: int = 0
    is_neat: bool = False

    @classmethod
    def open(cls, path: Path, name: str, contract: Contract) -> Self:
        """Read a file of statements; refuse what is too large, too deep or no JSON."""
        check_json(path, name)
        columns = tuple(column.name for column in contract.columns)
        # Row numbers begin below the header: without one the first statement is number 1.
        header = Header(-1, tuple(FIELDS.get(column, column) for column in columns), columns)
        return cls(_statements(path, name), header)

    def utf8_blocks(self) -> None:
        """JSON is nothing that COPY could read."""

    def examine_encoding(self) -> None:
        """JSON is UTF-8."""

    def rows(self) -> Rows:
        rows = Rows(iter(()))
        rows.cells = self._cells(rows)
        return rows

    def _cells(self, rows: Rows) -> Iterator[tuple[int, list[str | None]]]:
        for number, statement in enumerate(self.statements, start=1):
            values = read_statement(statement)
            if not any(values.values()):
                # A row without any cell would be a blank line; an empty statement is a statement and is refused as one.
                values["kind"] = _NO_STATEMENT
            if not _is_uuid(values["interaction_id"]):
                rows.findings.append(CellFinding(number, "interaction_id", "wrong_type"))
            yield number, [values.get(column or "") for column in self.header.columns]


def _statements(path: Path, name: str) -> list[Any]:
    try:
        found = json.loads(path.read_text("utf-8-sig"), parse_constant=_no_number, parse_float=Decimal)
    except (ValueError, RecursionError) as error:
        line = getattr(error, "lineno", 1)
        raise FileRefusedError(
            "bad_json", file=name, detail_zh=f"第 {line} 行附近有误", detail_en=f"damaged near line {line}"
        ) from error
    if isinstance(found, dict) and isinstance(found.get("statements"), list):
        return list(found["statements"])
    return list(found) if isinstance(found, list) else [found]


def _no_number(name: str) -> NoReturn:
    raise ValueError(name)


def read_statement(statement: Any) -> dict[str, str | None]:
    """Return the cells of one statement by column; what is no statement keeps its text as an unknown kind."""
    if not isinstance(statement, dict):
        return dict.fromkeys(FIELDS) | {"kind": _text(statement) or _NO_STATEMENT}
    verb = _last_part(_text(_at(statement, "verb", "id")))
    target = _text(_at(statement, "object", "id"))
    return {
        "interaction_id": _lower(_text(statement.get("id"))),
        "session_code": _session(_at(statement, "context")),
        "employee_id": _text(_at(statement, "actor", "account", "name")),
        "kind": verb,
        "item_code": _lower(target) if verb == _VOIDED else _last_part(target),
        "is_correct": _text(_at(statement, "result", "success")),
        "turn_count": _text(_extension(_at(statement, "result"), "turn_count")),
        "duration_seconds": _seconds(_text(_at(statement, "result", "duration"))),
        "happened_at": _text(statement.get("timestamp")),
    }


def _at(value: Any, *path: str) -> Any:
    for key in path:
        value = value.get(key) if isinstance(value, Mapping) else None
    return value


def _extension(holder: Any, ending: str) -> Any:
    extensions = _at(holder, "extensions")
    if not isinstance(extensions, Mapping):
        return None
    return next((value for key, value in extensions.items() if _last_part(key) == ending), None)


def _session(context: Any) -> str | None:
    code = _text(_extension(context, "session_code"))
    for relation in ("grouping", "parent"):
        activities = _at(context, "contextActivities", relation)
        # A single activity stood for a list of one before xAPI 1.0.
        first = activities[0] if isinstance(activities, list) and activities else activities
        code = code or _last_part(_text(_at(first, "id")))
    return code


def _text(value: Any) -> str | None:
    """Return a JSON value as a cell: what is no plain value keeps its JSON, so that it is seen and not believed."""
    if value is None:
        return None
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, str | int | Decimal):
        return str(value).replace("\x00", "")
    return json.dumps(value, ensure_ascii=False, default=str)[:200]


def _lower(text: str | None) -> str | None:
    return text.lower() if text else text


def _last_part(text: str | None) -> str | None:
    """Return what stands behind the last slash, hash or colon of an IRI."""
    return re.split(r"[/#:]", text.rstrip("/#:"))[-1] if text else text


def _is_uuid(text: str | None) -> bool:
    try:
        return text is None or bool(UUID(text))
    except ValueError:
        return False


def _seconds(text: str | None) -> str | None:
    """Return an ISO 8601 duration in seconds; another text stays as it is and is no number."""
    parts = _DURATION.fullmatch(text) if text else None
    if parts is None or not any(parts.groups()):
        return text
    days, hours, minutes, seconds = (Decimal(part or 0) for part in parts.groups())
    return f"{((days * 24 + hours) * 60 + minutes) * 60 + seconds:f}"

"""Named SQL blocks: `sql/statements/<area>.sql` holds blocks that start with `-- name: <name>`."""

from __future__ import annotations

import functools
import re
from typing import LiteralString

from trainloop.errors import StatementUnknownError
from trainloop.settings import PROJECT_DIR

SQL_DIR = PROJECT_DIR / "sql"
_HEAD = re.compile(r"^-- name: *(\w+).*$", re.MULTILINE)


@functools.cache
def _blocks(area: str) -> dict[str, LiteralString]:
    parts = _HEAD.split((SQL_DIR / "statements" / f"{area}.sql").read_text("utf-8"))
    return dict(zip(parts[1::2], (body.strip() for body in parts[2::2]), strict=True))


def statement(area: str, name: str) -> LiteralString:
    """Return the SQL text of one block; values are bound by `%(name)s`, never formatted in."""
    try:
        return _blocks(area)[name]
    except KeyError:
        raise StatementUnknownError(area=area, name=name) from None


@functools.cache
def query_file(path: str) -> LiteralString:
    """Return the text of one whole file below `sql/`, such as `marts/evaluation_items.sql`."""
    return (SQL_DIR / path).read_text("utf-8")

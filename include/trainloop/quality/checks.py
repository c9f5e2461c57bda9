"""The audit's own checks: one query a file in `sql/checks/`; its header says what must hold, for whom, how heavily."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal, cast

from psycopg import ClientCursor, sql

from trainloop.config import get_site
from trainloop.quality.conditions import Condition
from trainloop.quality.errors import CheckFileInvalidError
from trainloop.warehouse.engine import Connection
from trainloop.warehouse.statements import SQL_DIR, query_file

Audience = Literal["engineer", "hr"]
_FACT = re.compile(r"^-- (severity|audience|zh|en|gap_zh|gap_en): (.+)$", re.MULTILINE)


@dataclass(frozen=True)
class SqlCheck:
    """One check: `zh`/`en` say what must hold, `gap_zh`/`gap_en` what a mail says when {count} gaps are found."""

    code: str
    severity: Literal["stop", "warn"]
    audience: Audience
    zh: str
    en: str
    gap_zh: str
    gap_en: str

    def query(self, connection: Connection, parameters: Mapping[str, Any]) -> sql.Composed:
        """Return the check's query with its parameters bound as literals.

        Columns: subject_kind, subject_id, gap_count; a row is a gap. Literals, because GX takes text only.
        """
        lines = query_file(f"checks/{self.code}.sql").splitlines()
        bare = "\n".join(line for line in lines if not line.startswith("--"))
        text = ClientCursor(connection).mogrify(bare, parameters)
        return sql.Composed([sql.SQL(cast("Any", text))])

    def condition(self, connection: Connection, parameters: Mapping[str, Any]) -> Condition:
        return Condition(self.code, failing_rows=self.query(connection, parameters))


def site_limits() -> dict[str, Any]:
    """Return the site's rules as parameters of the checks: ages of `quality`, minimum groups, how long results wait."""
    site = get_site()
    groups = {"mean_min": site.suppression.mean_min, "distribution_min": site.suppression.distribution_min}
    patience = {"performance_patience_days": site.impact.wait_days - site.impact.window_days}
    return site.quality.model_dump() | groups | patience


def check_files() -> list[Path]:
    """Return the files of all checks, by name."""
    return sorted((SQL_DIR / "checks").glob("*.sql"))


def sql_checks() -> list[SqlCheck]:
    """Return all checks; raise CheckFileInvalidError when a header is incomplete."""
    return [_read(path.stem) for path in check_files()]


def _read(code: str) -> SqlCheck:
    facts = dict(_FACT.findall(query_file(f"checks/{code}.sql")))
    if missing := {"severity", "audience", "zh", "en", "gap_zh", "gap_en"} - facts.keys():
        raise CheckFileInvalidError(name=code, detail=f"no {', '.join(sorted(missing))}")
    if facts["severity"] not in {"stop", "warn"} or facts["audience"] not in {"engineer", "hr"}:
        raise CheckFileInvalidError(name=code, detail="severity is stop or warn, audience engineer or hr")
    return SqlCheck(code=code, **cast("Any", facts))

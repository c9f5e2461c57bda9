"""The daily purge: each rule of the site file against the clock, one commit per place, with a count as proof."""

from __future__ import annotations

from datetime import date, datetime, time, timedelta
from typing import Any, Final

from trainloop import clock, faults, storage
from trainloop.config import get_site
from trainloop.retention import erasure
from trainloop.warehouse.engine import Connection, connect
from trainloop.warehouse.statements import statement

# Rule of the site file → the places it looks at; the statement of each is `<rule>_<place>` in statements/retention.sql.
PLACES: Final[dict[str, tuple[str, ...]]] = {
    "raw_files": ("quarantined", "parked"),
    "invitations": ("people", "listed", "links"),
    "mail_bodies": ("messages", "notices"),
    "assessment_answers": ("responses",),
    "answers": ("texts", "responses"),
    "class_details": ("questions", "asked", "digested", "prework", "materials", "links", "groups", "desk"),
    "individual_records": ("assessments", "forms", "kpis", "reviews", "competencies", "plans", "pages"),
}


def purge_expired(as_of: date | None = None) -> dict[str, Any]:
    """Take out what is older than the rules allow; return the counts by rule.

    as_of: judge as on an earlier day; a later one is ignored, since what is purged early does not come back.
    """
    with connect("purge", autocommit=True) as connection:
        return _purge(connection, _moment(connection, as_of))


def _moment(connection: Connection, as_of: date | None) -> datetime:
    now = clock.now(connection)
    if as_of is None:
        return now
    return min(now, datetime.combine(as_of, time(12), get_site().company.zone))


def _purge(connection: Connection, now: datetime) -> dict[str, Any]:
    rules = get_site().retention
    counts: dict[str, Any] = {}
    for rule, places in PLACES.items():
        values = {"before": now - timedelta(days=getattr(rules, rule)), "zone": get_site().company.timezone, "now": now}
        for place in places:
            with connection.transaction():
                found = connection.execute(statement("retention", f"{rule}_{place}"), values).rowcount
                count(connection, now, rule, place, found)
            faults.point("retention.purged")
            counts[rule] = counts.get(rule, 0) + found
    counts["raw_files"] += _purge_archive(connection, now)
    counts["leavers"] = erasure.forget_leavers(connection, now)
    counts["erased_again"] = erasure.erase_again(connection)
    return counts


def _purge_archive(connection: Connection, now: datetime) -> int:
    values = {"before": now - timedelta(days=get_site().retention.raw_files)}
    removed = 0
    while rows := connection.execute(statement("retention", "raw_files_archived"), values).fetchall():
        storage.remove(row["archive_uri"] for row in rows)
        faults.point("retention.archive_removed")
        with connection.transaction():
            gone = {"now": now, "file_ids": [row["file_id"] for row in rows]}
            connection.execute(statement("retention", "raw_files_gone"), gone)
            count(connection, now, "raw_files", "archived", len(rows))
        removed += len(rows)
    return removed


def count(connection: Connection, now: datetime, rule: str, holding: str, row_count: int) -> None:
    """Write the proof of one place."""
    values = {"now": now, "rule": rule, "holding": holding, "row_count": row_count}
    connection.execute(statement("retention", "count"), values)

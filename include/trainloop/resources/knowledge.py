"""The knowledge base (R14): which assets are sound, who has to mend what, and which taught course lacks materials.

A weekly scan reads the files that were not read lately, makes the index anew and compares what it finds with what is
open. Owners get one mail about their assets, HR one about all, only when something is new. Course packs themselves are
made for each class by `delivery.materials`, by the same checks of the same files.
"""

from __future__ import annotations

from datetime import date, timedelta

from trainloop import faults
from trainloop.config import get_site
from trainloop.delivery import asset_files
from trainloop.domain.resource_finding import OF_KNOWLEDGE
from trainloop.resources import findings
from trainloop.resources.findings import Finding
from trainloop.surveys.scan import Scan
from trainloop.warehouse.engine import Connection, connect, lock
from trainloop.warehouse.statements import query_file, statement

MEGABYTE = 1_048_576


def check_files() -> dict[str, int]:
    """Read files that were not read lately and compare them with their checksums; return counts: checked, faulty.

    So many of them in a run as the site file says, those of classes to come first, outside of any transaction.
    """
    rules = get_site().knowledge
    with connect("planner") as connection:
        scan = Scan.start(connection)
        rows = connection.execute(
            statement("knowledge", "files_to_check"),
            {
                "now": scan.real_now,
                "checked_since": scan.real_now - timedelta(days=rules.file_checked_days),
                "most": rules.files_per_run,
            },
        ).fetchall()
    if not rows:
        return {"checked": 0, "faulty": 0}
    most_bytes = get_site().pre_class.max_asset_mb * MEGABYTE
    for row in rows:
        row["outcome"] = asset_files.check(row["uri"], row["checksum"], most_bytes)
    columns = {name: [row[name] for row in rows] for name in rows[0]}
    with connect("planner") as connection:
        connection.execute(statement("materials", "keep_checks"), columns | {"now": scan.real_now})
    return {"checked": len(rows), "faulty": sum(row["outcome"] != "sound" for row in rows)}


def curate(as_of: date | None = None, *, allow_send: bool = False) -> dict[str, int]:
    """Make the index anew, open and close findings, plan the mails about what is new.

    Judged by the business clock alone; with a date in the past nobody is mailed unless `allow_send`. Returns counts:
    assets, opened, closed, notices_planned.
    """
    with connect("planner") as connection:
        scan = Scan.start(connection, as_of, allow_send=allow_send)
        # Two scans at once would both tell the same.
        lock(connection, "curate_knowledge_base")
        counts = {"assets": _fill_index(connection, scan)}
        counts |= findings.update(connection, scan, OF_KNOWLEDGE, _found(connection, scan))
        counts["notices_planned"] = 0
        if scan.may_mail:
            counts["notices_planned"] = findings.tell(connection, scan, OF_KNOWLEDGE, "asset_tasks", "knowledge_digest")
        faults.point("knowledge.before_commit")
    faults.point("knowledge.after_commit")
    return counts


def _fill_index(connection: Connection, scan: Scan) -> int:
    rules = get_site().knowledge
    connection.execute(statement("knowledge", "empty_index"))
    return connection.execute(
        statement("knowledge", "fill_index"),
        {
            "today": scan.real_today,
            "now": scan.real_now,
            "ending_before": scan.real_today + timedelta(days=rules.licence_warning_days),
            "kinds": list(rules.stale_days),
            "stale_days": list(rules.stale_days.values()),
        },
    ).rowcount


def _found(connection: Connection, scan: Scan) -> list[Finding]:
    rules = get_site().knowledge
    rows = connection.execute(
        query_file("marts/knowledge_findings.sql"),
        {
            "taught_since": scan.real_now - timedelta(days=rules.taught_days),
            "taught_until": scan.real_now + timedelta(days=rules.taught_days),
            "required_kinds": list(rules.required_kinds),
        },
    )
    return [Finding(**row) for row in rows]

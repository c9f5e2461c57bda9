"""Pre-class material distribution (R19): one pack for each class, by a personal link, told once for each version.

A scan looks at every class whose materials are due or went out already, in a fixed number of statements: new learners
get the pack the same day, a changed asset makes a new version of it, an asset that must not or cannot be handed out is
an exception and the rest goes out. Files are read only as often as there are assets, whatever the number of classes.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date, timedelta
from typing import Any

from psycopg.types.json import Jsonb

from trainloop import faults
from trainloop.config import get_site
from trainloop.delivery import asset_files, steps
from trainloop.domain.milestone import MilestoneState
from trainloop.domain.readiness import OF_MATERIALS
from trainloop.surveys.scan import Scan
from trainloop.warehouse import engine
from trainloop.warehouse.engine import Connection
from trainloop.warehouse.statements import statement

STEP = "materials_sent"
MEGABYTE = 1_048_576
_Row = Mapping[str, Any]


def send_materials(as_of: date | None = None, *, allow_send: bool = False) -> dict[str, int]:
    """Bring packs, links and exceptions of every class at hand up to date and plan the mails.

    With a date in the past nothing is settled and nobody mailed unless `allow_send`. Returns counts: sessions,
    files_checked, faulty_assets, links_given, steps_done, notices_planned.
    """
    with engine.connect("planner") as connection:
        scan = Scan.start(connection, as_of, allow_send=allow_send)
    counts = dict.fromkeys(
        ("sessions", "files_checked", "faulty_assets", "links_given", "steps_done", "notices_planned"), 0
    )
    if not scan.may_mail:
        return counts
    counts["files_checked"] = _check_files(scan)
    with engine.connect("planner") as connection:
        engine.lock(connection, "send_materials")
        sessions = _sessions(connection, scan)
        counts["sessions"] = len(sessions)
        counts["faulty_assets"] = _make_packs(connection, scan, sessions)
        wanted = {"session_codes": list(sessions), "now": scan.real_now}
        counts["links_given"] = connection.execute(statement("materials", "give_links"), wanted).rowcount
        counts["notices_planned"] = connection.execute(statement("materials", "tell_packs"), wanted).rowcount
        counts["steps_done"] = _settle(connection, scan, sessions)
        faults.point("materials.before_commit")
    faults.point("materials.after_commit")
    return counts


def _sessions(connection: Connection, scan: Scan) -> dict[str, _Row]:
    rows = connection.execute(statement("materials", "sessions"), {"today": scan.today, "now": scan.real_now})
    return {row["session_code"]: row for row in rows}


def _check_files(scan: Scan) -> int:
    """Read the files that were not read lately, outside of any transaction: a store may be slow."""
    rules = get_site().pre_class
    with engine.connect("planner") as connection:
        wanted = {
            "session_codes": list(_sessions(connection, scan)),
            "checked_since": scan.real_now - timedelta(hours=rules.asset_checked_hours),
        }
        rows = connection.execute(statement("materials", "assets_to_check"), wanted).fetchall()
    for row in rows:
        row["outcome"] = asset_files.check(row["uri"], row["checksum"], rules.max_asset_mb * MEGABYTE)
    if rows:
        columns = {name: [row[name] for row in rows] for name in rows[0]}
        with engine.connect("planner") as connection:
            connection.execute(statement("materials", "keep_checks"), columns | {"now": scan.real_now})
    return len(rows)


def _make_packs(connection: Connection, scan: Scan, sessions: Mapping[str, _Row]) -> int:
    """Make the packs that changed and tell what must not or cannot be handed out; return how many assets that is."""
    codes = list(sessions)
    rows = connection.execute(statement("materials", "judged_assets"), {"session_codes": codes}).fetchall()
    sound = [row for row in rows if row["kind"] is None]
    faulty = [row for row in rows if row["kind"] is not None]
    connection.execute(
        statement("materials", "make_packs"),
        {
            "session_code": [row["session_code"] for row in sound],
            "asset_code": [row["asset_code"] for row in sound],
            "session_codes": codes,
            "now": scan.real_now,
        },
    )
    found = {
        "session_code": [row["session_code"] for row in faulty],
        "kind": [row["kind"] for row in faulty],
        "item_code": [row["asset_code"] for row in faulty],
    }
    connection.execute(
        statement("readiness", "open_exceptions"),
        found | {"detail": [Jsonb(_detail(row)) for row in faulty], "now": scan.real_now},
    )
    connection.execute(
        statement("readiness", "close_exceptions"),
        found | {"now": scan.real_now, "looked_at": codes, "kinds": list(OF_MATERIALS)},
    )
    return len(faulty)


def _detail(row: _Row) -> dict[str, Any]:
    detail = {"asset": row["asset_code"]}
    if row["kind"] == "material_missing":
        detail["why"] = row["outcome"]
    if row["kind"] == "material_licence_expired":
        detail["expires_on"] = f"{row['licence_expires_on']}"
    return detail


def _settle(connection: Connection, scan: Scan, sessions: Mapping[str, _Row]) -> int:
    """A class with a pack is done; a course without any asset owes nothing; else the step stays owed until T."""
    wanted = {"session_codes": [code for code, row in sessions.items() if row["state"] != MilestoneState.DONE]}
    rows = connection.execute(statement("materials", "packed_sessions"), wanted).fetchall()
    done = [row["session_code"] for row in rows if row["has_pack"]]
    nothing = [row["session_code"] for row in rows if not row["has_assets"]]
    late = [code for code in done if sessions[code]["state"] == MilestoneState.SKIPPED]
    reopen(connection, late, STEP)
    steps.finish(connection, scan, STEP, done, MilestoneState.DONE, None)
    steps.finish(connection, scan, STEP, nothing, MilestoneState.SKIPPED, "nothing_to_send")
    return len(done)


def reopen(connection: Connection, session_codes: Sequence[str], step: str) -> None:
    """Take back that there was nothing to do: now there is."""
    if session_codes:
        connection.execute(statement("materials", "reopen_step"), {"session_codes": list(session_codes), "step": step})

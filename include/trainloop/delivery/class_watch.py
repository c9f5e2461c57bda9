"""The quarter-hourly watch over classes: sheets handed in, changes, seats, desks and platforms, each one commit."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date
from typing import Any

from trainloop import faults
from trainloop.delivery import corrections, incidents, platform_checks, sign_in, waitlist
from trainloop.surveys.scan import Scan
from trainloop.warehouse import engine
from trainloop.warehouse.engine import Connection

_Step = Callable[[Connection, Scan], dict[str, int]]
_STEPS: dict[str, _Step] = {
    "changes": corrections.tell_changes,
    "seats": waitlist.offer_seats,
    "desks": sign_in.open_desks,
    "platforms": platform_checks.look_at_platforms,
}


def watch(as_of: date | None = None, *, allow_send: bool = False) -> dict[str, Any]:
    """Hand in, then take every step in its order; return the counts of each and their `notices_planned` together.

    A step that fails ends the watch: what was done before it is done, and the next watch goes on from there.
    """
    counts = {"hand_in": hand_in(as_of)}
    counts |= {name: _run(name, as_of, allow_send=allow_send) for name in _STEPS}
    return counts | {"notices_planned": sum(counts[name]["notices_planned"] for name in _STEPS)}


def tell_changes(as_of: date | None = None, *, allow_send: bool = False) -> dict[str, int]:
    """Tell the people of changed classes; return counts: classes_changed, seats_moved, notices_planned."""
    return _run("changes", as_of, allow_send=allow_send)


def offer_seats(as_of: date | None = None, *, allow_send: bool = False) -> dict[str, int]:
    """Offer free seats to the waitlist; return counts: expired, offered, notices_planned."""
    return _run("seats", as_of, allow_send=allow_send)


def open_desks(as_of: date | None = None, *, allow_send: bool = False) -> dict[str, int]:
    """Open sign-in sheets and mail their links; return counts: opened, notices_planned."""
    return _run("desks", as_of, allow_send=allow_send)


def look_at_platforms(as_of: date | None = None, *, allow_send: bool = False) -> dict[str, int]:
    """Look at the platforms of online classes; return counts: looked_at, not_ok, notices_planned."""
    return _run("platforms", as_of, allow_send=allow_send)


def hand_in(as_of: date | None = None) -> dict[str, int]:
    """Write what the sheets say into the inbox; return counts: files_written."""
    with engine.connect("planner") as connection:
        scan = Scan.start(connection, as_of)
        _lock(connection, "hand_in")
        written = sign_in.hand_in(connection, scan) + incidents.hand_in(connection, scan)
        faults.point("delivery.hand_in.before_commit")
    faults.point("delivery.hand_in.after_commit")
    return {"files_written": written}


def _run(name: str, as_of: date | None, *, allow_send: bool) -> dict[str, int]:
    """Run one step; on a day that has passed it does nothing: a change that nobody may be told of is not told."""
    with engine.connect("planner") as connection:
        scan = Scan.start(connection, as_of, allow_send=allow_send)
        if not scan.may_mail:
            return {"notices_planned": 0}
        _lock(connection, name)
        counts = _STEPS[name](connection, scan)
        faults.point(f"delivery.{name}.before_commit")
    faults.point(f"delivery.{name}.after_commit")
    return {key: count for key, count in counts.items() if key != "notices"} | {"notices_planned": counts["notices"]}


def _lock(connection: Connection, name: str) -> None:
    # Two watches at once would both see the class as it was told before; the second waits and finds nothing.
    engine.lock(connection, f"watch_class_day/{name}")

"""Parked rows: valid, but what they refer to is not known yet. After every intake they are looked at again."""

from __future__ import annotations

import functools
from typing import Any

from trainloop.contracts import all_contracts, load_contract
from trainloop.intake.again import run_again
from trainloop.intake.pipeline import Route, Tally
from trainloop.warehouse.engine import connect, try_lock
from trainloop.warehouse.statements import statement


def match_parked_rows() -> dict[str, Any]:
    """Send the parked rows of every inbox dataset whose reference has come through the gate and into core.

    Referenced datasets come first, so a class session that was waiting for its course lets its enrollments in within
    one run. Returns counts and `changed_datasets`.
    """
    tallies = [match_dataset(contract.dataset) for contract in all_contracts() if contract.entry == "inbox"]
    return {
        "matched_count": sum(one["accepted_count"] + one["unchanged_count"] for one in tallies),
        "quarantined_count": sum(one["quarantined_count"] for one in tallies),
        "changed_count": sum(one["changed_count"] for one in tallies),
        "changed_datasets": [one["dataset"] for one in tallies if one["changed_count"]],
        "notices_planned": sum(one["notices_planned"] for one in tallies),
    }


def match_dataset(dataset: str, route: Route | None = None) -> dict[str, Any]:
    """Match one dataset's parked rows, by a route of one's own where given; return counts and ids."""
    tally = Tally(dataset)
    if route is None:
        contract = load_contract(dataset)
        route = Route(lambda _: contract)
    with connect("intake") as lock:
        if not try_lock(lock, f"intake:{dataset}"):
            return {**tally.as_dict(), "is_busy": True}
        waiting = lock.execute(statement("intake", "waiting_files"), {"dataset": dataset}).fetchall()
        for row in waiting:
            tally.attempt(functools.partial(run_again, row["file_id"], route, "parked"))
    tally.raise_failures()
    return tally.as_dict()

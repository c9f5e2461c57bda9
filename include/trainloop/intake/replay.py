"""Quarantined rows come back: corrected by their owner, or as they are after a contract or a reference was mended.

The owner corrects the workbook that was mailed and drops it into `<inbox>/<dataset>/corrections/`. Its first columns
say which file and row each line was; the lines go through the gate as changes, in a file of their own that names the
file it replays.
"""

from __future__ import annotations

import functools
from collections.abc import Callable
from typing import Any

from trainloop.contracts import Contract, all_contracts, load_contract
from trainloop.intake import inbox
from trainloop.intake.again import run_again
from trainloop.intake.pipeline import Route, Tally, ingest_file
from trainloop.intake.work import FileRecord
from trainloop.warehouse.engine import connect, try_lock
from trainloop.warehouse.statements import statement


def replay_quarantine(file_id: int | None = None, dataset: str | None = None) -> dict[str, Any]:
    """Take in corrected lists, then send rows that are still open through the gate again; return counts and ids.

    `file_id` limits the second part to one file, `dataset` both to one dataset; without either, everything.
    """
    names = [dataset] if dataset else [one.dataset for one in all_contracts() if one.entry == "inbox"]
    if file_id is not None and dataset is None:
        with connect("intake") as connection:
            row = connection.execute("select dataset from ops.inbox_files where file_id = %s", (file_id,)).fetchone()
        names = [row["dataset"]] if row else []
    tallies = [replay_dataset(name, Route(_route_of(name)), file_id) for name in names]
    keys = ("accepted_count", "unchanged_count", "quarantined_count", "parked_count", "refused_file_count",
            "changed_count", "notices_planned")  # fmt: skip
    return {
        **{key: sum(one[key] for one in tallies) for key in keys},
        "file_ids": [one for tally in tallies for one in tally["file_ids"]],
        "changed_datasets": [one["dataset"] for one in tallies if one["changed_count"]],
    }


def replay_dataset(
    dataset: str, route: Route, file_id: int | None = None, *, corrections: bool = True
) -> dict[str, Any]:
    """Take in the corrected lists of one dataset (unless told not to), then its rows that are still open."""
    tally = Tally(dataset)
    with connect("intake") as lock:
        if not try_lock(lock, f"intake:{dataset}"):
            return {**tally.as_dict(), "is_busy": True}
        for found in inbox.find_files(dataset, corrections=True) if corrections else ():
            tally.attempt(functools.partial(ingest_file, found, route))
        open_files = lock.execute(
            statement("intake", "open_files"), {"dataset": dataset, "file_id": file_id}
        ).fetchall()
        for row in open_files:
            tally.attempt(functools.partial(run_again, row["file_id"], route, "quarantined"))
    tally.raise_failures()
    return tally.as_dict()


def _route_of(dataset: str) -> Callable[[FileRecord], Contract]:
    contract = load_contract(dataset)
    return lambda _: contract

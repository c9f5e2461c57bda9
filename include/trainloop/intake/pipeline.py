"""Intake of one dataset: every file on its own, whole or not at all.

A file is registered (archive, registry row) in one commit and taken in by another: landing, casting, the gate,
quarantine, parking, merging, the owner's notice and the counts are one transaction, in which raw and staging tables
come and go. A kill leaves nothing of them; the registry row says `found` and the next run reads the file again from
the archive.
"""

from __future__ import annotations

import functools
import logging
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from trainloop import faults, storage
from trainloop.contracts import Contract, all_contracts, load_contract
from trainloop.errors import PermanentError, TransientError
from trainloop.intake import corrections, inbox, registry
from trainloop.intake.erased import forget_erased
from trainloop.intake.inbox import FoundFile
from trainloop.intake.land import land
from trainloop.intake.merge import merge_into_core, supersede_older
from trainloop.intake.references import datasets_to_match
from trainloop.intake.refusal import FileRefusedError
from trainloop.intake.source import open_source
from trainloop.intake.staging import Examine, judge, prepare, stage_rows
from trainloop.intake.work import FileRecord, Merge, MergeCounts, Work, drop_tables
from trainloop.warehouse.engine import Connection, connect, try_lock
from trainloop.warehouse.statements import statement

log = logging.getLogger(__name__)


class FilesFailedError(PermanentError):
    """{count} files of dataset {dataset} could not be taken in ({detail}); the others were. They are tried again."""


@dataclass
class FileResult:
    """What became of one file."""

    file_id: int
    state: str = "again"
    accepted: int = 0
    unchanged: int = 0
    quarantined: int = 0
    parked: int = 0
    refused: int = 0
    removed: int = 0
    notices: int = 0


@dataclass(frozen=True)
class Route:
    """How files of one dataset go: `contract_of` may derive a contract for each file, `merge` writes the rows."""

    contract_of: Callable[[FileRecord], Contract]
    merge: Merge = merge_into_core
    examine: Examine | None = None


@dataclass
class Tally:
    """Counts over the files of a dataset, as the entry points return them."""

    dataset: str
    results: list[FileResult] = field(default_factory=list)
    failures: list[Exception] = field(default_factory=list)

    def attempt(self, take_in: Callable[[], FileResult | None]) -> None:
        """Take in one file; keep its failure for the end, so that it does not stop the others."""
        try:
            result = take_in()
        except Exception as error:  # noqa: BLE001 - raised by raise_failures when the others are done
            log.error("a file of %s failed: %s", self.dataset, type(error).__name__)  # noqa: TRY400 - values stay out
            self.failures.append(error)
        else:
            if result is not None:
                self.results.append(result)

    def raise_failures(self) -> None:
        """Raise what kept files from being taken in; a transient error as itself, so that the task is retried."""
        for failure in self.failures:
            if isinstance(failure, TransientError):
                raise failure
        if self.failures:
            names = ", ".join(sorted({type(failure).__name__ for failure in self.failures}))
            raise FilesFailedError(count=len(self.failures), dataset=self.dataset, detail=names) from self.failures[0]

    def as_dict(self) -> dict[str, Any]:
        """Return counts and ids only."""
        taken = [one for one in self.results if one.state != "again"]

        def total(name: str) -> int:
            return sum(getattr(one, name) for one in taken)

        return {
            "dataset": self.dataset,
            "file_count": len(taken),
            "file_ids": [one.file_id for one in taken],
            "repeated_file_count": len(self.results) - len(taken),
            "refused_file_count": sum(one.state == "refused" for one in taken),
            "accepted_count": total("accepted"),
            "unchanged_count": total("unchanged"),
            "quarantined_count": total("quarantined"),
            "parked_count": total("parked"),
            "refused_count": total("refused"),
            "removed_count": total("removed"),
            "changed_count": total("accepted") + total("removed"),
            "notices_planned": total("notices"),
        }


def waiting_datasets() -> list[str]:
    """Return the datasets with something to take in, referenced datasets first.

    Stable files in the inbox, unfinished files, or parked rows whose reference came by another way than the inbox: from
    quarantine, or by a run that was killed before it matched them.
    """
    folders = inbox.datasets_with_folders()
    with connect("intake") as connection:
        waiting = {row["dataset"] for row in connection.execute(statement("intake", "unfinished_datasets"))}
        waiting |= datasets_to_match(connection)
    return [
        contract.dataset
        for contract in all_contracts()
        if contract.entry == "inbox"
        and (contract.dataset in waiting or (contract.dataset in folders and inbox.find_files(contract.dataset)))
    ]


def ingest_dataset(dataset: str) -> dict[str, Any]:
    """Take in all waiting files of a dataset in order of arrival; return counts and ids.

    One bad file never stops the others: refused files are results; a file that fails otherwise is left for the next
    run, the others are taken in, then FilesFailedError (or the transient error itself) is raised. A second run at the
    same time finds the dataset's lock taken and does nothing (`is_busy`).
    """
    contract = load_contract(dataset)
    return run_dataset(dataset, Route(lambda _: contract))


def run_dataset(dataset: str, route: Route) -> dict[str, Any]:
    """Take in a dataset's files by a route of one's own; else like `ingest_dataset`."""
    tally = Tally(dataset)
    with connect("intake") as lock:
        if not try_lock(lock, f"intake:{dataset}"):
            return {**tally.as_dict(), "is_busy": True}
        for file_id in _unfinished(dataset):
            tally.attempt(functools.partial(process_file, file_id, route))
        for found in inbox.find_files(dataset):
            tally.attempt(functools.partial(ingest_file, found, route))
    if any(one.state != "again" for one in tally.results):
        _publish_documents()
    tally.raise_failures()
    log.info("dataset %s: %s", dataset, tally.as_dict())
    return tally.as_dict()


def ingest_file(found: FoundFile, route: Route) -> FileResult | None:
    """Register one file, take it in and clear it from the inbox; None when it is still being written."""
    registered = registry.register(found)
    if registered is None:
        return None
    result = FileResult(registered.file_id)
    if registered.state == "waiting":
        result = process_file(registered.file_id, route)
    inbox.remove(found)
    return result


def process_file(file_id: int, route: Route) -> FileResult:
    """Take in a registered file from the archive; a file that somebody else finished meanwhile is left alone."""
    with connect("intake") as connection:
        prepare(connection)
        file = registry.lock_file(connection, file_id)
        if file is None:
            return FileResult(file_id)
        contract = load_contract(file.dataset)
        try:
            contract = route.contract_of(file)
            if file.is_correction:
                contract = corrections.as_changes(contract)
            with connection.transaction():
                result = _take_in(connection, contract, file, route)
        except FileRefusedError as refusal:
            notices = registry.finish_refused(connection, contract.owner, file, refusal)
            result = FileResult(file_id, "refused", refused=refusal.row_count, notices=notices)
        faults.point("intake.committing")
    faults.point("intake.merged")
    return result


def _take_in(connection: Connection, contract: Contract, file: FileRecord, route: Route) -> FileResult:
    registry.refuse_out_of_turn(connection, contract, file)
    with storage.local_copy(file.archive_uri) as path:
        source = open_source(path, file.name, contract, tracking=file.is_correction)
        registry.refuse_wrong_name(contract, file)
        if file.is_correction:
            corrections.require_tracking(source.header, file)
        landed = land(connection, Work(contract, file, {}, 0).raw, contract, source)
    faults.point("intake.landed")
    header = source.header
    work = stage_rows(
        connection,
        contract,
        file,
        known_headers(header.headers, contract),
        landed.findings,
        is_neat=landed.is_neat,
        examine=route.examine,
    )
    registry.refuse_contradicting_columns(connection, work, header)
    work, verdict = judge(connection, work)
    if verdict.decision == "refuse":
        refusal = FileRefusedError.because(verdict.stops[0].rule, verdict.stop_zh, verdict.stop_en, work.row_count)
        notices = registry.finish_refused(connection, contract.owner, file, refusal)
        drop_tables(connection, contract, file)
        return FileResult(file.file_id, "refused", refused=work.row_count, notices=notices)
    counts, quarantined, parked = split_and_merge(connection, work, route.merge)
    if file.is_correction:
        corrections.settle(connection, work)
    supersede_older(connection, work)
    notices = registry.finish_merged(connection, work, registry.Outcome(counts, quarantined, parked, header.ignored))
    drop_tables(connection, contract, file)
    return FileResult(
        file.file_id,
        "merged",
        accepted=counts.accepted,
        unchanged=counts.unchanged + work.repeated_count,
        quarantined=quarantined,
        parked=parked,
        removed=counts.removed,
        notices=notices,
    )


def split_and_merge(connection: Connection, work: Work, merge: Merge) -> tuple[MergeCounts, int, int]:
    """Keep blocked and parked rows aside with their reasons, merge the rest; return counts, quarantined, parked."""
    from trainloop.quality.gate import explain_quarantined

    quarantined = parked = 0
    if work.has_exceptions:
        quarantined = registry.quarantine(connection, work)
        explain_quarantined(connection, work.staged_file)
        forget_erased(connection, work)
        parked = registry.park(connection, work)
    return merge(connection, work), quarantined, parked


def known_headers(headers: dict[str, str], contract: Contract) -> dict[str, str]:
    """Return the headers of contract columns only, without those that track corrected rows."""
    names = {column.name for column in contract.columns}
    return {name: text for name, text in headers.items() if name in names}


def _publish_documents() -> None:
    """Render the check results of the files just taken in."""
    from trainloop.quality import docs

    docs.publish()


def _unfinished(dataset: str) -> list[int]:
    with connect("intake") as connection:
        rows = connection.execute(statement("intake", "unfinished_files"), {"dataset": dataset}).fetchall()
    return [row["file_id"] for row in rows]

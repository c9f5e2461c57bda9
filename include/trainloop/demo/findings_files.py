"""Files: rows planted as bad are quarantined and no others, early rows waited, refused files were refused."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any

from trainloop.demo.findings import Check, same
from trainloop.demo.tables import BadCell, PlantedFile
from trainloop.warehouse.engine import Connection
from trainloop.warehouse.statements import statement

ENDS = ("accepted_count", "unchanged_count", "quarantined_count", "parked_count", "refused_count")


def check_files(connection: Connection, files: Sequence[PlantedFile]) -> Iterator[Check]:
    """Yield the checks of every file that arrived."""
    registry = {(row["dataset"], row["content_sha256"]): row for row in connection.execute(statement("demo", "files"))}
    faults: dict[int, set[BadCell]] = {}
    for row in connection.execute(statement("demo", "quarantine")):
        faults.setdefault(row["file_id"], set()).add(BadCell(row["row_number"], row["column_name"], row["rule"]))
    parked = {row["file_id"]: row for row in connection.execute(statement("demo", "parked"))}
    for file in files:
        known = registry.get((file.dataset, hashlib.sha256(file.content).hexdigest()))
        subject = f"{file.dataset}/{file.name}"
        if file.kind == "temporary":
            yield same("half_written", subject, 0, int(known is not None))
        elif file.repeats is not None:
            yield same("same_bytes", subject, file.repeats, known and known["name"])
        elif file.kind == "data" and known is None:
            yield same("registered", subject, 1, 0)
        elif file.kind == "data" and known is not None:
            yield from _check_file(file, subject, known, faults, parked)


def _check_file(
    file: PlantedFile,
    subject: str,
    known: Mapping[str, Any],
    faults: Mapping[int, set[BadCell]],
    parked: Mapping[int, Mapping[str, Any]],
) -> Iterator[Check]:
    if file.refused is not None:
        yield same("refused", subject, file.refused, known["refused_rule"] or known["state"])
        return
    total = sum(known[name] for name in ENDS)
    # A completion list kept from an interrupted run has no planted number of rows.
    yield same("conserved", subject, (file.rows or total, file.rows or total), (known["row_count"], total))
    bad = faults.get(known["file_id"], set())
    if file.bad or bad:
        yield Check("quarantined", subject, _faults(file.bad), _faults(bad), bad == set(file.bad))
    waited = parked.get(known["file_id"], {"parked": 0, "matched": 0})
    if file.parked or waited["parked"]:
        yield same("parked", subject, (file.parked, file.parked), (waited["parked"], waited["matched"]))
    if file.unchanged is not None:
        yield same("unchanged", subject, file.unchanged, known["unchanged_count"])
    if file.is_revision:
        yield same("revision", subject, 2, known["revision_number"])


def _faults(cells: Iterable[BadCell]) -> str:
    rows = sorted(cells)
    return f"{len(rows)}: " + ", ".join(f"{cell.row_number} {cell.rule.removeprefix('row_rule:')}" for cell in rows)

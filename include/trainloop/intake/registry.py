"""The file registry: one row for one content of one dataset, whatever it is called and however often it comes."""

from __future__ import annotations

import fnmatch
from dataclasses import dataclass
from typing import Any, Literal

from psycopg import sql

from trainloop import faults, storage
from trainloop.config import get_site
from trainloop.contracts import Contract
from trainloop.intake import inbox
from trainloop.intake.header import Header
from trainloop.intake.inbox import FoundFile
from trainloop.intake.refusal import FileRefusedError
from trainloop.intake.work import FileRecord, MergeCounts, Work
from trainloop.outbox.notices import Notice, plan
from trainloop.warehouse.engine import Connection, connect
from trainloop.warehouse.statements import statement


@dataclass(frozen=True)
class Registered:
    """`again`: these bytes were taken in before, nothing is to be done but to clear the inbox."""

    file_id: int
    state: Literal["waiting", "again"]


def register(found: FoundFile) -> Registered | None:
    """Archive a file and enter it, committed; None when it changed meanwhile (it is left for the next scan).

    The same bytes again, under whatever name, are a no-op that the audit trail notes. Only a refused file that was
    dropped anew is judged anew: its contract may have been mended since.
    """
    if found.size_bytes > get_site().intake.max_file_mb << 20:
        return _register_too_large(found)
    archived = inbox.archive(found)
    faults.point("intake.archived")
    if archived is None:
        return None
    return _enter(found, *archived)


def _enter(found: FoundFile, sha256: str, archive_uri: str) -> Registered:
    values: dict[str, Any] = {
        "dataset": found.dataset,
        "name": found.name,
        "source_uri": found.uri,
        "source_modified_at": found.modified_at,
        "archive_uri": archive_uri,
        "content_sha256": sha256,
        "size_bytes": found.size_bytes,
        "is_correction": found.is_correction,
        "covers_on": found.covers_on,
    }
    with connect("intake") as connection:
        registered = _known(connection, found, values)
        if registered is None:
            row = connection.execute(statement("intake", "register_file"), values).fetchone()
            # Nothing is returned when another process entered the same bytes a moment ago.
            registered = Registered(row["file_id"], "waiting") if row else _known(connection, found, values)
    assert registered is not None
    faults.point("intake.registered")
    return registered


def _known(connection: Connection, found: FoundFile, values: dict[str, Any]) -> Registered | None:
    """Return what these bytes are already; None when they are new, or were refused and dropped again."""
    known = connection.execute(statement("intake", "known_content"), values).fetchone()
    if known is None:
        return None
    if known["state"] == "found":
        return Registered(known["file_id"], "waiting")
    # A crash between commit and clearing leaves the very file in the inbox: same place, same time of change.
    is_left_over = (known["source_uri"], known["source_modified_at"]) == (found.uri, found.modified_at)
    if known["state"] == "refused" and not is_left_over:
        return None
    if not is_left_over:
        connection.execute(
            statement("intake", "note_repetition"), {"file_id": known["file_id"], "dataset": found.dataset}
        )
    return Registered(known["file_id"], "again")


def _register_too_large(found: FoundFile) -> Registered:
    """A file beyond the cap is hashed, never copied twice nor opened; it is refused when its turn comes."""
    sha256 = inbox.content_hash(found)
    uri = f"{inbox.archive_folder(found.dataset)}/{inbox.archive_name(sha256, found.name)}"
    if storage.info(uri) is None and storage.is_same_store(found.uri, uri):
        registered = _enter(found, sha256, uri)
        storage.move(found.uri, uri)
        return registered
    return _enter(found, sha256, found.uri)


def lock_file(connection: Connection, file_id: int, states: tuple[str, ...] = ("found",)) -> FileRecord | None:
    """Lock one file's row for this transaction; None when it is not in one of the states (any more)."""
    row = connection.execute(statement("intake", "lock_file"), {"file_id": file_id, "states": list(states)}).fetchone()
    return FileRecord(**row) if row is not None else None


@dataclass(frozen=True)
class Outcome:
    """What became of a file's rows; `ignored_headers` are those of columns that nobody declared."""

    counts: MergeCounts
    quarantined: int
    parked: int
    ignored_headers: tuple[str, ...] = ()


def finish_merged(connection: Connection, work: Work, outcome: Outcome) -> int:
    """Mark a file as done and plan its owner's notice; return the notices planned. The counts conserve its rows."""
    connection.execute(
        statement("intake", "finish_merged"),
        {
            "file_id": work.file.file_id,
            "row_count": work.row_count,
            "accepted": outcome.counts.accepted,
            "unchanged": outcome.counts.unchanged + work.repeated_count,
            "quarantined": outcome.quarantined,
            "parked": outcome.parked,
            "ignored_headers": list(outcome.ignored_headers),
        },
    )
    if not outcome.quarantined:
        return 0
    return plan(
        connection,
        [_notice(work.contract.owner, "quarantined_rows", work.file, {"quarantined_count": outcome.quarantined})],
    )


def finish_refused(connection: Connection, owner: str, file: FileRecord, refusal: FileRefusedError) -> int:
    """Mark a file as refused as a whole and plan its owner's notice; return the notices planned."""
    connection.execute(
        statement("intake", "finish_refused"),
        {
            "file_id": file.file_id,
            "row_count": refusal.row_count,
            "rule": refusal.rule,
            "reason_zh": refusal.reason_zh,
            "reason_en": refusal.reason_en,
        },
    )
    return plan(
        connection, [_notice(owner, "file_refused", file, {"rule": refusal.rule, "row_count": refusal.row_count})]
    )


def _notice(
    owner: str, kind: Literal["quarantined_rows", "file_refused"], file: FileRecord, facts: dict[str, Any]
) -> Notice:
    return Notice(
        kind=kind,
        subject_kind="inbox_file",
        subject_id=str(file.file_id),
        recipient_kind="contact",
        recipient_id=owner,
        facts={"dataset": file.dataset, "revision_number": file.revision_number, **facts},
    )


def quarantine(connection: Connection, work: Work) -> int:
    """Keep the blocked rows with their text; return how many rows the file has in quarantine."""
    query = sql.SQL(statement("intake", "quarantine_rows")).format(raw=work.raw, blocked=work.table("blocked"))
    return connection.execute(query, {"file_id": work.file.file_id, "left_out": _left_out(connection, work)}).rowcount


def park(connection: Connection, work: Work) -> int:
    """Keep the rows that wait for a reference; return how many."""
    query = sql.SQL(statement("intake", "park_rows")).format(raw=work.raw, parked=work.table("parked"))
    values = {
        "file_id": work.file.file_id,
        "dataset": work.contract.dataset,
        "left_out": _left_out(connection, work),
    }
    return connection.execute(query, values).rowcount


def _left_out(connection: Connection, work: Work) -> list[str]:
    """Columns of the raw table that are not the contract's, or that the file lacks: row_values says what came."""
    rows = connection.execute(
        "select attname as name from pg_attribute where attrelid = to_regclass(%s) and attnum > 0",
        (f"raw.{work.stem}",),
    )
    return [row["name"] for row in rows if row["name"] not in work.headers]


def refuse_out_of_turn(connection: Connection, contract: Contract, file: FileRecord) -> None:
    """Refuse what is known to be wrong before the file is opened: too large, or a snapshot older than the newest."""
    row = connection.execute(
        "select size_bytes, covers_on from ops.inbox_files where file_id = %s", (file.file_id,)
    ).fetchone()
    assert row is not None
    limit = get_site().intake.max_file_mb
    if row["size_bytes"] > limit << 20:
        raise FileRefusedError("too_large", file=file.name, size_mb=row["size_bytes"] >> 20, limit_mb=limit)
    if contract.load_mode == "snapshot" and not file.is_correction:
        newer = connection.execute(
            statement("intake", "newer_snapshot"), {"dataset": file.dataset, "file_id": file.file_id}
        ).fetchone()
        if newer is not None:
            raise FileRefusedError(
                "older_snapshot",
                file=file.name,
                covers_on=row["covers_on"] or "–",
                newer=newer["name"],
                newer_on=newer["covers_on"] or "–",
            )


def refuse_wrong_name(contract: Contract, file: FileRecord) -> None:
    """Refuse a readable file that is called otherwise than agreed: it may be meant for another folder."""
    if not file.is_correction and not any(
        fnmatch.fnmatch(file.name.lower(), one.lower()) for one in contract.file_patterns
    ):
        raise FileRefusedError("wrong_name", file=file.name, patterns=", ".join(contract.file_patterns))


def refuse_contradicting_columns(connection: Connection, work: Work, header: Header) -> None:
    """Refuse a file in which two columns stand for one and say different things; equal ones do no harm."""
    for name in header.repeated:
        twins = [one for one in header.raw_columns if one.startswith(f"{name}__")]
        for twin in twins:
            row = connection.execute(
                sql.SQL(
                    "select exists (select from {} where nullif({}, '') is distinct from nullif({}, '')) as differs"
                ).format(work.raw, sql.Identifier(name), sql.Identifier(twin))
            ).fetchone()
            if row is not None and row["differs"]:
                column = work.contract.column(name)
                texts = [text for one, text in zip(header.columns, header.texts, strict=True) if one == name]
                raise FileRefusedError(
                    "duplicate_header",
                    row_count=work.row_count,
                    file=work.file.name,
                    row=header.last_row + 1,
                    column_zh=column.zh,
                    column_en=column.en,
                    headers=" / ".join(texts),
                )

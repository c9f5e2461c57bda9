"""Corrected lists: the workbook of quarantined rows that its owner corrected and dropped into the inbox.

Its first columns say which file and row each line was. The lines go through the gate as changes, in a file of their own
that names the file it replays; whatever becomes of a line, the row it was made from is settled by it.
"""

from __future__ import annotations

from psycopg import sql

from trainloop.contracts import Contract
from trainloop.intake.header import TRACKING, Header
from trainloop.intake.refusal import FileRefusedError
from trainloop.intake.work import FileRecord, Work
from trainloop.warehouse.engine import Connection
from trainloop.warehouse.statements import statement


def as_changes(contract: Contract) -> Contract:
    """Return the contract of a corrected list: a few changed rows, never the whole truth, however few."""
    volume = contract.expected_volume.model_copy(update={"minimum": 1})
    return contract.model_copy(update={"load_mode": "upsert", "expected_volume": volume})


def require_tracking(header: Header, file: FileRecord) -> None:
    """Refuse a list whose lines cannot be matched to the rows they were."""
    if not set(TRACKING.values()) <= header.headers.keys():
        raise FileRefusedError("untraceable", file=file.name)


def settle(connection: Connection, work: Work) -> None:
    """Mark the rows this list was made from as replayed by it."""
    values = {"file_id": work.file.file_id, "dataset": work.contract.dataset}
    query = sql.SQL(statement("intake", "corrected_files")).format(raw=work.raw)
    for row in connection.execute(query, values).fetchall():
        replayed = values | {"replays_file_id": row["file_id"]}
        connection.execute(sql.SQL(statement("intake", "settle_corrected")).format(raw=work.raw), replayed)
        connection.execute(statement("intake", "note_replayed_file"), replayed)

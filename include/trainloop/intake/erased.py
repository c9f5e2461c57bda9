"""Erased people stay erased: rows that name somebody whose data were erased do not come back through a file.

`ops.erased_people` remembers keyed hashes, so the comparison is made by hash, inside PostgreSQL. A row about such a
person is held back and its text is not kept, only its number; in any other row the cell that names the person is
emptied (the manager of somebody who stays), and the owner is told. Rows are about the person where the column must be
there, or where its contract says `severities: {erased_person: block}` (an internal trainer's own employee id). A
trainer who is no employee is remembered by a code with the contract's `erased_prefix`, in that column only.
"""

from __future__ import annotations

from typing import Final

from psycopg import sql

from trainloop.intake.work import Work
from trainloop.settings import get_settings
from trainloop.warehouse.engine import Connection
from trainloop.warehouse.keyed import key_blocks
from trainloop.warehouse.statements import statement

RULE: Final = "erased_person"


def note_erased(connection: Connection, work: Work) -> None:
    """Write a finding for each cell that names an erased person; empty the cells that may be empty."""
    row = connection.execute("select exists (select from ops.erased_people) as is_any").fetchone()
    if row is None or not row["is_any"]:
        return
    inner, outer = key_blocks(get_settings().erasure_key())
    for column in work.contract.columns:
        if column.personal_data != "identifier" or column.name not in work.headers:
            continue
        parts = {
            "findings": work.table("findings"),
            "staging": work.table(),
            "name": sql.Identifier(column.name),
            "label": sql.Literal(column.name),
        }
        connection.execute(
            sql.SQL(statement("retention", "note_erased")).format(**parts),
            {"inner": inner, "outer": outer, "prefix": column.erased_prefix},
        )
        if column.severity(RULE) == "warn":
            connection.execute(sql.SQL(statement("retention", "empty_erased")).format(**parts))


def forget_erased(connection: Connection, work: Work) -> None:
    """Take the text out of quarantined rows that are about erased people: number and reason stay."""
    connection.execute(statement("retention", "forget_erased"), {"file_id": work.file.file_id})

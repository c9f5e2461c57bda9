"""Files in staging as intake leaves them: a registry row, typed rows, findings of the casts."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

import pytest
from psycopg import sql
from tests.quality.people import GOOD, HEADERS, contract_with

from trainloop.contracts import Contract
from trainloop.quality.gate import StagedFile
from trainloop.warehouse.engine import Connection

Stage = Callable[..., StagedFile]


@pytest.fixture
def people() -> Contract:
    return contract_with()


@pytest.fixture
def stage() -> Stage:
    """Return `stage(connection, contract, rows, findings)`: rows are changes to a good row; numbers start at 2."""

    def make(
        connection: Connection,
        contract: Contract,
        rows: Sequence[Mapping[str, Any]],
        findings: Sequence[tuple[int, str, str]] = (),
    ) -> StagedFile:
        row = connection.execute(
            """insert into ops.inbox_files (dataset, name, source_uri, archive_uri, content_sha256, size_bytes,
                                           found_at)
               values (%s, 'people.csv', '', '', gen_random_uuid()::text, 1, ops.business_now()) returning file_id""",
            (contract.dataset,),
        ).fetchone()
        assert row is not None
        staged = StagedFile(row["file_id"], contract.dataset, len(rows), HEADERS)
        columns = [sql.SQL("row_number bigint")]
        columns += [
            sql.SQL("{} {}").format(sql.Identifier(one.name), sql.SQL(one.sql_type)) for one in contract.columns
        ]  # type: ignore[arg-type]
        table = sql.Identifier("staging", staged.table)
        connection.execute(sql.SQL("create unlogged table {} ({})").format(table, sql.SQL(", ").join(columns)))
        connection.execute(
            sql.SQL("create unlogged table {} (row_number bigint, column_name text, rule text)").format(staged.findings)
        )
        names = [one.name for one in contract.columns]
        with connection.cursor() as cursor:
            places = sql.SQL(", ").join([sql.Placeholder()] * (len(names) + 1))
            cursor.executemany(
                sql.SQL("insert into {} values ({})").format(table, places),
                [
                    (number, *((GOOD | {"person_id": f"{number:05d}"} | dict(changes)).get(name) for name in names))
                    for number, changes in enumerate(rows, 2)
                ],
            )
            cursor.executemany(sql.SQL("insert into {} values (%s, %s, %s)").format(staged.findings), findings)
        return staged

    return make

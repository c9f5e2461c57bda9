"""The only module that imports Great Expectations, and only inside `failed_codes`.

GX runs on the caller's own connection and in the caller's transaction: it sees staging tables that are not committed,
needs no second login and cannot wait for a lock its own caller holds. It runs once, with the result format
BOOLEAN_ONLY: no sample values, no rows. Measured on 1 M rows × 10 columns with 12 checks: 1.2 s; the import costs
6–8 s and 270 MB once per process.
"""

from __future__ import annotations

import functools
import logging
import os
import re
import warnings
from collections.abc import Sequence
from typing import Any

import psycopg
from psycopg import sql

from trainloop.quality.conditions import Condition, Table
from trainloop.quality.errors import ValidationNotRunError
from trainloop.warehouse.engine import Connection

# GX wants an address; the pool's creator hands out the borrowed connection instead of opening this one.
_ADDRESS = "postgresql+psycopg://borrowed:borrowed@localhost/borrowed"


class _BorrowedConnection(psycopg.Connection[Any]):
    """A second handle on an open session, for a library that wants to own its connection: it cannot end anything."""

    def commit(self) -> None:
        """Leave the transaction to its owner."""

    def rollback(self) -> None:
        """Leave the transaction to its owner."""

    def close(self) -> None:
        """Leave the session to its owner."""

    def __del__(self, *_: object) -> None:
        """Nothing is left open: the session has its owner."""


def _borrow(connection: Connection) -> _BorrowedConnection:
    borrowed = _BorrowedConnection(connection.pgconn)
    # Names of prepared statements would clash with the owner's in the one session behind both handles.
    borrowed.prepare_threshold = None
    return borrowed


@functools.cache
def _library() -> Any:
    """Import Great Expectations quietly; return its module."""
    os.environ["GX_ANALYTICS_ENABLED"] = "false"
    # Before the import, which alone logs 216 lines. Not by level (one of its modules sets its own), and wholly: its
    # error lines quote statements with their values, and every failure reaches us as a result or an exception.
    quiet = logging.getLogger("great_expectations")
    quiet.setLevel(logging.WARNING)
    quiet.addHandler(logging.NullHandler())
    quiet.propagate = False
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", DeprecationWarning)
        import great_expectations
        import great_expectations.expectations as _expectations  # noqa: F401 - loads the submodule

    return great_expectations


@functools.cache
def _no_row_class() -> Any:
    """Return an expectation "this query finds no row" that runs its query once (GX's own runs it twice)."""
    parent: Any = _library().expectations.UnexpectedRowsExpectation

    class ExpectQueryToFindNoRow(parent):  # type: ignore[misc]
        metric_dependencies = ("unexpected_rows_query.row_count",)

        def _validate(self, metrics: dict[str, Any], *_: object, **__: object) -> dict[str, Any]:
            return {"success": metrics["unexpected_rows_query.row_count"] == 0}

    return ExpectQueryToFindNoRow


def failed_codes(connection: Connection, suite: str, table: Table, conditions: Sequence[Condition]) -> set[str]:
    """Return the codes of the checks that fail on the table.

    Must run inside a transaction. Raises ValidationNotRunError when any check could not be evaluated; the transaction
    is aborted then, so run it in a savepoint to go on.
    """
    if not conditions:
        return set()
    gx = _library()
    from sqlalchemy.pool import StaticPool

    context = gx.get_context(mode="ephemeral")
    context.variables.progress_bars = {"globally": False}
    source = context.data_sources.add_postgres(
        "warehouse",
        connection_string=_ADDRESS,
        kwargs={"creator": lambda: _borrow(connection), "poolclass": StaticPool},
    )
    try:
        asset = _table_asset(source, suite, table)
        batch = asset.add_batch_definition_whole_table("whole").get_batch()
        expectations = [_expectation(connection, gx, condition) for condition in conditions]
        built = context.suites.add(gx.ExpectationSuite(name=suite, expectations=expectations))
        results = batch.validate(built, result_format={"result_format": "BOOLEAN_ONLY"}).results
    except gx.exceptions.GreatExpectationsError as error:
        raise ValidationNotRunError(checks="all", suite=suite, detail=type(error).__name__) from None
    return _failed(suite, conditions, results)


def _table_asset(source: Any, name: str, table: Table) -> Any:
    with warnings.catch_warnings():
        # The schema would belong into an address we do not have; the argument works throughout 1.x.
        warnings.simplefilter("ignore", DeprecationWarning)
        return source.add_table_asset(name, table_name=table.name, schema_name=table.schema)


def _failed(suite: str, conditions: Sequence[Condition], results: Sequence[Any]) -> set[str]:
    """Match results to checks by their code; a check without a result, or with an exception, blocks."""
    outcome = {result.expectation_config.meta["check_code"]: result for result in results}
    codes = [condition.code for condition in conditions]
    broken = {code: "no result" for code in codes if code not in outcome}
    for code, result in outcome.items():
        if detail := _exception(result.exception_info):
            broken[code] = detail
    if broken:
        raise ValidationNotRunError(
            checks=", ".join(sorted(broken)), suite=suite, detail="; ".join(sorted(set(broken.values())))
        )
    return {code for code in codes if outcome[code].success is not True}


def _exception(info: dict[str, Any] | None) -> str:
    """Return the kind of error behind a result, empty when there is none. Messages may quote values and stay out."""
    if not info:
        return ""
    entries = [info] if "raised_exception" in info else list(info.values())
    for entry in entries:
        if entry.get("raised_exception"):
            kind = re.search(r"psycopg\.errors\.\w+", str(entry.get("exception_message")))
            return kind.group() if kind else "error inside Great Expectations"
    return ""


def _expectation(connection: Connection, gx: Any, condition: Condition) -> Any:
    meta = {"check_code": condition.code}
    if condition.expectation is not None:
        return getattr(gx.expectations, condition.expectation)(**(condition.arguments or {}), meta=meta)
    query = condition.probe or condition.failing_rows
    assert query is not None
    return _no_row_class()(unexpected_rows_query=_template(connection, query), meta=meta)


def _template(connection: Connection, query: sql.Composed) -> str:
    """Return a query as GX's template: braces and colons are its syntax, and it wants to see {batch} somewhere."""
    text = query.as_string(connection).strip()
    return text.replace("{", "{{").replace("}", "}}").replace(":", "\\:") + " /* {batch} */"

"""The gate: one file in staging, one verdict.

Great Expectations decides whether each check passes (one pass, no rows, no values). For the checks that fail,
PostgreSQL lists the rows with the same condition, set-based: a GX pass that returns row ids holds them in Python and
explodes where most of a column fails.

Tables beside staging.<dataset>_<file_id> (made here, dropped by intake with the staging table):
`…_findings` (row_number, column_name, rule) from intake, completed here; `…_reasons` (column_name, rule, severity,
tails of the sentences); `…_blocked` (row_number) = the rows that go to quarantine.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any, Literal, get_args

from psycopg import sql
from psycopg.types.json import Jsonb

from trainloop import faults
from trainloop.contracts import Check, Contract, Rule, Severity, checks_of
from trainloop.quality import messages
from trainloop.quality.conditions import CAST_RULES, SUITE_RULES, Condition, Table, conditions_of, unique_key_index
from trainloop.quality.errors import FindingUnknownError, StagingIncompleteError, VerdictsDisagreeError
from trainloop.quality.expectations import failed_codes
from trainloop.warehouse.engine import Connection
from trainloop.warehouse.statements import statement

Decision = Literal["pass", "quarantine", "refuse"]


@dataclass(frozen=True)
class StagedFile:
    """One file in staging: `headers` maps the contract's columns to the header text of this file, in its order.

    `is_parked` marks rows of a file that waited for a reference and come to the gate again, in a run of their own.
    """

    file_id: int
    dataset: str
    row_count: int
    headers: Mapping[str, str] = field(default_factory=dict)
    is_parked: bool = False

    @property
    def table(self) -> str:
        return f"{self.dataset}_{self.file_id}"

    @property
    def findings(self) -> sql.Identifier:
        return sql.Identifier("staging", f"{self.table}_findings")

    @property
    def reasons(self) -> sql.Identifier:
        return sql.Identifier("staging", f"{self.table}_reasons")

    @property
    def blocked(self) -> sql.Identifier:
        return sql.Identifier("staging", f"{self.table}_blocked")


@dataclass(frozen=True)
class StopReason:
    """One check for which the whole file is refused."""

    check_code: str
    rule: str
    column_name: str | None
    failed_count: int
    message_zh: str
    message_en: str


@dataclass(frozen=True)
class Verdict:
    """What happens to a file. Counts are rows of the file."""

    decision: Decision
    check_run_id: int
    row_count: int
    quarantined_count: int
    failed_check_count: int
    stops: tuple[StopReason, ...] = ()

    @property
    def stop_zh(self) -> str:
        """Why the file is refused, one text for its owner; empty unless refused."""
        return " ".join(stop.message_zh for stop in self.stops)

    @property
    def stop_en(self) -> str:
        return " ".join(stop.message_en for stop in self.stops)


@dataclass(frozen=True)
class _Outcome:
    check: Check
    failed_count: int

    @property
    def severity(self) -> Severity:
        """How heavily the failure weighs; a check of the whole file has no rows to hold back, so it holds the file."""
        is_about_rows = self.check.rule not in {"too_many_empty", "unexpected_volume"}
        return "stop" if self.check.severity == "block" and not is_about_rows else self.check.severity

    @property
    def finding_rule(self) -> str:
        return finding_rule(self.check)


def finding_rule(check: Check) -> str:
    """Return what stands in the findings' rule: two row rules may share a column, so those carry their code."""
    return f"row_rule:{check.row_rule.code}" if check.row_rule is not None else check.rule


def judge(connection: Connection, contract: Contract, staged: StagedFile) -> Verdict:
    """Run the contract's suite over a staged file, record it and decide: pass, quarantine rows, or refuse the file.

    Runs in the caller's transaction and commits nothing. Raises ValidationNotRunError, VerdictsDisagreeError or
    StagingIncompleteError when there can be no verdict: nothing passes then. Judging again replaces the verdict.
    """
    faults.point("quality.before_judge")
    with connection.transaction():
        found = _prepare(connection, staged)
        checks = checks_of(contract)
        table = _table(connection, contract, staged, found)
        conditions = conditions_of(contract, checks, table)
        failed = failed_codes(connection, contract.dataset, table, conditions)
        by_code = {condition.code: condition for condition in conditions}
        outcomes = []
        for check in checks:
            if check.rule not in SUITE_RULES:
                outcomes.append(_Outcome(check, found.pop((check.finding, check.rule), 0)))
            elif check.code in failed:
                outcomes.append(_Outcome(check, _write_findings(connection, staged, check, by_code[check.code])))
            else:
                outcomes.append(_Outcome(check, 0))
        outcomes += [_Outcome(_undeclared(contract, staged, *key), count) for key, count in found.items()]
        _write_reasons(connection, contract, staged, outcomes)
        verdict = _decide(connection, contract, staged, outcomes)
    faults.point("quality.after_judge")
    return verdict


def explain_quarantined(connection: Connection, staged: StagedFile) -> int:
    """Write the reasons of this file's quarantined rows, set-based; return how many were new."""
    query = sql.SQL(statement("quality", "explain_quarantined")).format(
        findings=staged.findings, reasons=staged.reasons
    )
    return connection.execute(query, {"file_id": staged.file_id}).rowcount


def _table(
    connection: Connection, contract: Contract, staged: StagedFile, found: Mapping[tuple[str, str], int]
) -> Table:
    """Return what the suite must know about the staging table beyond its name."""
    table = Table(
        "staging",
        staged.table,
        findings=f"{staged.table}_findings",
        uncast_columns=frozenset(column for column, rule in found if rule in CAST_RULES),
    )
    has_index = connection.execute(unique_key_index(contract, table)).fetchone() is not None
    return replace(table, has_unique_key=has_index)


def _undeclared(contract: Contract, staged: StagedFile, column: str, rule: str) -> Check:
    """Return the check behind a finding of intake that the contract does not list: it blocks like any other."""
    if not column and rule in messages.ROW_REMEDIES:
        return Check(f"row.{rule}", rule, "block")  # type: ignore[arg-type]
    if rule not in get_args(Rule) or column not in {one.name for one in contract.columns}:
        raise FindingUnknownError(rule=rule, column=column, file_id=staged.file_id, dataset=contract.dataset)
    known = contract.column(column)
    return Check(f"{column}.{rule}", rule, known.severity(rule), column=known)  # type: ignore[arg-type]


def _prepare(connection: Connection, staged: StagedFile) -> dict[tuple[str, str], int]:
    """Check that staging is whole, forget findings of an earlier verdict; return intake's own findings counted."""
    count = sql.SQL("select count(*) as found from {}").format(sql.Identifier("staging", staged.table))
    row = connection.execute(count).fetchone()
    if row is None or row["found"] != staged.row_count:
        raise StagingIncompleteError(found=row and row["found"], file_id=staged.file_id, expected=staged.row_count)
    own = sql.SQL("delete from {} where rule = any (%s) or rule like 'row!_rule:%%' escape '!'").format(staged.findings)
    connection.execute(own, (list(SUITE_RULES),))
    query = sql.SQL(statement("quality", "count_findings")).format(findings=staged.findings)
    return {(row["column_name"], row["rule"]): row["failed_count"] for row in connection.execute(query)}


def _write_findings(connection: Connection, staged: StagedFile, check: Check, condition: Condition) -> int:
    """Write one finding per failing row; return how many. A failed check without a failing row is an error.

    A check of the whole file has no rows: every row of it counts as failed, at least one.
    """
    if condition.failing_rows is None:
        return max(staged.row_count, 1)
    query = sql.SQL("insert into {} (row_number, column_name, rule) select row_number, {}, {} from ({}) as failing")
    count = connection.execute(
        query.format(
            staged.findings, sql.Literal(check.finding), sql.Literal(finding_rule(check)), condition.failing_rows
        )
    ).rowcount
    if not count:
        raise VerdictsDisagreeError(check=check.code, suite=staged.dataset)
    return count


def _write_reasons(connection: Connection, contract: Contract, staged: StagedFile, outcomes: list[_Outcome]) -> None:
    """Write one sentence per failed (column, rule), and the rows to quarantine."""
    for name, columns in (
        (staged.reasons, "column_name text, rule text, severity text, tail_zh text, tail_en text"),
        (staged.blocked, "row_number bigint primary key"),
    ):
        connection.execute(sql.SQL("drop table if exists {}").format(name))
        connection.execute(sql.SQL("create unlogged table {} ({})").format(name, sql.SQL(columns)))
    tails = [(one, messages.row_reason(contract, one.check, staged.headers)) for one in outcomes if one.failed_count]
    with connection.cursor() as cursor:
        cursor.executemany(
            sql.SQL("insert into {} values (%s, %s, %s, %s, %s)").format(staged.reasons),
            [(one.check.finding, one.finding_rule, one.severity, tail.zh, tail.en) for one, tail in tails],
        )
    if any(one.severity == "block" for one, _ in tails):
        connection.execute(
            sql.SQL(
                "insert into {} select distinct row_number from {} inner join {} using (column_name, rule)"
                " where severity = 'block'"
            ).format(staged.blocked, staged.findings, staged.reasons)
        )


def _decide(connection: Connection, contract: Contract, staged: StagedFile, outcomes: list[_Outcome]) -> Verdict:
    row = connection.execute(sql.SQL("select count(*) as blocked from {}").format(staged.blocked)).fetchone()
    assert row is not None
    failed = [one for one in outcomes if one.failed_count]
    stops = tuple(_stop(contract, staged, one) for one in failed if one.severity == "stop")
    decision: Decision = "refuse" if stops else "quarantine" if row["blocked"] else "pass"
    check_run_id = _record(connection, contract, staged, outcomes, decision)
    return Verdict(decision, check_run_id, staged.row_count, row["blocked"], len(failed), stops)


def _stop(contract: Contract, staged: StagedFile, outcome: _Outcome) -> StopReason:
    check = outcome.check
    text = messages.stop_reason(contract, check, staged.headers, outcome.failed_count, staged.row_count)
    column = check.column.name if check.column is not None else None
    return StopReason(check.code, check.rule, column, outcome.failed_count, text.zh, text.en)


def _record(
    connection: Connection, contract: Contract, staged: StagedFile, outcomes: list[_Outcome], decision: Decision
) -> int:
    run: dict[str, Any] = {
        "suite": contract.dataset,
        "file_id": staged.file_id,
        "row_count": staged.row_count,
        "is_passed": decision == "pass",
        "gate_decision": decision,
        "headers": Jsonb(list(staged.headers.items())),
        "is_parked": staged.is_parked,
    }
    row = connection.execute(statement("quality", "save_file_run"), run).fetchone()
    assert row is not None
    check_run_id: int = row["check_run_id"]
    connection.execute(statement("quality", "forget_results"), {"check_run_id": check_run_id})
    with connection.cursor() as cursor:
        cursor.executemany(
            statement("quality", "save_result"),
            [
                _result(contract, staged, one) | {"check_run_id": check_run_id, "position": position}
                for position, one in enumerate(outcomes)
            ],
        )
    return check_run_id


def _result(contract: Contract, staged: StagedFile, outcome: _Outcome) -> dict[str, Any]:
    check = outcome.check
    text = messages.rule_text(contract, check, staged.headers)
    return {
        "check_code": check.code,
        "rule": check.rule,
        "column_name": check.column.name if check.column is not None else None,
        "severity": outcome.severity,
        "audience": "owner",
        "is_passed": not outcome.failed_count,
        "evaluated_count": staged.row_count,
        "failed_count": outcome.failed_count,
        "message_zh": text.zh,
        "message_en": text.en,
    }

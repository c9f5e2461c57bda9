"""The daily audit: what should be there, and is it?

Great Expectations judges the core tables by their contracts and the queries of `sql/checks/` over core, ops and
published. What fails is listed as ids and counts in `ops.check_gaps`; `ops.reconciliations` sets what was due beside
what was done, step by step. Gaps become one notice per contact and day. A check that cannot run counts as failed.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from typing import Any, Literal

from psycopg import sql
from psycopg.types.json import Jsonb

from trainloop import clock, faults
from trainloop.config import Locale, get_site
from trainloop.contracts import Contract, all_contracts, checks_of
from trainloop.outbox.notices import Notice, plan
from trainloop.quality import docs, messages
from trainloop.quality.checks import SqlCheck, site_limits, sql_checks
from trainloop.quality.conditions import Condition, Table, conditions_of
from trainloop.quality.errors import ValidationNotRunError
from trainloop.quality.expectations import failed_codes
from trainloop.warehouse import engine
from trainloop.warehouse.engine import Connection
from trainloop.warehouse.statements import statement

SUITE = "audit"
KEPT_GAPS = 200
MAIL_SENTENCES = 20
# The primary key guards uniqueness in core; size, empty shares and what all rows share are facts of a file.
_FILE_RULES = {
    "duplicate_key", "unexpected_volume", "too_many_empty", "mixed_values", "overlapping_ranges", "gap_in_ranges",
}  # fmt: skip


@dataclass(frozen=True)
class _Result:
    """One check of the audit; `gaps` is the query that lists what failed, None when the check could not run."""

    code: str
    rule: str
    severity: Literal["stop", "warn"]
    audience: str
    text: messages.Text
    is_passed: bool
    gaps: sql.Composed | None = None


def audit_warehouse(as_of: date | None = None) -> dict[str, Any]:
    """Audit the warehouse as of a business date (default today), write run, gaps, notices and pages.

    Returns {"check_run_id", "check_count", "failed_count", "gap_count", "notices_planned", "pages_written"}. Repeating
    it on one day replaces that day's run and tells nobody twice; an `as_of` in the past tells nobody at all.
    """
    with engine.connect("planner") as connection:
        today = clock.today(connection)
        audited_on = as_of or today
        parameters = _parameters(connection, audited_on, today)
        results = [*_core_results(connection), *_check_results(connection, parameters)]
        run = _record(connection, audited_on, parameters, results)
        notices = _notices(connection, run["check_run_id"], audited_on) if audited_on == today else []
        run["notices_planned"] = plan(connection, notices)
        faults.point("quality.before_audit_commit")
    faults.point("quality.after_audit_commit")
    return run | docs.publish()


def _parameters(connection: Connection, audited_on: date, today: date) -> dict[str, Any]:
    """Return the parameters of sql/checks/: on a past date "now" is that day's end."""
    now: datetime = clock.now(connection)
    if audited_on != today:
        now = datetime.combine(audited_on + timedelta(days=1), time(), get_site().company.zone)
    freshness = [
        {"dataset": one.dataset, "fresh_within_days": one.fresh_within_days}
        for one in all_contracts()
        if one.fresh_within_days is not None
    ]
    return site_limits() | {"now": now, "today": audited_on, "freshness": Jsonb(freshness)}


def _core_results(connection: Connection) -> list[_Result]:
    """Judge each core table by the contract of its dataset: what was accepted must still be acceptable."""
    found = []
    for contract in all_contracts():
        if contract.table_schema == "core":
            found += _core_table(connection, contract)
    return found


def _core_table(connection: Connection, contract: Contract) -> list[_Result]:
    table = Table("core", contract.dataset, row_id="file_id")
    checks = tuple(one for one in checks_of(contract) if one.rule not in _FILE_RULES)
    conditions = conditions_of(contract, checks, table)
    verdicts = _verdicts(connection, contract.dataset, table, conditions)
    by_code = {check.code: check for check in checks}
    found = []
    for condition in conditions:
        check, passed = by_code[condition.code], verdicts[condition.code]
        text = messages.rule_text(contract, check)
        rows = condition.failing_rows
        gaps = None if rows is None else _gaps_of_rows(contract.dataset, rows)
        found.append(
            _Result(
                code=f"{contract.dataset}.{condition.code}",
                rule=check.rule,
                severity="warn" if check.severity == "warn" else "stop",
                audience="engineer",
                text=messages.Text(f"{contract.title_zh}：{text.zh}", f"{contract.title_en}: {text.en}"),
                is_passed=passed is True,
                gaps=None if passed is None else gaps,
            )
        )
    return found


def _gaps_of_rows(dataset: str, rows: sql.Composed) -> sql.Composed:
    query = "select 'dataset' as subject_kind, {}::text as subject_id, count(*) as gap_count from ({}) as rows"
    return sql.SQL(query + " having count(*) > 0").format(sql.Literal(dataset), rows)


def _check_results(connection: Connection, parameters: dict[str, Any]) -> list[_Result]:
    """Run the queries of sql/checks/ as one suite."""
    checks = sql_checks()
    conditions = [check.condition(connection, parameters) for check in checks]
    verdicts = _verdicts(connection, SUITE, Table("ops", "clock"), conditions)
    return [
        _check_result(check, condition, verdicts[check.code])
        for check, condition in zip(checks, conditions, strict=True)
    ]


def _check_result(check: SqlCheck, condition: Condition, passed: bool | None) -> _Result:
    return _Result(
        code=check.code,
        rule="reconciliation",
        severity=check.severity,
        audience=check.audience,
        text=messages.Text(check.zh, check.en),
        is_passed=passed is True,
        gaps=None if passed is None else condition.failing_rows,
    )


def _verdicts(
    connection: Connection, suite: str, table: Table, conditions: Sequence[Condition]
) -> dict[str, bool | None]:
    """Return passed (True), failed (False) or could not run (None) for every check.

    One broken check breaks its suite's run; then each check runs alone, so that the others still speak.
    """
    try:
        with connection.transaction():
            failed = failed_codes(connection, suite, table, conditions)
        return {one.code: one.code not in failed for one in conditions}
    except ValidationNotRunError:
        return {one.code: _verdict_alone(connection, suite, table, one) for one in conditions}


def _verdict_alone(connection: Connection, suite: str, table: Table, condition: Condition) -> bool | None:
    try:
        with connection.transaction():
            return not failed_codes(connection, suite, table, [condition])
    except ValidationNotRunError:
        return None


def _record(
    connection: Connection, audited_on: date, parameters: dict[str, Any], results: Sequence[_Result]
) -> dict[str, Any]:
    """Write the run, its results, gaps and the reconciliation; return its counts."""
    failed = [one for one in results if not one.is_passed]
    values = {
        "suite": SUITE,
        "checked_on": audited_on,
        "row_count": len(results),
        "is_passed": not any(one.severity == "stop" for one in failed),
    }
    row = connection.execute(statement("quality", "save_audit_run"), values).fetchone()
    assert row is not None
    run = {"check_run_id": row["check_run_id"]}
    for name in ("forget_results", "forget_reconciliation"):
        connection.execute(statement("quality", name), run)
    with connection.cursor() as cursor:
        cursor.executemany(
            statement("quality", "save_result"),
            [_columns(one) | run | {"position": position} for position, one in enumerate(results)],
        )
    connection.execute(statement("quality", "save_reconciliation"), run | {"today": parameters["today"]})
    gap_count = sum(_save_gaps(connection, run["check_run_id"], one) for one in failed)
    return run | {"check_count": len(results), "failed_count": len(failed), "gap_count": gap_count}


def _columns(result: _Result) -> dict[str, Any]:
    return {
        "check_code": result.code,
        "rule": result.rule if result.is_passed or result.gaps is not None else "not_run",
        "column_name": None,
        "severity": result.severity,
        "audience": result.audience,
        "is_passed": result.is_passed,
        "evaluated_count": 0,
        "failed_count": 0 if result.is_passed else 1,
        "message_zh": result.text.zh,
        "message_en": result.text.en,
    }


def _save_gaps(connection: Connection, check_run_id: int, result: _Result) -> int:
    """List the gaps of a failed check; return how many. A check that could not run is itself one gap."""
    if result.gaps is None:
        return 1
    key = {"check_run_id": check_run_id, "check_code": result.code}
    # The query's literals may hold percent signs, and this statement has parameters of its own.
    gaps = sql.SQL(result.gaps.as_string(connection).replace("%", "%%"))
    query = sql.SQL(statement("quality", "save_gaps")).format(gaps=gaps)
    row = connection.execute(query, key | {"kept_gaps": KEPT_GAPS}).fetchone()
    assert row is not None
    count = max(int(row["gap_count"]), 1)
    connection.execute(statement("quality", "set_failed_count"), key | {"failed_count": count})
    return count


def _notices(connection: Connection, check_run_id: int, audited_on: date) -> list[Notice]:
    """Return one notice per contact for whom something failed: finished sentences of codes and counts."""
    rows = connection.execute(statement("quality", "gap_subjects"), {"check_run_id": check_run_id}).fetchall()
    checks = {check.code: check for check in sql_checks()}
    notices = []
    for kind in ("engineer", "hr"):
        mine = [row for row in rows if row["audience"] == kind]
        if not mine:
            continue
        facts = {
            "check_run_id": check_run_id,
            "gap_count": sum(row["failed_count"] for row in mine),
            "gaps": [_sentence(row, checks.get(row["check_code"])) for row in mine[:MAIL_SENTENCES]],
        }
        notices += [
            Notice("audit_gaps", "audit", audited_on.isoformat(), "contact", key, facts=facts)
            for key in get_site().contacts_of(kind)
        ]
    return notices


def _name(subject_id: str, locale: Locale) -> str:
    """Return what people call a dataset; any other subject has its id."""
    titles = {one.dataset: one.title(locale) for one in all_contracts()}
    return titles.get(subject_id, subject_id)


def _sentence(row: dict[str, Any], check: SqlCheck | None) -> dict[str, str]:
    count = row["failed_count"]
    if check is None or not row["subject_ids"]:
        where = row["check_code"]
        return {"zh": f"检查 {where} 未通过：{count} 处", "en": f"check {where} failed: {count}"}
    subjects = row["subject_ids"]
    more = {"zh": " 等", "en": " …"} if count > len(subjects) else {"zh": "", "en": ""}
    zh, en = check.gap_zh.format(count=count), check.gap_en.format(count=count)
    return {
        "zh": f"{zh}（{'、'.join(_name(one, 'zh-CN') for one in subjects)}{more['zh']}）",
        "en": f"{en} ({', '.join(_name(one, 'en') for one in subjects)}{more['en']})",
    }

"""The gate's verdicts, with real Great Expectations on real PostgreSQL."""

from __future__ import annotations

import logging
from collections.abc import Iterator
from typing import Any

import pytest
from psycopg import sql
from tests.quality.conftest import Stage
from tests.quality.people import column_with, contract_with

from trainloop.contracts import Contract
from trainloop.quality import gate
from trainloop.quality.errors import FindingUnknownError, StagingIncompleteError, ValidationNotRunError
from trainloop.warehouse import engine
from trainloop.warehouse.engine import Connection

pytestmark = pytest.mark.slow


@pytest.fixture
def connection(warehouse: str) -> Iterator[Connection]:
    """Intake's own connection: least privilege must be enough, and nothing needs to be committed before judging."""
    with engine.connect("intake") as connection:
        yield connection


def findings(connection: Connection, staged: gate.StagedFile) -> set[tuple[int, str, str]]:
    query = sql.SQL("select row_number, column_name, rule from {}").format(staged.findings)
    return {(row["row_number"], row["column_name"], row["rule"]) for row in connection.execute(query)}


def blocked(connection: Connection, staged: gate.StagedFile) -> set[int]:
    query = sql.SQL("select row_number from {}").format(staged.blocked)
    return {row["row_number"] for row in connection.execute(query)}


def results(connection: Connection, verdict: gate.Verdict) -> dict[str, dict[str, Any]]:
    rows = connection.execute("select * from ops.check_results where check_run_id = %s", (verdict.check_run_id,))
    return {row["check_code"]: row for row in rows}


def test_a_clean_file_passes_and_every_check_is_recorded(
    connection: Connection, people: Contract, stage: Stage
) -> None:
    """A verdict is written down even when there is nothing to complain about."""
    staged = stage(connection, people, [{}, {}, {}])
    verdict = gate.judge(connection, people, staged)
    assert (verdict.decision, verdict.quarantined_count, verdict.stops) == ("pass", 0, ())
    recorded = results(connection, verdict)
    assert {"person_id.missing_value", "hired_on.wrong_type", "key.duplicate_key", "file.unexpected_volume"} <= set(
        recorded
    )
    assert all(row["is_passed"] and row["evaluated_count"] == 3 for row in recorded.values())
    assert findings(connection, staged) == set()


BAD_ROWS = [
    ({"name": None}, "name", "missing_value"),
    ({"name": "很" * 21}, "name", "too_long"),
    ({"person_id": "abc%{x}:y"}, "person_id", "wrong_pattern"),
    ({"hired_on": "1989-12-31"}, "hired_on", "out_of_range"),
    ({"hired_on": "2031-01-01"}, "hired_on", "out_of_range"),
    ({"score": "5.01"}, "score", "out_of_range"),
    ({"score": "-0.01"}, "score", "out_of_range"),
    ({"status": "gone"}, "status", "not_allowed"),
    ({"left_on": "2020-01-01"}, "left_on", "row_rule:left_after_hired"),
]


def test_each_rule_finds_exactly_its_row(connection: Connection, people: Contract, stage: Stage) -> None:
    """One bad row per rule among good ones: every rule finds its row and no other."""
    staged = stage(connection, people, [{}, *(changes for changes, _, _ in BAD_ROWS), {"score": None, "status": None}])
    verdict = gate.judge(connection, people, staged)
    assert findings(connection, staged) == {
        (number, column, rule) for number, (_, column, rule) in enumerate(BAD_ROWS, 3)
    }
    assert verdict.decision == "quarantine"
    assert blocked(connection, staged) == set(range(3, 3 + len(BAD_ROWS)))
    assert verdict.quarantined_count == len(BAD_ROWS)


def test_all_rows_of_a_repeated_key_are_held_back(connection: Connection, people: Contract, stage: Stage) -> None:
    """Nobody can say which of two rows with one key is right, so neither is believed."""
    staged = stage(connection, people, [{"person_id": "1"}, {}, {"person_id": "1", "name": "韩梅梅"}])
    verdict = gate.judge(connection, people, staged)
    assert findings(connection, staged) == {(2, "", "duplicate_key"), (4, "", "duplicate_key")}
    assert results(connection, verdict)["key.duplicate_key"]["failed_count"] == 2


def test_a_key_of_two_columns_is_checked_as_a_whole(connection: Connection, stage: Stage) -> None:
    """The same person on two days is no repetition; the same day twice is."""
    contract = contract_with(key=["person_id", "hired_on"])
    rows = [{"person_id": "1"}, {"person_id": "1", "hired_on": "2022-01-01"}, {"person_id": "2"}, {"person_id": "2"}]
    staged = stage(connection, contract, rows)
    gate.judge(connection, contract, staged)
    assert blocked(connection, staged) == {4, 5}


@pytest.mark.parametrize("key", [["person_id"], ["person_id", "hired_on"]])
def test_a_unique_index_proves_the_key_and_one_on_other_columns_does_not(
    connection: Connection, stage: Stage, key: list[str]
) -> None:
    """Intake's index saves the second look; an index that only resembles it, or a partial one, proves nothing."""
    contract = contract_with(key=key)
    clean = stage(connection, contract, [{}, {}])
    double = stage(connection, contract, [{"person_id": "1", "score": 1}, {"person_id": "1", "score": 2}])
    for staged, columns in ((clean, ", ".join(key)), (double, "person_id, score"), (double, "name, hired_on, score")):
        connection.execute(f"create unique index on staging.{staged.table} ({columns})")  # type: ignore[arg-type]
    connection.execute(f"create unique index on staging.{double.table} ({', '.join(key)}) where score = 1")  # type: ignore[arg-type]
    assert gate.judge(connection, contract, clean).decision == "pass"
    assert gate.judge(connection, contract, double).quarantined_count == 2


def test_a_cell_that_could_not_be_cast_is_not_called_empty(
    connection: Connection, people: Contract, stage: Stage
) -> None:
    """The person wrote something; telling them that the cell is empty would send them the wrong way."""
    rows = [{"hired_on": None}, {"hired_on": None}, {}]
    staged = stage(connection, people, rows, [(2, "hired_on", "wrong_type")])
    verdict = gate.judge(connection, people, staged)
    assert findings(connection, staged) == {(2, "hired_on", "wrong_type"), (3, "hired_on", "missing_value")}
    assert results(connection, verdict)["hired_on.wrong_type"]["failed_count"] == 1
    assert blocked(connection, staged) == {2, 3}


def test_a_warning_is_counted_and_holds_nothing_back(connection: Connection, people: Contract, stage: Stage) -> None:
    """warn: recorded and shown; the row goes on."""
    staged = stage(connection, people, [{}, {"status": "left"}])
    verdict = gate.judge(connection, people, staged)
    assert (verdict.decision, blocked(connection, staged)) == ("pass", set())
    recorded = results(connection, verdict)["row.left_says_when"]
    assert (recorded["is_passed"], recorded["failed_count"], recorded["severity"]) == (False, 1, "warn")


def test_a_stop_check_refuses_the_whole_file_and_says_why(connection: Connection, stage: Stage) -> None:
    """stop: one reason in each language that names the column as it stands in the file, and how often."""
    contract = contract_with(columns=column_with("name", severities={"missing_value": "stop"}))
    staged = stage(connection, contract, [{}, {"name": None}, {"score": 9}])
    verdict = gate.judge(connection, contract, staged)
    assert verdict.decision == "refuse"
    assert verdict.stop_zh == "「姓名」有 1 行不合格：必填但为空。请填写。"
    assert verdict.stop_en == "“姓名” is wrong on 1 row: required but empty. Fill it in."


@pytest.mark.parametrize(("severity", "decision"), [("warn", "pass"), ("stop", "refuse"), ("block", "refuse")])
def test_too_few_rows_weigh_as_the_contract_says(
    connection: Connection, stage: Stage, severity: str, decision: str
) -> None:
    """A half export is no export; a check of the whole file cannot hold back rows, so block means the file."""
    contract = contract_with(expected_volume={"minimum": 10, "maximum": 20, "severity": severity})
    verdict = gate.judge(connection, contract, stage(connection, contract, [{}, {}]))
    assert verdict.decision == decision
    assert not results(connection, verdict)["file.unexpected_volume"]["is_passed"]


def test_a_column_that_suddenly_is_empty_is_noticed(connection: Connection, stage: Stage) -> None:
    """max_empty_share: an export that lost a column still has all its rows."""
    contract = contract_with(columns=column_with("score", max_empty_share=0.5))
    ok = gate.judge(connection, contract, stage(connection, contract, [{}, {"score": None}]))
    empty = gate.judge(connection, contract, stage(connection, contract, [{}, {"score": None}, {"score": None}]))
    assert results(connection, ok)["score.too_many_empty"]["is_passed"]
    assert not results(connection, empty)["score.too_many_empty"]["is_passed"]


def test_judging_again_after_a_crash_replaces_the_verdict(
    connection: Connection, people: Contract, stage: Stage
) -> None:
    """Kill and re-run leave one run, one set of results and no finding twice."""
    staged = stage(connection, people, [{"name": None}, {}, {"score": 9}])
    first = gate.judge(connection, people, staged)
    second = gate.judge(connection, people, staged)
    assert (first.check_run_id, first.quarantined_count) == (second.check_run_id, second.quarantined_count)
    assert len(findings(connection, staged)) == 2


def test_an_empty_file_gets_a_verdict_too(connection: Connection, people: Contract, stage: Stage) -> None:
    """No rows: nothing is wrong in them, but there are too few."""
    verdict = gate.judge(connection, people, stage(connection, people, []))
    assert not results(connection, verdict)["file.unexpected_volume"]["is_passed"]


def test_a_check_that_cannot_run_blocks_and_shows_no_values(
    connection: Connection, people: Contract, stage: Stage, caplog: pytest.LogCaptureFixture
) -> None:
    """Fail closed: a broken suite is no passed suite. The connection stays usable, the log stays clean."""
    staged = stage(connection, people, [{"name": "CANARY"}])
    connection.execute(sql.SQL("alter table {} drop column score").format(sql.Identifier("staging", staged.table)))
    with caplog.at_level(logging.DEBUG), pytest.raises(ValidationNotRunError, match=r"score\.out_of_range"):
        gate.judge(connection, people, staged)
    assert "CANARY" not in caplog.text
    assert connection.execute("select count(*) as n from ops.check_runs").fetchone() == {"n": 0}


def test_a_staging_table_that_lacks_rows_is_not_judged(connection: Connection, people: Contract, stage: Stage) -> None:
    """An unlogged table may come back empty after a crash; an empty table passes every check."""
    staged = stage(connection, people, [{}, {}])
    connection.execute(sql.SQL("truncate {}").format(sql.Identifier("staging", staged.table)))
    with pytest.raises(StagingIncompleteError):
        gate.judge(connection, people, staged)


def test_a_finding_nobody_declared_does_not_slip_through(
    connection: Connection, people: Contract, stage: Stage
) -> None:
    """Undeclared findings of a known rule block the row; unknown ones block the file."""
    staged = stage(connection, people, [{}, {}], [(2, "name", "wrong_type"), (3, "", "extra_cells")])
    assert gate.judge(connection, people, staged).quarantined_count == 2
    odd = stage(connection, people, [{}], [(2, "name", "looks_odd")])
    with pytest.raises(FindingUnknownError):
        gate.judge(connection, people, odd)


def test_reasons_reach_the_quarantine_in_both_languages(connection: Connection, people: Contract, stage: Stage) -> None:
    """The sentence names the row, the header of the file, the rule and the remedy; warnings are no reasons."""
    staged = stage(connection, people, [{}, {"status": "left", "score": 9}], [(2, "hired_on", "wrong_type")])
    gate.judge(connection, people, staged)
    connection.execute(
        sql.SQL(
            "insert into ops.quarantined_rows (file_id, row_number, row_values) select %s, row_number, '{{}}' from {}"
        ).format(staged.blocked),
        (staged.file_id,),
    )
    assert gate.explain_quarantined(connection, staged) == 2
    assert gate.explain_quarantined(connection, staged) == 0
    rows = connection.execute("select message_zh, message_en from ops.quarantine_reasons order by 1").fetchall()
    assert [row["message_zh"] for row in rows] == [
        "第 2 行「入职日期」：无法识别为日期。请写成 2026-03-01 这样的格式。",
        "第 3 行「得分」：超出允许范围。请填写 0 至 5 之间的数值。",
    ]
    assert rows[1]["message_en"] == "Row 3, “得分”: out of range. Write a number between 0 and 5."

"""xAPI statements in JSON: validated, deduplicated by id, voided ones honoured, nothing lost."""

from __future__ import annotations

import json
from typing import Any

import pytest

from trainloop.config import get_site
from trainloop.intake import guard
from trainloop.intake.xapi_source import read_statement

from .conftest import Inbox

CODE = "2026-C001"


def statement(number: int, verb: str = "answered", **parts: Any) -> dict[str, Any]:
    """A statement as learning platforms write it; `number` makes its id."""
    return {
        "id": f"7f9c2ba4-e88f-4d5c-9a1b-{number:012d}",
        "actor": {"account": {"homePage": "https://learn.example.com", "name": "E0001"}},
        "verb": {"id": f"http://adlnet.gov/expapi/verbs/{verb}", "display": {"en": verb}},
        "object": {"id": "https://learn.example.com/quiz/Q1", "objectType": "Activity"},
        "result": {"success": True, "duration": "PT1M12.5S"},
        "context": {"extensions": {"https://learn.example.com/xapi/session_code": CODE}},
        "timestamp": "2026-03-05T10:15:00+08:00",
    } | parts


def voiding(number: int, target: int) -> dict[str, Any]:
    target_id = f"7F9C2BA4-E88F-4D5C-9A1B-{target:012d}"
    void = statement(number, "voided", object={"objectType": "StatementRef", "id": target_id})
    return {key: value for key, value in void.items() if key not in {"result", "context"}}


@pytest.fixture
def class_known(classes: Inbox) -> Inbox:
    """Class 2026-C001 and employee E0001 are known."""
    return classes


def take(inbox: Inbox, *statements: Any, name: str = "lrs.json") -> dict[str, Any]:
    return inbox.take("interactions", name, json.dumps({"statements": list(statements)}))


def valid(inbox: Inbox) -> list[str]:
    rows = inbox.rows("select interaction_id from core.valid_interactions order by 1")
    return [row["interaction_id"][-2:] for row in rows]


def test_a_statement_becomes_a_row_field_by_field() -> None:
    """The table of the module's docstring."""
    assert read_statement(statement(1)) == {
        "interaction_id": "7f9c2ba4-e88f-4d5c-9a1b-000000000001", "session_code": CODE, "employee_id": "E0001",
        "kind": "answered", "item_code": "Q1", "is_correct": "true", "turn_count": None, "duration_seconds": "72.5",
        "happened_at": "2026-03-05T10:15:00+08:00",
    }  # fmt: skip


def test_the_class_may_stand_among_the_context_activities() -> None:
    """Grouping before parent, as list or alone."""
    for context in (
        {"contextActivities": {"grouping": [{"id": f"https://learn.example.com/classes/{CODE}"}]}},
        {"contextActivities": {"parent": {"id": f"urn:class:{CODE}"}}},
    ):
        assert read_statement(statement(1, context=context))["session_code"] == CODE


def test_statements_are_taken_in_and_the_same_id_twice_is_one(class_known: Inbox) -> None:
    """Deduplicated by statement id, in a file and across files; the law of conservation holds."""
    file = take(class_known, statement(1), statement(2, "commented"), statement(1))
    assert (file["accepted_count"], file["unchanged_count"]) == (2, 1)
    file = take(class_known, statement(2, "commented"), statement(3, "voted"), name="later.json")
    assert (file["accepted_count"], file["unchanged_count"]) == (1, 1)
    rows = class_known.rows("select kind, is_correct, duration_seconds from core.interactions order by interaction_id")
    assert [row["kind"] for row in rows] == ["quiz", "turn", "poll"]
    assert (rows[0]["is_correct"], float(rows[0]["duration_seconds"])) == (True, 72.5)


def test_a_voided_statement_counts_no_more_whichever_comes_first(class_known: Inbox) -> None:
    """Voided in the same file, in a later one, and by a statement that came before."""
    take(class_known, statement(1), voiding(11, 1), statement(2), voiding(13, 3))
    assert valid(class_known) == ["02"]
    take(class_known, statement(3), statement(4), voiding(12, 2), name="later.json")
    assert valid(class_known) == ["04"]


def test_two_statements_of_one_id_that_differ_are_both_held(class_known: Inbox) -> None:
    """Nobody can say which is right."""
    file = take(class_known, statement(1), statement(1, result={"success": False}), statement(2))
    assert (file["accepted_count"], file["quarantined_count"]) == (1, 2)


@pytest.mark.parametrize(
    ("bad", "column", "words"),
    [
        (statement(1) | {"actor": {"mbox": "mailto:e@example.com"}}, "employee_id", "actor.account.name"),
        (statement(1) | {"context": {}}, "session_code", "context.extensions"),
        (statement(1, "danced"), "kind", "verb.id"),
        (statement(1) | {"id": "no-uuid"}, "interaction_id", "id"),
        (statement(1) | {"id": None}, "interaction_id", "id"),
        (statement(1) | {"result": {"success": "perhaps"}}, "is_correct", "result.success"),
        (statement(1) | {"result": {"success": True, "duration": "long"}}, "duration_seconds", "result.duration"),
        (statement(1) | {"result": {}}, "is_correct", ""),
        (statement(1) | {"timestamp": {"a": 1}}, "happened_at", "timestamp"),
        ({}, "kind", "verb.id"),
        ("just words", "kind", "verb.id"),
        (17, "kind", "verb.id"),
        (voiding(1, 2) | {"object": {}}, "item_code", "object.id"),
    ],
)
def test_a_bad_statement_is_held_by_place_and_field_and_the_others_pass(
    class_known: Inbox, bad: Any, column: str, words: str
) -> None:
    """File, statement index, field, reason and remedy; one bad statement stops nothing."""
    file = take(class_known, statement(8), bad, statement(9))
    assert (file["row_count"], file["accepted_count"], file["quarantined_count"]) == (3, 2, 1)
    rows = class_known.rows(
        """select row.row_number, reason.column_name, reason.message_zh, reason.message_en
           from ops.quarantined_rows as row join ops.quarantine_reasons as reason using (quarantined_row_id)"""
    )
    assert {row["row_number"] for row in rows} == {2}
    reason = next(row for row in rows if row["column_name"] == column)
    assert words in reason["message_zh"]
    assert words in reason["message_en"]


def test_a_class_that_is_not_known_yet_parks_its_statements(class_known: Inbox) -> None:
    """Early is no error."""
    context = {"extensions": {"x/session_code": "2026-C999"}}
    file = take(class_known, statement(1), statement(2, context=context))
    assert (file["accepted_count"], file["parked_count"]) == (1, 1)


@pytest.mark.parametrize(
    ("content", "rule"),
    [
        (b'{"statements": [{"id": "x"', "bad_json"),
        (b'[{"result": {"score": NaN}}]', "bad_json"),
        (b"[" * 100_000 + b"]" * 100_000, "too_deep"),
        (b'{"statements": []}', "empty"),
        ('["\xff"]'.encode("latin-1"), "bad_json"),
    ],
)
def test_a_file_that_is_no_statements_is_refused_with_its_reason(inbox: Inbox, content: bytes, rule: str) -> None:
    """Damaged, hostile, empty: a clear answer instead of a crash."""
    file = inbox.take("interactions", "lrs.json", content)
    assert (file["state"], file["refused_rule"]) == ("refused", rule)


def test_brackets_in_words_are_no_depth_and_a_large_file_is_refused(
    inbox: Inbox, monkeypatch: pytest.MonkeyPatch, tmp_path: Any
) -> None:
    """Caps are looked at before anything parses the file."""
    path = tmp_path / "words.json"
    path.write_text(json.dumps([{"id": "[" * 500 + '\\"{' * 500}]))
    guard.check_json(path, path.name)
    rules = get_site().intake.model_copy(update={"max_json_mb": 1})
    monkeypatch.setattr(guard, "get_site", lambda: get_site().model_copy(update={"intake": rules}))
    file = inbox.take("interactions", "lrs.json", b'[{"id": "' + b"x" * (2 << 20) + b'"}]')
    assert file["refused_rule"] == "too_large"


def test_other_datasets_take_no_json(inbox: Inbox) -> None:
    """A JSON file of attendance is refused as the wrong file it is."""
    assert inbox.take("attendance", "a.json", "[{}]")["state"] == "refused"

"""From filled forms to plans: new plans, updates, check-ins, managers' words, and plans that end by themselves."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from datetime import date
from decimal import Decimal
from typing import Any

from trainloop import faults
from trainloop.config import get_site
from trainloop.domain.action_plan import CHECK_IN_INSTRUMENT, PlanState, after_confirmation, after_word, check_in_on
from trainloop.surveys.scan import Scan
from trainloop.warehouse import engine
from trainloop.warehouse.engine import Connection
from trainloop.warehouse.statements import statement

BATCH_SIZE = 2_000
_Row = Mapping[str, Any]


def take_in(as_of: date | None = None) -> dict[str, int]:
    """Make plans of new forms, take in what learners and managers said, end what is over; each batch is one commit.

    Returns counts: plans_made, words_taken, managers_words, plans_ended.
    """
    counts = dict.fromkeys(("plans_made", "words_taken", "managers_words", "plans_ended"), 0)
    with engine.connect("planner", autocommit=True) as connection:
        scan = Scan.start(connection, as_of)
        for name, take in (
            ("plans_made", _make_plans),
            ("words_taken", _take_words),
            ("managers_words", _take_managers_words),
        ):
            found = BATCH_SIZE
            while found == BATCH_SIZE:
                with connection.transaction():
                    _lock(connection)
                    found = take(connection)
                    faults.point(f"plans.{name}.before_commit")
                faults.point(f"plans.{name}.after_commit")
                counts[name] += found
        with connection.transaction():
            _lock(connection)
            counts["plans_ended"] = _end(connection, scan)
            faults.point("plans.ended.before_commit")
    return counts


def _lock(connection: Connection) -> None:
    # Two scans at once would number the words of a plan twice.
    engine.lock(connection, "check_in_action_plans")


def _make_plans(connection: Connection) -> int:
    forms = connection.execute(statement("plans", "forms_to_plan"), {"batch_size": BATCH_SIZE}).fetchall()
    if forms:
        connection.execute(statement("plans", "insert_plans"), _columns([_plan(form) for form in forms]))
    return len(forms)


def _plan(form: _Row) -> dict[str, Any]:
    said = form["answers"]
    return {
        "plan_id": f"AP{form['named_response_id']}",
        "session_code": form["session_code"],
        "employee_id": form["employee_id"],
        "goal": said["goal"],
        "metric": said["metric"],
        "baseline_value": _number(said.get("baseline")),
        "target_value": _number(said["target"]),
        "due_on": date.fromisoformat(said["due_on"]),
        "first_step": said["first_step"],
        "support_needed": said.get("support_needed"),
        "made_at": form["answered_at"],
        "check_in_due_on": check_in_on(form["ended_on"], form["calendar_code"]),
    }


def _take_words(connection: Connection) -> int:
    entries = connection.execute(statement("plans", "entries_to_take"), {"batch_size": BATCH_SIZE}).fetchall()
    words: list[dict[str, Any]] = []
    standing: dict[str, dict[str, Any]] = {}
    numbers: Counter[str] = Counter()
    for entry in entries:
        last = standing.get(entry["plan_id"])
        state = PlanState(last["state"] if last else entry["state"])
        word = _word(entry, after_word(state, PlanState(entry["answers"]["status"])))
        numbers[entry["plan_id"]] += 1
        word["number"] = entry["word_count"] + numbers[entry["plan_id"]]
        words.append(word)
        # What an earlier form of this batch said and this one does not say again stays said.
        kept = {name: value for name, value in (last or {}).items() if value is not None and word.get(name) is None}
        standing[entry["plan_id"]] = word | kept
    if words:
        connection.execute(statement("plans", "insert_words"), _columns(words))
        connection.execute(statement("plans", "apply_words"), _columns(list(standing.values())))
        connection.execute(statement("plans", "drop_entries"), {"entry_ids": [entry["entry_id"] for entry in entries]})
    return len(entries)


def _word(entry: _Row, state: PlanState) -> dict[str, Any]:
    said = entry["answers"]
    is_check_in = entry["instrument_code"] == CHECK_IN_INSTRUMENT
    return {
        "plan_id": entry["plan_id"],
        "kind": entry["instrument_code"],
        "said_at": entry["sent_at"],
        "state": state.value,
        "current_value": _number(said.get("value_reached" if is_check_in else "value_now")),
        "blocker": said.get("blocker"),
        "note": None if is_check_in else said.get("note"),
        "checked_in_at": entry["sent_at"] if is_check_in else None,
        "evidence": said.get("evidence") if is_check_in else None,
        "story": said.get("story") if is_check_in else None,
    }


def _take_managers_words(connection: Connection) -> int:
    rows = connection.execute(statement("plans", "managers_words"), {"batch_size": BATCH_SIZE}).fetchall()
    seen = [{"plan_id": row["plan_id"], "choice": row["choice"]} for row in rows if row["kind"] == "acknowledge_plan"]
    confirmed = [
        {
            "plan_id": row["plan_id"],
            "choice": row["choice"],
            "state": after_confirmation(PlanState(row["state"]), row["choice"], has_evidence=row["has_evidence"]).value,
            "done_at": row["done_at"],
        }
        for row in rows
        if row["kind"] == "confirm_plan"
    ]
    for name, changes in (("apply_acknowledgements", seen), ("apply_confirmations", confirmed)):
        if changes:
            connection.execute(statement("plans", name), _columns(changes))
    return len(rows)


def _end(connection: Connection, scan: Scan) -> int:
    values = {
        "now": scan.real_now,
        "today": scan.today,
        "check_in_days": get_site().survey_waves[CHECK_IN_INSTRUMENT].days_open,
    }
    return connection.execute(statement("plans", "end_plans"), values).rowcount


def _columns(rows: Sequence[dict[str, Any]]) -> dict[str, list[Any]]:
    return {name: [row[name] for row in rows] for name in rows[0]}


def _number(value: object) -> Decimal | None:
    return None if value is None else Decimal(str(value))

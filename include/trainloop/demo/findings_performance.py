"""The 90-day reports: the planted change lies in the interval, the sentence is the one its evidence allows."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from trainloop.demo.findings import Check, same
from trainloop.demo.performance_truth import Case, performance
from trainloop.warehouse.engine import Connection
from trainloop.warehouse.statements import statement

AUDIENCES_AND_LOCALES = 4


def check_performance(connection: Connection) -> Iterator[Check]:
    """Yield the checks of every class whose 90 days are over."""
    truth = performance()
    found = {
        (row["session_code"], row["kpi_code"]): row for row in connection.execute(statement("demo", "performance"))
    }
    for case in truth.cases:
        row = found.get((case.session, case.kpi))
        yield _sentence(case, row)
        if row is not None and row["effect"] is not None:
            effect = truth.effect(case)
            interval = f"{row['effect']:.2f} ({row['effect_low']:.2f} … {row['effect_high']:.2f})"
            is_inside = row["effect_low"] <= effect <= row["effect_high"]
            yield Check("performance_effect", case.session, f"{effect:g}", interval, is_inside)
    steps = {row["session_code"]: row for row in connection.execute(statement("demo", "performance_steps"))}
    for case in truth.cases:
        planted = ("done", AUDIENCES_AND_LOCALES)
        step = steps.get(case.session, {})
        yield same("performance_reports", case.session, planted, (step.get("state"), step.get("report_count")))
    step = steps.get(truth.without_indicator, {})
    yield same("performance_skipped", truth.without_indicator, ("skipped", "no_indicator"),
               (step.get("state"), step.get("reason")))  # fmt: skip


def _sentence(case: Case, row: dict[str, Any] | None) -> Check:
    said = row["sentence_code"] if row else "–"
    return Check("performance_sentence", case.session, " / ".join(case.sentences), said, said in case.sentences)

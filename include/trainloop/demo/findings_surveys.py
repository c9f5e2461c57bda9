"""Pulses, 360s and decisions: what was said comes back, what dropped reached the trainers, who decided is on record."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from trainloop.demo.findings import Check, same
from trainloop.demo.needs_truth import needs
from trainloop.demo.surveys_truth import surveys
from trainloop.surveys.instrument import load_instrument
from trainloop.warehouse.engine import Connection
from trainloop.warehouse.statements import statement

# (product, subject, family, code, statistic) → number or text
Figures = dict[tuple[str, str, str, str, str], Any]
MEAN_TOLERANCE = 0.25
COHORT_TOLERANCE = 0.4


def check_surveys(connection: Connection) -> Iterator[Check]:
    """Yield the checks of the year's pulses, 360s, acknowledgements and approvals."""
    figures: Figures = {
        (row["product"], row["subject_id"], row["family"], row["code"], row["statistic"]): row["value"]
        if row["text_value"] is None
        else row["text_value"]
        for row in connection.execute(statement("demo", "survey_figures"))
    }
    asked = {row["wave_code"]: row for row in connection.execute(statement("demo", "asked"))}
    yield from _check_pulses(figures, asked)
    yield from _check_feedback(connection)
    yield from _check_new_managers(connection, figures)
    yield from _check_competency_results(connection)
    yield from _check_needs_survey(connection, asked)


def _check_pulses(figures: Figures, asked: dict[str, Any]) -> Iterator[Check]:
    for quarter, truth in surveys().pulses.items():
        of = ("quarterly_pulse", quarter)
        invited = asked.get(f"PULSE-{quarter}", {}).get("invited", 0)
        answered = round(invited * truth.answering_pct / 100)
        yield same("pulse_answers", quarter, answered, figures.get((*of, "response", "wave", "complete_count")))
        means = {code: figures.get((*of, "item", code, "mean")) for code in truth.means}
        is_met = all(abs(float(means[code] or 0) - mean) <= MEAN_TOLERANCE for code, mean in truth.means.items())
        planted = " / ".join(f"{mean:g}" for mean in truth.means.values())
        yield Check("pulse_means", quarter, planted, " / ".join(map(str, means.values())), is_met)
        items = [item.code for item in load_instrument("quarterly_pulse").items if item.kind == "scale"]
        dropped = [code for code in items if figures.get((*of, "comparison", code, "verdict")) == "drop"]
        yield same("dropped", quarter, sorted(surveys().dropped) if quarter == "2026Q2" else [], sorted(dropped))


def _check_feedback(connection: Connection) -> Iterator[Check]:
    rows = list(connection.execute(statement("demo", "commitments")))
    states = sorted(row["state"] for row in rows)
    answered = sum(row["choice"] == "will_act" for row in rows)
    late = sum(row["told_late"] for row in rows)
    found = (answered, len(states) - answered > 0, late > 0)
    yield same("acknowledged", "2026Q2", (1, True, True), found)


def _check_new_managers(connection: Connection, figures: Figures) -> Iterator[Check]:
    truth = surveys().new_managers
    row = connection.execute(statement("demo", "assessments")).fetchone()
    assert row is not None
    planted = len(truth.departments)
    yield same("private_feedback", "360", (planted, planted), (row["assessed"], row["told"]))
    shown = {
        code: value
        for (product, _, family, code, statistic), value in figures.items()
        if product == "new_manager_360" and family == "dimension" and statistic == "mean"
    }
    lowest = min(shown, key=lambda code: float(shown[code] or 5), default="")
    is_near = abs(float(shown.get(lowest) or 0) - truth.means[truth.weak]) <= COHORT_TOLERANCE
    is_met = lowest == truth.weak and is_near
    yield Check("cohort_weakness", "360", truth.weak, f"{lowest} {shown.get(lowest)}", is_met)


def _check_competency_results(connection: Connection) -> Iterator[Check]:
    row = connection.execute(statement("demo", "competency_results")).fetchone()
    assert row is not None
    year = str(needs().plan_year)
    yield same("competency_told", year, (row["assessed"], row["managers"]), (row["told"], row["told_managers"]))


def _check_needs_survey(connection: Connection, asked: dict[str, Any]) -> Iterator[Check]:
    year = needs().plan_year
    wave = asked.get(f"NEEDS-{year}", {"invited": 0, "used": 0, "answers": 0})
    yield same("needs_answers", f"{year}", wave["used"], wave["answers"])
    rows = connection.execute(statement("demo", "approvals"))
    found = tuple(f"{row['revision_number']} {row['state']} {row['decided_via']}" for row in rows)
    yield same("approved", f"{year}", ("1 approved link", "2 approved airflow"), found)

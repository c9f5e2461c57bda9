"""How long a year's learners take: 100,000 learners and 50,000 waitlisted people × 6 monthly indicators in one batch.

Run: `python tests/benchmarks/bench_impact.py [--learners 100000] [--rounds 3]`. Ours is the whole analysis (windows,
exclusions, comparison group, effect with clustered errors, trend, balance, grade, sentence); the other side is the bare
estimate: a within transform of the same rows by numpy, least squares and clustered errors. Both sides alternate in one
process on the same frame. Prints one JSON line: seconds of each, their ratio, peak memory of the process with imports
and data, and of the data alone.
"""

from __future__ import annotations

import argparse
import json
import os
import resource
import statistics
import sys
import time
from collections.abc import Callable
from datetime import date
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd
import pytest

if TYPE_CHECKING:  # run as a script, in a process of its own, there is no package of tests
    from tests.benchmarks.harness import Journal

os.environ.setdefault("TRAINLOOP_SECRET_KEY", "a key of the benchmark, forty characters")
MONTHS = 10
KPIS = 6
EFFECT = 2.0
MEMORY_LIMIT_MB = 1024


def people_of(learners: int) -> pd.DataFrame:
    """Learners in teams of twenty, half as many waitlisted people in teams of their own."""
    count = learners + learners // 2
    number = np.arange(count)
    is_learner = number < learners
    return pd.DataFrame({
        "unit_id": pd.Series(number).map("E{:06}".format),
        "role": np.where(is_learner, "learner", "waitlisted"),
        "team_code": pd.Series(number // 20).map("T{:05}".format).astype("category"),
        "job_family": pd.Categorical.from_codes(number % 4, ["sales", "service", "plant", "office"]),
        "job_level": pd.Categorical.from_codes(number // 7 % 3, ["P4", "P5", "P6"]),
        "class_ends_on": pd.Timestamp("2026-05-14"),
    })


def facts_of(people: pd.DataFrame) -> pd.DataFrame:
    """Six indicators of everybody over ten months, with an effect of 2 on learners."""
    generator = np.random.default_rng(1)
    count = len(people)
    is_learner = (people["role"] == "learner").to_numpy()
    rows = count * MONTHS
    starts = pd.date_range("2025-11-01", periods=MONTHS, freq="MS").to_numpy().astype("datetime64[s]")
    values = np.empty(KPIS * rows, dtype=np.float32)
    for kpi in range(KPIS):
        block = generator.normal(100, 8, (count, 1)) + generator.normal(0, 4, (count, MONTHS))
        block[is_learner, 7:] += EFFECT
        values[kpi * rows : (kpi + 1) * rows] = block.ravel()
    unit = np.tile(np.repeat(np.arange(count, dtype=np.int32), MONTHS), KPIS)
    kpi_codes = np.repeat(np.arange(KPIS, dtype=np.int8), rows)
    return pd.DataFrame({
        "unit_id": pd.Categorical.from_codes(unit, people["unit_id"]),
        "kpi_code": pd.Categorical.from_codes(kpi_codes, [f"kpi_{kpi}" for kpi in range(KPIS)]),
        "starts_on": np.tile(starts, KPIS * count),
        "value": values,
    })


def bare(facts: pd.DataFrame, people: pd.DataFrame) -> list[float]:
    """Within transform by person and month, least squares, errors by team: numpy on the same rows."""
    found = []
    is_learner = (people["role"] == "learner").to_numpy()
    team = people["team_code"].cat.codes.to_numpy()
    months = facts["starts_on"].to_numpy().astype("datetime64[M]").astype(np.int64)
    months -= months.min()
    units, kpis, values = facts["unit_id"].cat.codes.to_numpy(), facts["kpi_code"].cat.codes.to_numpy(), facts["value"]
    for kpi in range(KPIS):
        rows = kpis == kpi
        person, month, y = units[rows], months[rows], values.to_numpy()[rows].astype(np.float64)
        x = (is_learner[person] & (month > 6)).astype(np.float64)

        def within(column: np.ndarray, person: np.ndarray = person, month: np.ndarray = month) -> np.ndarray:
            by_person = np.bincount(person, column) / np.bincount(person)
            by_month = np.bincount(month, column) / np.bincount(month)
            return column - by_person[person] - by_month[month] + column.mean()

        y, x = within(y), within(x)
        effect = float(x @ y / (x @ x))
        scores = np.bincount(team[person], x * (y - effect * x))
        found.append((effect, float(np.sqrt((scores**2).sum()) / (x @ x))))
    return [effect for effect, _ in found]


def measure(learners: int, rounds: int) -> dict[str, float]:
    from trainloop.impact.analysis import Study, analyse_all
    from trainloop.impact.finding import Indicator

    people = people_of(learners)
    facts = facts_of(people)
    data_mb = _peak_mb()
    study = Study(known_until=date(2026, 9, 30))
    indicators = [Indicator(f"kpi_{kpi}", f"指标{kpi}", f"KPI {kpi}", "higher") for kpi in range(KPIS)]
    seconds: dict[str, list[float]] = {"ours": [], "bare": []}
    findings: list = []
    for _ in range(rounds):
        findings = _timed(seconds["ours"], lambda: analyse_all(indicators, facts, people, study))
        estimates = _timed(seconds["bare"], lambda: bare(facts, people))
    assert all(finding.graded.grade == "B" and finding.outcome == "improved" for finding in findings)
    assert all(abs(one - EFFECT) < 0.1 for one in estimates)
    ours, other = (statistics.median(seconds[side]) for side in ("ours", "bare"))
    return {
        "people": len(people),
        "facts": len(facts),
        "ours_seconds": round(ours, 2),
        "bare_seconds": round(other, 2),
        "ratio": round(ours / other, 2),
        "peak_mb": _peak_mb(),
        "data_mb": data_mb,
    }


def _timed(kept: list[float], work: Callable[[], list]) -> list:
    started = time.perf_counter()
    result = work()
    kept.append(time.perf_counter() - started)
    return result


def _peak_mb() -> int:
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024


@pytest.mark.benchmark
def test_a_year_of_learners_is_analysed_within_a_gigabyte(journal: Journal) -> None:
    """In a process of its own, imports and data included; ours takes at most eight times the bare estimate."""
    import subprocess

    from tests.benchmarks.harness import GOALS

    done = subprocess.run([sys.executable, __file__, "--rounds", "2"], capture_output=True, text=True, check=True)
    found = json.loads(done.stdout)
    journal.note("impact", [found.pop("ratio")], **found)
    assert found["peak_mb"] < MEMORY_LIMIT_MB
    assert journal.records[-1].value < GOALS["impact"].goal


if __name__ == "__main__":
    parser = argparse.ArgumentParser()
    parser.add_argument("--learners", type=int, default=100_000)
    parser.add_argument("--rounds", type=int, default=3)
    given = parser.parse_args()
    print(json.dumps(measure(given.learners, given.rounds)))

"""P2: the figures of every evaluated class made anew, against DuckDB's; and after a change of 1 % of the classes.

Ours is all that `evaluate_session` does to every closed class: read, estimate, compare with earlier classes, replace
marts, suppress, release. DuckDB has the same rows in memory and makes the figures that need no estimator: response,
items, dimensions, NPS, choices, attendance. Those must be equal, figure by figure. A change is one learner's answers in
one class of a hundred; ours is then asked what is owed and evaluates the changed classes only.
"""

from __future__ import annotations

import statistics
from collections.abc import Callable
from datetime import datetime
from pathlib import Path
from typing import Any

import pytest
from tests.benchmarks import workload
from tests.benchmarks.harness import Journal, Side, alternate, told

from trainloop.surveys import evaluation, results
from trainloop.warehouse import engine

MOST_PEOPLE = 10_000
TABLES = {
    "classes": """select session_code, wave_code, eligible_count from ops.survey_waves
        cross join lateral marts.evaluation_population(wave_code)
        join core.class_sessions on session_code = subject_id""",
    "forms": "select response_id::text, wave_code from confidential.responses where state = 'complete'",
    "answers": "select response_id::text, item_code, score::float8 as score, choice from confidential.answers",
    "enrolled": "select session_code, employee_id from core.enrollments where status = 'confirmed'",
    "signed": "select session_code, employee_id, status from core.attendance",
    "items": "select * from (values {items}) as items (item_code, dimension)",
}
EVERYTHING = "* exclude (wave_code, code)"
FAMILIES = {
    "item": EVERYTHING,
    "dimension": "n::double as n, mean",
    "nps": EVERYTHING,
    "response": EVERYTHING,
    "attendance": EVERYTHING,
}
UNPIVOT = """
select wave_code, '{family}' as family, * exclude wave_code
from (unpivot {family} on {columns} into name statistic value value)"""
DUCKDB = """
create or replace table figures as
with said as (
    select forms.wave_code, answers.item_code, score, choice, forms.response_id
    from answers join forms using (response_id)
),
scaled as (select said.*, dimension from said join items using (item_code) where score is not null),
item as (
    select wave_code, item_code as code, count(*) as n, avg(score) as mean, median(score) as median,
        100.0 * avg((score = 1)::int) as share_1, 100.0 * avg((score = 2)::int) as share_2,
        100.0 * avg((score = 3)::int) as share_3, 100.0 * avg((score = 4)::int) as share_4,
        100.0 * avg((score = 5)::int) as share_5, 100.0 * avg((score >= 4)::int) as top2_pct,
        100.0 * avg((score <= 2)::int) as bottom2_pct,
        stddev_samp(score) / sqrt(count(*)) * sqrt(1 - count(*) / any_value(eligible_count)) as se_class
    from scaled join classes using (wave_code)
    group by all
),
person as (select wave_code, dimension, response_id, avg(score) as mean from scaled group by all),
dimension as (select wave_code, dimension as code, count(*) as n, avg(mean) as mean from person group by all),
nps as (
    select wave_code, item_code as code, count(*) as n,
        100.0 * avg((score >= 9)::int - (score <= 6)::int) as nps, 100.0 * avg((score >= 9)::int) as promoters_pct,
        100.0 * avg((score between 7 and 8)::int) as passives_pct, 100.0 * avg((score <= 6)::int) as detractors_pct
    from said where item_code = 'recommend' group by all
),
chosen as (
    select wave_code, item_code as code, choice, count(*) as count
    from said where item_code = 'performance_focus' group by all
),
response as (
    select wave_code, 'wave' as code, any_value(eligible_count) as eligible_count, count(*) as complete_count,
        100.0 * count(*) / any_value(eligible_count) as rr1_pct
    from forms join classes using (wave_code) group by wave_code
),
attendance as (
    select wave_code, 'class' as code, count(*) as enrolled_count,
        count(*) filter (where status in ('present', 'late', 'early')) as attended_count,
        count(*) filter (where status = 'late') as late_count
    from classes join enrolled using (session_code) left join signed using (session_code, employee_id)
    group by wave_code
)
{unions}
""".replace(
    "{unions}",
    "\nunion all\n".join([
        "select wave_code, 'choice' as family, code, 'count:' || choice as statistic, count as value from chosen",
        *(UNPIVOT.format(family=family, columns=columns) for family, columns in FAMILIES.items()),
    ]),
)
OURS = """
select wave_code, family, code, statistic, value from marts.evaluation_figures
where refusal is null and value is not null and not (statistic like 'count:%%' and value = 0)
    and (family, statistic) in (select * from unnest(%(families)s::text[], %(statistics)s::text[]))
"""
Key = tuple[str, str, str, str]


class Marts:
    """Both sides over the same warehouse."""

    def __init__(self, people: int, folder: Path) -> None:
        import duckdb

        self.folder = folder
        self.duckdb = duckdb.connect()
        self.duckdb.execute("set threads = 1")
        self.codes = [f"S{number:06}" for number in range(workload.ended_classes(people))]
        self.load()

    def load(self) -> None:
        """Give DuckDB the rows as they are now."""
        items = ", ".join(
            f"('{item.code}', '{item.dimension}')" for item in workload.INSTRUMENT.items if item.kind == "scale"
        )
        for table, query in TABLES.items():
            path = self.folder / f"{table}.csv"
            with engine.connect("owner") as connection, path.open("wb") as file:
                text = f"copy ({query.replace('{items}', items)}) to stdout (format csv, header)"
                with connection.cursor().copy(text.encode()) as copy:
                    for block in copy:
                        file.write(block)
            self.duckdb.execute(f"create or replace table {table} as from read_csv('{path}')")

    def forget(self) -> None:
        """Bring marts and published back to what they were before any class was evaluated."""
        with engine.connect("owner") as connection:
            connection.execute("truncate marts.evaluation_waves, published.releases cascade")

    def all_classes(self) -> None:
        for code in self.codes:
            results.evaluate_session(code)

    def theirs(self) -> None:
        self.duckdb.execute(DUCKDB)

    def figures_of_duckdb(self) -> dict[Key, float]:
        return self._rounded(self.duckdb.execute("from figures where value is not null").fetchall())

    def figures_of_marts(self) -> dict[Key, float]:
        wanted = self.duckdb.execute("select distinct family, statistic from figures").fetchall()
        families, names = zip(*wanted, strict=True)
        with engine.connect("statistics") as connection:
            rows = connection.execute(OURS, {"families": list(families), "statistics": list(names)})
            return self._rounded(tuple(row.values()) for row in rows)

    @staticmethod
    def _rounded(rows: Any) -> dict[Key, float]:
        return {row[:4]: round(float(row[4]), 6) for row in rows}

    def change(self, share: int) -> list[str]:
        """Let one learner of every `share`-th class have said 2 everywhere; return the classes."""
        changed = self.codes[::share]
        with engine.connect("owner") as connection:
            connection.execute(
                """update confidential.answers set score = case score when 2 then 3 else 2 end
                   where score is not null and item_code <> 'recommend' and response_id in (
                       select md5(wave_code || 1)::uuid from ops.survey_waves where subject_id = any(%s))""",
                (changed,),
            )
        return changed


def measure(journal: Journal, folder: Path, processor: Callable[[], float]) -> None:
    """Note P2 and P2b for a company of the run's size."""
    people = min(journal.people, MOST_PEOPLE)
    workload.found(people)
    marts = Marts(people, folder)
    ours = Side("trainloop", marts.all_classes, marts.figures_of_marts, marts.forget)
    theirs = Side("duckdb", marts.theirs, marts.figures_of_duckdb)
    pair = alternate(ours, theirs, journal.rounds, processor=processor)
    whole_seconds = statistics.median(taken.processor for taken in pair.ours)
    journal.note_pair(
        "P2", ours, theirs, pair, people=people, classes=len(marts.codes), figures=len(marts.figures_of_duckdb()),
        ms_a_class=round(1000 * whole_seconds / len(marts.codes), 1),
    )  # fmt: skip
    changed: list[str] = []

    def after_change() -> None:
        evaluation.sessions_to_report()
        for code in changed:
            results.evaluate_session(code)

    def prepare() -> None:
        changed[:] = marts.change(100)
        marts.load()
        marts.theirs()

    partly = Side("changed classes", after_change, marts.figures_of_marts, prepare)
    whole = Side("all anew in duckdb", nothing_more, marts.figures_of_duckdb)
    part = alternate(partly, whole, journal.rounds, is_warm=True, processor=processor)
    shares = [taken.processor / whole_seconds for taken in part.ours]
    journal.note("P2b", shares, people=people, changed_classes=len(changed), ours=told(part.ours))


def nothing_more() -> None:
    """DuckDB's figures of the changed rows were made while preparing."""


@pytest.mark.benchmark
@pytest.mark.timeout(3600)
def test_marts_beside_duckdb(
    journal: Journal,
    warehouse: str,
    durable: None,
    processor: Callable[[], float],
    set_clock: Callable[..., datetime],
    tmp_path: Path,
) -> None:
    """Equal figures; at most five times DuckDB's time; after a change of 1 % at most 3 % of all anew."""
    set_clock(2026, 11, 1)
    measure(journal, tmp_path, processor)
    assert {record.code for record in journal.records} >= {"P2", "P2b"}

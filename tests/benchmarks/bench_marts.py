"""P2: the figures of every evaluated class made anew, against DuckDB's; and after a change of 1 % of the classes.

Ours is `results.make_marts`: read all closed classes, estimate, compare with earlier ones, replace their rows in
marts. DuckDB has the same rows in a database file of its own and makes the same figures in SQL (`marts.duckdb.sql`),
which must be equal, figure by figure. Both sides end with their figures on disk, as P1's do: PostgreSQL has committed,
DuckDB has written its table and a checkpoint. (Until 2026-11-27 DuckDB kept its tables in memory, which made it faster
by what writing costs.) Neither table of figures has a key. DuckDB leaves out what SQL has no function for, and is the
faster for it: p values, Welch's intervals and Holm's adjustment (quantiles at degrees of freedom that are no whole
numbers), themes (Chinese text cut into words), and the words: bands, verdicts, reasons of refusals. A change is one
learner's answers in one class of a hundred; ours is then asked what is owed and makes the changed classes only.

`evaluated and released` is what a class costs when its wave closes, one after the other as Airflow does it: the same
figures, then suppression against all earlier releases, verbatims, suggestions, ledger, in a transaction of its own.
DuckDB has no such thing, so it has no goal; it stands in the details. Beyond 10,000, `--people` is the size of the
company of which P2b changes a hundredth: logins and a fresh backend's first statements cost five classes what they cost
fifty.
"""

from __future__ import annotations

import functools
import math
import statistics
from collections.abc import Callable, Iterable, Sequence
from datetime import datetime
from pathlib import Path
from typing import Any

import pytest
from scipy import stats
from tests.benchmarks import workload
from tests.benchmarks.harness import Journal, Side, Taken, alternate, take, told

from trainloop.surveys import evaluation, results
from trainloop.warehouse import engine

# Beyond, where each round would release thousands of classes at a tenth of a second each, only a change is measured.
MOST_PEOPLE = 10_000
TABLES = {
    "classes": """select session_code, course_code, trainer_id, starts_at, wave_code, invited_count, eligible_count
        from ops.survey_waves
        cross join lateral marts.evaluation_population(wave_code)
        join core.class_sessions on session_code = subject_id""",
    "forms": "select response_id::text, wave_code from confidential.responses where state = 'complete'",
    "answers": "select response_id::text, item_code, score::float8 as score, choice from confidential.answers",
    "enrolled": "select session_code, employee_id from core.enrollments where status = 'confirmed'",
    "signed": "select session_code, employee_id, status from core.attendance",
    "tests": """select session_code, 100 * pre_score::float8 / maximum_score::float8 as pre,
        100 * post_score::float8 / maximum_score::float8 as post from core.test_results""",
    "released": """select subject_id as session_code, family, code, shown_level, respondent_count as n, mean, variance
        from marts.released_moments join published.releases using (release_id) where not is_withheld""",
    "findings": """select subject_id as session_code, item_code as code
        from published.suggestions join published.releases using (release_id) where strength = 'finding'""",
    "items": "select * from (values {items}) as items (item_code, dimension)",
    "t_quantiles": "select * from (values {t}) as quantiles (degrees, t)",
    "f_quantiles": "select * from (values {f}) as quantiles (people, items, low, high)",
    "normal_quantile": "select {z}::float8 as z",
}
UNPIVOT = """
select wave_code, '{family}' as family, code, statistic, value
from (unpivot {family} on columns(* exclude (wave_code, code)) into name statistic value value)"""
FAMILIES = ("item", "dimension", "nps", "response", "attendance", "test", "verification")
DUCKDB = (
    Path(__file__)
    .with_name("marts.duckdb.sql")
    .read_text("utf-8")
    .replace("{unions}", "\nunion all\n".join(UNPIVOT.format(family=family) for family in FAMILIES))
)
# An option that nobody chose has a row of ours.
OURS = """
select wave_code, family, code, statistic, value from marts.evaluation_figures
where refusal is null and value is not null and not (family = 'choice' and value = 0)
    and (family, statistic) in (select * from unnest(%(families)s::text[], %(statistics)s::text[]))
"""
Key = tuple[str, str, str, str]


class Near(float):
    """A figure that equals another as far as floats can tell: added up in another order, last digits differ."""

    __slots__ = ()  # nothing for Python's collector to visit while a side is timed

    def __eq__(self, other: object) -> bool:
        return isinstance(other, float) and math.isclose(self, other, rel_tol=1e-9, abs_tol=1e-9)

    def __ne__(self, other: object) -> bool:
        return not self == other

    __hash__ = float.__hash__


class Marts:
    """Both sides over the same warehouse."""

    def __init__(self, people: int, folder: Path) -> None:
        import duckdb

        folder.mkdir()
        self.people, self.folder = people, folder
        self.duckdb = duckdb.connect(str(folder / "marts.duckdb"))
        self.duckdb.execute("set threads = 1")
        self.codes = [f"S{number:06}" for number in range(workload.ended_classes(people))]
        self.load()

    def load(self) -> None:
        """Give DuckDB the rows as they are now."""
        values = {
            "{items}": ((one.code, one.dimension) for one in workload.INSTRUMENT.items if one.kind == "scale"),
            "{t}": ((degrees, stats.t.ppf(0.975, degrees)) for degrees in range(1, 2 * workload.LEARNERS)),
            "{f}": (
                (n, k, *(stats.f.ppf(share, n - 1, (n - 1) * (k - 1)) for share in (0.025, 0.975)))
                for n in range(3, 2 * workload.LEARNERS)
                for k in range(3, 6)
            ),
        }
        literals = {name: ", ".join(map(_literal, rows)) for name, rows in values.items()}
        literals["{z}"] = str(stats.norm.ppf(0.975))
        for table, query in TABLES.items():
            path = self.folder / f"{table}.csv"
            filled = functools.reduce(lambda text, part: text.replace(*part), literals.items(), query)
            copying = f"copy ({filled}) to stdout (format csv, header)".encode()
            with engine.connect("owner") as connection, connection.cursor().copy(copying) as copy:
                path.write_bytes(b"".join(copy))
            self.duckdb.execute(f"create or replace table {table} as from read_csv('{path}')")
        self.duckdb.execute("checkpoint")

    def forget(self) -> None:
        """Bring marts and published back to what they were before any class was evaluated."""
        self.forget_marts()
        with engine.connect("owner") as connection:
            connection.execute("truncate published.releases cascade")

    def forget_marts(self) -> None:
        """Leave what was released and nothing of what it was made of."""
        with engine.connect("owner") as connection:
            connection.execute("truncate marts.evaluation_waves, marts.evaluation_arrays")

    @property
    def ours(self) -> Side:
        """All figures made anew."""
        return Side("trainloop", lambda: results.make_marts(self.codes), self.figures_of_marts, self.forget_marts)

    def release(self) -> None:
        for code in self.codes:
            results.evaluate_session(code)

    def theirs(self) -> None:
        self.duckdb.execute(DUCKDB)
        self.duckdb.execute("checkpoint")

    def figures_of_duckdb(self) -> dict[Key, float]:
        return _near(self.duckdb.execute("from figures where value is not null").fetchall())

    def figures_of_marts(self) -> dict[Key, float]:
        wanted = self.duckdb.execute("select distinct family, statistic from figures").fetchall()
        families, names = zip(*wanted, strict=True)
        with engine.connect("statistics") as connection:
            rows = connection.execute(OURS, {"families": list(families), "statistics": list(names)})
            return _near(tuple(row.values()) for row in rows)

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


def _literal(row: Iterable[object]) -> str:
    return f"({', '.join(repr(one) if isinstance(one, str) else str(one) for one in row)})"


def _near(rows: Iterable[tuple[Any, ...]]) -> dict[Key, float]:
    return {(wave, family, code, statistic): Near(value) for wave, family, code, statistic, value in rows}


def measure_all(journal: Journal, marts: Marts, processor: Callable[[], float]) -> float:
    """Note P2 for a company of which nothing was evaluated; return the seconds for which all classes were released."""
    theirs = Side("duckdb", marts.theirs, marts.figures_of_duckdb)
    released = alternate(
        Side("evaluated and released", marts.release, marts.figures_of_marts, marts.forget),
        Side("duckdb", marts.theirs, marts.figures_of_duckdb, marts.load),
        journal.rounds,
        processor=processor,
    )
    ours = marts.ours
    pair = alternate(ours, theirs, journal.rounds, processor=processor)
    journal.note_pair(
        "P2", ours, theirs, pair, people=marts.people, classes=len(marts.codes),
        figures=len(marts.figures_of_duckdb()), ms_a_class=_ms(_seconds(pair.ours), marts.codes),
        evaluated_and_released=told(released.ours), released_ms_a_class=_ms(_seconds(released.ours), marts.codes),
        released_ratio=round(statistics.median(released.ratios("lower")), 1),
    )  # fmt: skip
    return _seconds(released.ours)


def measure_changed(journal: Journal, marts: Marts, whole_released: float, processor: Callable[[], float]) -> None:
    """Note P2b for a company all classes of which were released, in so many seconds."""
    whole = _seconds([take(marts.ours, processor) for _ in range(journal.rounds)])
    changed: list[str] = []

    def prepare() -> None:
        changed[:] = marts.change(100)
        marts.load()
        marts.theirs()

    def make_changed() -> None:
        evaluation.sessions_to_report()
        results.make_marts(changed)

    def release_changed() -> None:
        evaluation.sessions_to_report()
        for code in changed:
            results.evaluate_session(code)

    partly = Side("changed classes", make_changed, marts.figures_of_marts, prepare)
    all_of_duckdb = Side("all anew in duckdb", nothing_more, marts.figures_of_duckdb)
    part = alternate(partly, all_of_duckdb, journal.rounds, is_warm=True, processor=processor)
    side = Side("changed classes, released", release_changed, nothing_more, lambda: marts.change(100))
    part_released = [take(side, processor) for _ in range(journal.rounds)]
    journal.note(
        "P2b", [taken.processor / whole for taken in part.ours], people=marts.people, classes=len(marts.codes),
        changed_classes=len(changed), all_anew=f"{whole:.3f} s processor", ours=told(part.ours),
        released=told(part_released), share_of_all_released=round(_seconds(part_released) / whole_released, 4),
    )  # fmt: skip


def _seconds(taken: Iterable[Taken]) -> float:
    return statistics.median(one.processor for one in taken)


def _ms(seconds: float, codes: Sequence[str]) -> float:
    return round(1000 * seconds / len(codes), 1)


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
    marts = found_company(min(journal.people, MOST_PEOPLE), warehouse, set_clock, tmp_path)
    whole_released = measure_all(journal, marts, processor)
    if journal.people > marts.people:
        marts = found_company(journal.people, warehouse, set_clock, tmp_path)
        whole_released = take(Side("evaluated and released", marts.release, nothing_more), processor).processor
    measure_changed(journal, marts, whole_released, processor)
    assert {record.code for record in journal.records} >= {"P2", "P2b"}


def found_company(people: int, warehouse: str, set_clock: Callable[..., datetime], folder: Path) -> Marts:
    """Return a company of the wanted size in a warehouse with nothing else, none of its classes evaluated."""
    workload.clear(warehouse)
    set_clock(2026, 11, 1)
    workload.found(people)
    return Marts(people, folder / str(people))

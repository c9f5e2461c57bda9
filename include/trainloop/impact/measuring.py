"""The 90-day results of one class session: measured, suppressed, released (R37, R38; methods §4, §5 and §7).

Reads core as role `statistics`, replaces the class's rows in `marts.performance_findings`, adds a release of product
`performance_90d` to published when a reader would see something new. Safe to run at any time and again: the same data
give the same release; one transaction and an advisory lock per class. A release is never changed: late figures make
the next revision, and one that differs from an earlier one by a few people is recorded as withheld, the earlier stays.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from decimal import Decimal
from typing import TYPE_CHECKING, Final

from trainloop import clock, faults
from trainloop.config import Site, get_site
from trainloop.domain.return_on_investment import Cost
from trainloop.errors import TransientError
from trainloop.impact import class_study
from trainloop.impact.analysis import analyse_compared
from trainloop.impact.class_figures import ARMS, Result, Shown, class_figures, ledger_key, people_of, show
from trainloop.impact.class_release import replace_findings, write_release
from trainloop.impact.class_return import read_costs, return_of_class, value_of
from trainloop.impact.class_study import ClassSession, Measured
from trainloop.impact.rules import Rules
from trainloop.statistics.comparison_groups import LEARNER
from trainloop.statistics.suppression import LedgerEntry, Minimums
from trainloop.warehouse import engine
from trainloop.warehouse.engine import Connection
from trainloop.warehouse.statements import statement

if TYPE_CHECKING:
    import pandas as pd

# The trend before the class needs six months; the windows begin three before it.
HISTORY_DAYS: Final = 100


class MeasuringBusyError(TransientError):
    """Another run measures class session {session_code} at this moment; this one comes back after it."""


def measure_session(session_code: str) -> dict[str, int | bool]:
    """Measure every indicator of one class and release what may be seen.

    Returns `release_id`, `revision_number`, `is_withheld` and `is_new` of the release that speaks for the present data,
    and `indicators`. Raises ClassUnknownError, MeasuringBusyError.
    """
    busy = MeasuringBusyError(session_code=session_code)
    with engine.alone("statistics", f"performance:{session_code}", busy) as connection:
        outcome = _measure(connection, session_code)
        faults.point("performance.before_commit")
    faults.point("performance.after_commit")
    return outcome


def _measure(connection: Connection, session_code: str) -> dict[str, int | bool]:
    site = get_site()
    session = class_study.read_session(connection, session_code)
    indicators = class_study.read_indicators(connection, session.course_code)
    results, window, costs = measure_all(connection, session, indicators, site)
    faults.point("performance.measured")
    own, others = _ledger(connection, session, results)
    rules = site.suppression
    minimums = Minimums(rules.mean_min, rules.distribution_min, rules.feedback_360_min, rules.one_decimal_below)
    shown = show(results, session.ends_on, own, others, minimums)
    people = _class_counts(connection, window)
    figures = (
        *shown.figures,
        *class_figures(*people, len(indicators), costs, is_declared_late=session.is_declared_late),
    )
    release = write_release(connection, session, Shown(figures, shown.ledger, shown.is_withheld), site)
    if release["is_new"] and not release["is_withheld"]:
        replace_findings(connection, session, results, release)
        key = {"session_code": session_code, "file_ids": [file_id for one in results for file_id in one.file_ids]}
        connection.execute(statement("performance", "delete_files"), key)
        connection.execute(statement("performance", "insert_files"), key)
    return release | {"indicators": len(indicators)}


def measure_all(
    connection: Connection, session: ClassSession, indicators: Sequence[Measured], site: Site
) -> tuple[list[Result], tuple[date, date], list[Cost]]:
    """Return what became of each indicator, first and last day of all windows, and the costs of the class.

    One indicator's figures are in memory at a time. The people of the study stay in `study_people`.
    """
    rules = Rules.of(site)
    class_study.gather_people(connection, session, site)
    people = class_study.read_people(connection, session)
    costs = read_costs(connection, session, site)
    today = clock.today(connection)
    results = []
    windows = [class_study.windows_of(session, one.indicator.grain, rules) for one in indicators]
    for measured, window in zip(indicators, windows, strict=True):
        results.append(_measure_one(connection, session, measured, people, window, costs, rules, today))
    first = min((one[0] for one in windows), default=session.ends_on)
    last = max((one[1] for one in windows), default=session.ends_on)
    return results, (first, last), costs


def _measure_one(
    connection: Connection,
    session: ClassSession,
    measured: Measured,
    people: pd.DataFrame,
    window: tuple[date, date],
    costs: Sequence[Cost],
    rules: Rules,
    today: date,
) -> Result:
    indicator = measured.indicator
    marked = class_study.mark_other_classes(connection, people, session, indicator.kpi_code, window)
    facts = class_study.read_facts(connection, marked, indicator, window, HISTORY_DAYS)
    study = class_study.study_of(session, measured, min(facts.known_until or session.ends_on, today))
    finding, compared = analyse_compared(indicator, facts.frame, marked, study, rules)
    learners = marked[marked["role"] == LEARNER]
    in_job = int((~(learners["left_on"] <= str(window[1]))).sum())
    periods = rules.windows.expected(indicator.grain)
    return Result(
        measured,
        finding,
        people_of(compared, indicator.kpi_code),
        return_of_class(finding, measured, costs, in_job, periods),
        in_job,
        periods,
        facts.known_until,
        value_of(finding, measured) or Decimal(0),
        facts.file_ids,
    )


def _class_counts(connection: Connection, window: tuple[date, date]) -> tuple[int, int]:
    """Return how many learners came, and how many of them left before the windows ended."""
    row = connection.execute(statement("performance", "class_counts"), {"last_on": window[1]}).fetchone()
    assert row is not None
    return row["attended_count"], row["left_count"]


def _ledger(
    connection: Connection, session: ClassSession, results: Sequence[Result]
) -> tuple[list[LedgerEntry], list[LedgerEntry]]:
    """Return the groups that earlier releases spoke of: of this class, and of other classes over the same months."""
    keys = [f"{ledger_key(one, session.ends_on)}:{name}" for one in results for name in ARMS]
    own: list[LedgerEntry] = []
    others: list[LedgerEntry] = []
    for row in connection.execute(statement("performance", "ledger"), {"figure_keys": keys}):
        entry = LedgerEntry(row["figure_key"], row["shown_level"], frozenset(row["respondent_ids"]))
        (own if row["session_code"] == session.session_code else others).append(entry)
    return own, others

"""What heads of business read of the year: figures of their own department, for departments that may be shown.

| family | code | statistics | unit |
|---|---|---|---|
| department | department | planned_amount committed_amount actual_amount | money of its own budgets |
| department_course | department, course | attended (text) | at least `distribution_min` of its people came; no count |
| department_need | department, topic | confirmed (text) | a need that its head confirmed |
| department_plan | department, month | n done_pct verified_pct | as the results of that month showed them |
| department_blocker | department, month | share:<cause> | as the results of that month showed them |

A code of two parts is written department|course. How many people of a department came to a course is left out: with the
totals of courses it would give small groups away.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterator, Mapping
from decimal import Decimal
from typing import Any

from trainloop.config import Site
from trainloop.plans.published import DEPARTMENT
from trainloop.review.inputs import Year
from trainloop.statistics.disclosure import hidden_in_line
from trainloop.statistics.figures import Figure, figure


def figures_of_departments(found: Year, site: Site) -> Iterator[Figure]:
    """Yield the figures of every department whose number of people may be shown."""
    counts = Counter(str(row["department_code"]) for row in found.people)
    shown = counts.keys() - hidden_in_line(counts, site.suppression.mean_min)
    yield from _money(found, site, shown)
    for row in found.attended:
        if row["department_code"] in shown:
            yield figure("department_course", _code(row, "course_code"), "attended", "yes")
    for row in found.confirmed_needs:
        if row["department_code"] in shown:
            yield figure("department_need", _code(row, "topic_code"), "confirmed", "yes")
    for row in found.month_figures:
        code, is_count = row["unit"].removeprefix(DEPARTMENT), row["statistic"].startswith("count:")
        if code in shown and not is_count:
            yield figure(
                f"department_{row['family']}",
                f"{code}|{row['month']}",
                row["statistic"],
                float(row["value"]),
                row["respondent_count"],
            )


def _code(row: Mapping[str, Any], column: str) -> str:
    return f"{row['department_code']}|{row[column]}"


def _money(found: Year, site: Site, shown: set[str]) -> Iterator[Figure]:
    totals: dict[tuple[str, str], Decimal] = defaultdict(Decimal)
    others = {row["department_code"] for row in found.budgets if row["currency"] != site.needs.currency}
    for row in found.budgets:
        for name in ("planned_amount", "committed_amount", "actual_amount"):
            totals[row["department_code"], name] += row[name]
    for (code, name), total in totals.items():
        # Amounts of several currencies have no sum.
        if code in shown and code not in others:
            yield figure("department", code, name, float(total))

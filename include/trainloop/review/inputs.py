"""What a year is reviewed by: one consistent reading of classes, published answers, plans, results, money and needs."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from trainloop.config import get_site
from trainloop.surveys.follow_up import LEARNERS
from trainloop.surveys.scan import Scan
from trainloop.warehouse.engine import Connection
from trainloop.warehouse.statements import statement

# What somebody owes because learners said something.
PROMISES: Final = ("acknowledge_feedback", "joint_review")
Rows = tuple[Mapping[str, Any], ...]


@dataclass(frozen=True)
class Year:
    """All that is known of one training year, as rows of the statements in `review.sql`."""

    year: int
    classes: Rows
    people: Rows
    evaluations: Mapping[str, Mapping[str, Any]]
    weak_items: Rows
    plans: Mapping[str, Mapping[str, Any]]
    follow_ups: Mapping[str, Mapping[str, Any]]
    blockers: Rows
    findings: Rows
    budgets: Rows
    costs: Rows
    needs: Rows
    promises: Rows
    attended: Rows
    confirmed_needs: Rows
    month_figures: Rows

    @property
    def held(self) -> list[Mapping[str, Any]]:
        return [row for row in self.classes if row["is_held"]]

    def of_course(self, course_code: str) -> list[Mapping[str, Any]]:
        return [row for row in self.held if row["course_code"] == course_code]


def read_year(connection: Connection, scan: Scan, year: int) -> Year:
    """Read one year as role statistics; answers come from what is published, never from what was said."""
    site = get_site()
    keys: dict[str, Any] = {"year": year, "now": scan.now, "zone": site.company.timezone}

    def rows(name: str, **more: object) -> Rows:
        return tuple(connection.execute(statement("review", name), keys | more))

    classes = rows("classes")
    of_year: Mapping[str, Sequence[str]] = {
        "session_codes": [row["session_code"] for row in classes if not row["is_cancelled"]]
    }
    dimension = site.allowances.rating_dimension
    return Year(
        year=year,
        classes=classes,
        people=rows("people"),
        evaluations={row["session_code"]: row for row in rows("evaluations", trainer_dimension=dimension, **of_year)},
        weak_items=rows("weak_items", **of_year),
        plans={row["session_code"]: row for row in rows("plans", **of_year)},
        follow_ups={row["session_code"]: row for row in rows("follow_ups", follow_up=LEARNERS, **of_year)},
        blockers=rows("blockers", **of_year),
        findings=rows("findings", **of_year),
        budgets=rows("budgets"),
        costs=rows("costs", **of_year),
        needs=rows("needs"),
        promises=rows("promises", kinds=list(PROMISES)),
        attended=rows("attended", people_min=site.suppression.distribution_min),
        confirmed_needs=rows("confirmed_needs"),
        month_figures=rows("month_figures"),
    )

"""Promotion and practice cases: the lists, the ledger, the appeals and the knowledge base are what was planted."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping
from typing import Any

from trainloop.config import get_site
from trainloop.demo.company import Company
from trainloop.demo.findings import Check, same, shown
from trainloop.demo.plans_truth import plans
from trainloop.demo.talent_truth import talent
from trainloop.warehouse.engine import Connection
from trainloop.warehouse.statements import statement

LISTS_UNTIL = "2026-09-22"


def check_talent(connection: Connection, company: Company) -> Iterator[Check]:
    """Yield the checks of the year's lists, points, appeals and cases."""
    yield from _check_lists(connection, company)
    yield from _check_points(connection, company)
    yield from _check_cases(connection)


def _check_lists(connection: Connection, company: Company) -> Iterator[Check]:
    rows = connection.execute(statement("demo", "promotion_candidates")).fetchall()
    for month in talent().months():
        planted = {one.person(company): one.lists[month] for one in talent().people if month in one.lists}
        found = {row["employee_id"]: row["said"] for row in rows if row["list_month"] == month}
        yield Check("listed", month, _counted(planted), _counted(found), planted == found)
    row = connection.execute(statement("demo", "promotion_mails")).fetchone()
    assert row is not None
    locales = len(get_site().company.report_locales)
    planted_mails = (len(talent().months()), 0, len(talent().months()) * locales)
    yield same("list_readers", "2026", planted_mails, (row["to_hrbp"], row["to_others"], row["pdfs"]))
    ending = sum(one.expires_on is not None for one in talent().people)
    yield same("certificate_told", "2026", ending, row["endings"])
    row = connection.execute(statement("demo", "stale_certificates")).fetchone()
    assert row is not None
    yield same("certificates_fresh", "2026", 0, row["stale_count"])


def _counted(verdicts: Mapping[str, str]) -> str:
    return ", ".join(f"{count} {name}" for name, count in sorted(Counter(verdicts.values()).items()))


def _check_points(connection: Connection, company: Company) -> Iterator[Check]:
    upheld = sum(one.appeal == "uphold" for one in talent().appeals())
    internal = {one.trainer_id for one in company.trainers if one.employee_id}
    hours = {one.code: float(one.hours) for one in company.courses}
    units = {
        "plan_verified": sum(one.verified for one in plans().classes.values()) + upheld,
        "certificate": sum(one.is_counted for one in talent().people),
        # Consent taken back takes no points back.
        "case_published": sum(one.published + one.withdrawn for one in talent().cases.values()),
        "teaching_hour": sum(
            hours[one.course_code]
            for one in company.sessions
            if one.trainer_id in internal and not one.is_cancelled and one.held_on.isoformat() < LISTS_UNTIL
        ),
    }
    found = {row["rule_code"]: row for row in connection.execute(statement("demo", "point_units"))}
    for rule, count in units.items():
        row: dict[str, Any] = found.get(rule, {"units": None, "points": None})
        planted = (count, count * talent().rates[rule])
        yield same("points", rule, shown(planted), shown((row["units"], row["points"])))
    row = connection.execute(statement("demo", "appeals")).fetchone() or {}
    planted_appeals = (upheld, len(talent().appeals()) - upheld, len(talent().appeals()))
    yield same("appeals", "2026", planted_appeals, (row["upheld"], row["declined"], row["told"]))


def _check_cases(connection: Connection) -> Iterator[Check]:
    found = {row["session_code"]: row for row in connection.execute(statement("demo", "practice_cases"))}
    names = ("invited", "silent", "published", "declined", "withdrawn")
    for code, truth in talent().cases.items():
        row: dict[str, Any] = found.get(code, {})
        yield same("cases", code, truth.counts(), tuple(row.get(name) for name in names))
        late = truth.written if truth.is_comment_late else 0
        comments = (truth.written - late, late, late)
        yield same("case_comments", code, comments, tuple(row.get(name) for name in ("in_time", "late", "chased")))
        files = (truth.published, truth.withdrawn)
        yield same("case_files", code, files, (row.get("handed_out"), row.get("ended")))

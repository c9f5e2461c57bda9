"""Resources and delivery: each planted trouble was found, by the right rule, and nothing else was."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from trainloop.demo.class_day_files import right_answers, speakers
from trainloop.demo.company import Company
from trainloop.demo.delivery_truth import delivery
from trainloop.demo.findings import Check, same
from trainloop.demo.trainer_files import TOPICS, candidates
from trainloop.warehouse.engine import Connection
from trainloop.warehouse.statements import statement

SCORE_TOLERANCE = 0.05


def check_delivery(connection: Connection, company: Company) -> Iterator[Check]:
    """Yield the checks of vendors, budgets, readiness, materials and changes."""
    yield from _check_vendors(connection, company)
    yield from _check_exceptions(connection, company)
    yield from _check_before_class(connection, company)


def _check_vendors(connection: Connection, company: Company) -> Iterator[Check]:
    """The scoring of April: the licence of one vendor ended in March."""
    said: dict[tuple[str, str, str], Any] = {
        (row["family"], row["code"], row["statistic"]): row["text_value"] or row["value"]
        for row in connection.execute(statement("demo", "vendor_figures"), {"quarter": "2026Q2"})
    }
    truth = delivery()
    for vendor in truth.vendors:
        mean = sum(vendor.scores) / len(vendor.scores)
        found = float(said.get(("vendor", vendor.code, "score")) or 0)
        yield Check("vendor_score", vendor.code, f"{mean:g}", f"{found:g}", abs(found - mean) <= SCORE_TOLERANCE)
    verdicts = {vendor.code: "may_be_chosen" for vendor in truth.vendors} | {truth.unrated.code: "not_scored"}
    verdicts[truth.unlicensed] = "no_licence"
    found_verdicts = {code: said.get(("vendor", code, "verdict")) for code in verdicts}
    yield same("vendor_verdict", "2026Q2", _pairs(verdicts), _pairs(found_verdicts))
    planted = [one.code for one in company.sessions if one.code in truth.given_by_unlicensed]
    found_classes = sorted(code for family, code, name in said if (family, name) == ("class", "vendor"))
    yield same("vendor_classes", "2026Q2", planted, found_classes)


def _pairs(found: dict[str, Any]) -> str:
    return ", ".join(f"{code} {value}" for code, value in sorted(found.items()))


def _check_exceptions(connection: Connection, company: Company) -> Iterator[Check]:
    """What was wrong with classes to come, by kind: (class, item) and whether it is closed by now."""
    truth = delivery()
    rows = list(connection.execute(statement("demo", "exceptions")))
    found: dict[str, set[str]] = {}
    for row in rows:
        found.setdefault(row["kind"], set()).add(f"{row['session_code']} {row['item_code']}")
    room, open_one = truth.double_booked, truth.unconfirmed
    over = [one.code for one in company.sessions if one.budget_code == truth.over_budget and not one.is_cancelled]
    expired = [one.code for one in company.sessions if one.course_code == truth.knowledge.expired_course]
    planted = {
        "double_booking": {f"{code} room:{room.room}" for code in room.classes},
        "confirmation_missing": {f"{open_one.session} {open_one.kind}:-"},
        "over_budget": {f"{code} {truth.over_budget}" for code in over},
        "material_licence_expired": {f"{code} {truth.knowledge.expired}" for code in expired},
    }
    for kind, wanted in planted.items():
        yield same(kind, "classes", sorted(wanted), sorted(found.get(kind, set())))
    others = {kind: items for kind, items in found.items() if kind not in planted}
    yield same("no_other_exceptions", "classes", "none", _pairs(others) or "none")
    mended = {row["closed_reason"] for row in rows if row["kind"] == "double_booking"}
    yield same("mended", " ".join(room.classes), "recovered", ", ".join(sorted(map(str, mended))))
    asked = [tuple(row.values()) for row in connection.execute(statement("demo", "budget_questions"))]
    yield same("budget_asked", truth.over_budget, [(truth.over_budget, "approved", "link")], asked)


def _check_before_class(connection: Connection, company: Company) -> Iterator[Check]:
    """Materials once and a new version once; one correction; reminders to the unfinished; questions without names."""
    truth = delivery()
    moved = company.session(truth.moved)
    learners = len(company.learners[moved.code])
    row = connection.execute(statement("demo", "before_class"), {"session": moved.code}).fetchone()
    assert row is not None
    yield same("materials", moved.code, (learners, learners), (row["first_packs"], row["new_versions"]))
    # The learners and the class manager.
    yield same("correction", moved.code, learners + 1, row["corrections"])
    owing = learners - truth.finished_prework
    yield same("prework", moved.code, (owing, owing), (row["reminders_1"], row["reminders_2"]))
    yield same("questions", moved.code, (len(truth.questions), 0), (row["questions"], row["named_questions"]))
    cancelled = next(one for one in company.sessions if one.is_cancelled)
    found = connection.execute(statement("demo", "cancellations"), {"session": cancelled.code}).fetchone()
    assert found is not None
    yield same("cancellation", cancelled.code, len(company.learners[cancelled.code]) + 1, found["people"])
    online = truth.failed_check
    alarm = connection.execute(statement("demo", "platform"), {"session": online.session}).fetchone()
    assert alarm is not None
    yield same("platform", online.session, ("done", "done"), (alarm["day_before"], alarm["two_hours_before"]))
    yield from _check_class_day(connection, company)
    yield from _check_resources(connection, company)
    yield Check("platform_alarm", online.session, "≥ 1", str(alarm["alarms"]), alarm["alarms"] >= 1)
    alarmed = [row["session_code"] for row in connection.execute(statement("demo", "alarmed"))]
    yield same("no_other_alarm", "classes", [online.session], alarmed)


def _check_class_day(connection: Connection, company: Company) -> Iterator[Check]:
    """Class logs and run sheets of every class; turns, quiz items and money in one evaluation."""
    held = [one for one in company.sessions if not one.is_cancelled]
    for promise, kind in (("class_logs", "class_log"), ("run_sheets", "run_sheet")):
        row = connection.execute(statement("demo", "reported_classes"), {"kind": kind}).fetchone()
        assert row is not None
        yield same(promise, "classes", len(held), row["classes"])
    session = company.session(delivery().moved)
    said = {
        (row["family"], row["code"], row["statistic"]): row["value"]
        for row in connection.execute(statement("demo", "figures"))
        if row["session_code"] == session.code
    }
    share = 100 * speakers(session) / session.attendee_count
    found = said.get(("interaction", "class", "spoke_pct"))
    yield Check(
        "spoke", session.code, f"{share:.0f}%", f"{found}%", found is not None and abs(float(found) - share) < 1
    )
    for item in delivery().quiz:
        right = 100 * right_answers(session, item) / session.attendee_count
        shown = said.get(("quiz", item, "right_pct"))
        is_met = shown is not None and abs(float(shown) - right) < 1
        yield Check("quiz", f"{session.code} {item}", f"{right:.0f}%", f"{shown}%", is_met)
    total = sum(int(amount) for amount in delivery().costs[session.code].values())
    yield same(
        "cost",
        session.code,
        f"{total / session.attendee_count:.0f}",
        f"{said.get(('cost', 'class', 'head_amount')):.0f}",
    )


def _check_resources(connection: Connection, company: Company) -> Iterator[Check]:
    """What the weekly scans found in the knowledge base and among internal trainers in the making."""
    found: dict[str, set[str]] = {}
    for row in connection.execute(statement("demo", "resource_findings")):
        found.setdefault(row["kind"], set()).add(row["item_code"])
    truth, people = delivery().knowledge, candidates(company)
    planted = {
        "asset_stale": truth.stale,
        "asset_ownerless": truth.ownerless,
        "asset_licence_expired": truth.expired,
        "stage_overdue": f"{people['overdue']}/{TOPICS['overdue']}",
        "rubric_incomplete": f"{people['half_judged']}/{TOPICS['half_judged']}",
    }
    for kind, item in planted.items():
        yield same(kind, "resources", [item], sorted(found.get(kind, set())))
    twins = [f"{truth.duplicate[:-1]}T", truth.duplicate]
    yield same("asset_duplicate", "resources", twins, sorted(found.get("asset_duplicate", set())))

"""Points that book themselves (R45): verified action plans, certificates, classes taught, published cases.

Each run compares the evidence (`ops.point_evidence`) with what stands in the ledger: what was withdrawn or changed is
taken back by a counter row, what is new is booked. The same evidence gives the same ledger, however often it runs.
"""

from __future__ import annotations

from trainloop import faults
from trainloop.config import get_site
from trainloop.surveys.scan import Scan
from trainloop.talent import points
from trainloop.talent.points import Earned
from trainloop.warehouse.engine import connect, lock
from trainloop.warehouse.statements import statement

# What the view of evidence knows; the other kinds are booked by whoever decides about them.
KINDS = frozenset({"action_plan", "certificate", "practice_case", "class_session"})


def book_evidence() -> dict[str, int]:
    """Bring the ledger up to the evidence, judged by the business clock; return counts: booked, taken_back.

    Leavers and erased people are left as they stand.
    """
    rules = _rules()
    with connect("planner") as connection:
        scan = Scan.start(connection)
        # Two runs at once would both take the same entry back; the second waits and finds nothing.
        lock(connection, "book_evidence")
        wanted = {
            "today": scan.real_today,
            "kinds": list(rules),
            "rules": list(rules.values()),
            "first_day": min(min(points.rule_of(code).rates) for code in rules.values()),
        }
        wrong = connection.execute(statement("talent", "changed_evidence"), wanted).fetchall()
        taken_back = points.take_back(connection, scan, {row["entry_id"]: row["reason"] for row in wrong})
        faults.point("talent.book.between")
        found = connection.execute(statement("talent", "unbooked_evidence"), wanted).fetchall()
        booked = points.book(connection, scan, [Earned(**row) for row in found])
        faults.point("talent.book.before_commit")
    faults.point("talent.book.after_commit")
    return {"booked": booked, "taken_back": taken_back}


def _rules() -> dict[str, str]:
    """Return the rule of each kind of evidence that the scan finds by itself."""
    return {rule.evidence: code for code, rule in get_site().talent.points.items() if rule.evidence in KINDS}

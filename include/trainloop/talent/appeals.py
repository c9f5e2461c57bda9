"""Appeals about promotion points (R45): opened on a person's own page, answered by the HRBP with reasons, carried out.

The daily scan puts new appeals to the HRBP as commitments and carries out what was answered: an upheld appeal takes the
wrong entry back and books what is right, in the commit that tells the person.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date
from typing import Any

from trainloop import faults
from trainloop.config import get_site
from trainloop.outbox.notices import Notice, plan
from trainloop.requests import commitments
from trainloop.requests.commitments import Commitment
from trainloop.surveys.scan import Scan
from trainloop.talent import points
from trainloop.talent.points import Earned, Reason
from trainloop.warehouse.engine import Connection, connect, lock
from trainloop.warehouse.statements import statement

KIND = "answer_appeal"


def follow_up(as_of: date | None = None, *, allow_send: bool = False) -> dict[str, int]:
    """Put new appeals to the HRBP and carry out the answers; return counts: asked, upheld, declined, notices_planned.

    With a date in the past nobody is mailed unless `allow_send`, so nothing is carried out in silence either.
    """
    counts = {"asked": 0, "upheld": 0, "declined": 0, "notices_planned": 0}
    with connect("planner") as connection:
        scan = Scan.start(connection, as_of, allow_send=allow_send)
        if not scan.may_mail:
            return counts
        # Two scans at once would both carry an answer out.
        lock(connection, "point_appeals")
        rows = connection.execute(statement("appeals", "unasked")).fetchall()
        asked = commitments.ask(connection, scan, [_commitment(row) for row in rows])
        answered = connection.execute(statement("appeals", "answered")).fetchall()
        upheld = [row for row in answered if row["is_upheld"]]
        _put_right(connection, scan, upheld)
        told = _settle(connection, scan, answered)
        counts = {
            "asked": asked.commitments,
            "upheld": len(upheld),
            "declined": len(answered) - len(upheld),
            "notices_planned": asked.notices + told,
        }
        faults.point("appeals.before_commit")
    faults.point("appeals.after_commit")
    return counts


def _commitment(row: Mapping[str, Any]) -> Commitment:
    facts = {"rule_code": row["rule_code"]}
    return Commitment(KIND, "point_appeal", row["appeal_id"], "contact", get_site().talent.hrbp, facts)


def _put_right(connection: Connection, scan: Scan, upheld: Sequence[Mapping[str, Any]]) -> None:
    wrong: dict[int, Reason] = {row["entry_id"]: "appeal_upheld" for row in upheld if row["entry_id"] is not None}
    points.take_back(connection, scan, wrong)
    right = [
        Earned(
            row["employee_id"],
            row["rule_code"],
            "appeal",
            str(row["appeal_id"]),
            row["happened_on"],
            row["quantity"],
        )
        for row in upheld
    ]
    points.book(connection, scan, right, "appeal_upheld")


def _settle(connection: Connection, scan: Scan, answered: Sequence[Mapping[str, Any]]) -> int:
    if not answered:
        return 0
    states = ["upheld" if row["is_upheld"] else "declined" for row in answered]
    ids = [row["appeal_id"] for row in answered]
    connection.execute(statement("appeals", "settle"), {"appeal_ids": ids, "states": states, "now": scan.real_now})
    notices = [
        Notice("appeal_answered", "point_appeal", str(row["appeal_id"]), "employee", row["employee_id"])
        for row in answered
    ]
    return plan(connection, notices)

"""Waitlist 候补: a free seat is offered to the next in line, with a deadline; whoever is late lets the next one in.

Who holds a seat is `ops.class_seats`: leave frees one, an accepted offer takes one before the enrollment says so. An
open offer counts as taken, and `forms.answer_offer` counts again when the learner answers, so that a class is never
overbooked, however many scans and answers meet.
"""

from __future__ import annotations

from collections import Counter

from trainloop.config import get_site
from trainloop.surveys.scan import Scan
from trainloop.warehouse.engine import Connection
from trainloop.warehouse.statements import statement


def offer_seats(connection: Connection, scan: Scan) -> dict[str, int]:
    """Settle offers nobody took, offer what is free, in the caller's transaction; return expired, offered, notices."""
    rules = get_site().class_days
    keys = {
        "now": scan.real_now,
        "today": scan.real_today,
        "answer_hours": rules.offer_answer_hours,
        "latest_hours": rules.offer_latest_hours_before,
        "urgent_hours": rules.urgent_hours,
    }
    settled = Counter(row["state"] for row in connection.execute(statement("class_days", "settle_offers"), keys))
    offered = connection.execute(statement("class_days", "offer_seats"), keys).rowcount
    notices = connection.execute(statement("class_days", "plan_offer_notices"), keys).rowcount
    return {"expired": settled.total(), "offered": offered, "notices": notices}

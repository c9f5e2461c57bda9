"""HR's week: one mail on the first working day, of what happened, what is late and what waits for a decision."""

from __future__ import annotations

from datetime import date, timedelta

from trainloop import faults
from trainloop.config import get_site
from trainloop.domain import calendar
from trainloop.domain.week import Span, digest_span
from trainloop.outbox.notices import Notice, plan
from trainloop.surveys.scan import Scan
from trainloop.warehouse import engine


def tell_week(as_of: date | None = None, *, allow_send: bool = False) -> dict[str, int]:
    """Plan the digest of this week for each contact of HR, once; a first working day that was missed heals later.

    The mail is written from what stands when it leaves; with nothing to tell it is dropped. Returns notices_planned.
    """
    with engine.connect("planner") as connection:
        scan = Scan.start(connection, as_of, allow_send=allow_send)
        span = digest_span(scan.real_today, get_site().company.calendar_code)
        if span is None or not scan.may_mail:
            return {"notices_planned": 0}
        planned = plan(connection, _notices(scan, span))
        faults.point("weekly.tell.before_commit")
    faults.point("weekly.tell.after_commit")
    return {"notices_planned": planned}


def _notices(scan: Scan, span: Span) -> list[Notice]:
    site = get_site()
    return [
        Notice(
            "weekly_digest",
            "week",
            span.week,
            "contact",
            contact,
            not_before=scan.real_now,
            not_after=calendar.end_of_day(span.until + timedelta(days=7), site.company.zone),
            facts={"since": span.since.isoformat(), "until": span.until.isoformat()},
        )
        for contact in site.contacts_of("hr")
    ]

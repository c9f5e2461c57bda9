"""Who hears of their own points and certificates (R35): the person alone, by mail and on a private page."""

from __future__ import annotations

from datetime import date, timedelta

from trainloop import faults
from trainloop.config import get_site
from trainloop.surveys.scan import Scan
from trainloop.warehouse.engine import connect, lock
from trainloop.warehouse.statements import statement


def tell_people(as_of: date | None = None, *, allow_send: bool = False) -> dict[str, int]:
    """Plan the mails about certificates that end and points that changed since a person was last told.

    With a date in the past nobody is mailed unless `allow_send`; the next ordinary run tells them. Returns counts:
    endings, pages, notices_planned.
    """
    site = get_site()
    with connect("planner") as connection:
        scan = Scan.start(connection, as_of, allow_send=allow_send)
        if not scan.may_mail:
            return {"endings": 0, "pages": 0, "notices_planned": 0}
        # Two runs at once would both find a version that nobody was told of.
        lock(connection, "tell_points")
        today, now = scan.real_today, scan.real_now
        values = {
            "today": today,
            "now": now,
            "zone": site.company.timezone,
            "ends_soon": today + timedelta(days=site.talent.certificate_warning_days),
        }
        endings = connection.execute(statement("talent", "remind_endings"), values).rowcount
        pages = connection.execute(statement("talent", "renew_pages"), values).rowcount
        told = connection.execute(statement("talent", "tell_points"), values).rowcount
        faults.point("talent.tell.before_commit")
    faults.point("talent.tell.after_commit")
    return {"endings": endings, "pages": pages, "notices_planned": endings + told}

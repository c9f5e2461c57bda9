"""R04 for single people: whoever was assessed, and the manager of that day, get a private page with the own result.

The page (`/r/<token>` of the forms service) reads levels from core each time; here stands only who reads about which
day, and until when. Each reader is told once per assessment day, and once more when a number is new. Role: feedback.
"""

from __future__ import annotations

from datetime import date, timedelta

from psycopg.types.json import Jsonb

from trainloop import faults
from trainloop.config import get_site
from trainloop.domain import calendar
from trainloop.surveys.scan import Scan
from trainloop.warehouse import engine
from trainloop.warehouse.statements import statement


def share_results(as_of: date | None = None, *, allow_send: bool = False) -> dict[str, int]:
    """Plan the pages of assessments that came in lately, and their mails, in one commit.

    Leavers get none, and a manager only the results of those who reported to them on the day of the assessment. With a
    date in the past nobody is mailed unless `allow_send`; the next ordinary run tells them. Returns counts: pages
    (new ones and new versions), notices_planned.
    """
    site, rules = get_site(), get_site().competency_results
    with engine.connect("feedback") as connection:
        scan = Scan.start(connection, as_of, allow_send=allow_send)
        # Two scans at once would both find a version that nobody was told of.
        engine.lock(connection, "competency_pages")
        pages = connection.execute(
            statement("competency", "write_pages"),
            {
                "today": scan.today,
                "assessed_since": scan.today - timedelta(days=rules.watched_days),
                "now": scan.real_now,
                "expires_at": calendar.end_of_day(scan.real_today + timedelta(days=rules.page_days), site.company.zone),
            },
        ).rowcount
        planned = 0
        if scan.may_mail:
            planned = connection.execute(statement("competency", "plan_notices"), {"now": scan.real_now}).rowcount
        if pages or planned:
            detail = Jsonb({"pages": pages, "notices": planned})
            connection.execute(statement("competency", "insert_audit"), {"today": scan.today, "detail": detail})
        faults.point("competency_pages.before_commit")
    faults.point("competency_pages.after_commit")
    return {"pages": pages, "notices_planned": planned}

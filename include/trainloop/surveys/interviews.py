"""Business interviews 业务访谈 for a year's needs: every planned one is a task of its interviewer until it is in.

The plan is a dataset (`interview_plan`), the interviews are another (`business_interviews`) or the form of the task. A
department whose interview is in, however it came, is chased no more.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date

from trainloop.surveys.scan import Scan
from trainloop.surveys.waves import Listed, WavePlan, plan_waves
from trainloop.warehouse.engine import Connection
from trainloop.warehouse.statements import statement

INSTRUMENT = "business_interview"
SUBJECT = "interview"


def plan_interviews(connection: Connection, scan: Scan, year: int, opens_on: date) -> list[str]:
    """Plan the task of every interview of a year that is not in yet; return the codes of the waves that are new.

    It closes on the interview's own day, or as late as the site's rule says when that day has passed already.
    """
    rows = connection.execute(
        statement("interviews", "interviews_to_plan"), {"year": year, "opens_on": opens_on}
    ).fetchall()
    plans = [
        WavePlan(
            INSTRUMENT,
            SUBJECT,
            f"{year}-{row['department_code']}",
            opens_on,
            closes_on=row["due_on"] if row["due_on"] > opens_on else None,
            people=(Listed(row["interviewer_id"]),),
        )
        for row in rows
    ]
    return plan_waves(connection, scan, plans)


def settle(connection: Connection, wave_codes: Sequence[str]) -> int:
    """Ask nobody any more for an interview that is in; return how many people that releases."""
    return connection.execute(statement("interviews", "settle_delivered"), {"wave_codes": list(wave_codes)}).rowcount

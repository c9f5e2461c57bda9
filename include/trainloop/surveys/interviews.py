"""Business interviews 业务访谈 for a year's needs: every planned one is a task of its interviewer until it is in.

The plan is a dataset (`interview_plan`), the interviews are another (`business_interviews`). A filled form becomes a
file of that dataset and goes through the same gate. A department whose interview is in, however it came, is chased no
more.
"""

from __future__ import annotations

import csv
import io
from collections.abc import Mapping, Sequence
from datetime import date
from typing import Any

from trainloop import storage
from trainloop.settings import get_settings
from trainloop.surveys.scan import Scan
from trainloop.surveys.waves import Listed, WavePlan, plan_waves
from trainloop.warehouse import engine
from trainloop.warehouse.engine import Connection
from trainloop.warehouse.statements import statement

INSTRUMENT = "business_interview"
SUBJECT = "interview"
DATASET = "business_interviews"
COLUMNS = (
    "interview_id",
    "department_code",
    "interviewer_id",
    "interviewed_on",
    "pain_point",
    "topic_code",
    "severity",
    "quote",
)


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


def hand_in() -> dict[str, int]:
    """Put every filled interview form that is not in the dataset yet into the inbox; return counts: files_written.

    One file per form, the same bytes each time: intake knows a file it has seen, so a second run changes nothing.
    """
    with engine.connect("planner") as connection:
        rows = connection.execute(statement("interviews", "forms_to_hand_in")).fetchall()
    for row in rows:
        _write(row)
    return {"files_written": len(rows)}


def _write(row: Mapping[str, Any]) -> None:
    """Write one form as a file of the dataset."""
    text = io.StringIO()
    writer = csv.DictWriter(text, COLUMNS)
    writer.writeheader()
    writer.writerow({column: row[column] for column in COLUMNS})
    uri = f"{get_settings().folder_uri('inbox')}/{DATASET}/form-{row['interview_id']}.csv"
    storage.keep(uri, text.getvalue().encode("utf-8-sig"))

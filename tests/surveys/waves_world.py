"""What tests of waves share: a plan in one call, a look at a wave and its people."""

from __future__ import annotations

from datetime import date
from typing import Any

from trainloop.surveys.scan import Scan
from trainloop.surveys.waves import plan_wave
from trainloop.warehouse import engine

from .conftest import Company


def plan(instrument_code: str, subject_id: str, opens_on: date, **options: Any) -> bool:
    """Plan one wave in a transaction of its own."""
    with engine.connect("planner") as connection:
        scan = Scan.start(connection)
        return plan_wave(connection, scan, instrument_code, "subject", subject_id, opens_on, **options)


def people(company: Company, wave_code: str) -> dict[str, tuple[str, str | None]]:
    """Employee → (state, reason) of one wave's invitations."""
    rows = company.read(
        "select employee_id, state::text, reason from ops.invitations where wave_code = %s", (wave_code,)
    )
    return {row["employee_id"]: (row["state"], row["reason"]) for row in rows}


def read_wave(company: Company, wave_code: str) -> dict[str, Any]:
    (row,) = company.read("select * from ops.survey_waves where wave_code = %s", (wave_code,))
    return row

"""What tests of waves share: short instruments, a plan in one call, a look at the people of a wave."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date
from pathlib import Path
from typing import Any

import pytest
import yaml

from trainloop.domain.survey import FEEDBACK_360_INSTRUMENT, WAVE_PREFIXES
from trainloop.surveys import instrument
from trainloop.surveys.scan import Scan
from trainloop.surveys.waves import plan_wave
from trainloop.warehouse import engine

from .conftest import Company

NAMED = {
    "business_interview", "post_class_interview", "incident_report", "action_plan", "action_update", "check_in_30d",
    "manager_confirmation",
}  # fmt: skip
CONFIDENTIAL = {FEEDBACK_360_INSTRUMENT, "follow_up_90d_learner", "follow_up_90d_manager"}


@pytest.fixture
def instruments(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """The questions of the class evaluation under every code: what a wave does depends on rules, not on wording."""
    folder = tmp_path / "instruments"
    folder.mkdir()
    model = yaml.safe_load((instrument.FOLDER / "course_evaluation.yaml").read_text("utf-8"))
    for code in WAVE_PREFIXES:
        anonymity = "named" if code in NAMED else "confidential" if code in CONFIDENTIAL else "anonymous"
        (folder / f"{code}.yaml").write_text(yaml.safe_dump(model | {"code": code, "anonymity": anonymity}), "utf-8")
    monkeypatch.setattr(instrument, "FOLDER", folder)
    instrument.load_instrument.cache_clear()
    yield
    instrument.load_instrument.cache_clear()


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

"""The pull from LimeSurvey, killed anywhere and run again; and one wave that fails beside one that does not."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from trainloop import faults
from trainloop.surveys.evaluation import open_due_waves
from trainloop.surveys.milestones import plan_milestones
from trainloop.surveys.sources import limesurvey
from trainloop.surveys.sources.limesurvey import WavesFailedError

from .conftest import Company, local
from .limesurvey_double import LimeSurvey
from .test_limesurvey import PEOPLE, SAID, asked, files, stored, survey, take_in, tokens

__all__ = ["asked", "survey"]  # fixtures
pytestmark = pytest.mark.slow


def kill(point: str) -> None:
    """Run the source in a process of its own that dies at the point."""
    code = "from trainloop.surveys.sources import limesurvey; limesurvey.collect()"
    done = subprocess.run([sys.executable, "-c", code], env=os.environ | {faults.VARIABLE: point}, check=False)
    assert done.returncode == -signal.SIGKILL, point


@pytest.mark.parametrize("point", ["limesurvey.survey.made", "limesurvey.survey.noted", "limesurvey.answers.placed"])
def test_a_kill_makes_no_second_survey_and_no_second_answer(
    asked: Company, survey: LimeSurvey, home: Path, point: str
) -> None:
    """What was made is found by its title and made anew, what was placed is the same file again."""
    is_pull = point == "limesurvey.answers.placed"
    if is_pull:
        limesurvey.collect()
        for link in tokens(asked)[:5]:
            survey.submit(100001, link, SAID)
    kill(point)
    limesurvey.collect()
    if not is_pull:
        for link in tokens(asked)[:5]:
            survey.submit(*survey.surveys, link, SAID)
        limesurvey.collect()
    assert len(survey.surveys) == 1
    assert len(files(home)) == 1
    assert take_in(home)["accepted_count"] == 5
    assert len(stored(asked)) == 5
    assert limesurvey.collect()["limesurvey_pulled"] == 0


def test_a_wave_that_fails_does_not_stop_the_next(asked: Company, survey: LimeSurvey) -> None:
    """Its error is told at the end by type, and the other wave has its survey."""
    asked.session("2026-C002", local(2026, 3, 5, 18))
    asked.attend("2026-C002", PEOPLE[:5])
    plan_milestones()
    open_due_waves()
    asked.write("update ops.survey_waves set source = 'limesurvey'")

    def refuse_the_first(params: list[Any]) -> Any:
        survey.broken.clear()
        return {"status": "Import failed"}

    survey.broken["import_survey"] = refuse_the_first
    with pytest.raises(WavesFailedError, match=r"1 waves .*LimeSurveyRefusedError"):
        limesurvey.collect()
    assert [one["title"].split("[")[1] for one in survey.surveys.values()] == ["EVAL-2026-C002#1]"]
    assert limesurvey.collect()["limesurvey_made"] == 1

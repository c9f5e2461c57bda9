"""The end of a wave that is asked in LimeSurvey: what was sent in time is counted, what cannot be any more is told."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from pathlib import Path

import pytest

from trainloop.surveys import evaluation, rounds
from trainloop.surveys.instrument import load_instrument
from trainloop.surveys.limesurvey_server import LimeSurveyDownError
from trainloop.surveys.sources import limesurvey

from .conftest import Company
from .limesurvey_double import LimeSurvey
from .test_limesurvey import SAID, asked, stored, survey, take_in, tokens

__all__ = ["asked", "survey"]  # fixtures
pytestmark = pytest.mark.slow
SCALES = {f"q{n:02}": "3" for n, item in enumerate(load_instrument("feedback_360").items, 1) if item.kind == "scale"}


@pytest.fixture
def confidential(asked: Company, survey: LimeSurvey, home: Path) -> Company:
    """Two answers are in, two more were sent before LimeSurvey broke down."""
    asked.write("update ops.survey_waves set instrument_code = 'feedback_360', anonymity = 'confidential'")
    limesurvey.collect()
    links = tokens(asked)
    for link in links[:2]:
        survey.submit(100001, link, SCALES)
    limesurvey.collect()
    assert take_in(home)["accepted_count"] == 2
    for link in links[2:4]:
        survey.submit(100001, link, SCALES)
    survey.http_status = 503
    return asked


def reasons(company: Company) -> list[str]:
    return [row["rule"] for row in company.read("select rule from ops.quarantine_reasons order by quarantined_row_id")]


def test_a_wave_waits_with_its_close_for_the_last_answers(
    confidential: Company, survey: LimeSurvey, home: Path, set_clock: Callable[..., datetime]
) -> None:
    """LimeSurvey is down for a night and a day: links do not die before the answers that they tell apart are in."""
    set_clock(2026, 3, 15, 6)
    with pytest.raises(LimeSurveyDownError):
        limesurvey.collect()
    assert rounds.close_due()["waves_closed"] == 0
    survey.http_status = 200
    limesurvey.collect()
    assert rounds.close_due()["waves_closed"] == 0
    counts = take_in(home)
    assert (counts["accepted_count"], counts["unchanged_count"], counts["quarantined_count"]) == (2, 2, 0)
    limesurvey.collect()
    assert rounds.close_due()["waves_closed"] == 1
    assert len({row["pseudonym"] for row in stored(confidential)}) == 4


def test_what_comes_after_the_close_is_refused_with_the_reason(
    confidential: Company, survey: LimeSurvey, home: Path, set_clock: Callable[..., datetime]
) -> None:
    """Patience ends: the wave closes, its links die. Later the two are told as late, the two that were in stay in."""
    set_clock(2026, 3, 16, 6)
    assert rounds.close_due()["waves_closed"] == 1
    survey.http_status = 200
    limesurvey.collect()
    counts = take_in(home)
    assert (counts["accepted_count"], counts["unchanged_count"], counts["quarantined_count"]) == (0, 2, 2)
    assert reasons(confidential) == ["after_close", "after_close"]
    assert len(stored(confidential)) == 2
    assert limesurvey.collect()["limesurvey_waves"] == 0


def test_anonymous_answers_sent_in_time_count_whenever_they_are_fetched(
    asked: Company, survey: LimeSurvey, home: Path, set_clock: Callable[..., datetime]
) -> None:
    """They need no link: LimeSurvey itself has refused what was late, so all it has was sent in time."""
    limesurvey.collect()
    survey.submit(100001, tokens(asked)[0], SAID)
    set_clock(2026, 3, 16, 6)
    assert evaluation.close_due()["waves_closed"] == 1
    assert limesurvey.collect()["limesurvey_pulled"] == 1
    counts = take_in(home)
    assert (counts["accepted_count"], counts["quarantined_count"]) == (1, 0)


def test_a_refused_last_file_can_be_mended_while_the_wave_waits(
    asked: Company, survey: LimeSurvey, home: Path, set_clock: Callable[..., datetime]
) -> None:
    """A required question is gone at the end; it is back the next day. The same file is not sent in twice."""
    limesurvey.collect()
    survey.submit(100001, tokens(asked)[0], SAID)
    whole = survey.surveys[100001]["responses"]
    survey.surveys[100001]["responses"] = [{key: said for key, said in row.items() if key != "q03"} for row in whole]
    set_clock(2026, 3, 14, 0, 20)
    assert limesurvey.collect()["limesurvey_pulled"] == 1
    assert take_in(home)["refused_file_count"] == 1
    assert limesurvey.collect()["limesurvey_pulled"] == 0
    assert take_in(home)["refused_file_count"] == 0
    assert evaluation.close_due()["waves_closed"] == 0
    survey.surveys[100001]["responses"] = whole
    assert limesurvey.collect()["limesurvey_pulled"] == 1
    assert take_in(home)["accepted_count"] == 1
    limesurvey.collect()
    assert evaluation.close_due()["waves_closed"] == 1

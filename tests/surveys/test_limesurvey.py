"""LimeSurvey as a survey source: tokens in, completion and answers out, and what happens when it is down or changed."""

from __future__ import annotations

import csv
import io
import os
import time
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from trainloop.domain.survey import pseudonym
from trainloop.errors import SettingMissingError
from trainloop.settings import get_settings
from trainloop.surveys.evaluation import close_due, open_due_waves
from trainloop.surveys.instrument import FOLDER, Option, load_instrument
from trainloop.surveys.limesurvey_form import structure
from trainloop.surveys.limesurvey_server import LimeSurveyClosedError, LimeSurveyDownError
from trainloop.surveys.milestones import plan_milestones
from trainloop.surveys.sources import exports, limesurvey
from trainloop.surveys.sources.limesurvey import WavesFailedError

from .conftest import Company, local
from .limesurvey_double import LimeSurvey
from .limesurvey_tape import PASSWORD, USER, serve

pytestmark = pytest.mark.slow
PEOPLE = [f"E{number}" for number in range(1, 9)]
WAVE = "EVAL-2026-C001"
SAID = {f"q{number:02}": "4" for number in range(1, 13)} | {"q13": "9", "q14": "A3", "q15": '案例, "好"\n第二行'}


@pytest.fixture
def survey() -> LimeSurvey:
    return LimeSurvey()


@pytest.fixture
def asked(
    company: Company, survey: LimeSurvey, set_clock: Callable[..., datetime], monkeypatch: pytest.MonkeyPatch
) -> Iterator[Company]:
    """Eight people are asked about class 2026-C001 in LimeSurvey until 2026-03-13; it is Friday noon."""
    company.people(*PEOPLE)
    company.session("2026-C001", local(2026, 3, 5, 17))
    company.attend("2026-C001", PEOPLE)
    set_clock(2026, 3, 6, 6)
    plan_milestones()
    open_due_waves()
    company.write("update ops.survey_waves set source = 'limesurvey'")
    set_clock(2026, 3, 6, 12)
    with serve(survey, lambda: survey.http_status) as url:
        monkeypatch.setenv("TRAINLOOP_LIMESURVEY_URL", url)
        monkeypatch.setenv("TRAINLOOP_LIMESURVEY_USER", USER)
        monkeypatch.setenv("TRAINLOOP_LIMESURVEY_PASSWORD", PASSWORD)
        get_settings.cache_clear()
        yield company
    get_settings.cache_clear()


def tokens(company: Company) -> list[str]:
    rows = company.read("select token from ops.invitations where state = 'invited' order by employee_id")
    return [row["token"] for row in rows]


def take_in(home: Path) -> dict[str, Any]:
    """The next run of the exports source, when what the pull has put there is stable."""
    for path in (home / "inbox" / "survey_exports").glob("*.csv"):
        past = time.time() - 60
        os.utime(path, (past, past))
    return exports.collect()


def files(home: Path) -> list[Path]:
    return sorted((home / "inbox" / "survey_exports").glob("*.csv"))


def stored(company: Company) -> list[dict[str, Any]]:
    return company.read(
        """select state::text, pseudonym, coarse_groups, (
               select jsonb_object_agg(item_code, coalesce(to_jsonb(score), to_jsonb(choice), to_jsonb(free_text)))
               from confidential.answers where answers.response_id = responses.response_id
           ) as answers
           from confidential.responses"""
    )


def test_a_wave_gets_an_anonymised_survey_and_tokens_without_names(asked: Company, survey: LimeSurvey) -> None:
    """Made from the instrument, in both languages, without dates and addresses; nothing about people leaves."""
    counts = limesurvey.collect()
    assert (counts["limesurvey_waves"], counts["limesurvey_made"]) == (1, 1)
    made = survey.surveys[100001]
    assert made["title"].endswith(f"[{WAVE}#1]")
    properties = made["properties"]
    assert (properties["active"], properties["anonymized"], properties["expires"]) == ("Y", "Y", "2026-03-13 23:59:59")
    assert {properties[name] for name in ("ipaddr", "refurl", "datestamp", "savetimings")} == {"N"}
    assert sorted(made["tokens"]) == sorted(tokens(asked))
    languages = {row["language"] for row in made["rows"] if row["class"] == "Q"}
    assert languages == {"zh-Hans", "en"}
    assert not any(word in str(survey.calls) for word in ("example.com", "某人"))
    people = next(params[2] for method, params in survey.calls if method == "add_participants")
    assert {name for person in people for name, value in person.items() if value} == {"token"}
    assert limesurvey.collect()["limesurvey_made"] == 0


def test_the_structure_holds_what_limesurvey_allows() -> None:
    """Codes of letters and digits, 20 for questions and 5 for answers; every row in both languages, in one order."""
    topics = tuple(Option(code=f"T-{n}", zh=f"主题{n}", en=f"Topic {n}") for n in range(120))
    for path in FOLDER.glob("*.yaml"):
        instrument = load_instrument(path.stem).with_options({"training_topics": topics})
        rows = list(csv.DictReader(io.StringIO(structure(instrument, 5)), delimiter="\t"))
        zh, en = ([row for row in rows if row["class"] in {"G", "Q", "SQ", "A"} and row["language"] == language]
                  for language in ("zh-Hans", "en"))  # fmt: skip
        assert [(row["class"], row["name"]) for row in zh[1:]] == [(row["class"], row["name"]) for row in en[1:]]
        limits = {"Q": 20, "SQ": 20, "A": 5}
        assert all(row["name"].isalnum() and len(row["name"]) <= limits[row["class"]] for row in zh[1:])
        assert all(row["text"] for row in rows if row["class"] in limits)
        assert "id" not in rows[0]


def test_completion_and_answers_come_back_through_the_gate(asked: Company, survey: LimeSurvey, home: Path) -> None:
    """Portions of at least the minimum group; scores, choices and words as from every export; nothing twice."""
    limesurvey.collect()
    links = tokens(asked)
    for link in links[:4]:
        survey.submit(100001, link, SAID)
    counts = limesurvey.collect()
    assert (counts["completions_marked"], counts["limesurvey_pulled"]) == (4, 0)
    survey.submit(100001, links[4], SAID | {"q01": "NA"})
    assert limesurvey.collect()["limesurvey_pulled"] == 5
    text = files(home)[0].read_text("utf-8")
    assert not any(link in text for link in links)
    assert "1980" not in text
    counts = take_in(home)
    assert (counts["accepted_count"], counts["quarantined_count"]) == (5, 0)
    answers = [row["answers"] for row in stored(asked)]
    assert sorted(str(one["content_relevant"]) for one in answers) == ["4.0"] * 4 + ["not_applicable"]
    assert {one["performance_focus"] for one in answers} == {"efficiency"}
    assert {one["most_useful"] for one in answers} == {SAID["q15"]}
    assert limesurvey.collect()["limesurvey_pulled"] == 0
    assert asked.read("select has_completions from ops.survey_waves") == [{"has_completions": True}]


def test_the_last_pull_is_after_the_end_and_counts_in_time(
    asked: Company, survey: LimeSurvey, home: Path, set_clock: Callable[..., datetime]
) -> None:
    """Fewer than a portion, unfinished sheets, no sheet that says nothing; the wave closes when they are in."""
    limesurvey.collect()
    links = tokens(asked)
    survey.submit(100001, links[0], SAID)
    survey.submit(100001, links[1], {"q01": "5"}, is_complete=False)
    survey.open(100001)
    set_clock(2026, 3, 14, 0, 20)
    assert limesurvey.collect()["limesurvey_pulled"] == 2
    set_clock(2026, 3, 14, 6)
    assert close_due()["waves_closed"] == 0
    counts = take_in(home)
    assert (counts["accepted_count"], counts["quarantined_count"]) == (2, 0)
    assert sorted(row["state"] for row in stored(asked)) == ["complete", "partial"]
    assert limesurvey.collect()["limesurvey_pulled"] == 0
    assert close_due()["waves_closed"] == 1
    before = len(survey.calls)
    assert limesurvey.collect()["limesurvey_waves"] == 0
    assert len(survey.calls) == before


def test_who_is_no_longer_asked_loses_the_link(asked: Company, survey: LimeSurvey) -> None:
    """Except when the person has answered: an answer is never taken away."""
    limesurvey.collect()
    links = tokens(asked)
    survey.submit(100001, links[1], SAID)
    asked.write(
        "update ops.invitations set state = 'excluded', reason = 'left' where token = any(%s)", ([links[0], links[1]],)
    )
    limesurvey.collect()
    assert links[0] not in survey.surveys[100001]["tokens"]
    assert links[1] in survey.surveys[100001]["tokens"]


@pytest.mark.parametrize("status", [500, 502, 429])
def test_a_server_that_is_down_is_a_failure_that_passes(asked: Company, survey: LimeSurvey, status: int) -> None:
    """The task is tried again; nothing was noted that did not happen."""
    survey.http_status = status
    with pytest.raises(LimeSurveyDownError):
        limesurvey.collect()
    survey.http_status = 200
    assert limesurvey.collect()["limesurvey_made"] == 1
    assert asked.read("select count(*) as n from ops.limesurvey_surveys") == [{"n": 1}]


def test_nobody_listens(asked: Company, monkeypatch: pytest.MonkeyPatch) -> None:
    """A refused connection passes by itself, too; missing settings do not."""
    monkeypatch.setenv("TRAINLOOP_LIMESURVEY_URL", "http://127.0.0.1:9/index.php")
    get_settings.cache_clear()
    with pytest.raises(LimeSurveyDownError):
        limesurvey.collect()
    monkeypatch.setenv("TRAINLOOP_LIMESURVEY_USER", "")
    get_settings.cache_clear()
    with pytest.raises(SettingMissingError):
        limesurvey.collect()


def test_a_slow_server_does_not_hold_the_run(
    asked: Company, survey: LimeSurvey, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Every call has a limit."""
    monkeypatch.setattr("trainloop.surveys.limesurvey_server.READ_SECONDS", 0.2)
    survey.broken["list_surveys"] = lambda _: time.sleep(1)
    with pytest.raises(LimeSurveyDownError):
        limesurvey.collect()


def test_a_status_is_an_error_though_http_says_ok(
    asked: Company, survey: LimeSurvey, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Wrong password, missing right, switched-off interface: each names what to do, none goes on."""
    survey.broken["import_survey"] = lambda _: {"status": "No permission"}
    with pytest.raises(WavesFailedError, match="LimeSurveyRefusedError"):
        limesurvey.collect()
    survey.broken = {"add_participants": lambda params: [{**row, "errors": {"token": ["taken"]}} for row in params[2]]}
    with pytest.raises(WavesFailedError):
        limesurvey.collect()
    survey.broken = {"get_session_key": lambda _: b"<html>Interface is off</html>"}
    with pytest.raises(LimeSurveyClosedError):
        limesurvey.collect()
    survey.broken = {"list_participants": lambda _: {"status": "Invalid session key"}}
    with pytest.raises(LimeSurveyDownError):
        limesurvey.collect()


def test_a_killed_run_adopts_the_survey_it_had_made(asked: Company, survey: LimeSurvey) -> None:
    """Active and not noted: the title says whose it is, so no second one is made."""
    limesurvey.collect()
    asked.write("delete from ops.limesurvey_surveys")
    assert limesurvey.collect()["limesurvey_made"] == 1
    assert list(survey.surveys) == [100001]


def test_a_survey_that_keeps_dates_asks_nobody_anonymously(asked: Company, survey: LimeSurvey) -> None:
    """What the invitation promises is read back from LimeSurvey; a setting that did not hold stops the wave."""
    survey.broken["set_survey_properties"] = lambda params: dict.fromkeys(params[2], True)
    with pytest.raises(WavesFailedError, match="PromiseBrokenError"):
        limesurvey.collect()
    assert survey.surveys[100001]["tokens"] is None


def test_a_limesurvey_in_another_zone_asks_nobody(asked: Company, survey: LimeSurvey) -> None:
    """It would take answers for hours after the end, and nobody would fetch them. Mended, the wave is made anew."""
    here, survey.clock = survey.clock, lambda: f"{datetime.now(UTC):%Y-%m-%d %H:%M:%S}"
    with pytest.raises(WavesFailedError, match="ClocksDifferError") as error:
        limesurvey.collect()
    assert "Asia/Shanghai" in str(error.value.__cause__)
    assert survey.surveys[100001]["tokens"] is None
    survey.clock = here
    limesurvey.collect()
    assert list(survey.surveys) == [100002]


def test_a_changed_question_stops_its_wave_and_loses_nothing(asked: Company, survey: LimeSurvey, home: Path) -> None:
    """A required question is gone: the file is refused with its wording; the answers stay there and come later."""
    limesurvey.collect()
    for link in tokens(asked)[:5]:
        survey.submit(100001, link, SAID)
    kept = survey.surveys[100001]["responses"]
    survey.surveys[100001]["responses"] = [{k: v for k, v in row.items() if k != "q03"} for row in kept]
    limesurvey.collect()
    assert take_in(home)["refused_file_count"] == 1
    assert "深度" in str(asked.read("select refused_reason_zh from ops.inbox_files where state = 'refused'"))
    survey.surveys[100001]["responses"] = kept
    survey.submit(100001, tokens(asked)[5], SAID)
    asked.write("update ops.limesurvey_surveys set pulled_count = 0")
    limesurvey.collect()
    assert take_in(home)["accepted_count"] == 6


def test_an_unknown_answer_code_holds_its_row_only(asked: Company, survey: LimeSurvey, home: Path) -> None:
    """An option that somebody added there is no answer of ours: the row waits with the reason."""
    limesurvey.collect()
    for number, link in enumerate(tokens(asked)[:5]):
        survey.submit(100001, link, SAID | ({"q14": "A9"} if number == 0 else {}))
    limesurvey.collect()
    counts = take_in(home)
    assert (counts["accepted_count"], counts["quarantined_count"]) == (4, 1)


def test_confidential_answers_are_linked_by_pseudonym(asked: Company, survey: LimeSurvey, home: Path) -> None:
    """The token leads to the pseudonym and the group of raters, never to a name."""
    asked.write(
        """update ops.survey_waves set instrument_code = 'feedback_360', anonymity = 'confidential';
           update ops.invitations set rater_group = case when employee_id < 'E4' then 'peer' else 'report' end"""
    )
    limesurvey.collect()
    assert survey.surveys[100001]["properties"]["anonymized"] == "N"
    items = load_instrument("feedback_360").items
    said = {f"q{n:02}": "3" for n, item in enumerate(items, 1) if item.kind == "scale"}
    for link in tokens(asked)[:6]:
        survey.submit(100001, link, said)
    assert limesurvey.collect()["limesurvey_pulled"] == 6
    assert take_in(home)["accepted_count"] == 6
    rows = stored(asked)
    assert {row["pseudonym"] for row in rows} == {
        pseudonym(person, get_settings().pseudonym_key()) for person in PEOPLE[:6]
    }
    assert sorted(row["coarse_groups"]["rater_group"] for row in rows) == ["peer"] * 3 + ["report"] * 3

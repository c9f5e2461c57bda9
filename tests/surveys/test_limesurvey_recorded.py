"""What a real LimeSurvey said, digested: each test plays a recorded exchange and insists on the recorded requests.

`record_limesurvey.py` runs the same tests against a LimeSurvey and keeps what passed between; then people really
answer.
"""

from __future__ import annotations

import hashlib
import os
import re
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from importlib import metadata
from pathlib import Path

import pytest

from trainloop.config import get_site
from trainloop.domain.survey import pseudonym
from trainloop.settings import get_settings
from trainloop.surveys.evaluation import close_due, open_due_waves
from trainloop.surveys.limesurvey_form import structure
from trainloop.surveys.limesurvey_server import LimeSurveyRefusedError
from trainloop.surveys.milestones import plan_milestones
from trainloop.surveys.options import instrument_now
from trainloop.surveys.sources import limesurvey
from trainloop.surveys.sources.limesurvey import WavesFailedError

from . import record_limesurvey as recording
from .conftest import Company, local
from .limesurvey_tape import PASSWORD, USER, Player, Recorder, serve
from .test_limesurvey import files, stored, take_in

pytestmark = pytest.mark.slow
WAVE = "EVAL-2026-C001"
PEOPLE = [f"E{number}" for number in range(1, 9)]
SAID: recording.Said = {f"q{n:02}": "4" for n in range(1, 13)} | {"q13": "9", "q14": "A3", "q15": '案例, "好"\n第二行'}
FOLLOW_UP: recording.Said = {"q01": "5", "q02": "NA", "q03": "4", "q04": "Faster", "q05": "A2", "q06": "8.5"}


class Stage:
    """A wave of one class asked in LimeSurvey: its tokens, its survey, and, when recording, the people."""

    def __init__(self, company: Company, people: recording.People | None, tape: Player | Recorder) -> None:
        self.company, self.people, self._tape = company, people, tape

    def ask(self, instrument_code: str, anonymity: str) -> None:
        """Ask the wave with another instrument; it is open as LimeSurvey's clock has it, whatever day that is."""
        self.company.write(
            """update ops.survey_waves set instrument_code = %s, anonymity = %s, source = 'limesurvey',
                   closes_at = '2099-12-31 16:00+00'""",
            (instrument_code, anonymity),
        )
        for person in PEOPLE:
            self.company.write(
                "update ops.invitations set token = %s where employee_id = %s", (self.token(person), person)
            )

    @staticmethod
    def token(person: str) -> str:
        return hashlib.sha256(person.encode()).hexdigest()[:32]

    @property
    def survey_id(self) -> int:
        return int(self.company.read("select survey_id from ops.limesurvey_surveys")[0]["survey_id"])

    def answer(self, person: str, said: recording.Said, language: str = "zh-Hans", then: str = "") -> None:
        """Somebody fills the form in on LimeSurvey's own page and sees `then`: played, it has happened already."""
        if self.people is not None:
            page = self.people.answer(self.survey_id, self.token(person), said, language)
            assert re.search(then, page), re.sub(r"\s+", " ", re.sub("<[^>]+>", " ", page))[:2000]

    def open(self, person: str) -> None:
        """Somebody opens the link, says nothing and leaves."""
        if self.people is not None:
            assert "fieldnames" in self.people.open(self.survey_id, self.token(person), "en")

    def own_survey(self, lacks: str = "") -> int:
        """HR has a survey of its own, perhaps without one of the questions: played, the tape knows its number."""
        if self.people is not None:
            return self.people.make(structure(instrument_now("course_evaluation"), 5), lacks)
        return int(next(one["params"][1] for one in self._tape.exchanges if one["method"] == "copy_survey"))

    def end(self) -> None:
        """The last day is over."""
        self.company.write("update ops.survey_waves set closes_at = '2026-03-13 16:00+00'")


@pytest.fixture
def stage(
    company: Company,
    set_clock: Callable[..., datetime],
    monkeypatch: pytest.MonkeyPatch,
    request: pytest.FixtureRequest,
) -> Iterator[Stage]:
    """Eight people attended class 2026-C001; a LimeSurvey answers as recorded, or is being recorded."""
    company.people(*PEOPLE)
    company.session("2026-C001", local(2026, 3, 5, 17))
    company.attend("2026-C001", PEOPLE)
    set_clock(2026, 3, 6, 6)
    plan_milestones()
    open_due_waves()
    set_clock(2026, 3, 6, 12)
    name = request.node.name.removeprefix("test_")
    url = os.environ.get(recording.URL)
    account = (os.environ.get(recording.USER, ""), os.environ.get(recording.PASSWORD, ""))
    people = recording.People(url, account) if url else None
    tape = Recorder(name, url, account) if url else Player(name)
    monkeypatch.setenv("TRAINLOOP_LIMESURVEY_USER", USER)
    monkeypatch.setenv("TRAINLOOP_LIMESURVEY_PASSWORD", PASSWORD)
    with serve(tape) as address:
        monkeypatch.setenv("TRAINLOOP_LIMESURVEY_URL", address)
        get_settings.cache_clear()
        failed_before = request.session.testsfailed
        yield Stage(company, people, tape)
    get_settings.cache_clear()
    if isinstance(tape, Player):
        assert tape.deviations == []
        assert tape.exchanges == []
    elif people is not None:
        people.clean()
        if request.session.testsfailed == failed_before:
            tape.save({
                "limesurvey": os.environ[recording.VERSION], "citric": metadata.version("citric"),
                "recorded_on": datetime.now(UTC).date().isoformat(),
            })  # fmt: skip


def test_an_anonymous_wave(stage: Stage, home: Path, set_clock: Callable[..., datetime]) -> None:
    """Made of the instrument, answered in both languages, pulled in portions, emptied at the end, then closed."""
    stage.ask("course_evaluation", "anonymous")
    assert limesurvey.collect()["limesurvey_made"] == 1
    for number, person in enumerate(PEOPLE[:5]):
        language, thanks = ("en", "Thank you") if number % 2 else ("zh-Hans", "谢谢")
        stage.answer(person, {**SAID, "q01": "NA"} if number == 1 else SAID, language, thanks)
    stage.answer(PEOPLE[0], SAID, "en", "already been used")
    counts = limesurvey.collect()
    assert (counts["completions_marked"], counts["limesurvey_pulled"]) == (5, 5)
    text = files(home)[0].read_text("utf-8")
    assert not any(word in text for word in ("1980", "startlanguage", "seed", *map(stage.token, PEOPLE)))
    assert take_in(home)["accepted_count"] == 5
    assert limesurvey.collect()["limesurvey_pulled"] == 0
    # One sends half of the form, one opens the link only, one is too late.
    stage.answer(PEOPLE[5], {"q01": "5", "q02": "3"}, "en", "mandatory")
    stage.open(PEOPLE[6])
    stage.end()
    set_clock(2026, 3, 14, 0, 20)
    assert limesurvey.collect()["limesurvey_pulled"] == 6
    stage.answer(PEOPLE[7], SAID, "en", "expired|no longer available")
    assert take_in(home)["quarantined_count"] == 0
    assert limesurvey.collect()["limesurvey_pulled"] == 0
    set_clock(2026, 3, 14, 6)
    assert close_due()["waves_closed"] == 1
    assert limesurvey.collect()["limesurvey_waves"] == 0
    answers = [row["answers"] for row in stored(stage.company)]
    assert sorted(row["state"] for row in stored(stage.company)) == ["complete"] * 5 + ["partial"]
    assert sorted(str(one["content_relevant"]) for one in answers) == ["4.0"] * 4 + ["5.0", "not_applicable"]
    assert {one.get("most_useful") for one in answers} == {SAID["q15"], None}
    assert {row["pseudonym"] for row in stored(stage.company)} == {None}


def test_a_confidential_wave(stage: Stage, home: Path, set_clock: Callable[..., datetime]) -> None:
    """Linked by pseudonym, one sheet for each person who came back; who is no longer asked loses the link."""
    stage.ask("follow_up_90d_learner", "confidential")
    limesurvey.collect()
    stage.answer(PEOPLE[0], FOLLOW_UP, then="谢谢")
    stage.answer(PEOPLE[1], {"q01": "2"}, "en", "mandatory")
    stage.answer(PEOPLE[1], {**FOLLOW_UP, "q01": "2", "q06": "12"}, "en", "Thank you")
    stage.answer(PEOPLE[2], {"q01": "3", "q05": "A1"}, "en", "mandatory")
    stage.company.write("update ops.invitations set state = 'excluded', reason = 'left' where employee_id = 'E8'")
    counts = limesurvey.collect()
    assert (counts["completions_marked"], counts["limesurvey_pulled"]) == (2, 2)
    stage.answer("E8", FOLLOW_UP, "en", "access code")
    stage.end()
    set_clock(2026, 3, 14, 0, 20)
    limesurvey.collect()
    counts = take_in(home)
    assert counts["quarantined_count"] == 0, stage.company.read("select * from ops.quarantine_reasons")
    limesurvey.collect()
    key = get_settings().pseudonym_key()
    rows = {row["pseudonym"]: row for row in stored(stage.company)}
    states = ["complete", "complete", "partial"]
    wanted = {pseudonym(person, key): state for person, state in zip(PEOPLE, states, strict=False)}
    assert {name: row["state"] for name, row in rows.items()} == wanted
    said = rows[pseudonym("E1", key)]["answers"]
    assert (said["hours_saved"], said["barrier"], said["confident"]) == (8.5, "time", "not_applicable")


def test_several_answers(stage: Stage, home: Path) -> None:
    """A column for each option comes back as the options that were chosen; unticked says nothing."""
    stage.ask("trainer_pulse", "anonymous")
    limesurvey.collect()
    chosen = [["SQ001", "SQ003"], ["SQ002"], ["SQ002"], ["SQ004"], ["SQ002", "SQ003"]]
    for person, ticked in zip(PEOPLE, chosen, strict=False):
        stage.answer(person, {**{f"q{n:02}": "5" for n in range(1, 6)}, "q06": ticked}, "en", "Thank you")
    assert limesurvey.collect()["limesurvey_pulled"] == 5
    assert take_in(home)["accepted_count"] == 5
    item = next(one for one in instrument_now("trainer_pulse").items if one.kind == "multi")
    codes = [option.code for option in item.options]
    rows = stage.company.read(
        """select count(*) as n, choice from confidential.answers where item_code = %s group by choice""", (item.code,)
    )
    assert {row["choice"]: row["n"] for row in rows} == dict(zip(codes, [1, 3, 2, 1], strict=False))


def test_a_copy_of_a_survey_of_ones_own(stage: Stage, monkeypatch: pytest.MonkeyPatch) -> None:
    """The site names a survey: each wave gets a copy with our title and settings; the original stays as it is."""
    stage.ask("course_evaluation", "anonymous")
    monkeypatch.setitem(get_site().surveys.limesurvey_surveys, "course_evaluation", stage.own_survey())
    assert limesurvey.collect()["limesurvey_made"] == 1
    stage.answer(PEOPLE[0], SAID, "en", "Thank you")
    assert limesurvey.collect()["completions_marked"] == 1


def test_a_copy_that_lacks_a_question(stage: Stage, monkeypatch: pytest.MonkeyPatch) -> None:
    """Its wave stops before anybody is asked, and says which question is missing; the next run copies it anew."""
    stage.ask("course_evaluation", "anonymous")
    monkeypatch.setitem(get_site().surveys.limesurvey_surveys, "course_evaluation", stage.own_survey(lacks="q03"))
    for _ in range(2):
        with pytest.raises(WavesFailedError, match="QuestionsChangedError") as error:
            limesurvey.collect()
        assert "q03" in str(error.value.__cause__)
    assert stage.company.read("select count(*) as n from ops.limesurvey_surveys") == [{"n": 0}]


def test_a_cancelled_wave(stage: Stage) -> None:
    """Its survey ends at once."""
    stage.ask("course_evaluation", "anonymous")
    limesurvey.collect()
    stage.company.write(
        "update ops.survey_waves set state = 'cancelled', closed_at = opened_at, withdrawn_reason = 'class_moved'"
    )
    limesurvey.collect()
    stage.answer(PEOPLE[0], SAID, "en", "expired|no longer available")


def test_a_wrong_password(stage: Stage, monkeypatch: pytest.MonkeyPatch) -> None:
    """LimeSurvey says so with HTTP 200; the task says it in words and is not tried again and again."""
    stage.ask("course_evaluation", "anonymous")
    monkeypatch.setenv("TRAINLOOP_LIMESURVEY_PASSWORD", "wrong")
    get_settings.cache_clear()
    with pytest.raises(LimeSurveyRefusedError, match="Invalid user name or password"):
        limesurvey.collect()

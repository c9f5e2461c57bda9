"""The double answers in the shapes in which a real LimeSurvey was recorded."""

from __future__ import annotations

import csv
import io
import json
import re
from collections import defaultdict
from collections.abc import Iterator
from typing import Any

from trainloop.surveys.instrument import load_instrument
from trainloop.surveys.limesurvey_form import structure

from .limesurvey_double import LimeSurvey
from .limesurvey_tape import FOLDER, KEY, PASSWORD, USER, plain_result

Shapes = dict[str, set[str]]


def leaves(value: Any, path: str) -> Iterator[tuple[str, str]]:
    """Path → type of all there is in an answer; ids and questions as keys are one and the same key."""
    match value:
        case dict():
            for key, one in value.items():
                name = re.sub(r"\[\w+\]$", "", re.sub(r"^\d+$", "#", key))
                yield from leaves(one, f"{path}.{re.sub(r'^q[0-9]+', 'q', name)}")
        case list():
            for one in value:
                yield from leaves(one, f"{path}[]")
        case _:
            yield path, type(value).__name__


def shapes(answers: Iterator[tuple[str, Any]]) -> Shapes:
    found: Shapes = defaultdict(set)
    for method, result in answers:
        for path, kind in leaves(result, method):
            found[path].add(kind)
    return found


def recorded() -> Iterator[tuple[str, Any]]:
    for path in FOLDER.glob("*.json"):
        for one in json.loads(path.read_text("utf-8"))["exchanges"]:
            yield one["method"], one["result"]


def doubled() -> Iterator[tuple[str, Any]]:
    """Everything that the recorded tests asked, asked of the double, about an anonymous and a confidential survey."""
    survey = LimeSurvey()

    def ask(method: str, *params: Any) -> tuple[str, Any]:
        return method, plain_result(method, survey.answer(method, [KEY, *params]))

    yield "get_session_key", survey.answer("get_session_key", [USER, PASSWORD])
    yield "get_session_key", survey.answer("get_session_key", [USER, "wrong"])
    yield ask("list_surveys")
    for code in ("course_evaluation", "follow_up_90d_learner"):
        rows = list(csv.DictReader(io.StringIO(structure(load_instrument(code), 5)), delimiter="\t"))
        survey_id = survey.make(rows)
        yield "import_survey", survey_id
        yield ask("list_questions", survey_id)
        yield ask("get_survey_properties", survey_id, ["active", "anonymized", "datecreated"])
        yield ask("set_survey_properties", survey_id, {"datestamp": "N"})
        yield ask("activate_survey", survey_id)
        yield ask("list_participants", survey_id, 0, 10)
        yield ask("activate_tokens", survey_id)
        yield ask("add_participants", survey_id, [{"token": one, "firstname": "", "lastname": ""} for one in "abc"])
        yield ask("get_summary", survey_id)
        survey.submit(survey_id, "a", {"q01": "4"})
        survey.submit(survey_id, "b", {"q01": "4"}, is_complete=False)
        survey.open(survey_id)
        yield ask("list_participants", survey_id, 0, 10)
        yield ask("get_summary", survey_id)
        yield ask("export_responses", survey_id, "json", None, "all")
        yield ask("delete_participants", survey_id, [3])
    yield ask("copy_survey", survey_id, "title")
    yield ask("list_surveys")
    yield ask("delete_survey", survey_id)
    yield ask("release_session_key")


def test_the_double_answers_in_recorded_shapes() -> None:
    """Every key of every answer, and no other; each value of a type that LimeSurvey sends there."""
    wanted, found = shapes(recorded()), shapes(doubled())
    known = {path for path in wanted if not path.startswith(("get_survey_properties", "set_survey_properties"))}
    assert known - found.keys() == set()
    assert found.keys() - wanted.keys() == set()
    assert {path: kinds for path, kinds in found.items() if not kinds <= wanted[path]} == {}

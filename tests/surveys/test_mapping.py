"""Instruments and mapping files: checked when read, with a reason that names the wrong key."""

from __future__ import annotations

from pathlib import Path

import pytest
import yaml

from trainloop.domain.survey import WAVE_PREFIXES
from trainloop.surveys import export_contract
from trainloop.surveys.instrument import FOLDER, Instrument, InstrumentUnknownError, load_instrument
from trainloop.surveys.mapping import read_mapping
from trainloop.surveys.mapping_drafts import TOOLS, NoMappingError, Tool, draft_mapping

from .exports_of_tools import SHIPPED

MINIMAL = {
    "name": "tool",
    "file_patterns": ["tool*.csv"],
    "instrument": "course_evaluation",
    "wave": {"constant": "EVAL-1"},
    "external_id": "ID",
}


def mapping(**changes: object) -> str:
    return yaml.safe_dump(MINIMAL | changes, allow_unicode=True)


@pytest.mark.parametrize("path", sorted(SHIPPED.glob("*.yaml")), ids=lambda path: path.stem)
def test_every_example_mapping_makes_a_contract(path: Path) -> None:
    """The examples are what people copy: each is valid and asks every question but those it says it does not."""
    read = read_mapping(path.read_text("utf-8"))
    contract = export_contract.export_contract(read, "x_EVAL-2026-C001.csv", None)
    assert len([one for one in contract.columns if one.name.startswith("item_")]) >= 15
    assert read.is_for(read.file_patterns[0].replace("*", "＿１"))


@pytest.mark.parametrize(
    ("changes", "word"),
    [
        ({"wave": {}}, "wave"),
        ({"wave": {"constant": "A", "column": "B"}}, "wave"),
        ({"wave": {"file_name": "EVAL-.*"}}, "group"),
        ({"items": {"no_such_item": {"number": 1}}}, "no_such_item"),
        ({"words": {"no_such_scale": {1: ["bad"]}}}, "no_such_scale"),
        ({"ignore": ["ID"]}, "ignore"),
        ({"instrument": "no_such_instrument"}, "no_such_instrument"),
        ({"colour": "red"}, "colour"),
    ],
)
def test_a_wrong_mapping_says_which_key_is_wrong(changes: dict[str, object], word: str) -> None:
    """A person wrote the file; the reason names what to correct."""
    with pytest.raises((ValueError, InstrumentUnknownError), match=word):
        read_mapping(mapping(**changes))


@pytest.mark.parametrize(
    ("source", "headers", "found"),
    [
        ({"number": 3}, ["3、内容", "13、别的", "Q30"], ["3、内容"]),
        ({"number": 3}, ["Q3. Depth", "Q03", "第3题"], ["Q3. Depth", "Q03", "第3题"]),
        ({"number": 3}, ["３．内容深度"], ["３．内容深度"]),
        ({"contains": "[depth]"}, ["Rate [depth]", "Rate [pace]"], ["Rate [depth]"]),
        ({"header": "Depth of content"}, ["depth  of Content", "Depth"], ["depth  of Content"]),
        ({}, ["3、内容深度适合我的水平", "The depth suits my level", "content_depth"], 3),
        ({"number": 3, "contains": "深度"}, ["3、题目—深度", "3、题目—广度"], ["3、题目—深度"]),
    ],
)
def test_a_question_is_found_by_number_part_header_or_wording(
    source: dict[str, object], headers: list[str], found: list[str] | int
) -> None:
    """Question 3 is not question 13 or 30; full-width digits are digits."""
    read = read_mapping(mapping(items={"content_depth": source} if source else {}))
    hits = read.find_headers(load_instrument("course_evaluation"), headers)["content_depth"]
    assert (len(hits) if isinstance(found, int) else hits) == found


def test_an_instrument_with_a_five_point_recommendation_is_refused() -> None:
    """NPS only from 0–10: a 1–5 item under that name would be another number."""
    good = load_instrument("course_evaluation").model_dump()
    good["scales"]["likelihood_10"] |= {"lowest": 1, "highest": 5, "anchors_zh": {}, "anchors_en": {}}
    with pytest.raises(ValueError, match="recommend"):
        Instrument.model_validate(good)


def test_an_unknown_instrument_is_named_with_the_known_ones() -> None:
    """The message says what there is."""
    with pytest.raises(InstrumentUnknownError, match="course_evaluation"):
        load_instrument("no_such")


@pytest.mark.parametrize("tool", TOOLS)
@pytest.mark.parametrize("path", sorted(FOLDER.glob("*.yaml")), ids=lambda path: path.stem)
def test_every_questionnaire_has_a_draft_for_every_tool(tool: Tool, path: Path) -> None:
    """All that may be asked outside; forms with names are answered in the own forms only, and the draft says so."""
    instrument = load_instrument(path.stem)
    if instrument.anonymity == "named":
        with pytest.raises(NoMappingError, match=path.stem):
            draft_mapping(tool, path.stem)
        return
    read = read_mapping(draft_mapping(tool, path.stem))
    assert (
        read.wave.of_file(f"{tool}_{WAVE_PREFIXES[path.stem]}-2026-C001.csv") == f"{WAVE_PREFIXES[path.stem]}-2026-C001"
    )
    assert (read.token is not None) == (instrument.anonymity == "confidential")
    assert len(read.asked_items(instrument)) == len(instrument.items)


def test_tokens_are_read_where_answers_are_linked_and_nowhere_else() -> None:
    """A token beside an anonymous answer would name its author; without one a confidential answer is nobody's."""
    with pytest.raises(ValueError, match="must not read"):
        read_mapping(mapping(token="Access code"))
    with pytest.raises(ValueError, match="needs"):
        read_mapping(mapping(instrument="feedback_360"))
    with pytest.raises(ValueError, match="own forms only"):
        read_mapping(mapping(instrument="action_plan"))

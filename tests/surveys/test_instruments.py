"""What the shipped questionnaires promise: one file for each of the specification, in both languages."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from pydantic import ValidationError

from trainloop.domain.survey import WAVE_PREFIXES
from trainloop.surveys.instrument import FOLDER, Instrument, Item, load_instrument

CODES = sorted(path.stem for path in FOLDER.glob("*.yaml"))
ANONYMOUS = {"annual_needs", "quarterly_pulse", "course_evaluation", "pilot_feedback", "trainer_pulse"}
CONFIDENTIAL = {"feedback_360", "follow_up_90d_learner", "follow_up_90d_manager"}
HAN = re.compile(r"[\u4e00-\u9fff]")


def test_every_instrument_of_the_specification_is_there() -> None:
    """Fifteen questionnaires, and each has a prefix for its waves' codes."""
    assert set(CODES) == set(WAVE_PREFIXES)
    assert len(CODES) == 15


@pytest.mark.parametrize("code", CODES)
def test_an_instrument_promises_what_its_wave_keeps(code: str) -> None:
    """Anonymous, confidential or named by the table of waves, never by accident."""
    expected = "anonymous" if code in ANONYMOUS else "confidential" if code in CONFIDENTIAL else "named"
    assert load_instrument(code).anonymity == expected
    assert load_instrument(code).code == code


@pytest.mark.parametrize("code", CODES)
def test_every_word_stands_in_both_languages(code: str) -> None:
    """Chinese wording has Chinese characters, English wording has none."""
    instrument = load_instrument(code)
    texts = [(instrument.title_zh, instrument.title_en), *((item.zh, item.en) for item in instrument.items)]
    texts += [(one.zh, one.en) for item in instrument.items for one in item.options]
    texts += [(item.hint.zh, item.hint.en) for item in instrument.items if item.hint]
    texts += [(one.zh, one.en) for one in instrument.dimensions.values()]
    texts += [(instrument.intro.zh, instrument.intro.en)] if instrument.intro else []
    assert [pair for pair in texts if not HAN.search(pair[0]) or HAN.search(pair[1])] == []


@pytest.mark.parametrize("code", CODES)
def test_a_dimension_has_items_of_one_scale(code: str) -> None:
    """Scales with different anchors are never averaged."""
    instrument = load_instrument(code)
    for dimension in instrument.dimensions:
        members = [item for item in instrument.items if item.dimension == dimension]
        assert members
        assert len({item.scale for item in members}) == 1


@pytest.mark.parametrize(
    "wrong",
    [
        {"kind": "multi"},
        {"kind": "choice", "options_from": "training_topics", "options": [{"code": "a", "zh": "甲", "en": "A"}]},
        {"kind": "text", "max_choices": 2},
        {"kind": "choice", "options": [{"code": "a", "zh": "甲", "en": "A"}], "minimum": 1},
        {"kind": "scale"},
    ],
)
def test_an_item_that_contradicts_itself_is_refused(wrong: dict[str, object]) -> None:
    """A choice has options from one place, a limit belongs to several answers, a range to a number."""
    item = Item.model_validate({"code": "asked", "zh": "问", "en": "Asked", **wrong})
    frame = {"code": "x", "version": "1", "anonymity": "named", "title_zh": "题", "title_en": "T", "minutes": 1}
    with pytest.raises(ValidationError):
        Instrument.model_validate({**frame, "items": [item.model_dump()]})


def test_the_folder_holds_instruments_only() -> None:
    """Whatever lies there is read."""
    assert {path.suffix for path in Path(FOLDER).iterdir() if path.is_file()} == {".yaml"}

"""An instrument as a LimeSurvey survey: its codes, its structure file, and what a file of its answers means.

LimeSurvey allows letters and digits only, 20 for a question and 5 for an answer, so items become q01, q02 … and options
A1, A2 … (SQ001 … where several may be chosen); a score is its own code. The structure is the tab-separated format of
the manual ("Tab Separated Value survey structure"), which stayed the same while .lss changed with every release.
"""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from trainloop.domain.survey import LIMESURVEY_LANGUAGES, anonymity_promise
from trainloop.surveys.instrument import Instrument, Item, Option
from trainloop.surveys.mapping import Mapping

NOT_APPLICABLE_CODE = "NA"
TYPES = {"scale": "L", "nps": "L", "choice": "L", "multi": "M", "text": "T", "number": "N", "date": "D"}
ID, TOKEN, COMPLETE, SENT_BY = "response", "token", "complete", "sent_by"
# No ids: the importer numbers subquestions without one from 1, over the ids of questions that have one. What is left
# out gets the importer's defaults; an empty `same_default` would be no number.
COLUMNS = ("class", "type/scale", "name", "relevance", "text", "help", "language", "mandatory", "other", "max_answers",
           "min_num_value_n", "max_num_value_n", "maximum_chars")  # fmt: skip


@dataclass(frozen=True, slots=True)
class Codes:
    """Question code by item, and answer code by item and option, as one survey has them."""

    items: dict[str, str]
    options: dict[str, dict[str, str]]

    def as_json(self) -> dict[str, Any]:
        return {"items": self.items, "options": self.options}


def codes_of(instrument: Instrument) -> Codes:
    """Return the codes that a survey made of this instrument has, with its options as they are now."""
    options = {
        item.code: {option.code: _option_code(item, number) for number, option in enumerate(item.options, 1)}
        for item in instrument.items
        if item.options
    }
    return Codes({item.code: f"q{number:02}" for number, item in enumerate(instrument.items, 1)}, options)


def _option_code(item: Item, number: int) -> str:
    return f"SQ{number:03}" if item.kind == "multi" else f"A{number}"


def mapping_of(wave_code: str, instrument: Instrument, codes: Codes, survey_id: int) -> Mapping:
    """Return how a file of this survey's answers is read: the same model as a mapping file that a person writes."""
    is_confidential = instrument.anonymity == "confidential"
    return Mapping.model_validate({
        "name": f"limesurvey-{survey_id}",
        "file_patterns": [file_name(survey_id, "*")],
        "instrument": instrument.code,
        "wave": {"constant": wave_code},
        "external_id": ID,
        "submitted_at": SENT_BY,
        "token": TOKEN if is_confidential else None,
        "partial": {"column": COMPLETE, "is_blank": True},
        "items": {code: {"header": question} for code, question in codes.items.items()},
        "words": {code: {option: [word] for option, word in of.items()} for code, of in codes.options.items()},
        "not_applicable": [NOT_APPLICABLE_CODE],
    })  # fmt: skip


def file_name(survey_id: int, version: str) -> str:
    """Return the name of a file in the inbox by which a survey's answers travel."""
    return f"limesurvey-rpc-{survey_id}-{version}.csv"


def survey_of(name: str) -> int | None:
    """Return the survey whose answers a file of this name holds; None when it is another tool's or a person's."""
    found = re.fullmatch(r"limesurvey-rpc-(\d{1,15})-[0-9a-f]{8}\.csv", name)
    return int(found[1]) if found else None


def structure(instrument: Instrument, minimum_count: int, title_suffix: str = "") -> str:
    """Return the structure file of a survey: everything in Chinese, then the same rows in English.

    The first words on its page are the intro and what is promised about who sees the answers.
    """
    buffer = io.StringIO()
    writer = csv.DictWriter(buffer, COLUMNS, delimiter="\t", restval="", lineterminator="\n")
    writer.writeheader()
    base, *others = LIMESURVEY_LANGUAGES.values()
    settings = {"language": base, "additional_languages": " ".join(others), "format": "A",
                "anonymized": "Y" if instrument.anonymity == "anonymous" else "N"}  # fmt: skip
    writer.writerows({"class": "S", "name": name, "text": text} for name, text in settings.items())
    for locale, language in LIMESURVEY_LANGUAGES.items():
        is_zh = locale == "zh-CN"
        title = (instrument.title_zh if is_zh else instrument.title_en) + title_suffix
        intro = instrument.intro and (instrument.intro.zh if is_zh else instrument.intro.en)
        promise = anonymity_promise(instrument.anonymity, locale, minimum_count)
        welcome = "".join(f"<p>{words}</p>" for words in (intro, promise) if words)
        texts = {"surveyls_title": title, "surveyls_welcometext": welcome}
        writer.writerows(
            {"class": "SL", "name": name, "text": text, "language": language} for name, text in texts.items()
        )
    for locale, language in LIMESURVEY_LANGUAGES.items():
        writer.writerows({"language": language, **row} for row in _rows(instrument, is_zh=locale == "zh-CN"))
    return buffer.getvalue()


def _rows(instrument: Instrument, *, is_zh: bool) -> Iterator[dict[str, Any]]:
    def text(one: Any) -> str:
        return str(one.zh if is_zh else one.en)

    title = instrument.title_zh if is_zh else instrument.title_en
    yield {"class": "G", "type/scale": "G1", "name": title, "relevance": "1"}
    codes = codes_of(instrument)
    for item in instrument.items:
        yield {
            "class": "Q", "type/scale": TYPES[item.kind], "name": codes.items[item.code],
            "relevance": "1", "text": text(item), "help": text(item.hint) if item.hint else "",
            "mandatory": _yes(item.is_required), "other": "N",
            "max_answers": item.max_choices or "", "maximum_chars": item.max_length or "",
            "min_num_value_n": "" if item.minimum is None else item.minimum,
            "max_num_value_n": "" if item.maximum is None else item.maximum,
        }  # fmt: skip
        if item.kind == "multi":
            for option in item.options:
                yield {"class": "SQ", "type/scale": 0, "relevance": "1", "text": text(option),
                       "name": codes.options[item.code][option.code]}  # fmt: skip
        elif item.kind in {"scale", "nps", "choice"}:
            for code, option in _answers(instrument, item, codes):
                yield {"class": "A", "type/scale": 0, "name": code, "text": text(option)}


def _answers(instrument: Instrument, item: Item, codes: Codes) -> Iterator[tuple[str, Option]]:
    if item.kind == "choice":
        yield from ((codes.options[item.code][option.code], option) for option in item.options)
        return
    scale = instrument.scale_of(item)
    for score in scale.scores:
        zh, en = scale.anchors_zh.get(score, ""), scale.anchors_en.get(score, "")
        yield str(score), Option(code=str(score), zh=f"{score} {zh}".strip(), en=f"{score} {en}".strip())
    if scale.is_not_applicable_allowed:
        yield NOT_APPLICABLE_CODE, Option(code=NOT_APPLICABLE_CODE, zh="不适用", en="Not applicable")


def _yes(value: bool) -> str:
    return "Y" if value else "N"

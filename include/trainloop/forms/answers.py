"""What somebody typed into a form → answers as they are stored, or what is wrong with each of them.

Nothing is guessed: a value that the item does not offer is refused with a sentence, and everything typed is kept for
the page that shows the sentence.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import Any

from trainloop.config import Locale
from trainloop.domain.survey import NOT_APPLICABLE, STRAIGHT_LINE_ITEMS
from trainloop.surveys.instrument import Instrument, Item, Scale

FIELD_PREFIX = "q_"
# A text item without a limit of its own.
MAX_TEXT = 2000
Typed = Mapping[str, tuple[str, ...]]


@dataclass(frozen=True, slots=True)
class Choice:
    """One option a page offers: what is stored, and its words."""

    code: str
    zh: str
    en: str

    def text(self, locale: Locale) -> str:
        return self.zh if locale == "zh-CN" else self.en


@dataclass(frozen=True, slots=True)
class Question:
    """One item with everything its page needs; `choices` are the item's own or those of the list it names."""

    item: Item
    scale: Scale | None
    choices: tuple[Choice, ...]

    @property
    def field(self) -> str:
        return FIELD_PREFIX + self.item.code

    @property
    def max_length(self) -> int:
        return self.item.max_length or MAX_TEXT


@dataclass(frozen=True, slots=True)
class Problem:
    """What is wrong with one answer: a key of the page's words, and the numbers in it."""

    key: str
    facts: Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Filled:
    """A form as it was sent: answers (rows of item, score, choice, free_text) and problems by item code."""

    answers: tuple[dict[str, Any], ...]
    problems: Mapping[str, Problem]
    is_straight_lined: bool


def questions_of(instrument: Instrument, lists: Mapping[str, Sequence[Choice]]) -> tuple[Question, ...]:
    """Return the questions of an instrument; `lists` holds the options of `options_from`."""
    return tuple(
        Question(
            item,
            instrument.scales[item.scale] if item.scale else None,
            tuple(lists[item.options_from])
            if item.options_from
            else tuple(Choice(option.code, option.zh, option.en) for option in item.options),
        )
        for item in instrument.items
    )


def typed_values(questions: Sequence[Question], fields: Mapping[str, Sequence[str]]) -> dict[str, tuple[str, ...]]:
    """Return what was typed, by item code, without empty values and invisible characters."""
    typed = {}
    for question in questions:
        cleaned = [clean_text(value) for value in fields.get(question.field, ())]
        if values := tuple(value for value in cleaned if value):
            typed[question.item.code] = values if question.item.kind == "multi" else values[-1:]
    return typed


def clean_text(text: str) -> str:
    """Return a text as it is kept: one kind of line break, no control characters, no blanks around it."""
    joined = unicodedata.normalize("NFC", text).replace("\r\n", "\n").replace("\r", "\n")
    visible = (letter for letter in joined if letter in "\n\t" or unicodedata.category(letter) not in {"Cc", "Cs"})
    return "".join(visible).strip()


def judge(questions: Sequence[Question], typed: Typed) -> Filled:
    """Return the answers of a form, or the problem of each item that cannot be stored as it is."""
    answers: list[dict[str, Any]] = []
    problems: dict[str, Problem] = {}
    for question in questions:
        values = typed.get(question.item.code, ())
        found = _answer(question, values) if values else _missing(question)
        if isinstance(found, Problem):
            problems[question.item.code] = found
        else:
            answers += [{"item": question.item.code} | row for row in found]
    return Filled(tuple(answers), problems, _is_straight_lined(questions, answers))


def answered_count(questions: Sequence[Question], typed: Typed) -> int:
    """Return how many questions have something in them."""
    return sum(question.item.code in typed for question in questions)


def _missing(question: Question) -> Problem | list[dict[str, Any]]:
    if not question.item.is_required:
        return []
    return Problem("choose" if question.item.kind in {"scale", "nps", "choice", "multi"} else "missing", {})


def _answer(question: Question, values: tuple[str, ...]) -> Problem | list[dict[str, Any]]:
    match question.item.kind:
        case "scale" | "nps":
            return _scored(question, values[0])
        case "choice":
            return _chosen(question, values)
        case "multi":
            return _chosen_many(question, values)
        case "number":
            return _number(question.item, values[0])
        case "date":
            return _day(values[0])
        case _:
            return _text(question, values[0])


def _scored(question: Question, value: str) -> Problem | list[dict[str, Any]]:
    assert question.scale is not None
    if value == NOT_APPLICABLE and question.scale.is_not_applicable_allowed:
        return [{"choice": NOT_APPLICABLE}]
    if value in {str(score) for score in question.scale.scores}:
        return [{"score": int(value)}]
    return Problem("not_offered", {})


def _chosen(question: Question, values: tuple[str, ...]) -> Problem | list[dict[str, Any]]:
    if {*values} <= {choice.code for choice in question.choices}:
        return [{"choice": code} for code in dict.fromkeys(values)]
    return Problem("not_offered", {})


def _chosen_many(question: Question, values: tuple[str, ...]) -> Problem | list[dict[str, Any]]:
    found = _chosen(question, values)
    if isinstance(found, Problem):
        return found
    if question.item.max_choices is not None and len(found) > question.item.max_choices:
        return Problem("too_many", {"most": question.item.max_choices, "count": len(found)})
    return [row | {"is_one_of_many": True} for row in found]


def _number(item: Item, value: str) -> Problem | list[dict[str, Any]]:
    text = unicodedata.normalize("NFKC", value).replace(" ", "").replace(",", ".")
    if not re.fullmatch(r"-?\d{1,9}(\.\d{1,2})?", text):
        return Problem("no_number", {})
    number = Decimal(text)
    lowest, highest = item.minimum, item.maximum
    if (lowest is not None and number < lowest) or (highest is not None and number > highest):
        if lowest is not None and highest is not None:
            return Problem("out_of_range", {"lowest": lowest, "highest": highest})
        if lowest is not None:
            return Problem("too_small", {"lowest": lowest})
        return Problem("too_large", {"highest": highest})
    return [{"score": float(number)}]


def _day(value: str) -> Problem | list[dict[str, Any]]:
    parts = re.fullmatch(r"(\d{4})[-/.年](\d{1,2})[-/.月](\d{1,2})日?", unicodedata.normalize("NFKC", value))
    try:
        day = date(*map(int, parts.groups())) if parts else None
    except ValueError:
        day = None
    return Problem("no_date", {}) if day is None else [{"choice": day.isoformat()}]


def _text(question: Question, value: str) -> Problem | list[dict[str, Any]]:
    if len(value) > question.max_length:
        return Problem("too_long", {"most": question.max_length, "count": len(value)})
    return [{"free_text": value}]


def _is_straight_lined(questions: Sequence[Question], answers: Sequence[Mapping[str, Any]]) -> bool:
    scales = {question.item.code: question.item.scale for question in questions if question.item.kind == "scale"}
    given = [(scales[row["item"]], row["score"]) for row in answers if row["item"] in scales and "score" in row]
    return len(given) >= STRAIGHT_LINE_ITEMS and len(set(given)) == 1

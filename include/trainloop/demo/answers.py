"""What learners answer: a latent model with planted means, drawn so evenly that small classes tell the truth.

An item's score is round(t + a + e), clipped to the scale: `t` is the item's position, `a` how content the person is,
`e` what is left. Persons and residuals take evenly spaced quantiles of a normal distribution in random order, so a
class's mean lies close to the planted one whatever its size. `t` is solved so that the expected score is the planted
mean.
"""

from __future__ import annotations

import functools
import random
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from importlib import resources
from statistics import NormalDist
from typing import Any

from trainloop.demo.company import Company
from trainloop.demo.truth import PRACTICE, ClassSession
from trainloop.surveys.instrument import Instrument, load_instrument
from trainloop.yaml_text import read_yaml

PERSON_SD, RESIDUAL_SD = 0.55, 0.45
_NORMAL = NormalDist()
_SPREAD = NormalDist(0, (PERSON_SD**2 + RESIDUAL_SD**2) ** 0.5)
STRAIGHT = 4
INSTRUMENT = "course_evaluation"


@dataclass(frozen=True)
class AnswerSheet:
    """One filled form: item code → score, option code or text; an item that is missing was not answered."""

    values: Mapping[str, int | str]
    is_complete: bool = True


@dataclass(frozen=True)
class PrePostScores:
    """One learner's points of 100 before and after; None = not taken."""

    pre: int | None
    post: int | None


def expected_score(position: float, lowest: int = 1, highest: int = 5) -> float:
    """Return the mean of the rounded and clipped score of an item at `position`."""
    return lowest + sum(1 - _SPREAD.cdf(step + 0.5 - position) for step in range(lowest, highest))


@functools.cache
def position_of(mean: float) -> float:
    """Return the position at which the expected score is `mean` (strictly between the ends of the scale)."""
    low, high = -5.0, 11.0
    while high - low > 1e-9:
        middle = (low + high) / 2
        low, high = (middle, high) if expected_score(middle) < mean else (low, middle)
    return (low + high) / 2


def answer_sheets(company: Company, session: ClassSession) -> tuple[AnswerSheet, ...]:
    """Return the answer sheets of one class in the order in which the survey tool stores them; partial ones last."""
    draw = random.Random(f"answers {session.code}")
    instrument = load_instrument(INSTRUMENT)
    thinking = session.complete_count - session.straight_lined
    moods = _quantiles(draw, thinking, PERSON_SD)
    columns: dict[str, Sequence[int | str | None]] = {}
    for item in instrument.items:
        if item.kind == "scale":
            position = position_of(session.item_mean(item.code))
            noise = _quantiles(draw, thinking, RESIDUAL_SD)
            columns[item.code] = [_clip(position + a + e, 1, 5) for a, e in zip(moods, noise, strict=True)]
        elif item.kind == "nps":
            general = sum(session.quality.values()) / len(session.quality)
            columns[item.code] = [_clip(2.1 * (general + mood), 0, 10) for mood in moods]
        elif item.kind == "choice":
            columns[item.code] = _choices(draw, session, [option.code for option in item.options], thinking)
    columns |= _texts(draw, company, session, thinking)
    sheets = [
        AnswerSheet({code: values[row] for code, values in columns.items() if values[row] is not None})  # type: ignore[misc]
        for row in range(thinking)
    ]
    sheets += [AnswerSheet(_straight(instrument)) for _ in range(session.straight_lined)]
    draw.shuffle(sheets)
    return (*sheets, *(_partial(draw, instrument) for _ in range(session.partial)))


def true_mean(session: ClassSession, item_codes: Sequence[str]) -> float:
    """Return the planted mean of a dimension's items over the class, straight-liners included."""
    share = session.straight_lined / session.complete_count
    thinking = sum(session.item_mean(code) for code in item_codes) / len(item_codes)
    return (1 - share) * thinking + share * STRAIGHT


def pre_post_scores(session: ClassSession) -> tuple[PrePostScores, ...]:
    """Return the scores of the attendees in order; the last two took one of the tests only and are not linked."""
    assert session.test is not None
    draw = random.Random(f"tests {session.code}")
    count = session.attendee_count
    before = _quantiles(draw, count, 9)
    gains = _quantiles(draw, count, 6)
    found = []
    for ability, luck in zip(before, gains, strict=True):
        pre = session.test.pre + ability
        found.append(PrePostScores(_clip(pre, 0, 100), _clip(pre + session.test.gain + luck, 0, 100)))
    found[-1] = PrePostScores(found[-1].pre, None)
    found[-2] = PrePostScores(None, found[-2].post)
    return tuple(found)


def _quantiles(draw: random.Random, count: int, spread: float) -> list[float]:
    values = [spread * _NORMAL.inv_cdf((rank + 0.5) / count) for rank in range(count)]
    draw.shuffle(values)
    return values


def _clip(value: float, lowest: int, highest: int) -> int:
    return max(lowest, min(highest, int(value + 0.5)))


def scores_around(draw: random.Random, mean: float, count: int) -> list[int]:
    """Return `count` scores 1–5 with about this mean, in random order."""
    position = position_of(mean)
    spread = (PERSON_SD**2 + RESIDUAL_SD**2) ** 0.5
    return [_clip(position + apart, 1, 5) for apart in _quantiles(draw, count, spread)]


def _choices(draw: random.Random, session: ClassSession, options: list[str], count: int) -> list[str]:
    favourites = {"C-NEG": "sales", "C-LEAD": "teamwork", "C-CUST": "quality", "C-DATA": "efficiency"}
    favourite = favourites.get(session.course_code, options[-1] if session.course_code == "C-SAFE" else "efficiency")
    chosen = [favourite if rank < 0.6 * count else options[rank % len(options)] for rank in range(count)]
    draw.shuffle(chosen)
    return chosen


def _straight(instrument: Instrument) -> dict[str, int | str]:
    said: dict[str, int | str] = {item.code: STRAIGHT for item in instrument.items if item.kind == "scale"}
    return said | {"recommend": 8, "performance_focus": "efficiency"}


def _partial(draw: random.Random, instrument: Instrument) -> AnswerSheet:
    """Whoever stops half-way has answered the first items only."""
    scales = [item.code for item in instrument.items if item.kind == "scale"]
    return AnswerSheet({code: draw.choice((3, 4, 5)) for code in scales[:5]}, is_complete=False)


@functools.cache
def _phrases() -> dict[str, dict[str, list[str]]]:
    read: dict[str, dict[str, list[str]]] = read_yaml(
        resources.files(__package__).joinpath("texts.yaml").read_text("utf-8")
    )
    return read


def personal_facts(company: Company, session: ClassSession) -> dict[str, str]:
    """Return what learners of this class give away in their open answers and nobody may read in a report."""
    trainer = next(one for one in company.trainers if one.trainer_id == session.trainer_id)
    colleague = company.employee(company.learners[session.code][0])
    number = int(session.code[-3:])
    phone = f"+65 9{number:03d} 4{number:03d}" if session.locale == "en" else f"138{number:04d}{5600 + number}"
    return {"phone": phone, "mail": f"reader{number}@example.com", "colleague": colleague.name, "trainer": trainer.name}


def _texts(draw: random.Random, company: Company, session: ClassSession, count: int) -> dict[str, list[Any]]:
    """Most people write something, a third about the weak point where there is one, three people about themselves."""
    phrases = _phrases()[session.locale]
    weak = phrases["weak"] if session.quality["content"] < 3.5 else []
    weak = phrases["practice"] if session.items.get(PRACTICE, 5) < 3.5 else weak
    useful = [draw.choice(phrases["useful"]) if draw.random() < 0.6 else None for _ in range(count)]
    improve = [draw.choice(weak or phrases["improve"]) if draw.random() < 0.55 else None for _ in range(count)]
    facts = personal_facts(company, session)
    for row, phrase in zip(draw.sample(range(count), min(3, count)), phrases["personal"], strict=False):
        improve[row] = phrase.format(**facts)
    return {"most_useful": useful, "to_improve": improve}

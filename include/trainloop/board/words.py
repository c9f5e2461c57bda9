"""Words of the board in both languages, dates as a reader writes them, and what is known of each step."""

from __future__ import annotations

import functools
from collections.abc import Mapping
from datetime import date, datetime
from importlib import resources
from typing import Any, Literal

from pydantic import BaseModel, ConfigDict

from trainloop.config import Locale, get_site
from trainloop.contracts import ContractUnknownError, load_contract
from trainloop.domain.milestone import REASON_TEXTS
from trainloop.errors import TrainLoopError
from trainloop.outbox.kinds.alert import KIND_NAMES
from trainloop.outbox.kinds.request import commitment_words
from trainloop.requests.words import approval_title, approval_words
from trainloop.surveys.instrument import load_instrument
from trainloop.yaml_text import read_yaml

LOCALES: tuple[Locale, ...] = ("zh-CN", "en")
_DAY = {"zh-CN": "y年M月d日", "en": "d MMM y"}
_MOMENT = {"zh-CN": "M月d日 HH:mm", "en": "d MMM, HH:mm"}
_BABEL = {"zh-CN": "zh_CN", "en": "en_GB"}


class Named(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")
    zh: str
    en: str

    def text(self, locale: Locale) -> str:
        return self.zh if locale == "zh-CN" else self.en


class Step(Named):
    """What is known of a step: the stage of its class, who must act when it is late, the DAG that does it."""

    stage: str
    acts: Literal["hr", "class_manager", "trainer", "learner", "manager", "system", "engineer"]
    dag: str
    is_per_class: bool = False


class Words:
    """The words of one language: `words.say("late_count", count=3)`."""

    def __init__(self, locale: Locale) -> None:
        self.locale: Locale = locale
        place = LOCALES.index(locale)
        self._texts: dict[str, str] = {key: pair[place] for key, pair in _yaml("words.yaml").items()}

    def say(self, key: str, /, **facts: object) -> str:
        """Return one text with its facts; KeyError for a key or fact that is not there.

        English texts write the plural of `count` by {s} or {es}.
        """
        many = facts.get("count") != 1
        return self._texts[key].format(**facts, s="s" if many else "", es="es" if many else "")

    def has(self, family: str, code: str) -> bool:
        """Say whether a code of the warehouse has a word."""
        return f"{family}_{code}" in self._texts

    def code(self, family: str, code: str | None) -> str:
        """Return the word of a code of the warehouse; a code nobody gave a word is shown as it is."""
        return self._texts.get(f"{family}_{code}", (code or "").replace("_", " "))

    def reason(self, code: str) -> str:
        """Return why a step was not done or a mail did not arrive; what a server said follows the code of ours."""
        if known := REASON_TEXTS.get(code):
            return known[self.locale]
        own, colon, said = code.partition(": ")
        return self.code("reason", own) + colon + said

    def either(self, row: Any, name: str) -> str:
        """Return `<name>_zh` or `<name>_en` of a row."""
        own, other = ("zh", "en") if self.locale == "zh-CN" else ("en", "zh")
        return str(row[f"{name}_{own}"] or row[f"{name}_{other}"] or "")

    def day(self, day: date | datetime | None) -> str:
        from babel.dates import format_date

        if isinstance(day, datetime):
            day = day.astimezone(get_site().company.zone).date()
        return str(format_date(day, _DAY[self.locale], locale=_BABEL[self.locale])) if day else ""

    def moment(self, moment: datetime | None) -> str:
        from babel.dates import format_datetime

        if moment is None:
            return ""
        local = moment.astimezone(get_site().company.zone)
        return str(format_datetime(local, _MOMENT[self.locale], locale=_BABEL[self.locale]))

    def step(self, code: str) -> str:
        """Return what a step is called; a later day of a class carries its number."""
        known = step_of(code)
        if known is None:
            return code.replace("_", " ")
        rest = code.removeprefix(known[0]).strip("_").replace("_", " ")
        return f"{known[1].text(self.locale)} {rest}".strip()

    def acts(self, step: str) -> str:
        """Return the code of who must act when a step is late."""
        known = step_of(step)
        return known[1].acts if known else "system"

    def dataset(self, code: str) -> str:
        """Return the title of a dataset's contract."""
        try:
            contract = load_contract(code)
        except ContractUnknownError:
            return code
        return contract.title_zh if self.locale == "zh-CN" else contract.title_en

    def notice(self, kind: str) -> str:
        """Return what mails of a kind are called."""
        names = KIND_NAMES.get(kind)
        return names[self.locale] if names else self.code("notice", kind)

    def owed(self, kind: str) -> str:
        """Return what a thing is called that a person owes."""
        known = commitment_words().get(kind)
        return str(known[self.locale]["title"]) if known else kind.replace("_", " ")

    def approval(self, kind: str, subject: str, revision: int) -> str:
        """Return what a decision is about."""
        if kind not in approval_words():
            return f"{kind.replace('_', ' ')} {subject} ({revision})"
        return approval_title(kind, subject, revision, self.locale)

    def instrument(self, code: str) -> str:
        """Return the title of a questionnaire."""
        try:
            return load_instrument(code).title(self.locale)
        except TrainLoopError:
            return code.replace("_", " ")

    def pick(self, texts: Mapping[str, Any]) -> str:
        """Return the text of this language."""
        return str(texts["zh" if self.locale == "zh-CN" else "en"])

    def stage(self, code: str) -> str:
        return stages()[code].text(self.locale)


@functools.cache
def words(locale: Locale) -> Words:
    """Return the words of a language."""
    return Words(locale)


@functools.cache
def steps() -> dict[str, Step]:
    """Return what is known of steps, by the beginning of their names."""
    return {prefix: Step.model_validate(facts) for prefix, facts in _yaml("steps.yaml")["steps"].items()}


@functools.cache
def stages() -> dict[str, Named]:
    """Return the stages of a class session in their order."""
    return {code: Named.model_validate(names) for code, names in _yaml("steps.yaml")["stages"].items()}


def step_of(code: str) -> tuple[str, Step] | None:
    """Return the longest known beginning of a step's name and what is known of it."""
    fits = [prefix for prefix in steps() if code == prefix or code.startswith(f"{prefix}_")]
    best = max(fits, key=len, default=None)
    return None if best is None else (best, steps()[best])


def stage_rules() -> dict[str, list[Any]]:
    """Return the beginnings of steps and the number of their stage (from 1), as the statements take them."""
    order = {code: number for number, code in enumerate(stages(), 1)}
    return {"prefixes": list(steps()), "stages": [order[step.stage] for step in steps().values()]}


def _yaml(name: str) -> dict[str, Any]:
    found: dict[str, Any] = read_yaml(resources.files(__package__).joinpath(name).read_text("utf-8"))
    return found

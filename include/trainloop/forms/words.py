"""Words of the pages in both languages, dates as a reader writes them, and what a form is about."""

from __future__ import annotations

import functools
from collections.abc import Mapping
from datetime import date, datetime
from importlib import resources
from typing import Any, Literal
from zoneinfo import ZoneInfo

from pydantic import BaseModel, ConfigDict, Field

from trainloop.config import Locale, get_site
from trainloop.domain import calendar
from trainloop.domain.counted import filled
from trainloop.yaml_text import read_yaml

LOCALES: tuple[Locale, ...] = ("zh-CN", "en")
_DAY = {"zh-CN": "y年M月d日", "en": "d MMM y"}
_MOMENT = {"zh-CN": "M月d日 HH:mm", "en": "EEE d MMM, HH:mm"}
_BABEL = {"zh-CN": "zh_CN", "en": "en_GB"}


class Words:
    """The words of one language: `words.say("facts", count=3, …)`."""

    def __init__(self, locale: Locale) -> None:
        self.locale = locale
        self._texts = _texts()[locale]

    def say(self, key: str, /, **facts: object) -> str:
        """Return one text with its facts; KeyError for a key or fact that is not there."""
        return filled(self._texts[key], facts)

    def day(self, day: date) -> str:
        from babel.dates import format_date

        return format_date(day, _DAY[self.locale], locale=_BABEL[self.locale])

    def until(self, moment: datetime, zone: ZoneInfo) -> str:
        """Return until when something is possible; the end of a day is that day, 23:59, not the next one, 00:00."""
        return self.moment(calendar.last_minute(moment, zone), zone)

    def moment(self, moment: datetime, zone: ZoneInfo) -> str:
        from babel.dates import format_datetime

        return format_datetime(moment.astimezone(zone), _MOMENT[self.locale], locale=_BABEL[self.locale])

    def about(self, subject: Mapping[str, Any]) -> str:
        """Return what a form or a request is about, in one line; empty when there is nothing to add to its title."""
        locale = self.locale
        if subject["kind"] == "action_plan":
            course = subject["course_zh" if locale == "zh-CN" else "course_en"]
            return self.say("about_plan", person=subject["person"], course=course)
        if "course_zh" in subject:
            zone = ZoneInfo(subject["timezone"])
            return self.say(
                "about_class",
                course=subject["course_zh" if locale == "zh-CN" else "course_en"],
                day=self.day(datetime.fromisoformat(subject["ends_at"]).astimezone(zone).date()),
                trainer=subject.get("trainer", ""),
            )
        match subject["kind"]:
            case "quarter":
                return self.say("about_quarter", year=subject["id"][:4], number=subject["id"][-1])
            case "year" | "needs_year" | "training_year" | "budget":
                return self.say("about_budget" if subject["kind"] == "budget" else "about_year", id=subject["id"])
            case "department" | "interview" if "department_zh" in subject:
                return str(subject["department_zh" if locale == "zh-CN" else "department_en"])
        return self.say("about_person", person=subject["person"]) if "person" in subject else ""


@functools.cache
def words(locale: Locale) -> Words:
    """Return the words of a language."""
    return Words(locale)


def locale_of(chosen: str, accepted: str, person: str | None = None) -> Locale:
    """Return the language of a page: the one chosen on it, else the person's own, else the browser's, else ours."""
    if chosen in LOCALES:
        return "en" if chosen == "en" else "zh-CN"
    if person in LOCALES:
        return "en" if person == "en" else "zh-CN"
    if accepted.lower().startswith("zh"):
        return "zh-CN"
    return "en" if accepted.lower().startswith("en") else get_site().company.locale


def zone_of(name: str | None) -> ZoneInfo:
    """Return a person's time zone, the company's where it is not known."""
    return ZoneInfo(name) if name else get_site().company.zone


class ActionChoice(BaseModel):
    """One button of an action's page."""

    model_config = ConfigDict(frozen=True, extra="forbid")
    code: str = Field(pattern=r"^[a-z_]{1,40}$")
    label: str
    needs_comment: bool = False


class ActionWords(BaseModel):
    """What an action's page says in one language."""

    model_config = ConfigDict(frozen=True, extra="forbid")
    title: str
    why: str
    readers: str = ""
    choices: tuple[ActionChoice, ...] = Field(min_length=1)

    def choice(self, code: str | None) -> ActionChoice | None:
        """Return the choice of a code; None when the page does not offer it."""
        return next((choice for choice in self.choices if choice.code == code), None)


@functools.cache
def actions() -> Mapping[str, Mapping[Literal["zh-CN", "en"], ActionWords]]:
    """Return the words of every kind of action, by kind and language."""
    found = _yaml("actions.yaml")
    return {
        kind: {locale: ActionWords.model_validate(texts[locale]) for locale in LOCALES} for kind, texts in found.items()
    }


@functools.cache
def _texts() -> dict[str, dict[str, str]]:
    return _yaml("words.yaml")


def _yaml(name: str) -> dict[str, Any]:
    found: dict[str, Any] = read_yaml(resources.files(__package__).joinpath(name).read_text("utf-8"))
    return found

"""Words of mails: `templates/<kind>.yaml` in both languages → a `Section` that HTML and text are drawn from.

HR may edit the YAML; its expressions run in Jinja's sandbox. Values are escaped where the HTML is drawn, so a course
named `<script>` is just an odd name.
"""

from __future__ import annotations

import functools
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from importlib import resources
from typing import Any, Protocol
from zoneinfo import ZoneInfo

from jinja2 import StrictUndefined, Template
from jinja2.sandbox import ImmutableSandboxedEnvironment

from trainloop.config import Locale
from trainloop.domain import calendar
from trainloop.domain.counted import counted
from trainloop.yaml_text import read_yaml

_PATTERNS = {"zh-CN": ("y年M月d日", "M月d日 HH:mm"), "en": ("d MMM y", "EEE d MMM, HH:mm")}


class Figure(Protocol):
    """A number a reader should see at once, with its label and what qualifies it."""

    @property
    def value(self) -> str: ...
    @property
    def label(self) -> str: ...
    @property
    def note(self) -> str: ...


@dataclass(frozen=True, slots=True)
class Button:
    label: str
    url: str


@dataclass(frozen=True, slots=True)
class Listing:
    """A titled list; `is_ordered` when the order is a procedure."""

    title: str
    items: tuple[str, ...]
    is_ordered: bool = False


@dataclass(frozen=True, slots=True)
class Section:
    """What one notice says in one language; a mail holds one or more."""

    subject: str
    heading: str
    paragraphs: tuple[str, ...]
    reason: str
    figures: tuple[Figure, ...] = ()
    rows: tuple[tuple[str, str], ...] = ()
    listings: tuple[Listing, ...] = ()
    button: Button | None = None
    notes: tuple[str, ...] = ()


def section(template: str, locale: Locale, context: Mapping[str, Any]) -> Section:
    """Return the section of a kind's template; a value the template wants and the context lacks raises."""
    words = _words(template)[locale]

    def say(text: str) -> str:
        if "{" not in text:
            return text
        return " ".join(_compiled(text).render(context).split())

    def say_all(texts: Sequence[str]) -> tuple[str, ...]:
        return tuple(said for text in texts if (said := say(text)))

    return Section(
        subject=say(words["subject"]),
        heading=say(words["heading"]),
        paragraphs=say_all(words["paragraphs"]),
        reason=say(words["reason"]),
        figures=tuple(context[words["figures"]]) if "figures" in words else (),
        rows=tuple((label, say(value)) for label, value in words.get("rows", ())),
        listings=_listings(words, context, say_all),
        button=_button(words.get("button"), say),
        notes=say_all(words.get("notes", ())),
    )


def _button(words: Mapping[str, str] | None, say: Callable[[str], str]) -> Button | None:
    """Return the one button; none when what it would open has no address."""
    url = say(words["url"]) if words else ""
    return Button(say(words["label"]), url) if words and url else None


def _listings(words: Mapping[str, Any], context: Mapping[str, Any], say_all: Any) -> tuple[Listing, ...]:
    found = []
    for listing in words.get("lists", filter(None, [words.get("list")])):
        items = tuple(context[listing["items"]]) or tuple(filter(None, [listing.get("empty")]))
        if items:
            found.append(Listing(listing["title"], items))
    if steps := words.get("steps"):
        found.append(Listing(steps["title"], say_all(steps["items"]), is_ordered=True))
    return tuple(found)


def common(key: str, locale: Locale, /, **context: object) -> str:
    """Return one of the words around every mail."""
    return _compiled(_words("common")[locale][key]).render(context)


@functools.cache
def _words(template: str) -> dict[str, Any]:
    path = resources.files(__package__).joinpath("templates", f"{template}.yaml")
    words: dict[str, Any] = read_yaml(path.read_text("utf-8"))
    return words


@functools.cache
def _environment() -> ImmutableSandboxedEnvironment:
    environment = ImmutableSandboxedEnvironment(undefined=StrictUndefined, autoescape=False)
    environment.filters["counted"] = counted
    return environment


@functools.lru_cache(maxsize=1024)
def _compiled(text: str) -> Template:
    return _environment().from_string(text)


@functools.lru_cache(maxsize=4096)
def day_text(day: date, locale: Locale) -> str:
    """Return a date as a reader writes it: 2026年3月9日, 9 Mar 2026."""
    from babel.dates import format_date

    return format_date(day, _PATTERNS[locale][0], locale=_babel(locale))


@functools.lru_cache(maxsize=128)
def month_text(day: date, locale: Locale) -> str:
    """Return the month of a day: 2026年3月, March 2026."""
    from babel.dates import format_skeleton

    text: str = format_skeleton("yMMMM", day, locale=_babel(locale))
    return text


def money_text(amount: Decimal, currency: str, locale: Locale, decimals: int = 0) -> str:
    """Return an amount as a reader writes it: 180,000 元, CNY 180,000."""
    own = f"money_{currency}"
    key = own if own in _words("common")[locale] else "money"
    return common(key, locale, amount=f"{amount:,.{decimals}f}", currency=currency)


def named_month(code: str, locale: Locale) -> str:
    """Return a month that is kept as 2026-03 as a reader writes it."""
    return month_text(date.fromisoformat(f"{code}-01"), locale)


@functools.lru_cache(maxsize=4096)
def moment_text(moment: datetime, zone: ZoneInfo, locale: Locale) -> str:
    """Return a moment on the reader's wall clock."""
    from babel.dates import format_datetime

    return format_datetime(moment.astimezone(zone), _PATTERNS[locale][1], locale=_babel(locale))


@functools.lru_cache(maxsize=128)
def zone_text(zone: ZoneInfo, locale: Locale) -> str:
    """Return whose clock it is: 新加坡时间, Singapore Time."""
    from babel.dates import get_timezone_location

    text: str = get_timezone_location(zone, locale=_babel(locale))
    return text


def deadline_text(moment: datetime, zone: ZoneInfo, locale: Locale) -> str:
    """Return until when something is possible; the end of a day is that day, 23:59, not the next one, 00:00."""
    return moment_text(calendar.last_minute(moment, zone), zone, locale)


def _babel(locale: Locale) -> str:
    return "zh_CN" if locale == "zh-CN" else "en_GB"

"""Both languages say the same things: same keys, same placeholders, drawable characters, right numbers and dates."""

from __future__ import annotations

import re
import string
from datetime import UTC, date, datetime
from decimal import Decimal
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest

from trainloop.config import Locale
from trainloop.outbox.wording import day_text
from trainloop.reporting import catalogue as module
from trainloop.reporting import glyphs
from trainloop.reporting.catalogue import catalogue

ZH, EN = catalogue("zh-CN"), catalogue("en")
FOLDER = Path(module.__file__).parent


def placeholders(message: str) -> set[str]:
    return {name for _, name, _, _ in string.Formatter().parse(message) if name}


def test_both_catalogues_have_the_same_keys() -> None:
    """A text that a person sees exists in both languages."""
    assert ZH.messages.keys() == EN.messages.keys()


@pytest.mark.parametrize("key", sorted(ZH.messages))
def test_both_messages_of_a_key_are_filled_and_never_ask_for_unknown_facts(key: str) -> None:
    """A language may leave a fact out, but names none that the other does not know."""
    assert ZH.messages[key] or EN.messages[key] or key == "page.after"
    known = placeholders(ZH.messages[key]) | placeholders(EN.messages[key])
    assert placeholders(ZH.messages[key]) == placeholders(EN.messages[key]) == known


@pytest.mark.parametrize("locale", ["zh-CN", "en"])
def test_every_word_of_the_catalogue_can_be_drawn(locale: Locale) -> None:
    """The view is checked at run time, the catalogue here."""
    glyphs.check(catalogue(locale).messages)


def test_every_key_is_used_and_every_used_key_exists() -> None:
    """No dead words, no missing ones."""
    sources = "".join(path.read_text("utf-8") for path in [*FOLDER.glob("*.py"), *FOLDER.glob("templates/*.j2")])
    exact = set(re.findall(r'"((?:[a-z_0-9]+\.)+[a-z_0-9]+)"', sources)) & ZH.messages.keys()
    prefixes = tuple(re.findall(r'f?"((?:[a-z_]+\.)+[a-z_0-9]*)(?:\{|" ~)', sources))
    unused = [
        key
        for key in ZH.messages
        if key not in exact and not key.startswith(prefixes) and key not in {"title", "revision"}
    ]
    assert unused == []


@pytest.mark.parametrize(
    ("locale", "value", "decimals", "is_signed", "text"),
    [
        ("zh-CN", Decimal("4.10"), None, False, "4.10"),
        ("en", Decimal("-12.5"), None, False, "−12.5"),
        ("en", Decimal("0.30"), None, True, "+0.30"),
        ("en", Decimal("-0.04"), 1, True, "0.0"),
        ("zh-CN", 12345, None, False, "12,345"),
    ],
)
def test_numbers_keep_their_decimals_and_have_a_real_minus(
    locale: Locale, value: Decimal | int, decimals: int | None, *, is_signed: bool, text: str
) -> None:
    """A released number is printed with the decimals it was released with."""
    assert catalogue(locale).number(value, decimals, is_signed=is_signed) == text


def test_dates_are_in_the_reader_s_language_and_the_class_s_time_zone() -> None:
    """17:00 UTC is the next day in Shanghai; a day is written as in the mail that brings the report."""
    start, end = datetime(2026, 3, 11, 17, tzinfo=UTC), datetime(2026, 3, 13, 9, tzinfo=UTC)
    zone = ZoneInfo("Asia/Shanghai")
    assert ZH.period(start, end, zone) == "2026年3月12日至2026年3月13日"
    assert EN.period(start, start, zone) == "12 Mar 2026" == day_text(date(2026, 3, 12), "en")

"""Words, dates and numbers in the reader's language: our own catalogues for words, Babel for the rest."""

from __future__ import annotations

import functools
from datetime import date, datetime
from decimal import Decimal
from importlib import resources
from typing import Any
from zoneinfo import ZoneInfo

from babel import dates, numbers

from trainloop.config import Locale
from trainloop.domain.counted import filled
from trainloop.yaml_text import read_yaml

MINUS = "−"
# As in mails, forms and on the board: 2026年3月9日, 9 Mar 2026.
_DAY = {"zh-CN": "y年M月d日", "en": "d MMM y"}
_MOMENT = {"zh-CN": "M月d日 HH:mm", "en": "d MMM, HH:mm"}
_BABEL = {"zh-CN": "zh_CN", "en": "en_GB"}


class Catalogue:
    """The words of one locale. `words("verdict.high", n=12)` fills the placeholders of one message."""

    def __init__(self, locale: Locale) -> None:
        self.locale: Locale = locale
        self._babel = _BABEL[locale]
        self.messages: dict[str, str] = {}
        for file in sorted(resources.files(__package__).joinpath("locale").iterdir(), key=lambda file: file.name):
            # en.yaml is what reports share and the course evaluation's; needs.en.yaml what its name says.
            if file.name.removesuffix(".yaml").rpartition(".")[2] == locale:
                self.messages |= _flat(read_yaml(file.read_text("utf-8")))

    def __call__(self, key: str, **facts: object) -> str:
        """Return one message; raises KeyError for an unknown key or a missing fact: both are faults of ours."""
        return filled(self.messages[key], facts)

    def has(self, key: str) -> bool:
        """Say whether the catalogue knows a key."""
        return key in self.messages

    def either(self, zh: str, en: str) -> str:
        """Return the text that is in this locale."""
        return zh if self.locale == "zh-CN" else en

    def number(self, value: Decimal | int, decimals: int | None = None, *, is_signed: bool = False) -> str:
        """Return a number with the decimals it has (or `decimals`), a real minus, and its plus sign where asked."""
        exact = Decimal(value)
        exponent = exact.as_tuple().exponent
        places = decimals if decimals is not None else max(0, -exponent) if isinstance(exponent, int) else 0
        pattern = "#,##0" + ("." + "0" * places if places else "")
        text: str = numbers.format_decimal(abs(exact), format=pattern, locale=self._babel)
        is_zero = round(exact, places) == 0
        if exact < 0 and not is_zero:
            return MINUS + text
        return "+" + text if is_signed and not is_zero else text

    def money(self, amount: Decimal, currency: str, decimals: int | None = None) -> str:
        """Return an amount as readers of this language write it: 180,000 元, CNY 180,000."""
        key = f"format.money_{currency}"
        return self(key if self.has(key) else "format.money", amount=self.number(amount, decimals), currency=currency)

    def percent(self, value: Decimal) -> str:
        """Return a number of 0–100 as a percentage with the decimals it has."""
        return self.number(value) + self.messages["format.percent_sign"]

    def day(self, moment: date | datetime, zone: ZoneInfo | None = None) -> str:
        """Return a date as a reader writes it."""
        local = moment.astimezone(zone) if isinstance(moment, datetime) and zone else moment
        text: str = dates.format_date(local, _DAY[self.locale], locale=self._babel)
        return text

    def moment(self, moment: datetime, zone: ZoneInfo) -> str:
        """Return a moment of a day that the page names anyway: 6月11日 09:10, 11 Jun, 09:10."""
        text: str = dates.format_datetime(moment.astimezone(zone), _MOMENT[self.locale], locale=self._babel)
        return text

    def month(self, day: date) -> str:
        """Return the month of a day, as 2026年2月 or February 2026."""
        text: str = dates.format_skeleton("yMMMM", day, locale=self._babel)
        return text

    def period(self, start: datetime, end: datetime, zone: ZoneInfo) -> str:
        """Return the days of a class: one date, or first to last."""
        first, last = start.astimezone(zone).date(), end.astimezone(zone).date()
        return self.day(first) if first == last else self("format.range", first=self.day(first), last=self.day(last))


@functools.cache
def catalogue(locale: Locale) -> Catalogue:
    """Return the catalogue of a locale (read once a process)."""
    return Catalogue(locale)


def opened(text: str) -> str:
    """Return a text as it stands at the head of a line: with a capital letter where its script has any."""
    return text[:1].upper() + text[1:]


def _flat(tree: dict[str, Any], prefix: str = "") -> dict[str, str]:
    flat: dict[str, str] = {}
    for key, value in tree.items():
        if isinstance(value, dict):
            flat |= _flat(value, f"{prefix}{key}.")
        else:
            flat[f"{prefix}{key}"] = str(value)
    return flat

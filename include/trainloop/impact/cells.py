"""What one cell of an analyst's file means: the same spellings as intake's SQL functions (`staging.period_of` …)."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Callable
from datetime import date, timedelta
from decimal import Decimal, InvalidOperation
from typing import Any

from trainloop.contracts import Column, Rule
from trainloop.contracts.model import word_key

_DAY = re.compile(
    r"^((?:19|20)\d{2})(?:\s*[-/.年]\s*(\d{1,2})\s*[-/.月]\s*(\d{1,2})\s*日?|(\d{2})(\d{2}))(?:[ T]0?0:00(?::00)?)?$"
)
_MONTH = re.compile(r"^((?:19|20)\d{2})(?:\s*[-/.年]\s*(\d{1,2})\s*月?|(\d{2}))$")
_WEEK = re.compile(r"^((?:19|20)\d{2})\s*[-年]?\s*(?:W|第)\s*(\d{1,2})\s*周?$", re.IGNORECASE)
_THOUSANDS = re.compile(r"^[+-]?\d{1,3}(,\d{3})+(\.\d*)?$")
_NUMBER = re.compile(r"^[+-]?(\d{1,40}(\.\d{0,40})?|\.\d{1,40})([eE][+-]?\d{1,2})?$")


def judge(text: str | None, column: Column) -> tuple[Any, Rule | None]:
    """Return (value, None) of a cell, or (None, the rule it breaks); an empty optional cell is the column's default."""
    plain = plain_text(text)
    if plain is None:
        return column.default, "missing_value" if column.is_required else None
    value = _CASTS[column.type](plain, column)
    if value is None:
        return None, "not_allowed" if column.allowed else "wrong_type"
    limits = (column.minimum, column.maximum) if column.type == "decimal" else (column.earliest, column.latest)
    measure: Any = Decimal(repr(value)) if column.type == "decimal" else value
    if (limits[0] is not None and measure < limits[0]) or (limits[1] is not None and measure > limits[1]):
        return None, "out_of_range"
    if column.max_length is not None and len(plain) > column.max_length:
        return None, "too_long"
    return value, None


def plain_text(text: str | None) -> str | None:
    """Return a cell's text in half width without outer spaces; None when nothing is left."""
    if text is None:
        return None
    plain = unicodedata.normalize("NFKC", text).translate(dict.fromkeys(map(ord, "\u200b\u200c\u200d\u2060\ufeff")))
    return plain.strip() or None


def number_of(text: str) -> float | None:
    """Return the number a text says, thousands separators allowed; None for what is none."""
    if _THOUSANDS.match(text):
        text = text.replace(",", "")
    return float(text) if _NUMBER.match(text) else None


def _decimal(text: str, column: Column) -> float | None:
    number = number_of(text)
    if number is None or column.decimals is None:
        return number
    try:
        digits = Decimal(text.replace(",", "")).normalize().as_tuple().exponent
    except InvalidOperation:
        return None
    return number if isinstance(digits, int) and -digits <= column.decimals else None


def _choice(text: str, column: Column) -> str | None:
    key = word_key(text)
    return next((choice.code for choice in column.allowed if key in map(word_key, choice.words)), None)


def _day(text: str) -> date | None:
    if not (parts := _DAY.match(text)):
        return None
    year, month, day = parts[1], parts[2] or parts[4], parts[3] or parts[5]
    try:
        return date(int(year), int(month), int(day))
    except ValueError:
        return None


def period_of(text: str) -> str | None:
    """Return a period as core keeps it (2026-03, 2026-W10, 2026-03-05); None for what is none."""
    if parts := _MONTH.match(text):
        month = int(parts[2] or parts[3])
        return f"{parts[1]}-{month:02}" if 1 <= month <= 12 else None
    if parts := _WEEK.match(text):
        try:
            date.fromisocalendar(int(parts[1]), int(parts[2]), 1)
        except ValueError:
            return None
        return f"{parts[1]}-W{int(parts[2]):02}"
    day = _day(text)
    return day.isoformat() if day else None


def period_days(period: str) -> tuple[date, date]:
    """Return the first and last day of a canonical period."""
    if len(period) == 10:
        return date.fromisoformat(period), date.fromisoformat(period)
    if len(period) == 8:
        first = date.fromisocalendar(int(period[:4]), int(period[6:]), 1)
        return first, first + timedelta(days=6)
    first = date(int(period[:4]), int(period[5:]), 1)
    return first, (first + timedelta(days=31)).replace(day=1) - timedelta(days=1)


_CASTS: dict[str, Callable[[str, Column], Any]] = {
    "text": lambda text, _: text,
    "code": lambda text, _: re.sub(r"""^(="?|')([^"]*)"?$""", r"\2", text),
    "decimal": _decimal,
    "choice": _choice,
    "date": lambda text, _: _day(text),
    "period": lambda text, _: period_of(text),
}

"""Teaching-hour allowances 授课课时津贴 (R44): rates by the day of the class, exact decimals, one rounding at the end.

Pure. A class that cannot be computed gets a typed reason that names the rates concerned, never a guessed amount.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from decimal import ROUND_HALF_UP, Context, Decimal
from typing import Final, Literal

RateKind = Literal["base", "level", "difficulty", "class_size", "quality"]
Reason = Literal[
    "no_rate", "rates_overlap", "mixed_currencies", "other_currency", "no_level", "no_attendance", "band_unreadable"
]
CENT: Final = Decimal("0.01")
ANY: Final = "*"
# Wide enough that no product of six factors is rounded before the end.
_EXACT: Final = Context(prec=60, rounding=ROUND_HALF_UP)
_ONE: Final = Decimal(1)


@dataclass(frozen=True, slots=True)
class Rate:
    """One row of the rate table: valid from the first to the last day, both included; no last day = still valid."""

    kind: RateKind
    code: str
    valid_from: date
    valid_until: date | None
    value: Decimal
    currency: str | None = None
    source: str = ""

    def is_valid_on(self, day: date) -> bool:
        return self.valid_from <= day and (self.valid_until is None or day <= self.valid_until)


@dataclass(frozen=True, slots=True)
class Teaching:
    """One class that one trainer gave, as far as money goes by it.

    `headcount`: who attended, None without attendance. `rating`: the published mean of the class, None without one.
    """

    class_on: date
    hours: Decimal
    trainer_kind: str
    trainer_level: str | None
    course_code: str
    headcount: int | None
    rating: Decimal | None


@dataclass(frozen=True, slots=True)
class Refused:
    """Why there is no amount: the reason, which rate it is about, where the rows that contradict each other stand."""

    reason: Reason
    kind: RateKind | None = None
    code: str | None = None
    sources: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Allowance:
    """What one class is worth: its factors and their product, rounded half-up to the cent."""

    hours: Decimal
    base: Decimal
    level: Decimal
    difficulty: Decimal
    class_size: Decimal
    quality: Decimal
    currency: str

    @property
    def amount(self) -> Decimal:
        return allowance_amount(self.hours, self.base, self.level, self.difficulty, self.class_size, self.quality)


def allowance_amount(hours: Decimal, base: Decimal, *factors: Decimal) -> Decimal:
    """Return hours × base × factors, rounded half-up to the cent once, at the end.

    >>> allowance_amount(*map(Decimal, ("3", "100", "1.2", "1.5", "1.0", "1.1")))
    Decimal('594.00')
    """
    product = _EXACT.multiply(hours, base)
    for factor in factors:
        product = _EXACT.multiply(product, factor)
    return product.quantize(CENT, ROUND_HALF_UP, _EXACT)


class RateTable:
    """All rates by kind and code. Rows that contradict each other are no error until somebody needs that day."""

    def __init__(self, rates: Iterable[Rate]) -> None:
        self._rates: Mapping[tuple[RateKind, str], list[Rate]] = defaultdict(list)
        for rate in rates:
            self._rates[rate.kind, rate.code].append(rate)

    def compute(self, teaching: Teaching, currency: str) -> Allowance | Refused:
        """Return what a class is worth in the site's currency, or why nobody can say.

        A course without a difficulty of its own has that of `*`. A class without a published rating has the quality
        factor 1: too few people answered to judge the trainer by them.
        """
        day = teaching.class_on
        if teaching.headcount is None:
            return Refused("no_attendance")
        if not teaching.trainer_level:
            return Refused("no_level")
        own_difficulty = ("difficulty", teaching.course_code) in self._rates
        found = [
            self._on("base", teaching.trainer_kind, day),
            self._on("level", teaching.trainer_level, day),
            self._on("difficulty", teaching.course_code if own_difficulty else ANY, day),
            self._in_band("class_size", Decimal(teaching.headcount), day),
            _NEUTRAL if teaching.rating is None else self._in_band("quality", teaching.rating, day),
        ]
        rates: list[Rate] = []
        for one in found:
            if isinstance(one, Refused):
                return one
            rates.append(one)
        base = rates[0]
        if base.currency != currency:
            return Refused("other_currency", "base", base.code, (base.source,))
        values = [rate.value for rate in rates]
        return Allowance(teaching.hours, values[0], values[1], values[2], values[3], values[4], currency)

    def currencies(self) -> tuple[str, ...]:
        """Return the currencies of the base rates; more than one cannot be added up."""
        return tuple(
            sorted({rate.currency or "" for (kind, _), rows in self._rates.items() if kind == "base" for rate in rows})
        )

    def _on(self, kind: RateKind, code: str, day: date) -> Rate | Refused:
        valid = [rate for rate in self._rates.get((kind, code), ()) if rate.is_valid_on(day)]
        if len(valid) == 1:
            return valid[0]
        if not valid:
            return Refused("no_rate", kind, code, _sources(self._rates.get((kind, code), ())))
        return Refused("rates_overlap", kind, code, _sources(valid))

    def _in_band(self, kind: RateKind, value: Decimal, day: date) -> Rate | Refused:
        """Return the rate of the band with the highest lower limit that the value reaches on that day."""
        limits: dict[Decimal, str] = {}
        for found, code in self._rates:
            if found != kind or not any(rate.is_valid_on(day) for rate in self._rates[found, code]):
                continue
            try:
                limits[Decimal(code)] = code
            except ArithmeticError:
                return Refused("band_unreadable", kind, code, _sources(self._rates[found, code]))
        reached = [limit for limit in limits if limit <= value]
        if not reached:
            return Refused("no_rate", kind, f"{value:f}")
        return self._on(kind, limits[max(reached)], day)


_NEUTRAL: Final = Rate("quality", "", date.min, None, _ONE)


def _sources(rates: Sequence[Rate]) -> tuple[str, ...]:
    return tuple(dict.fromkeys(rate.source for rate in rates if rate.source))


@dataclass(frozen=True, slots=True)
class Line:
    """What a batch pays for one class of one trainer: the difference between what is due and what was paid."""

    kind: Literal["first", "correction", "reversal"]
    due: Decimal
    paid: Decimal

    @property
    def amount(self) -> Decimal:
        return self.due - self.paid


def line(due: Decimal | None, paid: Decimal | None) -> Line | None:
    """Return the line that settles a class, None when nothing is open.

    `due` None: the class is no longer this trainer's (cancelled, given by somebody else). `paid` None: never paid.

    >>> line(Decimal("594.00"), Decimal("396.00")).amount
    Decimal('198.00')
    >>> line(Decimal("594.00"), Decimal("594.00")) is None
    True
    """
    owed, had = due or Decimal(0), paid or Decimal(0)
    if owed == had:
        return None
    if paid is None:
        return Line("first", owed, had)
    return Line("reversal" if due is None else "correction", owed, had)

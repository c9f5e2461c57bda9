"""Teaching-hour allowances as arithmetic: the factors of the day, exact products, one rounding at the end."""

from __future__ import annotations

from dataclasses import replace
from datetime import date
from decimal import Decimal
from fractions import Fraction
from math import floor

import pytest

from trainloop.domain.allowance import Allowance, Rate, RateTable, Refused, Teaching, allowance_amount, line

DAY = date(2026, 3, 5)
START = date(2026, 1, 1)


def rate(kind: str, code: str, value: str, start: date = START, end: date | None = None, currency: str = "CNY") -> Rate:
    return Rate(kind, code, start, end, Decimal(value), currency, f"rates.xlsx : {value}")  # type: ignore[arg-type]


RATES = [
    rate("base", "internal", "100"),
    rate("level", "高级", "1.2"),
    rate("difficulty", "*", "1"),
    rate("difficulty", "C-NEG", "1.5"),
    rate("class_size", "0", "1.0"),
    rate("class_size", "30", "1.3"),
    rate("quality", "0", "0.9"),
    rate("quality", "4.5", "1.1"),
]
CLASS = Teaching(DAY, Decimal(3), "internal", "高级", "C-NEG", 20, Decimal("4.6"))


def amount(teaching: Teaching = CLASS, rates: list[Rate] = RATES) -> str:
    found = RateTable(rates).compute(teaching, "CNY")
    assert isinstance(found, Allowance), found
    return str(found.amount)


def refusal(teaching: Teaching = CLASS, rates: list[Rate] = RATES) -> Refused:
    found = RateTable(rates).compute(teaching, "CNY")
    assert isinstance(found, Refused), found
    return found


def test_the_textbook_class_is_worth_594() -> None:
    """3 h × 100 × 1.2 × 1.5 × 1.0 × 1.1 = 594.00 (methods §2)."""
    assert amount() == "594.00"


def test_a_cent_is_rounded_half_up_once_at_the_end() -> None:
    """0.005 goes up, and no factor in between is rounded: 1.5 × 0.33 × 0.99 … keeps every digit until the end."""
    assert str(allowance_amount(Decimal("0.5"), Decimal("0.01"))) == "0.01"
    assert str(allowance_amount(Decimal(1), Decimal("2.675"))) == "2.68"
    assert str(allowance_amount(Decimal("0.33"), Decimal("1.15"), Decimal("1.05"), Decimal("1.05"))) == "0.42"
    many = [Decimal("1.3333")] * 12
    exact = Fraction("7.25") * Fraction("333.3333") * Fraction("1.3333") ** 12
    assert (
        allowance_amount(Decimal("7.25"), Decimal("333.3333"), *many)
        == Decimal(floor(exact * 100 + Fraction(1, 2))) / 100
    )


def test_rates_are_those_of_the_day_of_the_class() -> None:
    """The first and the last day of a range belong to it; the day after has the next one."""
    rates = [one for one in RATES if one.kind != "base"]
    rates += [rate("base", "internal", "100", START, DAY), rate("base", "internal", "200", date(2026, 3, 6))]
    assert amount(rates=rates) == "594.00"
    assert amount(replace(CLASS, class_on=date(2026, 3, 6)), rates) == "1188.00"


def test_bands_begin_at_their_lower_limit_and_courses_have_their_own_difficulty() -> None:
    """Thirty people are in the band from 30; 4.4 is not yet 4.5; a course that is not named has that of `*`."""
    assert amount(replace(CLASS, headcount=30)) == "772.20"
    assert amount(replace(CLASS, rating=Decimal("4.4"))) == "486.00"
    assert amount(replace(CLASS, course_code="C-EXC")) == "396.00"


def test_without_a_published_rating_the_quality_factor_is_one() -> None:
    """Too few people answered: the trainer is neither punished nor rewarded for it."""
    assert amount(replace(CLASS, rating=None)) == "540.00"


@pytest.mark.parametrize(
    ("changes", "added", "reason", "about"),
    [
        ({"class_on": date(2025, 12, 31)}, [], "no_rate", "internal"),
        ({"trainer_level": "特级"}, [], "no_rate", "特级"),
        ({}, [rate("level", "高级", "1.3", DAY)], "rates_overlap", "高级"),
        ({}, [rate("class_size", "many", "2")], "band_unreadable", "many"),
        ({"trainer_level": None}, [], "no_level", None),
        ({"headcount": None}, [], "no_attendance", None),
    ],
)
def test_what_cannot_be_computed_says_why(
    changes: dict[str, object], added: list[Rate], reason: str, about: str
) -> None:
    """Gap, overlap, unreadable band, missing level or attendance: a reason that names the rate, no amount."""
    found = refusal(replace(CLASS, **changes), RATES + added)  # type: ignore[arg-type]
    assert (found.reason, found.code) == (reason, about)


def test_contradicting_rows_are_named_by_file_and_row() -> None:
    """The remedy needs the place: both rows that are valid on that day."""
    assert refusal(rates=[*RATES, rate("level", "高级", "1.3", DAY)]).sources == (
        "rates.xlsx : 1.2",
        "rates.xlsx : 1.3",
    )


def test_another_currency_is_no_amount() -> None:
    """A base rate in dollars is not paid out as so many yuan."""
    rates = [one for one in RATES if one.kind != "base"] + [rate("base", "internal", "100", currency="USD")]
    assert refusal(rates=rates).reason == "other_currency"


@pytest.mark.parametrize(
    ("due", "paid", "expected"),
    [
        ("594.00", None, ("first", "594.00")),
        ("594.00", "594.00", None),
        ("600.00", "594.00", ("correction", "6.00")),
        ("500.00", "594.00", ("correction", "-94.00")),
        (None, "594.00", ("reversal", "-594.00")),
        (None, None, None),
        (None, "0.00", None),
    ],
)
def test_a_line_is_the_difference_to_what_was_paid(due: str, paid: str, expected: tuple[str, str] | None) -> None:
    """Nothing is paid twice: what was paid is taken off, and what is no longer due comes back."""
    found = line(due and Decimal(due), paid and Decimal(paid))  # type: ignore[arg-type]
    assert (found and (found.kind, str(found.amount))) == expected

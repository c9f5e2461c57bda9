"""Promotion 晋升: points by effective-dated rules, and what a list of candidates may say. A person decides, never this.

A rule has a rate from a day on; what was earned on a day is worth the rate of that day, whenever it is booked, and a
later rate never touches it.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from decimal import ROUND_HALF_UP, Decimal
from typing import Literal, NamedTuple

CENT = Decimal("0.01")
Condition = Literal["certificate", "points", "months", "appraisal"]
# ending: holds and ends soon. unclear: on file, but revoked or under a number that stands in another person's name.
CertificateState = Literal["not_asked", "valid", "ending", "expired", "missing", "unclear"]
Verdict = Literal["met", "one_open"]


class Rate(NamedTuple):
    """What one unit of evidence is worth from a day on."""

    valid_from: date
    points: Decimal


def rate_on(rates: Mapping[date, Decimal], day: date) -> Rate | None:
    """Return the rate that holds on a day; None before the first one, and while it is zero (the rule is suspended)."""
    begun = [start for start in rates if start <= day]
    if not begun or rates[max(begun)] == 0:
        return None
    return Rate(max(begun), rates[max(begun)])


def points_of(rate: Rate, quantity: Decimal) -> Decimal:
    """Return the points for a quantity (1, or hours), rounded half-up to the cent once."""
    return (rate.points * quantity).quantize(CENT, ROUND_HALF_UP)


@dataclass(frozen=True, slots=True)
class Standing:
    """One person beside what the next level asks for; `months_in_level` None where nobody knows since when."""

    certificate_state: CertificateState
    points: Decimal
    required_points: Decimal
    months_in_level: int | None
    required_months: int
    ratings: Sequence[str]


def certificate_state(
    certificate_code: str | None,
    valid_until: date | None,
    *,
    is_held: bool,
    is_on_file: bool,
    today: date,
    ends_soon: date,
) -> CertificateState:
    """Return how a required certificate stands; `valid_until` None means without end, where one is held."""
    if certificate_code is None:
        return "not_asked"
    if not is_held:
        return "unclear" if is_on_file else "missing"
    if valid_until is None or valid_until > ends_soon:
        return "valid"
    return "ending" if valid_until >= today else "expired"


def months_between(since: date, day: date) -> int:
    """Return the whole months from one day to another; the last day of a month completes it."""
    months = (day.year - since.year) * 12 + day.month - since.month
    is_last_day = (date(day.year + day.month // 12, day.month % 12 + 1, 1) - day).days == 1
    return months if day.day >= since.day or is_last_day else months - 1


def open_conditions(one: Standing, accepted_ratings: Collection[str]) -> tuple[Condition, ...]:
    """Return what is not met, in the order it is printed. Missing evidence is open, never met."""
    found: list[Condition] = []
    if one.certificate_state not in {"not_asked", "valid", "ending"}:
        found.append("certificate")
    if one.points < one.required_points:
        found.append("points")
    if one.required_months and (one.months_in_level is None or one.months_in_level < one.required_months):
        found.append("months")
    if not one.ratings or any(rating not in accepted_ratings for rating in one.ratings):
        found.append("appraisal")
    return tuple(found)


def verdict_of(conditions: Sequence[Condition]) -> Verdict | None:
    """Return what the list says: everything met, one condition open, or (None) not on the list this month."""
    return ("met", "one_open", None)[min(len(conditions), 2)]

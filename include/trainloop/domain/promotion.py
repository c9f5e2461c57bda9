"""Promotion 晋升: points by effective-dated rules, and what a list of candidates may say. A person decides, never this.

A rule has a rate from a day on; what was earned on a day is worth the rate of that day, whenever it is booked, and a
later rate never touches it.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from decimal import ROUND_HALF_UP, Decimal
from typing import NamedTuple

CENT = Decimal("0.01")


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

"""How many people a wave asked and how many answered: for every instrument, without seeing one of them."""

from __future__ import annotations

from dataclasses import dataclass

from trainloop.warehouse.engine import Connection
from trainloop.warehouse.statements import statement


@dataclass(frozen=True, slots=True)
class ResponseCounts:
    """Counts of people of one wave: population = invited + held back by the cap + excluded (left, bounced, absent).

    The denominator of a response rate is `eligible_count`. Without completions `used_count` says nothing.
    """

    wave_code: str
    population_count: int
    invited_count: int
    eligible_count: int
    used_count: int
    held_count: int
    excluded_count: int
    complete_count: int
    partial_count: int
    has_completions: bool


def response_counts(connection: Connection, wave_code: str) -> ResponseCounts | None:
    """Return the counts of one wave, or None when there is no such wave; needs the statistics role."""
    row = connection.execute(statement("rounds", "response_counts"), {"wave_codes": [wave_code]}).fetchone()
    return ResponseCounts(**row) if row is not None else None

"""Vendors 供应商: whether a licence covers a day, and which kinds of vendor fit which kind of need (R12–R13).

Pure: what counts as a criterion, which kinds fit and how many raters a score needs are rules of the site file.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Literal

Licence = Literal["valid", "missing", "expired"]


@dataclass(frozen=True, slots=True)
class Candidate:
    """One vendor as a choice: its kind, its score (None: not scored) and whether its licence covers the day."""

    vendor_code: str
    kind: str
    score: float | None
    licence: Licence


def licence_on(licence_no: str | None, expires_on: date | None, day: date) -> Licence:
    """Return whether a licence covers `day`; without number or expiry there is none, however good the vendor.

    >>> licence_on("LIC-1", date(2026, 3, 31), date(2026, 3, 31))
    'valid'
    >>> licence_on("LIC-1", date(2026, 3, 31), date(2026, 4, 1))
    'expired'
    """
    if not licence_no or expires_on is None:
        return "missing"
    return "valid" if day <= expires_on else "expired"


def ranked_choices(
    need_type: str, candidates: Iterable[Candidate], fitting: Mapping[str, Sequence[str]]
) -> list[Candidate]:
    """Return who may serve a need of this type, best first: fitting kinds in their order, then the score.

    Vendors without a valid licence, without a score, or of a kind that does not fit are no choices.
    """
    kinds = list(fitting.get(need_type, ()))
    able = [one for one in candidates if one.licence == "valid" and one.score is not None and one.kind in kinds]
    return sorted(able, key=lambda one: (kinds.index(one.kind), -(one.score or 0.0), one.vendor_code))

"""360 assessment of a newly promoted manager 新任管理者 360: who rates, and which groups may be shown.

The manager's rating is one person's and declared as such. Every other group is shown from the site's minimum on;
smaller ones are merged, so that no shown figure minus another leaves fewer raters than the minimum.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date

from trainloop.domain.survey import RaterGroup

PEER_GROUPS: tuple[RaterGroup, ...] = ("peer", "report", "other")
# Join of merged groups in a figure's group code: peer+report.
MERGED = "+"
OTHERS = "others"


@dataclass(frozen=True, slots=True)
class Rater:
    """One person who is to rate, and as what."""

    employee_id: str
    group: RaterGroup


@dataclass(frozen=True, slots=True)
class Promotion:
    """One promotion in the window, with the people the reporting line offers and those whom HR named."""

    employee_id: str
    promoted_on: date
    manager_id: str | None
    peers: tuple[str, ...] = ()
    reports: tuple[str, ...] = ()
    nominated: tuple[Rater, ...] = ()

    @property
    def is_nominated(self) -> bool:
        """Whether HR named anybody but the person: then HR's list is the list."""
        return any(rater.group != "self" for rater in self.nominated)


def raters_of(promotion: Promotion, per_group: int) -> tuple[Rater, ...]:
    """Return who rates a promoted manager: the person, and HR's nominations or the reporting line.

    By rule these are the manager, and at most `per_group` peers and reports each, drawn by a hash so that neither names
    nor numbers decide and the draw is the same tomorrow. Nobody rates twice.
    """
    own = Rater(promotion.employee_id, "self")
    if promotion.is_nominated:
        named = [rater for rater in promotion.nominated if rater.employee_id != promotion.employee_id]
    else:
        manager = [promotion.manager_id] if promotion.manager_id else []
        named = [
            *(Rater(rater, "manager") for rater in manager),
            *(Rater(rater, "peer") for rater in _drawn(promotion, promotion.peers, per_group)),
            *(Rater(rater, "report") for rater in _drawn(promotion, promotion.reports, per_group)),
        ]
    unique: dict[str, Rater] = {}
    for rater in (own, *named):
        unique.setdefault(rater.employee_id, rater)
    return tuple(unique.values())


def _drawn(promotion: Promotion, people: Iterable[str], count: int) -> Sequence[str]:
    def place(person: str) -> str:
        return hashlib.sha256(f"{promotion.employee_id}\x1f{promotion.promoted_on}\x1f{person}".encode()).hexdigest()

    return sorted({person for person in people if person != promotion.employee_id}, key=place)[:count]


def has_enough(raters: Iterable[Rater], minimum: int) -> bool:
    """Return whether anything but the manager's declared rating could be shown if everybody answered."""
    return sum(rater.group in PEER_GROUPS for rater in raters) >= minimum


def shown_groups(counts: Mapping[str, int], minimum: int) -> tuple[tuple[str, ...], ...]:
    """Return which groups are shown, merged ones together; empty when even all of them are too few.

    `counts` says how many answered per group (peer, report, other). Groups below the minimum are put together; where
    that is still too few, the smallest of the others joins them.
    """
    answered = {group: counts.get(group, 0) for group in PEER_GROUPS if counts.get(group, 0) > 0}
    large = [group for group, count in answered.items() if count >= minimum]
    small = [group for group in answered if group not in large]
    if not small:
        return tuple((group,) for group in large)
    if sum(answered[group] for group in small) < minimum:
        if not large:
            return ()
        joined = min(large, key=lambda group: (answered[group], group))
        large.remove(joined)
        small = [group for group in answered if group in {*small, joined}]
    return (*((group,) for group in large), tuple(small))

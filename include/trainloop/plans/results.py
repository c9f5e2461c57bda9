"""What action plans came to, as releases: figures, what of them is shown, and what was shown before (R32, R34, R40).

Two products share these figures: `action_plans_30d` (subject_kind `class_session`; its one unit is `class`) and
`monthly_results` (subject_kind `month`; units `all`, `department:<code>`, `course:<code>`).

| family | code | statistics | unit |
|---|---|---|---|
| response | class or all | class_count asked_count plan_count checked_in_count planned_pct | classes; people; percent |
| plan | unit | n; done_pct verified_pct; count:<state> share:<state> | plans that count; percent; plans and percent |
| blocker | unit | n; count:<cause> share:<cause> | people who named one or said there was none; people and percent |

Plans are named, yet a class report and a roll-up are read by people who may not see them. So the rules of small groups
hold: rates from five plans, states and causes from ten, and no group that differs by fewer from one shown before, in
this release, an earlier one, or one of the other product.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import astuple, dataclass, field
from typing import Any, Final

from psycopg.types.json import Jsonb

from trainloop import clock
from trainloop.config import Site, get_site
from trainloop.domain.plan_result import CAUSES, NO_CAUSE, STATES, Outcome, share_pct, tally
from trainloop.errors import TransientError
from trainloop.statistics.disclosure import Guard
from trainloop.statistics.figures import Figure, ShownFigure, figure
from trainloop.statistics.refusal import Refusal
from trainloop.statistics.suppression import LedgerEntry, Minimums, Visibility, shown_figure
from trainloop.warehouse.engine import Connection
from trainloop.warehouse.statements import statement

STORY: Final = "story"
WITHHELD_REASON: Final = "too_close_to_earlier_release"
_MEASURES = ("plan", "blocker")


class PlansBusyError(TransientError):
    """Another run counts the plans of {subject} at this moment; this one comes back after it."""


@dataclass(frozen=True)
class Release:
    """One row of published.releases, and whether it was written now."""

    release_id: int
    revision_number: int
    is_withheld: bool
    is_new: bool


@dataclass
class Content:
    """What a release would show: figures as readers see them, masked stories, and what goes into the ledger."""

    figures: list[ShownFigure] = field(default_factory=list)
    stories: Sequence[str] = ()
    ledger: list[LedgerEntry] = field(default_factory=list)
    is_withheld: bool = False

    def sha256(self) -> str:
        """Return the identity of all that readers would see."""
        lines = sorted(astuple(one) for one in self.figures)
        return hashlib.sha256(
            json.dumps([lines, list(self.stories), self.is_withheld], default=str).encode()
        ).hexdigest()


class Desk:
    """Admits units one after the other, the important ones first, and collects what may be shown of them."""

    def __init__(self, connection: Connection, keys: Sequence[str], minimums: Minimums) -> None:
        self.content = Content()
        self.minimums = minimums
        earlier: dict[str, list[LedgerEntry]] = {measure: [] for measure in _MEASURES}
        for row in connection.execute(statement("plan_results", "ledger"), {"keys": list(keys)}):
            measure, _, unit = row["figure_key"].partition("/")
            earlier[measure].append(LedgerEntry(unit, row["shown_level"], frozenset(row["respondent_ids"])))
        self._guards = {measure: Guard(earlier[measure], minimums) for measure in _MEASURES}

    def say(self, code: str, values: Mapping[str, float | None]) -> None:
        """Add counts of lists of people: who was asked, who planned."""
        for statistic, value in values.items():
            one = figure("response", code, statistic, Refusal("no_eligible_people") if value is None else value)
            self.content.figures.append(shown_figure(one, None, self.minimums))

    def tell(self, units: Mapping[str, Sequence[Outcome]]) -> dict[str, Visibility]:
        """Add the figures of units of one kind; return how far the plans of each may be shown."""
        counted = {unit: [one for one in plans if one.counts] for unit, plans in units.items()}
        seen = {
            "plan": self._admit("plan", {unit: {one.key for one in plans} for unit, plans in counted.items()}),
            "blocker": self._admit(
                "blocker",
                {unit: {one.key for one in plans if one.cause is not None} for unit, plans in counted.items()},
            ),
        }
        for unit, plans in counted.items():
            for one in unit_figures(unit, plans):
                self.content.figures.append(shown_figure(one, seen[one.family][unit], self.minimums))
        return seen["plan"]

    def close(self) -> Content:
        """Return the content with the ledger of everything that was admitted."""
        self.content.ledger = [
            LedgerEntry(f"{measure}/{entry.key}", entry.level, entry.respondents)
            for measure, guard in self._guards.items()
            for entry in guard.ledger
        ]
        return self.content

    def _admit(self, measure: str, groups: Mapping[str, set[str]]) -> dict[str, Visibility]:
        return self._guards[measure].admit_all({unit: frozenset(group) for unit, group in groups.items()})


def minimums_of(site: Site) -> Minimums:
    """Return how many people a figure needs on this site."""
    rules = site.suppression
    return Minimums(rules.mean_min, rules.distribution_min, rules.feedback_360_min, rules.one_decimal_below)


def unit_figures(unit: str, plans: Sequence[Outcome]) -> Iterator[Figure]:
    """Yield the figures of the plans of one unit, before anything is hidden."""
    found = tally(plans)
    n = found.plan_count
    yield figure("plan", unit, "n", n, n)
    verified = found.by_state[STATES[0]]
    for statistic, count in (("done_pct", found.done_count), ("verified_pct", verified)):
        yield figure("plan", unit, statistic, _share(count, n), n)
    for state in STATES:
        yield figure("plan", unit, f"count:{state}", found.by_state[state], n)
        yield figure("plan", unit, f"share:{state}", _share(found.by_state[state], n), n)
    told = found.told_count
    yield figure("blocker", unit, "n", told, told)
    for cause in (NO_CAUSE, *CAUSES):
        yield figure("blocker", unit, f"count:{cause}", found.by_cause[cause], told)
        yield figure("blocker", unit, f"share:{cause}", _share(found.by_cause[cause], told), told)


def _share(part: int, whole: int) -> float | Refusal:
    share = share_pct(part, whole)
    return Refusal("no_answers") if share is None else share


def write(connection: Connection, product: str, subject_kind: str, subject_id: str, content: Content) -> Release:
    """Write a release where a reader would see something new; return the one that speaks for the present data."""
    keys: dict[str, Any] = {"product": product, "subject_kind": subject_kind, "subject_id": subject_id}
    digest = content.sha256()
    releases = connection.execute(statement("results", "releases"), keys).fetchall()
    valid = [one for one in releases if not one["is_withheld"]]
    for known in (*releases[-1:], *valid[-1:]):
        if known["data_sha256"] == digest:
            return Release(known["release_id"], known["revision_number"], known["is_withheld"], is_new=False)
    number = releases[-1]["revision_number"] + 1 if releases else 1
    row = connection.execute(
        statement("results", "insert_release"),
        keys
        | {
            "revision_number": number,
            "data_sha256": digest,
            "site_version": get_site().version,
            "released_at": clock.now(connection),
            "is_withheld": content.is_withheld,
            "withheld_reason": WITHHELD_REASON if content.is_withheld else None,
        },
    ).fetchone()
    assert row is not None
    if not content.is_withheld:
        _write_content(connection, row["release_id"], content)
    detail = Jsonb({"release_id": row["release_id"], "revision_number": number})
    action = "release_withheld" if content.is_withheld else "release_published"
    connection.execute(statement("results", "insert_audit"), keys | {"action": action, "detail": detail})
    return Release(row["release_id"], number, content.is_withheld, is_new=True)


def _write_content(connection: Connection, release_id: int, content: Content) -> None:
    here = {"release_id": release_id}
    names = ("family", "code", "statistic", "value", "text_value", "respondent_count", "is_hidden", "reason")
    columns = {name: [getattr(one, name) for one in content.figures] for name in names}
    connection.execute(statement("results", "insert_figures"), here | columns)
    stories = {
        "item_code": [STORY for _ in content.stories],
        "position": list(range(1, len(content.stories) + 1)),
        "masked_text": list(content.stories),
    }
    connection.execute(statement("results", "insert_verbatims"), here | stories)
    people = [(entry.key, entry.level, one) for entry in content.ledger for one in sorted(entry.respondents)]
    connection.execute(
        statement("results", "insert_ledger"),
        here
        | {
            "figure_key": [key for key, _, _ in people],
            "shown_level": [level for _, level, _ in people],
            "respondent_id": [one for _, _, one in people],
        },
    )

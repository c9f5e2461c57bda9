"""The best trainer of the year (R43): ranked with its uncertainty, proposed to a committee, recorded when it decided.

One release a year (product `trainer_award`, subject_kind `year`) from published evaluations, verified plans, hours and
contributions; after the committee's word there is no further one. Its figures:

| family | code | statistics | unit |
|---|---|---|---|
| trainer | trainer | composite evaluation transfer hours knowledge; sessions answers | 0–100; classes; answers |
| trainer | trainer | rank rank_low rank_high, or rank refused | – |
| round | all | sigma tau; basis (text estimated, assumed); ranked | scale points; trainers |
| course | course | no_comparator (text) | – |
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any, Final

from trainloop.config import get_site
from trainloop.config.trainers import AwardRules
from trainloop.domain.award import Candidate, Component, objection, scale_points, share_of_full
from trainloop.errors import TransientError
from trainloop.faults import point
from trainloop.outbox.notices import Notice, plan
from trainloop.requests import approvals
from trainloop.statistics.figures import Figure, figure
from trainloop.statistics.refusal import Refusal
from trainloop.statistics.trainer_rating import (
    ClassMean,
    Rating,
    Spread,
    distances,
    rate,
    spread_of,
    without_comparator,
)
from trainloop.surveys.releases import release
from trainloop.surveys.scan import Scan
from trainloop.warehouse.engine import Connection, connect, try_lock
from trainloop.warehouse.statements import statement

PRODUCT: Final = "trainer_award"
SUBJECT_KIND: Final = "year"
_TWO_DECIMALS: Final = frozenset({"sigma", "tau"})


class AwardBusyError(TransientError):
    """Another run ranks the trainers of {year} at this moment; this one comes back after it."""


@dataclass(frozen=True)
class _Year:
    """What is known about a year: classes with their means, each trainer's totals, how far class means spread."""

    classes: Sequence[ClassMean]
    totals: Mapping[str, Mapping[str, Any]]
    ratings: Mapping[str, Rating]
    spread: Spread
    common_mean: float


def year_to_rank(today: date, rules: AwardRules) -> int | None:
    """Return the year that is ranked on this day, None outside the days after `ranked_from`."""
    month, day = map(int, rules.ranked_from.split("-"))
    for year in (today.year, today.year - 1):
        if timedelta(0) <= today - date(year, month, day) < timedelta(days=rules.ranked_days):
            return year
    return None


def rank_trainers(as_of: date | None = None) -> dict[str, int]:
    """Rank the year's trainers while it is time; return counts: ranked, not_ranked, is_new.

    Raises AwardBusyError (transient) when another run is at it.
    """
    rules = get_site().award
    counts = {"ranked": 0, "not_ranked": 0, "is_new": 0}
    with connect("statistics") as connection:
        scan = Scan.start(connection, as_of)
        year = year_to_rank(scan.today, rules)
        if year is None:
            return counts
        if not try_lock(connection, f"{PRODUCT}:{year}"):
            raise AwardBusyError(year=year)
        found = _read(connection, rules, year, scan.today)
        if found.totals:
            figures = [_shown(one) for one in _figures(found, rules)]
            ranks = [one for one in figures if (one.family, one.statistic) == ("trainer", "rank")]
            counts["ranked"] = sum(one.value is not None for one in ranks)
            counts["not_ranked"] = len(ranks) - counts["ranked"]
            if counts["ranked"] and not _is_decided(connection, year):
                counts["is_new"] = release(connection, PRODUCT, SUBJECT_KIND, str(year), figures, scan.now)
        point("award.rank.before_commit")
    point("award.rank.after_commit")
    return counts


def record_decisions() -> dict[str, int]:
    """Record what the committee decided, thank every trainer of the year; return counts: awards, notices_planned."""
    with connect("planner") as connection:
        scan = Scan.start(connection)
        decisions = approvals.undone(connection, PRODUCT)
        awards = planned = 0
        for decision in decisions:
            year = decision["subject_id"]
            notices = _thanks(connection, int(year))
            if decision["state"] == "approved":
                keys = {"year": year, "revision_number": decision["revision_number"]}
                for row in connection.execute(statement("award", "proposed"), keys).fetchall():
                    given = {"year": int(year), "approval_id": decision["approval_id"], "now": scan.real_now}
                    awards += connection.execute(statement("award", "insert_award"), row | given).rowcount
                    notices.append(Notice("trainer_award", SUBJECT_KIND, year, "trainer", row["trainer_id"]))
            planned += plan(connection, notices)
        approvals.carried_out(connection, [one["approval_id"] for one in decisions], scan.real_now)
        point("award.record.before_commit")
    point("award.record.after_commit")
    return {"awards": awards, "notices_planned": planned}


def _thanks(connection: Connection, year: int) -> list[Notice]:
    rules = get_site().award
    keys = {
        "first_day": date(year, 1, 1),
        "last_day": date(year, 12, 31),
        "min_answers": get_site().suppression.distribution_min,
        "item_codes": list(rules.thanks_items),
    }
    return [
        Notice(
            "trainer_thanks",
            SUBJECT_KIND,
            str(year),
            "trainer",
            row.pop("trainer_id"),
            is_optional=True,
            facts={name: str(value) for name, value in row.items() if value is not None},
        )
        for row in connection.execute(statement("award", "highlights"), keys).fetchall()
    ]


def _is_decided(connection: Connection, year: int) -> bool:
    row = connection.execute(statement("award", "is_decided"), {"year": str(year)}).fetchone()
    return bool(row and row["is_decided"])


def _read(connection: Connection, rules: AwardRules, year: int, today: date) -> _Year:
    keys = {
        "rating_dimension": rules.rating_dimension,
        "first_day": date(year, 1, 1),
        "last_day": min(date(year, 12, 31), today),
    }
    classes = [
        ClassMean(row["trainer_id"], row["course_code"], float(row["mean"]), row["answer_count"])
        for row in connection.execute(statement("award", "classes"), keys)
    ]
    totals = {row["trainer_id"]: row for row in connection.execute(statement("award", "years"), keys)}
    groups = distances(classes)
    answers = sum(one.answers for one in classes) / len(classes) if classes else 0
    spread = spread_of(groups, rules.sigma, rules.tau, answers)
    common = sum(one.mean for one in classes) / len(classes) if classes else 0.0
    return _Year(classes, totals, rate(groups, spread), spread, common)


def _figures(year: _Year, rules: AwardRules) -> Iterator[Figure]:
    from trainloop.trainers.standing import standings

    candidates = {code: _candidate(year, code) for code in year.totals}
    refused = {code: objection(one, rules.min_sessions, rules.min_answers) for code, one in candidates.items()}
    eligible = [code for code, reason in refused.items() if reason is None]
    points, shares = _points(year, rules, eligible)
    standing = standings(points, year.ratings, shares, rules) if eligible else {}
    for code, one in candidates.items():
        yield figure("trainer", code, "sessions", one.sessions)
        yield figure("trainer", code, "answers", one.answers)
        reason = refused[code]
        if reason is not None:
            yield figure("trainer", code, "rank", Refusal(reason))
            continue
        for name, value in points[code].items():
            yield figure("trainer", code, name, value)
        yield figure("trainer", code, "composite", standing[code].composite)
        yield figure("trainer", code, "rank", standing[code].rank)
        yield figure("trainer", code, "rank_low", standing[code].lowest)
        yield figure("trainer", code, "rank_high", standing[code].highest)
    yield figure("round", "all", "ranked", len(eligible))
    yield figure("round", "all", "basis", year.spread.basis)
    yield figure("round", "all", "sigma", year.spread.sigma)
    yield figure("round", "all", "tau", year.spread.tau)
    if shares is None:
        yield figure("round", "all", "transfer", Refusal("no_plans"))
    for course in sorted(without_comparator(year.classes)):
        yield figure("course", course, "no_comparator", Refusal("no_comparator"))


def _candidate(year: _Year, code: str) -> Candidate:
    own = [one for one in year.classes if one.trainer_id == code]
    return Candidate(code, len(own), sum(one.answers for one in own), code in year.ratings)


def _points(
    year: _Year, rules: AwardRules, eligible: Sequence[str]
) -> tuple[dict[str, dict[Component, float]], dict[str, tuple[float, float]] | None]:
    """Return the components of every eligible trainer, and the beta posterior (a, b) of verified plans; None: no plans.

    Shares are drawn towards the share of all trainers of the year: three of three plans are no proof of 100 %.
    """
    asked = sum(row["asked_count"] for row in year.totals.values())
    shares: dict[str, tuple[float, float]] | None = None
    if asked:
        common = sum(row["verified_count"] for row in year.totals.values()) / asked
        prior = (rules.transfer_prior * common + 0.5, rules.transfer_prior * (1 - common) + 0.5)
        shares = {
            code: (
                prior[0] + year.totals[code]["verified_count"],
                prior[1] + year.totals[code]["asked_count"] - year.totals[code]["verified_count"],
            )
            for code in eligible
        }
    points: dict[str, dict[Component, float]] = {}
    for code in eligible:
        row = year.totals[code]
        points[code] = {
            "evaluation": scale_points(year.common_mean + year.ratings[code].effect),
            "hours": share_of_full(float(row["hours"]), rules.full_hours),
            "knowledge": share_of_full(row["contribution_count"], rules.full_contributions),
        }
        if shares is not None:
            won, lost = shares[code]
            points[code]["transfer"] = 100 * won / (won + lost)
    return points, shares


def _shown(one: Figure) -> Figure:
    """Return the figure as it is printed."""
    places = 2 if one.statistic in _TWO_DECIMALS else 1
    value = None if one.value is None else round(one.value, places)
    return Figure(one.family, one.code, one.statistic, value, one.text_value, one.respondent_count, one.refusal)

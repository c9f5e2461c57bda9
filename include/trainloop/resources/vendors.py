"""Vendors scored and matched with needs, once a quarter and whenever asked (R12–R13).

One release a quarter (product `vendor_scores`, subject_kind `quarter`); the same data make no revision. Its figures:

| family | code | statistics | unit |
|---|---|---|---|
| vendor | vendor | score rater_count criterion:<code> | 0–100; people; 0–100 |
| vendor | vendor | licence (text valid, missing, expired); verdict (text may_be_chosen, no_licence, not_scored) | – |
| vendor | vendor | history_n history_mean history_shrunk | answers; scale points |
| round | all | icc_single icc_average icc_targets; raters | –; targets; people |
| match | topic | need_type (text); choice:<place> (text vendor) | – |
| class | class session | vendor, licence (texts): classes to come whose vendor's licence ends before they do | – |
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Final

from trainloop.config import get_site
from trainloop.config.resources import ResourceRules
from trainloop.domain.survey import quarter_code
from trainloop.domain.vendor import Candidate, Licence, licence_on, ranked_choices
from trainloop.errors import TransientError
from trainloop.faults import point
from trainloop.statistics.figures import Figure, figure
from trainloop.statistics.refusal import Refusal, Value
from trainloop.statistics.vendor_score import Rating, criterion_means, rating_table, weighted_score
from trainloop.surveys.releases import release
from trainloop.surveys.scan import Scan
from trainloop.warehouse.engine import Connection, connect, try_lock
from trainloop.warehouse.statements import statement

PRODUCT: Final = "vendor_scores"
SUBJECT_KIND: Final = "quarter"
_DECIMALS = {"score": 1, "history_mean": 2, "history_shrunk": 2, "icc_single": 2, "icc_average": 2}


class VendorsBusyError(TransientError):
    """Another run scores the vendors of {quarter} at this moment; this one comes back after it."""


@dataclass(frozen=True)
class Judged:
    """One vendor with what is known about it on the day of the scoring."""

    vendor_code: str
    kind: str
    licence: Licence
    score: Value
    means: Mapping[str, Value]
    rater_count: int
    history: Mapping[str, Value]

    @property
    def candidate(self) -> Candidate:
        score = None if isinstance(self.score, Refusal) else self.score
        return Candidate(self.vendor_code, self.kind, score, self.licence)

    @property
    def verdict(self) -> str:
        if self.licence != "valid":
            return "no_licence"
        return "not_scored" if isinstance(self.score, Refusal) else "may_be_chosen"


def score_vendors(as_of: date | None = None) -> dict[str, int]:
    """Score every vendor for the quarter of the business day; return counts: vendors, choosable, is_new.

    Raises VendorsBusyError (transient) when another run is at it.
    """
    with connect("statistics") as connection:
        scan = Scan.start(connection, as_of)
        quarter = quarter_code(scan.today)
        if not try_lock(connection, f"{PRODUCT}:{quarter}"):
            raise VendorsBusyError(quarter=quarter)
        rules = get_site().resources
        rated = _rated(connection, rules)
        judged = _judge(connection, rules, rated, scan.today)
        is_new = bool(judged) and _release(connection, quarter, [*_all_figures(connection, judged, rated, scan)], scan)
        point("resources.before_commit")
    point("resources.after_commit")
    choosable = sum(one.verdict == "may_be_chosen" for one in judged)
    return {"vendors": len(judged), "choosable": choosable, "is_new": int(is_new)}


def _rated(connection: Connection, rules: ResourceRules) -> list[tuple[Rating, float]]:
    """Return every rating with the weight of its criterion: the file's own, else the site's."""
    rated = []
    for row in connection.execute(statement("vendors", "ratings")):
        code = rules.criterion_of(row["criterion_code"])
        known = rules.vendor_criteria.get(code)
        weight = row["weight"] if row["weight"] is not None else known.weight if known else 0
        rated.append((Rating(row["vendor_code"], code, row["rater_id"], float(row["score"])), float(weight)))
    return rated


def _judge(
    connection: Connection, rules: ResourceRules, rated: Sequence[tuple[Rating, float]], today: date
) -> list[Judged]:
    from trainloop.statistics.shrinkage import shrunk_mean

    ratings: dict[str, list[Rating]] = defaultdict(list)
    weights: dict[str, dict[str, float]] = defaultdict(dict)
    for rating, weight in rated:
        ratings[rating.vendor_code].append(rating)
        weights[rating.vendor_code][rating.criterion_code] = weight
    past = {row["vendor_code"]: row for row in connection.execute(statement("vendors", "history"))}
    judged = []
    for row in connection.execute(statement("vendors", "vendors")):
        code = row["vendor_code"]
        own = ratings[code]
        means = criterion_means(own, rules.vendor_min_raters)
        found = past.get(code)
        history: dict[str, Value] = {"history_n": found["answer_count"] if found else 0}
        if found:
            mean, common = float(found["mean"]), float(found["common_mean"])
            history["history_mean"] = mean
            history["history_shrunk"] = shrunk_mean(
                mean, found["answer_count"], common, rules.history_sigma, rules.history_tau
            )
        wanted = {name: rule.weight for name, rule in rules.vendor_criteria.items()} | weights[code]
        judged.append(
            Judged(
                vendor_code=code,
                kind=row["kind"],
                licence=licence_on(row["licence_no"], row["licence_expires_on"], today),
                score=weighted_score(means, wanted),
                means=means,
                rater_count=len({rating.rater_id for rating in own}),
                history=history,
            )
        )
    return judged


def _all_figures(
    connection: Connection, judged: Sequence[Judged], rated: Sequence[tuple[Rating, float]], scan: Scan
) -> Iterator[Figure]:
    yield from _figures(judged)
    yield from _round([rating for rating, _ in rated])
    yield from _matches(connection, judged, get_site().resources)
    yield from _classes(connection, scan)


def _figures(judged: Sequence[Judged]) -> Iterator[Figure]:
    for one in judged:
        code = one.vendor_code
        yield figure("vendor", code, "score", one.score, one.rater_count)
        yield figure("vendor", code, "rater_count", one.rater_count)
        for criterion, mean in one.means.items():
            yield figure("vendor", code, f"criterion:{criterion}", mean, one.rater_count)
        for statistic, value in one.history.items():
            yield figure("vendor", code, statistic, value)
        yield figure("vendor", code, "licence", one.licence)
        yield figure("vendor", code, "verdict", one.verdict)


def _round(ratings: Sequence[Rating]) -> Iterator[Figure]:
    """Yield whether the raters of the round agree: ICC(2,1) over what all of them rated."""
    from trainloop.statistics.agreement import icc_two_way

    yield figure("round", "all", "raters", len({one.rater_id for one in ratings}))
    found = icc_two_way(rating_table(ratings)) if ratings else Refusal("too_few_raters")
    if isinstance(found, Refusal):
        yield figure("round", "all", "icc_single", found)
        return
    yield figure("round", "all", "icc_single", found.single)
    yield figure("round", "all", "icc_average", found.average)
    yield figure("round", "all", "icc_targets", found.targets)


def _matches(connection: Connection, judged: Sequence[Judged], rules: ResourceRules) -> Iterator[Figure]:
    for row in connection.execute(statement("vendors", "topics")):
        yield figure("match", row["topic_code"], "need_type", row["need_type"])
        choices = ranked_choices(row["need_type"], (one.candidate for one in judged), rules.need_types)
        for place, choice in enumerate(choices[: rules.choices_shown], start=1):
            yield figure("match", row["topic_code"], f"choice:{place}", choice.vendor_code)


def _classes(connection: Connection, scan: Scan) -> Iterator[Figure]:
    """Yield the classes to come that a vendor gives whose licence does not cover their last day."""
    for row in connection.execute(statement("vendors", "classes_to_come"), {"now": scan.now}):
        licence = licence_on(row["licence_no"], row["licence_expires_on"], row["last_day"])
        if licence != "valid":
            yield figure("class", row["session_code"], "vendor", row["vendor_code"])
            yield figure("class", row["session_code"], "licence", licence)


def _release(connection: Connection, quarter: str, figures: Sequence[Figure], scan: Scan) -> bool:
    """Write a release where a reader would see something new; return whether."""
    shown = [
        Figure(
            one.family,
            one.code,
            one.statistic,
            None if one.value is None else round(one.value, _decimals(one.statistic)),
            one.text_value,
            one.respondent_count,
            one.refusal,
        )
        for one in figures
    ]
    return release(connection, PRODUCT, SUBJECT_KIND, quarter, shown, scan.now)


def _decimals(statistic: str) -> int:
    return 1 if statistic.startswith("criterion:") else _DECIMALS.get(statistic, 0)

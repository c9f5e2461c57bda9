"""What may be seen of one year's needs analysis: the published release as one frozen view. Role: reporter.

Figures are rows (family, code, statistic); the closed list, in the units of the column "unit":

| family | code | statistics | unit |
|---|---|---|---|
| analysis | year | wave_code population_on currency (texts) | |
| response | wave | invited_count eligible_count complete_count partial_count | people |
| response | wave | held_count (by the cap of invitations) excluded_count: not asked, not eligible | people |
| response | wave | unplaced_count (answers whose level or family was too small to keep) | people |
| response | wave | rr1_pct rr2_pct; band (text) | percent |
| trace | year | goals_count topics_count courses_count | – |
| trace | year | orphan_goals_count orphan_topics_count orphan_courses_count | – |
| trace | year | covered_weight_pct (goals with a topic) taught_weight_pct (with a course) | percent |
| interviews | year | planned_departments_count interviewed_departments_count interviews_count | – |
| interviews | year | coverage_pct | percent |
| review | year | state (text: found, missing) seeds_count topics_count unplaced_seeds_count dropped_seeds_count | – |
| interviews | department | state (text: done, open, overdue, unplanned) | |
| performance | kpi | n gap_pct ci_low ci_high below_target_pct undefined_count | people; percent |
| performance | kpi | shortfall_pct pareto_pct (share of all shortfall, and running sum) | percent |
| performance | kpi | n:<quarter> gap_pct:<quarter> | people; percent |
| performance | kpi | trend (text rising, falling, flat: of the gap) trend_slope_pct | percent a quarter |
| performance | kpi | cause_pct:<skill, tool, process, motivation, unknown> | percent of the shortfall |
| competency | competency | n gap (weighted) gap_pct (of the required level) below_pct | levels; percent |
| competency | competency | both_n self_minus_manager | people; levels |
| demand | topic | all_n all_pct wished_pct career_pct weak_pct (of all answers) | people; percent |
| item, choice, number | item | n mean; n count:<option> share:<option>; n mean | |
| theme | obstacle | name_zh name_en (texts) count (of all answers, by `config/obstacles_*.yaml`) | people |
| budget | year | budget_amount funded_amount valid_amount; funded_count valid_count | money; needs |
| sensitivity | variant | kendall_tau; crossings_count (needs that change sides of the line) | – |
| sensitivity | knapsack | priority_sum funded_sum | points |

Tables of cells (`cells[table_code]`; row and column "total" are margins):

| table_code | row × column | statistics |
|---|---|---|
| interviews | topic × department | mentions_count severity_mean |
| people | level × family | headcount answered_count |
| performance:<kpi> | level × family | gap_pct |
| performance_department | kpi × department | gap_pct |
| competency:<competency> | level × family | gap_pct |
| demand:<topic> | level × family | asking_pct |
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime
from decimal import Decimal
from typing import Any, Literal

from trainloop.domain.need import Layer, Verdict
from trainloop.domain.need_priority import Funding
from trainloop.errors import PermanentError
from trainloop.warehouse.engine import Connection
from trainloop.warehouse.statements import statement

PRODUCT, SUBJECT_KIND = "annual_needs", "needs_year"
TOTAL = "total"


class NeedsNotPublishedError(PermanentError):
    """There is no needs analysis of {year} that may be shown.

    `analyze_annual_needs` makes it when the survey is closed.
    """


@dataclass(frozen=True, slots=True)
class Evidence:
    """One piece of evidence: `kind` says what `code` names (goal, kpi, competency, department, wave)."""

    kind: str
    code: str
    statistic: str
    value: Decimal | None
    text_value: str | None
    respondent_count: int | None
    is_hidden: bool
    reason: str | None


@dataclass(frozen=True, slots=True)
class ShownLayer:
    """One layer's result; `reason` is a code of `trainloop.domain.need_reasons`, value and threshold are percent."""

    layer: Layer
    is_passed: bool
    is_evidence_missing: bool
    reason: str
    value: Decimal | None
    threshold: Decimal | None
    respondent_count: int | None
    is_hidden: bool
    evidence: tuple[Evidence, ...] = ()


@dataclass(frozen=True, slots=True)
class ShownNeed:
    """One topic with its verdict, scores 1–5, priority 20–100 and place at the budget line."""

    topic_code: str
    position: int
    rank: int | None
    verdict: Verdict
    computed_verdict: Verdict
    override_reason: str | None
    override_by: str | None
    priority: Decimal
    urgency_score: int
    scope_score: int
    strategic_score: int
    goal_code: str | None
    competency_code: str | None
    kpi_code: str | None
    target_audience: str | None
    target_count: int
    deadline_on: date | None
    estimated_cost_amount: Decimal | None
    cumulative_cost_amount: Decimal | None
    funding: Funding
    layers: tuple[ShownLayer, ...] = ()

    @property
    def is_overridden(self) -> bool:
        return self.override_by is not None

    def layer(self, layer: Layer) -> ShownLayer:
        """Return one of the three layers."""
        return next(shown for shown in self.layers if shown.layer == layer)


@dataclass(frozen=True, slots=True)
class TraceLine:
    """One path goal → topic → course, or a finding: what has no such path.

    With `seed_kind` (course, item, barrier) it is a finding of last year's training review on that path: what it found
    about `seed_code` (the course, or `<course>:<item or blocker>`), and the review's release that says so.
    """

    goal_code: str | None
    weight_pct: Decimal | None
    topic_code: str | None
    competency_code: str | None
    course_code: str | None
    finding: str | None
    seed_kind: str | None = None
    seed_code: str | None = None
    seed_finding: str | None = None
    seed_release_id: int | None = None


@dataclass(frozen=True, slots=True)
class Cell:
    """One crossing of a table, or a margin; a hidden one has its reason and no value."""

    row_code: str
    column_code: str
    statistic: str
    value: Decimal | None
    respondent_count: int | None
    is_hidden: bool
    reason: str | None


@dataclass(frozen=True, slots=True)
class VariantLine:
    """One valid need under one variant of the weights (urgency_up …), or under the best use of the budget: knapsack."""

    variant: str
    topic_code: str
    priority: Decimal
    rank: int
    is_funded: bool


@dataclass(frozen=True, slots=True)
class SingleFigure:
    """One number or word of the release; a hidden or refused one carries the reason instead."""

    value: Decimal | None
    text_value: str | None
    respondent_count: int | None
    is_hidden: bool
    reason: str | None


@dataclass(frozen=True)
class PublishedNeeds:
    """One release: all that a report, a mail or the board may say about the year's needs, in report order."""

    release_id: int
    year: int
    revision_number: int
    data_sha256: str
    site_version: str
    released_at: datetime
    wave_code: str
    population_on: date
    currency: str
    needs: tuple[ShownNeed, ...]
    trace: tuple[TraceLine, ...]
    cells: Mapping[str, tuple[Cell, ...]]
    sensitivity: tuple[VariantLine, ...]
    figures: Mapping[tuple[str, str, str], SingleFigure]
    labels: Mapping[tuple[str, str], tuple[str, str]]
    quotes: Mapping[str, tuple[str, ...]]

    def figure(self, family: str, code: str, statistic: str) -> SingleFigure | None:
        """Return one figure, None when the release has no such row."""
        return self.figures.get((family, code, statistic))

    def codes(self, family: str) -> list[str]:
        """Return the codes that have figures of a family, in order."""
        return sorted({code for known, code, _ in self.figures if known == family})

    def name(self, kind: str, code: str, locale: Literal["zh-CN", "en"]) -> str:
        """Return the name of a topic, goal, kpi, competency, department or course; its code when it has none."""
        zh, en = self.labels.get((kind, code), (code, code))
        return zh if locale == "zh-CN" else en

    def seeds(self, topic_code: str | None = None) -> tuple[TraceLine, ...]:
        """Return what last year's training review found, of one topic or of all (R39)."""
        return tuple(line for line in self.trace if line.seed_kind and topic_code in {None, line.topic_code})

    def of_verdict(self, verdict: Verdict) -> tuple[ShownNeed, ...]:
        """Return the needs of one verdict in report order."""
        return tuple(need for need in self.needs if need.verdict == verdict)


def load_needs(connection: Connection, year: int, revision_number: int | None = None) -> PublishedNeeds:
    """Return the newest release of a plan year that may be shown, or the revision asked for.

    Raises NeedsNotPublishedError when there is none.
    """
    keys: dict[str, Any] = {"year": year, "revision_number": revision_number}
    release = connection.execute(statement("needs_published", "release"), keys).fetchone()
    if release is None:
        raise NeedsNotPublishedError(year=year)
    keys = {"release_id": release["release_id"]}

    def rows(name: str) -> list[dict[str, Any]]:
        return connection.execute(statement("needs_published", name), keys).fetchall()

    facts = release.pop("facts")
    return PublishedNeeds(
        **release,
        wave_code=facts["wave_code"],
        population_on=date.fromisoformat(facts["population_on"]),
        currency=facts["currency"],
        needs=_needs(rows("needs"), rows("layers"), rows("evidence")),
        trace=tuple(TraceLine(**row) for row in rows("trace")),
        cells={code: tuple(Cell(**row) for row in lines) for code, lines in _grouped(rows("cells"), "table_code")},
        sensitivity=tuple(VariantLine(**row) for row in rows("sensitivity")),
        figures={
            (row.pop("family"), row.pop("code"), row.pop("statistic")): SingleFigure(**row) for row in rows("figures")
        },
        labels={(row["kind"], row["code"]): (row["name_zh"], row["name_en"]) for row in rows("labels")},
        quotes={
            code: tuple(row["masked_text"] for row in lines) for code, lines in _grouped(rows("quotes"), "topic_code")
        },
    )


def _needs(
    needs: Sequence[dict[str, Any]], layers: Sequence[dict[str, Any]], evidence: Sequence[dict[str, Any]]
) -> tuple[ShownNeed, ...]:
    pieces: dict[tuple[str, str], list[Evidence]] = defaultdict(list)
    for row in evidence:
        pieces[row.pop("topic_code"), row.pop("layer")].append(Evidence(**row))
    shown = {
        code: tuple(
            replace(layer, evidence=tuple(pieces[code, layer.layer])) for layer in (ShownLayer(**row) for row in lines)
        )
        for code, lines in _grouped(layers, "topic_code")
    }
    return tuple(ShownNeed(**row, layers=shown.get(row["topic_code"], ())) for row in needs)


def _grouped(rows: Iterable[dict[str, Any]], column: str) -> Iterable[tuple[str, list[dict[str, Any]]]]:
    groups: dict[str, list[dict[str, Any]]] = defaultdict(list)
    for row in rows:
        groups[row.pop(column)].append(row)
    return groups.items()

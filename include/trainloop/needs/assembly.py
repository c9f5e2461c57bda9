"""From evidence to the content of one release: judged, ranked, suppressed group by group, against earlier releases."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from statistics import fmean
from typing import Any

from trainloop.config import Site
from trainloop.needs.figures import (
    competency_figures,
    crossed,
    interview_figures,
    ledger_ids,
    pareto,
    result_figures,
    review_figures,
    survey_figures,
    trace_figures,
)
from trainloop.needs.gaps import LevelGap, ResultGap, level_gaps, result_gaps
from trainloop.needs.inputs import ASKING_ITEMS, Inputs, person_id
from trainloop.needs.judging import JudgedTopic, judge_topics
from trainloop.needs.showing import Shown, TableCell, guard_of
from trainloop.needs.topics import EvidenceRow, Plan, layer_rows, need_rows, plan_year
from trainloop.statistics.disclosure import Guard, Place, hidden_in_line, with_margins
from trainloop.statistics.suppression import LedgerEntry, Minimums, Visibility

WAVE_KEY = "demand/all"
# Where a form's level or family was too small to keep, it stands with the others like it.
OTHER = "other"


@dataclass(frozen=True)
class Past:
    """What readers saw of this year before: the ledger by release, and what was not shown of single topics' demand.

    The ledger keeps the survey's table of people once for all topics; `not_shown` holds (release, topic, "all" or
    "table") where a topic's own part of it stayed hidden.
    """

    by_release: Mapping[int, Sequence[LedgerEntry]] = field(default_factory=dict)
    not_shown: frozenset[tuple[int, str, str]] = frozenset()

    @property
    def entries(self) -> list[LedgerEntry]:
        return [entry for entries in self.by_release.values() for entry in entries]

    def of_topic(self, topic_code: str) -> list[LedgerEntry]:
        """Return what was shown of one topic's demand, keys without their prefix."""
        found = []
        for release_id, entries in self.by_release.items():
            for entry in entries:
                measure, _, key = entry.key.partition("/")
                part = "all" if key == "all" else "table"
                is_shown = (release_id, topic_code, part) not in self.not_shown
                if measure == f"demand:{topic_code}" or (measure == "demand" and is_shown):
                    found.append(replace(entry, key=key))
        return found


@dataclass
class Content:
    """What one release says; `withheld_reason` is set when it may say nothing."""

    shown: Shown = field(default_factory=Shown)
    needs: list[dict[str, Any]] = field(default_factory=list)
    layers: list[dict[str, Any]] = field(default_factory=list)
    evidence: list[EvidenceRow] = field(default_factory=list)
    plan: Plan | None = None
    withheld_reason: str | None = None


def assemble(inputs: Inputs, past: Past, site: Site) -> Content:
    """Return the content of a release about these inputs, given what all earlier ones showed."""
    earlier = past.entries
    rules = site.suppression
    minimums = Minimums(rules.mean_min, rules.distribution_min, rules.feedback_360_min, rules.one_decimal_below)
    inputs, is_near = merged_with_earlier(inputs, earlier, minimums.mean)
    content = Content()
    if is_near:
        content.withheld_reason = "too_close_to_earlier_release"
    shown = content.shown
    results, undefined = result_gaps(inputs.results)
    levels, unassessed = level_gaps(inputs.levels)
    judged = judge_topics(inputs, results, levels, site)
    shown.say(
        "analysis",
        "year",
        {
            "wave_code": inputs.wave_code,
            "population_on": inputs.population_on.isoformat(),
            "currency": site.needs.currency,
        },
    )
    trace_figures(shown, inputs)
    interview_figures(shown, inputs)
    review_figures(shown, inputs)
    content.plan = plan_year(judged, site.needs, site.needs.budget_of(inputs.year), shown)
    content.needs = need_rows(content.plan)
    measures = {
        (kind, code): guard_of(f"{kind}:{code}", earlier, minimums)
        for kind, found in (("performance", results), ("competency", levels))
        for code in found
    }
    for each in judged:  # the numbers that carry verdicts are admitted before anything that is nice to have
        if business := measures.get((each.measure or "", each.measure_code or "")):
            business.admit(f"topic:{each.topic.topic_code}", ledger_ids(inputs, each.pooled), "mean")
    demand = _Demand(inputs, past, minimums)
    survey_figures(shown, inputs, site, demand.wave)
    _people(shown, inputs, minimums)
    _results(shown, inputs, results, undefined, measures, earlier, minimums, site)
    for code, found in sorted(levels.items()):
        guard = measures["competency", code]
        competency_figures(shown, guard, inputs, code, found, unassessed.get(code, 0))
        _gap_table(shown, guard, inputs, f"competency:{code}", found)
    for each in content.plan.order:
        survey = demand.topic(shown, each)
        layers, evidence = layer_rows(each, inputs, measures.get((each.measure or "", each.measure_code or "")), survey)
        content.layers += layers
        content.evidence += evidence
    for (kind, code), guard in measures.items():
        shown.keep(guard, prefix=f"{kind}:{code}")
    shown.keep(demand.shared, prefix="demand")
    return content


def merged_with_earlier(inputs: Inputs, earlier: Sequence[LedgerEntry], minimum: int) -> tuple[Inputs, bool]:
    """Return the inputs without late answers that would stand out, and whether the rest is too close all the same.

    Fewer than `minimum` forms more than a release that people saw: they wait until more have come, and the new revision
    speaks of the same people. Forms that disappeared cannot be brought back: then the release is withheld.
    """
    now = frozenset(form.respondent_id for form in inputs.forms)
    near = [
        entry.respondents for entry in earlier if entry.key == WAVE_KEY and 0 < len(now ^ entry.respondents) < minimum
    ]
    if not near:
        return inputs, False
    seen = max(near, key=len)
    if not seen <= now:
        return inputs, True
    kept = tuple(form for form in inputs.forms if form.respondent_id in seen)
    return replace(inputs, forms=kept), False


class _Demand:
    """Who asks for what: one list of forms, one table of people for all topics, a target group for each."""

    def __init__(self, inputs: Inputs, past: Past, minimums: Minimums) -> None:
        self.inputs, self.past, self.minimums = inputs, past, minimums
        self.all = frozenset(form.respondent_id for form in inputs.forms)
        cells: dict[Place, set[str]] = {}
        for form in inputs.forms:
            cells.setdefault((form.job_level or OTHER, form.job_family or OTHER), set()).add(form.respondent_id)
        self.cells = {place: frozenset(group) for place, group in cells.items()}
        self.shared = guard_of("demand", past.entries, minimums)
        self.wave: Visibility = self.shared.admit("all", self.all)
        if self.cells:
            self.shared.admit_table("cell", self.cells, "distribution")

    def topic(self, shown: Shown, judged: JudgedTopic) -> Guard:
        """Add a topic's figures and table; return its guard, which knows all that is shown of its demand."""
        code = judged.topic.topic_code
        guard = Guard(self.past.of_topic(code), self.minimums)
        guard.admit("target", judged.asked)
        shown.keep(guard, prefix=f"demand:{code}")
        everybody = guard.admit("all", self.all)
        n = len(self.all)
        shown.say("demand", code, {"all_n": n}, n)
        values = {"all_pct": ASKING_ITEMS} | {f"{item.partition('_')[0]}_pct": (item,) for item in ASKING_ITEMS}
        for statistic, items in values.items():
            share = 100 * len(self.inputs.who_asks(code, items)) / n if n else None
            shown.tell("demand", code, {statistic: ("distribution", share)}, n, everybody)
        if self.cells:
            asking = self.inputs.who_asks(code)

            def asking_pct(group: frozenset[str]) -> float:
                return 100 * len(group & asking) / len(group)

            shown.table(guard, f"demand:{code}", "asking_pct", self.cells, asking_pct, "distribution")
        return guard


def _people(shown: Shown, inputs: Inputs, minimums: Minimums) -> None:
    """Headcount and answers by level and family: counts; how many of a handful answered is nobody's business."""
    people = crossed(inputs.people, inputs)
    for place, group in with_margins(people).items():
        shown.cells.append(TableCell("people", *place, "headcount", float(len(group)), None))
    answered: dict[Place, set[str]] = {}
    for form in inputs.forms:
        answered.setdefault((form.job_level or OTHER, form.job_family or OTHER), set()).add(form.respondent_id)
    if answered:
        cells = {place: frozenset(group) for place, group in answered.items()}
        shown.table(Guard((), minimums), "people", "answered_count", cells, lambda group: float(len(group)), "mean")


def _results(
    shown: Shown,
    inputs: Inputs,
    results: Mapping[str, Mapping[str, ResultGap]],
    undefined: Mapping[str, int],
    measures: Mapping[tuple[str, str], Guard],
    earlier: Sequence[LedgerEntry],
    minimums: Minimums,
    site: Site,
) -> None:
    department_of = {person.employee_id: person.department_code for person in inputs.people}
    for code, share, running in pareto(results):
        gaps, guard = results[code], measures["performance", code]
        quarters = {
            quarter: guard_of(f"performance:{code}:{quarter}", earlier, minimums) for quarter in inputs.quarters
        }
        result_figures(shown, guard, quarters.__getitem__, inputs, code, gaps, site.statistics.confidence)
        for quarter, own in quarters.items():
            shown.keep(own, prefix=f"performance:{code}:{quarter}")
        seen = guard.admit("all", ledger_ids(inputs, gaps))
        values = {"shortfall_pct": ("distribution", share), "pareto_pct": ("distribution", running)}
        shown.tell("performance", code, values, len(gaps), seen)  # type: ignore[arg-type]
        shown.say("performance", code, {"undefined_count": undefined.get(code, 0)})
        members: dict[str, list[str]] = {}
        for employee_id in gaps:
            members.setdefault(department_of[employee_id], []).append(employee_id)
        hidden = hidden_in_line({name: len(people) for name, people in members.items()}, minimums.mean)
        groups = {name: ledger_ids(inputs, people) for name, people in members.items() if name not in hidden}
        admitted = guard.admit_all({f"department:{name}": groups[name] for name in sorted(groups)}, "mean")
        for name, people in sorted(members.items()):
            below = "below_minimum_mean" if len(people) < minimums.mean else "protects_other_figure"
            found = admitted.get(f"department:{name}", Visibility("hidden", below))
            reason = (found.reason or below) if found.level == "hidden" else None
            mean = fmean(gaps[each].gap_pct for each in people)
            shown.cells.append(TableCell("performance_department", code, name, "gap_pct", mean, len(people), reason))
        _gap_table(shown, guard, inputs, f"performance:{code}", gaps)


def _gap_table(
    shown: Shown, guard: Guard, inputs: Inputs, table_code: str, gaps: Mapping[str, ResultGap] | Mapping[str, LevelGap]
) -> None:
    """Mean gap by level and family (R05)."""
    gap_of = {person_id(inputs.year, employee_id): gap.gap_pct for employee_id, gap in gaps.items()}
    cells = crossed([person for person in inputs.people if person.employee_id in gaps], inputs)
    if cells:
        shown.table(guard, table_code, "gap_pct", cells, lambda group: fmean(gap_of[each] for each in group), "mean")


def shown_quotes(inputs: Inputs, masked: Sequence[tuple[str, str, str]], site: Site) -> list[tuple[str, int, str]]:
    """Return (item code, position, masked text) of the quotes that may stand under their topic, without departments.

    `masked` holds topic, department, text. Quotes need ten interviews in the year, and a topic that several departments
    named, because the heat map shows which department named what. Positions follow a hash of the text.
    """
    if sum(line["interviews_count"] for line in inputs.coverage) < site.suppression.distribution_min:
        return []
    departments: dict[str, set[str]] = {}
    for topic_code, department_code, _ in masked:
        departments.setdefault(topic_code, set()).add(department_code)
    rows = []
    for topic_code, named in sorted(departments.items()):
        if len(named) >= site.needs.quotes_min_departments:
            texts = [text for code, _, text in masked if code == topic_code]
            texts.sort(key=lambda text: hashlib.sha256(f"{inputs.year}:{text}".encode()).hexdigest())
            rows += [(f"quote:{topic_code}", position, text) for position, text in enumerate(texts, 1)]
    return rows

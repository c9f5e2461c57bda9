"""The year's figures beside the verdicts: survey, trace, interviews, results, competencies (R01–R05)."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Mapping, Sequence
from statistics import fmean
from typing import Any

from trainloop.config import Site
from trainloop.domain.need import CAUSES
from trainloop.needs.gaps import LevelGap, ResultGap, shortfall_of
from trainloop.needs.inputs import Inputs, Person, person_id
from trainloop.needs.showing import Shown, TableCell
from trainloop.statistics.disclosure import Guard, Place
from trainloop.statistics.moments import as_scores, t_interval
from trainloop.statistics.refusal import Refusal
from trainloop.statistics.response import response_rates
from trainloop.statistics.suppression import Visibility
from trainloop.statistics.themes import count_themes
from trainloop.surveys.results_texts import cache_folder, themes

NUMBER_ITEMS, SCALE_ITEMS, CHOICE_ITEMS = ("available_hours",), ("learning_support",), ("preferred_mode",)
TEXT_ITEMS = ("obstacles",)


def survey_figures(shown: Shown, inputs: Inputs, site: Site, wave: Visibility) -> None:
    """Response rates, and the items that are no topics: support, hours, preferred mode, obstacles by theme."""
    complete, rules = len(inputs.forms), site.statistics
    shown.say(
        "response",
        "wave",
        {
            "invited_count": inputs.invited_count,
            "eligible_count": inputs.eligible_count,
            "held_count": inputs.held_count,
            "excluded_count": inputs.excluded_count,
            "complete_count": complete,
            "partial_count": inputs.partial_count,
            "unplaced_count": sum(not (form.job_level and form.job_family) for form in inputs.forms),
        },
    )
    rates = response_rates(
        complete, inputs.partial_count, inputs.eligible_count, rules.response_fine_pct, rules.response_caution_pct
    )
    if isinstance(rates, Refusal):
        shown.say("response", "wave", {"rr1_pct": None, "rr2_pct": None, "band": None})
    else:
        shown.say("response", "wave", {"rr1_pct": rates.rr1_pct, "rr2_pct": rates.rr2_pct, "band": rates.band})
    for family, items in (("item", SCALE_ITEMS), ("number", NUMBER_ITEMS)):
        for item in items:
            said = [form.numbers[item] for form in inputs.forms if item in form.numbers]
            shown.say(family, item, {"n": len(said)}, len(said))
            shown.tell(
                family, item, {"mean": ("mean", fmean(said) if said else None)}, len(said), _of(wave, len(said), site)
            )
    for item in CHOICE_ITEMS:
        chosen = Counter(form.choices[item][0] for form in inputs.forms if form.choices.get(item))
        n = chosen.total()
        shown.say("choice", item, {"n": n}, n)
        for option, count in sorted(chosen.items()):
            values: dict[str, Any] = {
                f"count:{option}": ("distribution", count),
                f"share:{option}": ("distribution", 100 * count / n),
            }
            shown.tell("choice", item, values, n, _of(wave, n, site))
    _obstacles(shown, inputs, site, wave)


def _obstacles(shown: Shown, inputs: Inputs, site: Site, wave: Visibility) -> None:
    """How many people name each obstacle in their own words; every theme has its rows, so that none says anything.

    The people behind a count are all complete answers: among them a reader would have to guess who wrote. The words
    themselves are not shown: a company's comments are many, and single ones would have to be chosen.
    """
    texts = {
        item: {form.respondent_id: form.texts[item] for form in inputs.forms if item in form.texts}
        for item in TEXT_ITEMS
    }
    known, n = themes("obstacles"), len(inputs.forms)
    counts = count_themes([texts], known, cache_folder())
    for theme in known:
        shown.say("theme", theme.code, {"name_zh": theme.name_zh, "name_en": theme.name_en})
        count = counts[theme.code]["count"][0]
        shown.tell("theme", theme.code, {"count": ("distribution", count)}, n, _of(wave, n, site))


def _of(wave: Visibility, n: int, site: Site) -> Visibility:
    """How far an item may be shown that `n` of the wave answered: no further than the wave, nor than its own people."""
    if wave.level == "hidden" or n < site.suppression.mean_min:
        return Visibility("hidden", wave.reason or "below_minimum_mean")
    if wave.level == "mean" or n < site.suppression.distribution_min:
        return Visibility("mean", wave.reason or "below_minimum_distribution")
    return wave


def trace_figures(shown: Shown, inputs: Inputs) -> None:
    """How much of the strategy is covered by topics and courses, and how much training serves no goal (R01)."""
    lines = [line for line in inputs.trace if line["seed_kind"] is None]
    weight = {code: goal.weight_pct for code, goal in inputs.goals.items()}
    total = sum(weight.values())

    def codes(column: str, keep: Callable[[Mapping[str, Any]], bool]) -> set[str]:
        return {line[column] for line in lines if line[column] is not None and keep(line)}

    served = codes("goal_code", lambda line: line["topic_code"] is not None)
    taught = codes("goal_code", lambda line: line["course_code"] is not None)
    orphan_topics = codes("topic_code", lambda line: line["goal_code"] is None)
    courses = {line["course_code"] for line in lines if line["course_code"] is not None}
    anchored = codes("course_code", lambda line: line["goal_code"] is not None)
    shown.say(
        "trace",
        "year",
        {
            "goals_count": len(weight),
            "topics_count": len(inputs.topics),
            "courses_count": len(courses),
            "orphan_goals_count": len(weight.keys() - served),
            "orphan_topics_count": len(orphan_topics),
            "orphan_courses_count": len(courses - anchored),
            "covered_weight_pct": 100 * sum(weight[code] for code in served) / total if total else None,
            "taught_weight_pct": 100 * sum(weight[code] for code in taught) / total if total else None,
        },
    )


def review_figures(shown: Shown, inputs: Inputs) -> None:
    """What last year's training review left for this year: whether there was one, its findings, what HR dropped (R39).

    They stand beside the three layers as evidence of their own and pass none: a course is judged there, not a need.
    """
    seeds = inputs.seeds
    shown.say(
        "review",
        "year",
        {
            "state": "found" if inputs.is_reviewed else "missing",
            "seeds_count": len(seeds),
            "topics_count": len({line["topic_code"] for line in seeds}),
            "unplaced_seeds_count": sum(line["finding"] == "seed_without_topic" for line in seeds),
            "dropped_seeds_count": inputs.dropped_seeds_count,
        },
    )


def interview_figures(shown: Shown, inputs: Inputs) -> None:
    """Which departments were heard, and what they named: the heat map topic × department (R02).

    A head speaks for the department and is no respondent of a survey, so single interviews are shown; quotes are not.
    """
    planned = [line for line in inputs.coverage if line["state"] != "unplanned"]
    done = [line for line in planned if line["state"] == "done"]
    shown.say(
        "interviews",
        "year",
        {
            "planned_departments_count": len(planned),
            "interviewed_departments_count": len(done),
            "interviews_count": sum(line["interviews_count"] for line in inputs.coverage),
            "coverage_pct": 100 * len(done) / len(planned) if planned else None,
        },
    )
    for line in inputs.coverage:
        shown.say("interviews", line["department_code"], {"state": line["state"]})
    for line in inputs.interviews:
        place = (line["topic_code"], line["department_code"])
        shown.cells.append(TableCell("interviews", *place, "mentions_count", float(line["mentions_count"]), None))
        shown.cells.append(TableCell("interviews", *place, "severity_mean", float(line["severity_mean"]), None))


def pareto(results: Mapping[str, Mapping[str, ResultGap]]) -> list[tuple[str, float, float]]:
    """Return (indicator, share of all shortfall, running sum) in percent, largest first."""
    shortfall = {code: sum(gap.shortfall_pct for gap in gaps.values()) for code, gaps in results.items()}
    total, running, lines = sum(shortfall.values()), 0.0, []
    for code, part in sorted(shortfall.items(), key=lambda item: (-item[1], item[0])):
        share = 100 * part / total if total else 0.0
        running += share
        lines.append((code, share, running))
    return lines


def result_figures(
    shown: Shown,
    guard: Guard,
    guard_of_quarter: Callable[[str], Guard],
    inputs: Inputs,
    kpi_code: str,
    gaps: Mapping[str, ResultGap],
    confidence: float,
) -> None:
    """One indicator: mean gap with its interval, people below target, causes, quarters and their trend (R03).

    Each quarter is a measure of its own: a quarter that two people missed need not hide the year.
    """
    group = ledger_ids(inputs, gaps)
    seen, n = guard.admit("all", group), len(gaps)
    low, high = t_interval(as_scores([gap.gap_pct for gap in gaps.values()]), confidence)
    shown.say("performance", kpi_code, {"n": n}, n)
    shown.tell(
        "performance",
        kpi_code,
        {
            "gap_pct": ("mean", fmean(gap.gap_pct for gap in gaps.values())),
            "ci_low": ("distribution", None if isinstance(low, Refusal) else low),
            "ci_high": ("distribution", None if isinstance(high, Refusal) else high),
            "below_target_pct": ("distribution", 100 * sum(gap.gap_pct > 0 for gap in gaps.values()) / n),
        },
        n,
        seen,
    )
    shortfall = shortfall_of(list(gaps.values()))
    total = sum(shortfall.values())
    if total > 0:
        for cause in (*CAUSES, None):
            share = 100 * shortfall.get(cause, 0.0) / total
            shown.tell("performance", kpi_code, {f"cause_pct:{cause or 'unknown'}": ("distribution", share)}, n, seen)
    for quarter in inputs.quarters:
        measured = {each: gap.by_quarter[quarter] for each, gap in gaps.items() if quarter in gap.by_quarter}
        if measured:
            own = guard_of_quarter(quarter).admit("all", ledger_ids(inputs, measured), "mean")
            shown.say("performance", kpi_code, {f"n:{quarter}": len(measured)}, len(measured))
            values: dict[str, Any] = {f"gap_pct:{quarter}": ("mean", fmean(measured.values()))}
            shown.tell("performance", kpi_code, values, len(measured), own)
    slope, word = trend(gaps, inputs.quarters, confidence)
    shown.tell("performance", kpi_code, {"trend_slope_pct": ("mean", slope), "trend": ("distribution", word)}, n, seen)


def trend(gaps: Mapping[str, ResultGap], quarters: Sequence[str], confidence: float) -> tuple[float | None, str | None]:
    """Return the mean change of the gap in percent points a quarter, and "rising", "falling" or "flat".

    Slopes are fitted per person with three quarters or more, so that people who come and go move nothing; a change
    whose interval holds 0 is flat.
    """
    place = {quarter: number for number, quarter in enumerate(quarters)}
    slopes = [
        _slope([(place[quarter], value) for quarter, value in gap.by_quarter.items() if quarter in place])
        for gap in gaps.values()
        if sum(quarter in place for quarter in gap.by_quarter) >= 3
    ]
    if len(slopes) < 2:
        return None, None
    low, high = t_interval(as_scores(slopes), confidence)
    assert not isinstance(low, Refusal)
    assert not isinstance(high, Refusal)
    return fmean(slopes), "rising" if low > 0 else "falling" if high < 0 else "flat"


def _slope(points: Sequence[tuple[int, float]]) -> float:
    middle, level = fmean(x for x, _ in points), fmean(y for _, y in points)
    return sum((x - middle) * (y - level) for x, y in points) / sum((x - middle) ** 2 for x, _ in points)


def competency_figures(
    shown: Shown, guard: Guard, inputs: Inputs, code: str, gaps: Mapping[str, LevelGap], unassessed_count: int
) -> None:
    """One competency: weighted gap, share below requirement, self against manager (R04)."""
    seen, n = guard.admit("all", ledger_ids(inputs, gaps)), len(gaps)
    shown.say("competency", code, {"n": n, "unassessed_count": unassessed_count}, n)
    shown.tell(
        "competency",
        code,
        {
            "gap": ("mean", fmean(gap.gap for gap in gaps.values())),
            "gap_pct": ("mean", fmean(gap.gap_pct for gap in gaps.values())),
            "below_pct": ("distribution", 100 * sum(gap.gap_pct > 0 for gap in gaps.values()) / n),
        },
        n,
        seen,
    )
    both = {each: gap.self_minus_manager for each, gap in gaps.items() if gap.self_minus_manager is not None}
    own = guard.admit("both", ledger_ids(inputs, both), "mean")
    shown.say("competency", code, {"both_n": len(both)}, len(both))
    shown.tell(
        "competency", code, {"self_minus_manager": ("mean", fmean(both.values()) if both else None)}, len(both), own
    )


def ledger_ids(inputs: Inputs, employee_ids: Iterable[str]) -> frozenset[str]:
    """Return the ids by which the ledger knows these employees."""
    return frozenset(person_id(inputs.year, employee_id) for employee_id in employee_ids)


def crossed(people: Iterable[Person], inputs: Inputs) -> dict[Place, frozenset[str]]:
    """Return level × family → ledger ids of these employees."""
    cells: dict[Place, set[str]] = defaultdict(set)
    for person in people:
        cells[person.job_level, person.job_family].add(person_id(inputs.year, person.employee_id))
    return {place: frozenset(group) for place, group in cells.items()}

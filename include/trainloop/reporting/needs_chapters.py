"""The chapters behind the ranking: strategy both ways, results of the year, competencies, what people ask for."""

from __future__ import annotations

from decimal import Decimal

from trainloop.reporting.needs_desk import NeedsDesk
from trainloop.reporting.needs_model import GapRow, TableRow, TraceRow
from trainloop.reporting.questionnaire import questionnaire
from trainloop.reporting.view import Bars, Fact, Share
from trainloop.surveys.instrument import load_instrument

_CAUSES = ("skill", "process", "tool", "motivation", "unknown")


def trace(desk: NeedsDesk) -> tuple[str, tuple[TraceRow, ...], tuple[str, ...]]:
    """Return the sentence about coverage, the paths goal → topic → course, and what stands alone on either side."""
    words = desk.words
    sentence = words(
        "needs.trace_sentence",
        goals=desk.count("trace", "year", "goals_count"),
        covered=desk.percent("trace", "year", "covered_weight_pct"),
        taught=desk.percent("trace", "year", "taught_weight_pct"),
    )
    rows, last_goal = [], None
    for line in desk.needs.trace:
        if line.goal_code is None or line.seed_kind:
            continue
        is_same = line.goal_code == last_goal
        last_goal = line.goal_code
        rows.append(
            TraceRow(
                goal="" if is_same else desk.name("goal", line.goal_code),
                weight="" if is_same or line.weight_pct is None else words.percent(line.weight_pct),
                topic=desk.name("topic", line.topic_code) if line.topic_code else "–",
                course=desk.name("course", line.course_code) if line.course_code else "–",
                finding=words(f"needs.finding.{line.finding}") if line.finding else "",
            )
        )
    return sentence, tuple(rows), tuple(_findings(desk))


def _findings(desk: NeedsDesk) -> list[str]:
    """Return the topics and courses that serve no goal of the year, one sentence a sort."""
    found = []
    for finding, kind in (("topic_without_goal", "topic"), ("course_without_topic", "course")):
        lines = [line for line in desk.needs.trace if line.finding == finding]
        codes = [code for line in lines if (code := getattr(line, f"{kind}_code")) is not None]
        if codes:
            names = desk.words("format.list_separator").join(desk.name(kind, code) for code in dict.fromkeys(codes))
            found.append(desk.words(f"needs.orphans.{kind}", names=names))
    orphans = desk.count("trace", "year", "orphan_courses_count")
    if orphans:
        found.append(desk.words("needs.orphans.count", count=orphans))
    return found


def performance(desk: NeedsDesk) -> tuple[GapRow, ...]:
    """Return the indicators of the year, largest share of all shortfall first (Pareto)."""
    rows = [(_value(desk, code, "shortfall_pct"), code) for code in desk.needs.codes("performance")]
    return tuple(_indicator(desk, code) for _, code in sorted(rows, key=lambda row: (-row[0], row[1])))


def _value(desk: NeedsDesk, code: str, statistic: str) -> Decimal:
    figure = desk.needs.figure("performance", code, statistic)
    return figure.value if figure is not None and figure.value is not None else Decimal(0)


def _indicator(desk: NeedsDesk, code: str) -> GapRow:
    words = desk.words
    low, high = (desk.needs.figure("performance", code, end) for end in ("ci_low", "ci_high"))
    interval = ""
    if low is not None and high is not None and low.value is not None and high.value is not None:
        interval = words("format.interval", low=words.number(low.value), high=words.number(high.value))
    trend = desk.needs.figure("performance", code, "trend")
    return GapRow(
        label=desk.name("kpi", code),
        gap=desk.percent("performance", code, "gap_pct"),
        interval=interval,
        n=desk.text("performance", code, "n"),
        percent=float(_value(desk, code, "shortfall_pct")),
        below=desk.percent("performance", code, "below_target_pct"),
        shortfall=desk.percent("performance", code, "shortfall_pct"),
        running=desk.percent("performance", code, "pareto_pct"),
        trend=words(f"needs.trend.{trend.text_value}") if trend is not None and trend.text_value else "–",
        cause=_causes(desk, code),
    )


def _causes(desk: NeedsDesk, code: str) -> str:
    """Return the causes that people gave, largest share of the shortfall first."""
    shares = [(_value(desk, code, f"cause_pct:{cause}"), cause) for cause in _CAUSES]
    named = [
        desk.words("needs.cause_share", cause=desk.words(f"needs.cause.{cause}"), share=desk.words.percent(share))
        for share, cause in sorted(shares, key=lambda one: -one[0])
        if share > 0
    ]
    return desk.words("format.list_separator").join(named) if named else "–"


def quarters(desk: NeedsDesk) -> tuple[tuple[str, ...], tuple[TableRow, ...]]:
    """Return the quarters and the gap of each indicator in each of them."""
    known = sorted({
        statistic.partition(":")[2]
        for family, _, statistic in desk.needs.figures
        if family == "performance" and statistic.startswith("gap_pct:")
    })
    rows = tuple(
        TableRow(
            cells=(
                desk.name("kpi", code),
                *(desk.percent("performance", code, f"gap_pct:{quarter}") for quarter in known),
            )
        )
        for code in desk.needs.codes("performance")
    )
    return tuple(known), rows


def competencies(desk: NeedsDesk) -> tuple[GapRow, ...]:
    """Return the competencies with their distance from the required level."""
    return tuple(
        GapRow(
            label=desk.name("competency", code),
            gap=desk.percent("competency", code, "gap_pct"),
            interval="",
            n=desk.text("competency", code, "n"),
            percent=0.0,
            below=desk.percent("competency", code, "below_pct"),
            shortfall="",
            running="",
            trend=desk.text("competency", code, "self_minus_manager"),
            cause="",
        )
        for code in desk.needs.codes("competency")
    )


def gaps_sentence(desk: NeedsDesk) -> str:
    """Return which indicators make up most of the shortfall."""
    rows = performance(desk)
    if not rows:
        return desk.words("needs.gaps_none")
    leading = []
    for row in rows:
        leading.append(row)
        if sum(one.percent for one in leading) >= 50:
            break
    names = desk.words("format.list_separator").join(row.label for row in leading)
    return desk.words("needs.gaps_sentence", names=names, running=leading[-1].running)


def demand(desk: NeedsDesk) -> tuple[Bars, ...]:
    """Return how many of all answers ask for each topic, most asked first."""
    bars = []
    for code in desk.needs.codes("demand"):
        figure = desk.figure("demand", code, "all_pct")
        label = desk.name("topic", code)
        if figure.value is None:
            bars.append((Decimal(-1), Bars(label=label, reason=desk.reason(figure.reason))))
            continue
        parts = desk.words(
            "needs.demand_parts",
            **{name: desk.percent("demand", code, f"{name}_pct") for name in ("wished", "career", "weak")},
        )
        share = Share(label=label, percent=float(figure.value), text=desk.words.percent(figure.value), count=parts)
        bars.append((figure.value, Bars(label=label, shares=(share,))))
    return tuple(one for _, one in sorted(bars, key=lambda one: (-one[0], one[1].label)))


def survey_facts(desk: NeedsDesk) -> tuple[Fact, ...]:
    """Return the questions that are no topics: support by the manager, hours a month."""
    asked = questionnaire(load_instrument("annual_needs"), desk.words.locale)
    facts = []
    for family, form in (("item", "needs.scale_text"), ("number", "needs.number_text")):
        for code in desk.needs.codes(family):
            figure = desk.figure(family, code, "mean")
            text = desk.reason(figure.reason)
            if figure.value is not None:
                text = desk.words(form, mean=desk.words.number(figure.value), n=desk.text(family, code, "n"))
            facts.append(Fact(label=asked.label(code), text=text))
    return tuple(facts)


def modes(desk: NeedsDesk) -> tuple[Share, ...]:
    """Return the preferred ways of learning, most wanted first; nothing when they may not be shown."""
    asked = questionnaire(load_instrument("annual_needs"), desk.words.locale)
    options = {option: label for question in asked.questions for option, label in question.options.items()}
    shares = []
    for code in desk.needs.codes("choice"):
        for option, label in options.items():
            figure = desk.needs.figure("choice", code, f"share:{option}")
            if figure is not None and figure.value is not None:
                shares.append(Share(label=label, percent=float(figure.value), text=desk.words.percent(figure.value)))
    return tuple(sorted(shares, key=lambda share: -share.percent))


def obstacles(desk: NeedsDesk) -> tuple[Share, ...]:
    """Return what people say gets in the way, most named first; nothing when it may not be shown or nobody wrote."""
    complete = desk.figure("response", "wave", "complete_count").value
    shares = []
    for code in desk.needs.codes("theme"):
        figure = desk.figure("theme", code, "count")
        if figure.value and complete:
            label = desk.figure("theme", code, desk.words.either("name_zh", "name_en")).text_value or code
            percent = float(100 * figure.value / complete)
            shares.append(Share(label=label, percent=percent, text=desk.words.number(figure.value)))
    return tuple(sorted(shares, key=lambda share: (-share.percent, share.label)))

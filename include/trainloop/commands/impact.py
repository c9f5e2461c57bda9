"""impact: did a class move an indicator? The analysis of the 90-day report on an analyst's own files."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer
from rich.markup import escape

from trainloop.commands.console import console, show_table

if TYPE_CHECKING:  # nothing heavy before a command is chosen
    from trainloop.domain.return_on_investment import Return, ReturnRefusal
    from trainloop.impact.finding import Arm, Finding, Locale

_SOURCES = {
    "randomised": "drawn by lot 抽签",
    "pilot_comparison": "pilot comparison 试点对照",
    "waitlisted": "waitlisted 候补",
    "matched": "matched untrained 匹配的未参训者",
    "cancelled": "cancelled 取消报名者",
}
_REASONS = {
    "redefined_kpi": "indicator redefined 口径变更",
    "period_not_ended": "window not over yet 窗口未结束",
    "left_company": "left the company 离职",
    "overlapping_class": "another class in the window 另有培训",
    "mixed_units": "mixed units 单位不一致",
    "mixed_grain": "mixed or repeated periods 期间混用或重复",
    "no_facts": "no figures 无数据",
    "missing_baseline": "no figures before 缺基线",
    "missing_follow_up": "no figures after 缺后期数据",
    "zero_exposure": "no exposure 无业务量",
    "low_coverage_before": "under the coverage before 基线覆盖不足",
    "low_coverage_after": "under the coverage after 后期覆盖不足",
    "no_comparable_person": "nobody comparable 无可比人员",
}
_TRENDS = {"parallel": "parallel 平行", "diverging": "diverging 不同", "unclear": "unclear 不确定"}


def register(app: typer.Typer) -> None:
    app.command()(impact)


def impact(
    kpi_file: Annotated[Path, typer.Argument(help="CSV or XLSX with the columns of the dataset kpi_facts")],
    design: Annotated[Path, typer.Option("--design", help="YAML: who was trained, how they were chosen, which KPIs")],
    as_json: Annotated[bool, typer.Option("--json", help="print everything as JSON and nothing else")] = False,
    chinese: Annotated[bool, typer.Option("--zh", help="verdicts in Chinese")] = False,
) -> None:
    """Compare learners with a comparison group: effect, interval, evidence grade, and what would raise it."""
    from trainloop.impact.study import run_study

    locale: Locale = "zh-CN" if chinese else "en"
    if as_json:
        typer.echo(json.dumps(run_study(kpi_file, design, locale).as_dict(locale), ensure_ascii=False, indent=2))
        return
    with console.status("Reading and comparing…"):
        result = run_study(kpi_file, design, locale)
    console.print(f"[bold]{escape(result.title)}[/]  figures until 数据截至 {result.known_until}", highlight=False)
    for kpi_code in result.kpis_not_in_design:
        console.print(
            f"[yellow]![/] {escape(kpi_code)} is in the file and not in the design; left out.", highlight=False
        )
    for finding in result.findings:
        _show(finding, locale)
        if result.returns is not None and result.returns[0] == finding.indicator.kpi_code:
            _show_return(result.returns[1], locale)


def _show(finding: Finding, locale: Locale) -> None:
    colour = {"A": "green", "B": "green", "C": "yellow", "D": "red", "E": "red"}[finding.graded.grade]
    console.print()
    console.print(
        f"[bold]{escape(finding.indicator.name(locale))}[/]  evidence grade 证据等级 "
        f"[bold {colour}]{finding.graded.grade}[/]"
    )
    console.print(escape(finding.verdict(locale)), highlight=False)
    rows = [*_arm_rows(finding, locale), *_effect_rows(finding, locale), *_check_rows(finding, locale)]
    show_table("", ("", "learners 学员", "comparison 对照"), rows)
    left_out = [
        (role, _REASONS[reason], count)
        for role, reasons in finding.exclusions.items()
        for reason, count in reasons.items()
    ]
    if left_out:
        show_table("Left out 未纳入", ("who", "reason", "people"), left_out)
    for caution in finding.cautions(locale):
        console.print(f"[yellow]![/] {caution}", highlight=False)
    for what, remedy in finding.weaknesses(locale):
        console.print(f"  {what} → {remedy}", highlight=False)


def _arm_rows(finding: Finding, locale: Locale) -> list[tuple[Any, ...]]:
    arms = (finding.learners, finding.comparison_arm)

    def row(name: str, value: Any) -> tuple[Any, ...]:
        return (name, *("" if arm is None else value(arm) for arm in arms))

    rows = [
        row("people, teams 人数、团队", lambda arm: f"{arm.people_count}, {arm.team_count}"),
        row("before 前", lambda arm: finding.shown(arm.pre, locale)),
        row("after 后", lambda arm: finding.shown(arm.post, locale)),
    ]
    # Neither where learners were chosen for low results: such figures rise by themselves.
    if isinstance(finding.before_after, float):
        rows.append(row("growth 增长率", lambda arm: _percent(arm.growth, locale)))
        if any(arm is not None and arm.rate_ratio is not None for arm in arms):
            rows.append(row("rate ratio after/before 比率之比", lambda arm: _ratio(arm, locale)))
    return rows


def _effect_rows(finding: Finding, locale: Locale) -> list[tuple[Any, ...]]:
    from trainloop.statistics.refusal import Refusal

    rows: list[tuple[Any, ...]] = []
    # "Effect" would say too much at grades D and E, which print the same table.
    for name, effect in (
        ("difference in change 变化之差", finding.effect),
        ("another estimate 另一估计", finding.adjusted),
    ):
        if effect is None:
            continue
        if isinstance(effect, Refusal):
            rows.append((name, effect.text(locale), ""))
            continue
        bounds = [finding.shown(effect.low, locale, has_unit=False), finding.shown(effect.high, locale)]
        p = "" if isinstance(effect.p, Refusal) else f"p = {effect.p:.3f}, " if effect.p >= 0.0005 else "p < 0.001, "
        rows.append((
            name,
            f"{finding.shown(effect.estimate, locale)} ({' … '.join(dict.fromkeys(bounds))})",
            f"{p}{effect.inference}",
        ))
    rows.append((
        "smallest it would show 可检出的最小差异",
        finding.shown(finding.detectable, locale),
        f"matters from {finding.shown(finding.relevant_effect, locale)}",
    ))
    return rows


def _check_rows(finding: Finding, locale: Locale) -> list[tuple[Any, ...]]:
    from trainloop.statistics.refusal import Refusal

    trend, rows = finding.trend, []
    if isinstance(trend, Refusal):
        rows.append(("trends before 此前走势", trend.text(locale), ""))
    else:
        drift = f"{finding.shown(trend.drift, locale)}, margin ±{finding.shown(trend.margin, locale)}"
        rows.append(("trends before 此前走势", _TRENDS[trend.status], drift))
    position = finding.baseline_position
    if not isinstance(position, Refusal):
        rows.append(("level before, z of the eligible 基线位置", f"{position:+.2f}", ""))
    if not isinstance(finding.comparison, Refusal):
        balance = ", ".join(f"{name} {value:+.2f}" for name, value in finding.comparison.balance.items())
        rows.append(("comparison group 对照来源", "", _SOURCES[finding.comparison.source]))
        rows.append(("differences before (SMD) 基线差异", balance, f"as found {finding.comparison.smd_before:+.2f}"))
    return rows


def _percent(value: Any, locale: Locale) -> str:
    return value.text(locale) if hasattr(value, "text") else f"{value:+.1%}"


def _ratio(arm: Arm, locale: Locale) -> str:
    ratio = arm.rate_ratio
    if ratio is None or hasattr(ratio, "text"):
        return "" if ratio is None else ratio.text(locale)
    shown = [value.text(locale) if hasattr(value, "text") else f"{value:.2f}" for value in (ratio.ratio, ratio.high)]
    return f"{shown[0]} ({ratio.low:.2f} … {shown[1]})"


def _show_return(found: Return | ReturnRefusal, locale: Locale) -> None:
    if hasattr(found, "text"):
        console.print(f"Return on investment 投资回报: {found.text(locale)}", highlight=False)
        return
    rows = [
        (name, f"{one.figure:,} ({one.low:,} … {one.high:,}){unit}")
        for name, one, unit in (
            ("benefit 收益", found.benefit, f" {found.currency}"),
            ("benefit/cost 收益成本比", found.ratio, ""),
            ("return on investment 投资回报", found.return_pct, " %"),
        )
    ]
    show_table("", ("", "figure and interval"), [*rows, ("cost 成本", f"{found.cost_amount:,} {found.currency}")])

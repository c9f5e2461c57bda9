"""The view of the 《年度培训需求分析报告》 annual training needs report: release → one frozen `NeedsView`."""

from __future__ import annotations

from datetime import UTC
from decimal import Decimal

from trainloop.needs.published import TOTAL
from trainloop.reporting import (
    glyphs,
    needs_chapters,
    needs_quality,
    needs_ranking,
    needs_review,
    needs_summary,
    needs_tables,
)
from trainloop.reporting.document import DataRow
from trainloop.reporting.needs_desk import NeedsDesk
from trainloop.reporting.needs_model import NeedsView
from trainloop.reporting.pages import layout_sha256
from trainloop.reporting.view import Fact


def build_view(desk: NeedsDesk) -> NeedsView:
    """Return the view of one edition."""
    words, needs, site = desk.words, desk.needs, desk.site
    quality_sentence, quality_tone = needs_quality.statement(desk)
    trace_sentence, trace, findings = needs_chapters.trace(desk)
    sensitivity_sentence, sensitivity = needs_ranking.sensitivity(desk)
    tables, hidden = needs_tables.crossing_maps(desk)
    quarters, quarter_rows = needs_chapters.quarters(desk)
    released_on = words.day(needs.released_at, site.company.zone)
    return NeedsView(
        layout_sha256=layout_sha256(),
        locale=words.locale,
        audience=desk.audience,
        colour=site.company.colour,
        company=glyphs.tidy(site.company.name(words.locale)),
        title=words("needs.title"),
        audience_label=words(f"needs.audience.{desk.audience}"),
        released_at=needs.released_at.astimezone(UTC).isoformat(timespec="seconds"),
        site_version=needs.site_version,
        revision=words("revision", number=needs.revision_number, date=released_on),
        data_rows=_data_rows(desk),
        year=needs.year,
        name=words("needs.name", year=needs.year),
        state=words("needs.state_draft" if desk.decision is None else "needs.state_approved"),
        facts=_facts(desk),
        headline=needs_summary.headline(desk),
        evidence=needs_summary.evidence(desk),
        decide=needs_summary.decide(desk),
        glance=needs_summary.glance(desk, words(f"quality.tone_{quality_tone}")),
        warnings=needs_quality.warnings(desk),
        needs=needs_ranking.need_views(desk),
        budget=needs_ranking.budget_facts(desk),
        cut_line=words("needs.cut_line", budget=desk.money(desk.budget["budget_amount"])),
        sensitivity_sentence=sensitivity_sentence,
        sensitivity=sensitivity,
        knapsack=needs_ranking.knapsack(desk),
        trace_sentence=trace_sentence,
        trace=trace,
        trace_findings=findings,
        review_sentence=needs_review.sentence(desk),
        review=needs_review.rows(desk),
        interviews_sentence=_interviews_sentence(desk),
        interviews=needs_tables.interview_map(desk),
        interviews_missing=_interviews_missing(desk),
        performance=needs_chapters.performance(desk),
        quarters=quarters,
        quarter_rows=quarter_rows,
        competencies=needs_chapters.competencies(desk),
        gaps_sentence=needs_chapters.gaps_sentence(desk),
        demand=needs_chapters.demand(desk),
        demand_sentence=words("needs.demand_sentence", response=needs_summary.response_text(desk)),
        survey_facts=needs_chapters.survey_facts(desk),
        modes=needs_chapters.modes(desk),
        obstacles=needs_chapters.obstacles(desk),
        tables=(needs_tables.people_map(desk), *tables),
        tables_hidden=words("needs.tables_hidden", names=hidden) if hidden else "",
        quality_sentence=quality_sentence,
        quality_tone=quality_tone,
        files=needs_quality.file_rows(desk),
        response_facts=needs_quality.response_facts(desk),
        quality_notes=needs_quality.quality_notes(desk),
        anonymity_notes=needs_quality.anonymity_notes(desk),
        method_notes=needs_quality.method_notes(desk),
    )


def _status(desk: NeedsDesk) -> str:
    if desk.decision is None:
        return desk.words("needs.status_draft")
    day = desk.words.day(desk.decision.decided_at, desk.site.company.zone)
    return desk.words("needs.status_approved", by=desk.free(desk.decision.decided_by), date=day)


def _facts(desk: NeedsDesk) -> tuple[Fact, ...]:
    words = desk.words
    texts = {
        "population": words.day(desk.needs.population_on),
        "response": needs_summary.response_text(desk),
        "budget": desk.money(desk.budget["budget_amount"]),
        "status": _status(desk),
    }
    return tuple(Fact(label=words(f"needs.fact.{name}"), text=text) for name, text in texts.items())


def _interviews_sentence(desk: NeedsDesk) -> str:
    names = ("planned_departments", "interviewed_departments", "interviews")
    counts = {name: desk.count("interviews", "year", f"{name}_count") for name in names}
    return desk.words(
        "needs.interviews_sentence", coverage=desk.percent("interviews", "year", "coverage_pct"), **counts
    )


def _interviews_missing(desk: NeedsDesk) -> str:
    open_departments = [
        desk.name("department", code)
        for code in desk.needs.codes("interviews")
        if code != "year" and desk.figure("interviews", code, "state").text_value in {"open", "overdue"}
    ]
    if not open_departments:
        return ""
    return desk.words("needs.interviews_missing", names=desk.words("format.list_separator").join(open_departments))


def _data_rows(desk: NeedsDesk) -> tuple[DataRow, ...]:
    """Return all figures, verdicts and crossings of the release, as files inside the PDF carry them."""
    needs = desk.needs
    rows = [
        DataRow(
            family=family,
            code=code,
            label="",
            statistic=statistic,
            value=_plain(figure.value) or figure.text_value or "",
            respondent_count=figure.respondent_count,
            is_hidden=figure.is_hidden,
            reason=figure.reason or "",
        )
        for (family, code, statistic), figure in needs.figures.items()
    ]
    for need in needs.needs:
        facts = {
            "verdict": need.verdict,
            "rank": str(need.rank or ""),
            "priority": _plain(need.priority),
            "funding": need.funding,
            "estimated_cost_amount": _plain(need.estimated_cost_amount),
            "cumulative_cost_amount": _plain(need.cumulative_cost_amount),
        }
        facts |= {f"{layer.layer}_is_passed": str(layer.is_passed).lower() for layer in need.layers}
        rows += [_data_row("need", need.topic_code, desk.name("topic", need.topic_code), *one) for one in facts.items()]
    for table, cells in needs.cells.items():
        for cell in cells:
            place = f"{cell.row_code} × {cell.column_code}" if TOTAL not in {cell.row_code, cell.column_code} else ""
            rows.append(
                DataRow(
                    family=f"table:{table}",
                    code=f"{cell.row_code}/{cell.column_code}",
                    label=place,
                    statistic=cell.statistic,
                    value=_plain(cell.value),
                    respondent_count=cell.respondent_count,
                    is_hidden=cell.is_hidden,
                    reason=cell.reason or "",
                )
            )
    return tuple(rows)


def _data_row(family: str, code: str, label: str, statistic: str, value: str) -> DataRow:
    return DataRow(
        family=family,
        code=code,
        label=label,
        statistic=statistic,
        value=value,
        respondent_count=None,
        is_hidden=False,
        reason="",
    )


def _plain(value: Decimal | None) -> str:
    return "" if value is None else format(value, "f")

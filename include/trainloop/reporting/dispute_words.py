"""Content of a dispute's paper → its view in one language."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from trainloop.config import Locale, Site
from trainloop.reporting.dispute_desk import Desk, cell, document
from trainloop.reporting.dispute_result import agreed_plan, pilot_report
from trainloop.reporting.dispute_view import Cell, DisputeView, PackView, Section
from trainloop.reporting.view import Fact

FORM = "dispute_statement"
_LAYERS = ("strategy", "business", "individual")
_FIGURES = ("content_practicality", "instructor_professionalism", "case_practice", "nps")


def build_view(
    paper: Mapping[str, Any], figures: Sequence[Mapping[str, Any]], site: Site, locale: Locale
) -> DisputeView:
    """Return a paper in one language."""
    desk = Desk(paper, figures, site, locale)
    match paper["kind"]:
        case "dispute_pack":
            return _pack(desk)
        case "pilot_report":
            return pilot_report(desk)
    return agreed_plan(desk)


def _pack(desk: Desk) -> PackView:
    words, content = desk.words, desk.content
    divergent = [topic for topic in content["divergences"] if topic["is_divergent"]]
    facts = [
        Fact(label=words("dispute.fact.meeting"), text=desk.day(content["meeting_on"])),
        Fact(label=words("dispute.fact.reason"), text=words(f"dispute.reason.{content['reason_code']}")),
        Fact(label=words("dispute.fact.opened_by"), text=words(f"dispute.party.{content['opened_by']}")),
    ]
    total = len(content["divergences"])
    headline = words("dispute.pack_headline", count=len(divergent), total=total)
    widest = desk.question(FORM, divergent[0]["code"]) if divergent else ""
    detail = words("dispute.pack_widest", topic=widest) if divergent else words("dispute.pack_none")
    return document(
        desk, PackView, headline, detail, facts, _sections(desk),
        [words("dispute.note_divergence"), words("dispute.note_evidence"), words("dispute.note_readers")],
    )  # fmt: skip


def _sections(desk: Desk) -> Iterator[Section]:
    words = desk.words
    yield Section(
        title=words("dispute.section.agenda"),
        notes=tuple(words(f"dispute.agenda.{number}") for number in ("one", "two", "three", "four")),
    )
    yield _divergences(desk)
    yield _statements(desk)
    yield _design(desk)
    yield from _business(desk)
    yield _evaluations(desk)


def _divergences(desk: Desk) -> Section:
    words = desk.words
    rows: list[tuple[Cell, ...]] = [
        (
            cell(desk.question(FORM, topic["code"])),
            cell(desk.answer(FORM, topic["code"], topic["trainer"])),
            cell(desk.answer(FORM, topic["code"], topic["business"])),
            cell(words("dispute.differs"), "bad") if topic["is_divergent"] else cell(words("dispute.alike"), "good"),
        )
        for topic in desk.content["divergences"]
    ]
    columns = ("topic", "trainer", "business", "verdict")
    return Section(
        title=words("dispute.section.divergences"),
        lead=words("dispute.divergences_lead"),
        columns=tuple(words(f"dispute.column.{name}") for name in columns),
        rows=tuple(rows),
    )


def _statements(desk: Desk) -> Section:
    words, said = desk.words, desk.content["statements"]
    rows = [
        (
            cell(desk.question(FORM, code)),
            *(cell(desk.text(said[party].get(code))) for party in ("trainer", "business")),
        )
        for code in ("pain_point", "core_target", "proposal")
        if any(said[party].get(code) for party in ("trainer", "business"))
    ]
    return Section(
        title=words("dispute.section.statements"),
        columns=tuple(words(f"dispute.column.{name}") for name in ("topic", "trainer", "business")),
        rows=tuple(rows),
    )


def _design(desk: Desk) -> Section:
    words, course = desk.words, desk.content["course"]
    pairs = [
        ("course", words.either(course["name_zh"], course["name_en"])),
        (
            "hours",
            words("dispute.hours", hours=desk.number(course["hours"]), mode=words(f"dispute.mode.{course['mode']}")),
        ),
        ("audience", course["target_audience"]),
        ("topic", desk.name(course, "topic") if course["topic_code"] else None),
        ("goal", desk.name(course, "goal") if course["goal_code"] else None),
        ("kpis", words("format.list_separator").join(_kpi(desk, kpi) for kpi in course["kpis"])),
    ]
    rows = [
        (cell(words(f"dispute.asset.{asset['kind']}")), cell(desk.name(asset)), cell(desk.text(asset["version"])))
        for asset in course["assets"]
    ]
    return Section(
        title=words("dispute.section.logic"),
        pairs=tuple(Fact(label=words(f"dispute.logic.{name}"), text=desk.text(text)) for name, text in pairs if text),
        columns=tuple(words(f"dispute.column.{name}") for name in ("kind", "asset", "version")),
        rows=tuple(rows),
        notes=() if rows else (words("dispute.no_assets"),),
    )


def _kpi(desk: Desk, kpi: Mapping[str, Any]) -> str:
    return desk.words(f"dispute.kpi_{kpi['direction']}", kpi=desk.name(kpi))


def _business(desk: Desk) -> Iterator[Section]:
    words, content = desk.words, desk.content
    counts, need = content["interview_counts"], content["need"]
    lead = words("dispute.no_interviews")
    if counts["interview_count"]:
        lead = words(
            "dispute.interviews_lead",
            count=desk.number(counts["interview_count"]),
            departments=desk.number(counts["department_count"]),
            severity=desk.number(counts["mean_severity"]),
        )
    rows = [
        (
            cell(desk.text(row["pain_point"])),
            cell(desk.number(row["severity"]), is_number=True),
            cell(desk.day(row["interviewed_on"])),
        )
        for row in content["interviews"]
    ]
    yield Section(
        title=words("dispute.section.pain"),
        lead=lead,
        columns=tuple(words(f"dispute.column.{name}") for name in ("pain", "severity", "held")),
        rows=tuple(rows),
    )
    if need is None:
        yield Section(title=words("dispute.section.gaps"), notes=(words("dispute.no_need"),))
        return
    layers = {layer["layer"]: layer for layer in need["layers"]}
    yield Section(
        title=words("dispute.section.gaps"),
        lead=words("dispute.need_lead", year=need["year"], verdict=words(f"dispute.need.{need['verdict']}"),
                   priority=desk.number(need["priority"])),
        columns=tuple(words(f"dispute.column.{name}") for name in ("layer", "value", "threshold", "n", "verdict")),
        rows=tuple(_layer(desk, layers[name]) for name in _LAYERS if name in layers),
    )  # fmt: skip


def _layer(desk: Desk, layer: Mapping[str, Any]) -> tuple[Cell, ...]:
    words = desk.words
    value = words("dispute.hidden") if layer["is_hidden"] else desk.number(layer["value"])
    passed = cell(words("dispute.passed"), "good") if layer["is_passed"] else cell(words("dispute.failed"), "caution")
    return (
        cell(words(f"dispute.layer.{layer['layer']}")),
        cell(value, is_number=True),
        cell(desk.number(layer["threshold"]), is_number=True),
        cell(desk.number(layer["n"]), is_number=True),
        passed,
    )


def _evaluations(desk: Desk) -> Section:
    words, found = desk.words, desk.content["evaluations"]
    rows = [
        (
            cell(desk.text(row["session_code"])),
            cell(desk.day(row["held_on"])),
            cell(desk.number(row["answers"]), is_number=True),
            *(cell(desk.number(row[name], is_signed=name == "nps"), is_number=True) for name in _FIGURES),
        )
        for row in found
    ]
    columns = ("class", "held", "answers", *_FIGURES)
    return Section(
        title=words("dispute.section.evaluations"),
        lead=words("dispute.evaluations_lead" if rows else "dispute.no_evaluations"),
        columns=tuple(words(f"dispute.column.{name}") for name in columns),
        rows=tuple(rows),
    )

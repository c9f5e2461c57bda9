"""What the needs report rests on: files, answers, how anonymity is kept, every rule with its number."""

from __future__ import annotations

from decimal import Decimal

from trainloop.reporting import needs_review
from trainloop.reporting.document import Tone
from trainloop.reporting.needs_desk import NeedsDesk
from trainloop.reporting.quality import rows_of_files, verdict_on
from trainloop.reporting.view import Fact, FileRow

_RATES = ("rr1", "rr2")


def statement(desk: NeedsDesk) -> tuple[str, Tone]:
    """Return the verdict on the data in one sentence and its tone."""
    sentence, tone = verdict_on(desk.files, desk.words)
    return sentence, "caution" if tone == "good" and warnings(desk) else tone


def warnings(desk: NeedsDesk) -> tuple[str, ...]:
    """Return what a reader should know before relying on the verdicts."""
    words, found = desk.words, []
    band = desk.figure("response", "wave", "band").text_value
    if band in {"caution", "not_representative"}:
        found.append(words(f"needs.warning.{band}", rate=desk.percent("response", "wave", "rr1_pct")))
    missing = desk.count("interviews", "year", "planned_departments_count") - desk.count(
        "interviews", "year", "interviewed_departments_count"
    )
    if missing > 0:
        found.append(words("needs.warning.interviews", count=missing))
    if not needs_review.is_reviewed(desk):
        found.append(needs_review.sentence(desk))
    if unplaced := desk.count("review", "year", "unplaced_seeds_count"):
        found.append(words("needs.warning.unplaced", count=unplaced))
    lacking = sum(any(layer.is_evidence_missing for layer in need.layers) for need in desk.needs.needs)
    if lacking:
        found.append(words("needs.warning.evidence", count=lacking))
    return tuple(found)


def file_rows(desk: NeedsDesk) -> tuple[FileRow, ...]:
    """Return the files by dataset; only HR sees their names."""
    return rows_of_files(desk.files, desk.words, desk.site.company.zone, with_names=desk.audience == "hr")


def response_facts(desk: NeedsDesk) -> tuple[Fact, ...]:
    """Return the counts and rates of answers."""
    words = desk.words
    counts = [
        Fact(label=words(f"quality.{name}"), text=desk.text("response", "wave", f"{name}_count"))
        for name in ("invited", "eligible", "complete", "partial")
    ]
    rates = [
        Fact(label=words(f"quality.{rate}"), text=desk.percent("response", "wave", f"{rate}_pct")) for rate in _RATES
    ]
    return (*counts, *rates)


def quality_notes(desk: NeedsDesk) -> tuple[str, ...]:
    notes = []
    if any(file.quarantined_count for file in desk.files):
        notes.append(desk.words("quality.note_quarantined"))
    held = desk.count("response", "wave", "invited_count") - desk.count("response", "wave", "eligible_count")
    if held > 0:
        notes.append(desk.words("quality.note_excluded", count=desk.words.number(held)))
    return tuple(notes)


def anonymity_notes(desk: NeedsDesk) -> tuple[str, ...]:
    rules = desk.site.suppression
    return (
        desk.words("anonymity.wave"),
        desk.words("needs.anonymity_minimum", mean_min=rules.mean_min, distribution_min=rules.distribution_min),
        desk.words("anonymity.complement"),
        desk.words("needs.anonymity_quotes", count=desk.site.needs.quotes_min_departments),
    )


def method_notes(desk: NeedsDesk) -> tuple[str, ...]:
    """Return every rule that made a number of this report, with the numbers of the site file."""
    rules, words = desk.site.needs, desk.words
    separator = words("needs.anchor_separator")

    def number(value: float) -> str:
        return words.number(Decimal(f"{value:g}"))

    weights = {name: number(getattr(rules.weights, name)) for name in ("urgency", "scope", "strategic")}
    return (
        words("needs.method.layers"),
        words("needs.method.strategy"),
        words("needs.method.business", gap=number(rules.min_gap_pct)),
        words("needs.method.individual", share=number(rules.min_asking_pct)),
        words("needs.method.missing"),
        words("needs.method.review"),
        words("needs.method.priority", **weights),
        words("needs.method.urgency", months=separator.join(number(months) for months in rules.urgency_months)),
        words("needs.method.scope", steps=separator.join(number(step) for step in rules.scope_pct)),
        words("needs.method.strategic"),
        words("needs.method.funding"),
        words("needs.method.sensitivity", step=number(rules.weight_step)),
        words("needs.method.gap"),
        words("needs.method.competency"),
        words("needs.method.trend", quarters=rules.quarters),
        words("method.response"),
        words("method.data"),
        words(
            "method.version",
            site_version=desk.needs.site_version,
            revision=desk.needs.revision_number,
            released_at=desk.words.day(desk.needs.released_at, desk.site.company.zone),
        ),
    )

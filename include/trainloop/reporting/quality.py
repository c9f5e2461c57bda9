"""The data-quality and anonymity statement: what every report says about what it rests on."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import groupby
from zoneinfo import ZoneInfo

from trainloop.reporting import glyphs
from trainloop.reporting.catalogue import Catalogue
from trainloop.reporting.document import Tone
from trainloop.reporting.evidence import CheckedFile
from trainloop.reporting.printing import Desk
from trainloop.reporting.view import Fact, FileRow

_LISTED_FILES = 3


def verdict_on(files: Sequence[CheckedFile], words: Catalogue) -> tuple[str, Tone]:
    """Return what became of every row of the files in one sentence, and its tone; of no file nothing was checked."""
    if not files:
        return words("quality.nothing_checked"), "bad"
    other = sum(file.parked_count + file.refused_count for file in files)
    sentence = words(
        "quality.sentence",
        files=words.number(len(files)),
        rows=words.number(sum(file.row_count for file in files)),
        accepted=words.number(sum(file.accepted_count + file.unchanged_count for file in files)),
        quarantined=words.number(sum(file.quarantined_count for file in files)),
        other=words("quality.sentence_other", count=words.number(other)) if other else "",
    )
    return sentence, "good" if all(file.gate_decision == "pass" for file in files) else "caution"


def statement(desk: Desk) -> tuple[str, Tone]:
    """Return the verdict on the data in one sentence and its tone."""
    sentence, tone = verdict_on(desk.evidence.files, desk.words)
    wave = desk.evidence.wave
    if wave.source == "forms":
        sentence = f"{sentence} {desk.words('quality.forms')}"
    has_reservation = wave.is_without_attendance or not wave.has_completions
    return sentence, "caution" if tone == "good" and has_reservation else tone


def file_rows(desk: Desk) -> tuple[FileRow, ...]:
    """Return the files behind the report; trainers see no file names."""
    return rows_of_files(desk.evidence.files, desk.words, desk.site.company.zone, with_names=desk.audience == "hr")


def rows_of_files(
    files: Sequence[CheckedFile], words: Catalogue, zone: ZoneInfo, *, with_names: bool
) -> tuple[FileRow, ...]:
    """Return files in the order of their datasets; many small ones of one dataset are one row."""
    rows: list[FileRow] = []
    for dataset, group in groupby(files, key=lambda file: file.dataset):
        found = list(group)
        if len(found) <= _LISTED_FILES:
            rows += [_file_row(words, zone, dataset, [file], with_names=with_names) for file in found]
        else:
            rows.append(_file_row(words, zone, dataset, found, with_names=with_names))
    return tuple(rows)


def _file_row(words: Catalogue, zone: ZoneInfo, dataset: str, files: list[CheckedFile], *, with_names: bool) -> FileRow:
    newest = max(files, key=lambda file: file.file_id)
    name, _ = glyphs.mark_missing(newest.name, words("words.symbol"))
    if not with_names:
        name = f"#{newest.file_id}"
    if len(files) > 1:
        name = words("quality.files_more", count=words.number(len(files)), name=name)
    checked = max((file.checked_at for file in files if file.checked_at), default=None)
    decisions = [file.gate_decision for file in files]
    worst = next((one for one in ("refuse", "quarantine") if one in decisions), "pass")
    return FileRow(
        dataset=words(f"dataset.{dataset}"),
        name=name,
        checked_on=words.day(checked, zone) if checked else "",
        row_count=words.number(sum(file.row_count for file in files)),
        accepted=words.number(sum(file.accepted_count + file.unchanged_count for file in files)),
        quarantined=words.number(sum(file.quarantined_count for file in files)),
        other=words.number(sum(file.parked_count + file.refused_count for file in files)),
        verdict=words(f"quality.{worst}"),
    )


def answer_facts(desk: Desk) -> tuple[Fact, ...]:
    """Return the counts and rates of answers."""
    words, figures = desk.words, desk.figures
    counts = {
        "invited": "invited_count",
        "eligible": "eligible_count",
        "complete": "complete_count",
        "partial": "partial_count",
        "straight": "straight_lined_count",
    }
    facts = []
    for name, statistic in counts.items():
        row = figures.row("response", "wave", statistic)
        if row.is_hidden and desk.complete_count < desk.site.suppression.mean_min:
            continue  # the one-page report says once that nothing about the answers is shown
        text = desk.reason(row) if row.value is None else words.number(int(row.value))
        facts.append(Fact(label=words(f"quality.{name}"), text=text))
    facts += [
        Fact(label=words(f"quality.{name}"), text=desk.share("response", "wave", f"{name}_pct").text)
        for name in ("rr1", "rr2")
    ]
    return tuple(facts)


def notes(desk: Desk, marked_symbols: int) -> tuple[str, ...]:
    """Return what a reader must know before believing the figures."""
    words, wave = desk.words, desk.evidence.wave
    excluded = desk.figures.count("response", "wave", "invited_count") - desk.figures.count(
        "response", "wave", "eligible_count"
    )
    chosen = [
        words("quality.note_without_attendance") if wave.is_without_attendance else "",
        "" if wave.has_completions else words("quality.note_no_completions"),
        words("quality.note_excluded", count=words.number(excluded)) if excluded > 0 else "",
        words("quality.note_quarantined") if any(file.quarantined_count for file in desk.evidence.files) else "",
        words("quality.note_symbols", count=words.number(marked_symbols), mark=words("words.symbol"))
        if marked_symbols
        else "",
        words("quality.note_cost")
        if desk.audience == "hr" and not desk.figures.has("cost", "class", "total_amount")
        else "",
    ]
    return tuple(note for note in chosen if note)


def anonymity_notes(desk: Desk) -> tuple[str, ...]:
    rules = desk.site.suppression
    facts = {"mean_min": rules.mean_min, "distribution_min": rules.distribution_min}
    has_means = desk.complete_count >= rules.mean_min
    names = ("wave", "minimum", "complement", "masking") if has_means else ("wave", "minimum")
    return tuple(desk.words(f"anonymity.{name}", **facts) for name in names)


def method_notes(desk: Desk) -> tuple[str, ...]:
    release = desk.evidence.release
    facts = {
        "one_decimal_below": desk.site.suppression.one_decimal_below,
        "site_version": release.site_version,
        "revision": release.revision_number,
        "released_at": desk.words.day(release.released_at, desk.site.company.zone),
    }
    has_means = desk.complete_count >= desk.site.suppression.mean_min
    names = ("response", "mean", "dimension", "boxes", "data", "version") if has_means else ("response", "version")
    return tuple(desk.words(f"method.{name}", **facts) for name in names)

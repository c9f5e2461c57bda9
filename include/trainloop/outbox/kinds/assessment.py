"""Mails about 360 assessments: the person's own PDF, the cohort's brief without any person, raters that are missing."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date
from typing import Any

from trainloop.config import Locale, get_site
from trainloop.domain.counted import filled
from trainloop.outbox.kinds.content import Content, Due, StoredFile, Tile, Unwritable, Written
from trainloop.outbox.wording import day_text
from trainloop.warehouse.engine import Connection
from trainloop.warehouse.statements import statement

Figures = Mapping[tuple[str, str, str], Mapping[str, Any]]
INSTRUMENT = "feedback_360"
WEAKEST = 5
_FILE_NAMES = {"zh-CN": "360度反馈_仅供本人", "en": "360 feedback - for you only"}
_WORDS = {
    "zh-CN": {
        "n": "{n} 位管理者",
        "gap": "{n} 位管理者；自评高 {gap}",
        "gap_low": "{n} 位管理者；自评低 {gap}",
        "weak": "{dimension}：{item}（{mean} 分）",
    },
    "en": {
        "n": "{n:manager|managers}",
        "gap": "{n:manager|managers}; own view {gap} higher",
        "gap_low": "{n:manager|managers}; own view {gap} lower",
        "weak": "{dimension}: {item} ({mean})",
    },
}


def assessment_feedback(connection: Connection, notices: Sequence[Due]) -> dict[int, Written]:
    """Return the mail with the private PDF, to the assessed person only; until it is drawn the mail waits."""
    wanted = {
        "notice_ids": [due.notice_id for due in notices],
        "locales": [_printed_locale(due.locale) for due in notices],
    }
    rows = {row["notice_id"]: row for row in connection.execute(statement("outbox", "assessment_feedbacks"), wanted)}
    return {due.notice_id: _feedback(due, rows.get(due.notice_id)) for due in notices}


def _printed_locale(locale: Locale) -> Locale:
    company = get_site().company
    return locale if locale in company.report_locales else company.report_locales[0]


def _feedback(due: Due, row: Mapping[str, Any] | None) -> Written:
    if row is None:
        return Unwritable("report_not_ready", is_for_good=False)
    name = f"{_FILE_NAMES[row['locale']]}.pdf"
    return Content(
        {"promoted_on": day_text(row["promoted_on"], due.locale)},
        (StoredFile(name, "application/pdf", row["uri"], row["pdf_sha256"]),),
    )


def cohort_brief(connection: Connection, notices: Sequence[Due]) -> dict[int, Written]:
    """Return what several managers together find hard: published figures only, so no one person is in it."""
    wanted = {"release_ids": sorted({int(due.facts["release_id"]) for due in notices})}
    released: dict[int, dict[tuple[str, str, str], Mapping[str, Any]]] = {}
    for row in connection.execute(statement("outbox", "cohort_figures"), wanted):
        released.setdefault(row["release_id"], {})[row["family"], row["code"], row["statistic"]] = row
    return {due.notice_id: _brief(due, released.get(int(due.facts["release_id"]))) for due in notices}


def _brief(due: Due, figures: Figures | None) -> Written:
    from trainloop.surveys.instrument import load_instrument

    if figures is None:
        return Unwritable("subject_unknown")
    instrument, locale, words = load_instrument(INSTRUMENT), due.locale, _WORDS[due.locale]
    tiles = []
    for code, dimension in instrument.dimensions.items():
        n, mean, gap = (
            _value(figures, "dimension", code, "n"),
            _value(figures, "dimension", code, "mean"),
            _value(figures, "self_other", f"self:{code}", "mean"),
        )
        note = filled(words["n"], {"n": n})
        if gap is not None and gap != 0:
            note = filled(words["gap" if gap > 0 else "gap_low"], {"n": n, "gap": f"{abs(gap):f}"})
        tiles.append(Tile(dimension.text(locale), "–" if mean is None else f"{mean:f}", note))
    means = [(item, _value(figures, "item", item.code, "mean")) for item in instrument.items if item.kind == "scale"]
    weakest = sorted(
        ((mean, item) for item, mean in means if mean is not None), key=lambda pair: (pair[0], pair[1].code)
    )
    return Content({
        "subjects_count": _value(figures, "cohort", "wave", "subjects_count"),
        "raters_count": _value(figures, "cohort", "wave", "raters_count"),
        "is_trainer": due.recipient.kind == "trainer",
        "figures": tuple(tiles),
        "findings": [
            words["weak"].format(
                dimension=instrument.dimensions[item.dimension or ""].text(locale),
                item=item.text(locale),
                mean=f"{mean:f}",
            )
            for mean, item in weakest[:WEAKEST]
        ],
    })


def _value(figures: Figures, family: str, code: str, statistic: str) -> Any:
    row = figures.get((family, code, statistic))
    return None if row is None else row["value"]


def raters_missing(connection: Connection, notices: Sequence[Due]) -> dict[int, Written]:
    """Return HR's mail about a promoted person whom too few people could rate; planned meanwhile: no mail."""
    wanted = {"employee_ids": sorted({due.subject_id for due in notices})}
    rows = {row["employee_id"]: row for row in connection.execute(statement("outbox", "missing_raters"), wanted)}
    return {due.notice_id: _missing(due, rows.get(due.subject_id)) for due in notices}


def _missing(due: Due, row: Mapping[str, Any] | None) -> Written:
    if row is None or row["promoted_on"].isoformat() != due.step:
        return Unwritable("resolved")
    return Content({
        "person": row["name"],
        "employee_id": row["employee_id"],
        "promoted_on": day_text(row["promoted_on"], due.locale),
        "nominate_until": day_text(date.fromisoformat(due.facts["nominate_until"]), due.locale),
        "minimum": get_site().suppression.feedback_360_min,
    })

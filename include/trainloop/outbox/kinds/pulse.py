"""The quarterly pulse in mails: HR's result, and what a trainer reads before acknowledging a drop."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from trainloop.config import Locale
from trainloop.domain.survey import quarter_days
from trainloop.outbox.kinds.content import Content, Due, Tile, Unwritable, Written
from trainloop.warehouse.engine import Connection
from trainloop.warehouse.statements import statement

Figures = Mapping[tuple[str, str, str], Mapping[str, Any]]
INSTRUMENT = "quarterly_pulse"
OVERALL = "overall"
_WORDS = {
    "zh-CN": {
        "rate": "应答率",
        "of": "{complete}/{eligible} 人",
        "n": "n = {n}",
        "change": "n = {n}；较上季 {difference} [{low}, {high}]",
        "drop": "“{name}”明显下降：{earlier} → {now}（{difference}，95% 区间 {low} 至 {high}）",
        "rise": "“{name}”明显上升：{earlier} → {now}（{difference}，95% 区间 {low} 至 {high}）",
        "quarter": "{year} 年第 {number} 季度",
        "interviews": "{interviews} 次课后访谈，共 {learners} 位学员，内容与工作匹配 {match} 分（班主任记录，"
        "不计入问卷结果）。",
    },
    "en": {
        "rate": "Response rate",
        "of": "{complete} of {eligible}",
        "n": "n = {n}",
        "change": "n = {n}; {difference} [{low}, {high}] on the quarter before",
        "drop": "“{name}” dropped: {earlier} → {now} ({difference}, 95% interval {low} to {high})",
        "rise": "“{name}” rose: {earlier} → {now} ({difference}, 95% interval {low} to {high})",
        "quarter": "Q{number} {year}",
        "interviews": "Post-class interviews: {interviews}, with {learners} learners; match with work {match} "
        "(as class managers noted it, not part of the survey).",
    },
}


def pulse_result(connection: Connection, notices: Sequence[Due]) -> dict[int, Written]:
    """Return HR's mail about one release; a release that is gone makes none."""
    released = pulse_figures(connection, [int(due.facts["release_id"]) for due in notices])
    talks = {quarter: _interviews(connection, quarter) for quarter in {due.subject_id for due in notices}}
    return {
        due.notice_id: _content(due, released.get(int(due.facts["release_id"])), talks[due.subject_id])
        for due in notices
    }


def _interviews(connection: Connection, quarter: str) -> Mapping[str, Any]:
    first_day, last_day = quarter_days(quarter)
    row = connection.execute(
        statement("pulse", "interviews"), {"first_day": first_day, "last_day": last_day}
    ).fetchone()
    assert row is not None
    return row


def _content(due: Due, figures: Figures | None, talks: Mapping[str, Any]) -> Written:
    if figures is None:
        return Unwritable("subject_unknown")
    said = _WORDS[due.locale]["interviews"].format(
        interviews=talks["interviews_count"], learners=talks["learners_count"], match=talks["match_mean"]
    )
    return Content({
        "interviews": said if talks["interviews_count"] else "",
        "is_follow_up": bool(due.step),
        "quarter": quarter_text(due.subject_id, due.locale),
        "revision": due.sequence_number,
        "complete_count": _text(figures, "response", "wave", "complete_count"),
        "band": (figures.get(("response", "wave", "band")) or {}).get("text_value") or "",
        "has_before": any(key[2] == "difference" and row["value"] is not None for key, row in figures.items()),
        "figures": pulse_tiles(figures, due.locale),
        "findings": pulse_changes(figures, due.locale),
    })


def pulse_figures(connection: Connection, release_ids: Sequence[int]) -> dict[int, Figures]:
    """Return the published figures of pulse releases by (family, code, statistic)."""
    found: dict[int, dict[tuple[str, str, str], Mapping[str, Any]]] = {}
    for row in connection.execute(statement("outbox", "pulse_figures"), {"release_ids": sorted(set(release_ids))}):
        found.setdefault(row["release_id"], {})[row["family"], row["code"], row["statistic"]] = row
    return dict(found)


def pulse_tiles(figures: Figures, locale: Locale) -> tuple[Tile, ...]:
    """Return the response rate, overall satisfaction and every dimension, each with its n and its change."""
    words = _WORDS[locale]
    rate = _text(figures, "response", "wave", "rr1_pct")
    asked = words["of"].format(
        complete=_text(figures, "response", "wave", "complete_count"),
        eligible=_text(figures, "response", "wave", "eligible_count"),
    )
    tiles = [Tile(words["rate"], rate if rate == "–" else f"{rate.removesuffix('.0')}%", asked)]
    return (*tiles, *(_tile(figures, family, code, locale) for family, code in _codes()))


def pulse_changes(figures: Figures, locale: Locale) -> list[str]:
    """Return a sentence for every clear change that is shown, drops first."""
    sentences = []
    for verdict in ("drop", "rise"):
        for family, code in _codes(with_items=True):
            row = figures.get(("comparison", code, "verdict"))
            if row is None or row["text_value"] != verdict or not _is_shown(figures, code):
                continue
            words = {"name": _name(code, locale), "now": _text(figures, family, code, "mean")} | _change(figures, code)
            sentences.append(_WORDS[locale][verdict].format(**words))
    return sentences


def quarter_text(quarter: str, locale: Locale) -> str:
    """Return a quarter (`2026Q1`) in words."""
    year, _, number = quarter.partition("Q")
    return _WORDS[locale]["quarter"].format(year=year, number=number)


def figure_tile(
    figures: Figures, family: str, code: str, statistic: str, label: str, locale: Locale, *, unit: str = ""
) -> Tile:
    """Return one published figure with its n, or a dash and why it is not there."""
    from trainloop.statistics.refusal import reason_text

    row = figures.get((family, code, statistic))
    if row is None or row["value"] is None:
        return Tile(label, "–", reason_text(row["reason"], locale) if row and row["reason"] else "")
    count = figures.get((family, code, "n"))
    note = _WORDS[locale]["n"].format(n=_text(figures, family, code, "n")) if count else ""
    return Tile(label, f"{row['value']:f}".removesuffix(".0") + unit if unit else f"{row['value']:f}", note)


def _tile(figures: Figures, family: str, code: str, locale: Locale) -> Tile:
    from trainloop.statistics.refusal import reason_text

    words = _WORDS[locale]
    row = figures.get((family, code, "mean"))
    if row is None or row["value"] is None:
        return Tile(_name(code, locale), "–", reason_text(row["reason"], locale) if row and row["reason"] else "")
    note = {"n": _text(figures, family, code, "n")} | _change(figures, code)
    return Tile(
        _name(code, locale), f"{row['value']:f}", words["change" if _is_shown(figures, code) else "n"].format(**note)
    )


def _codes(*, with_items: bool = False) -> list[tuple[str, str]]:
    from trainloop.surveys.instrument import load_instrument

    instrument = load_instrument(INSTRUMENT)
    codes = [("item", OVERALL), *(("dimension", code) for code in instrument.dimensions)]
    if with_items:
        codes += [("item", item.code) for item in instrument.items if item.kind == "scale" and item.code != OVERALL]
    return codes


def _name(code: str, locale: Locale) -> str:
    from trainloop.surveys.instrument import load_instrument

    instrument = load_instrument(INSTRUMENT)
    words = instrument.dimensions[code] if code in instrument.dimensions else instrument.item(code)
    return words.text(locale)


def _is_shown(figures: Figures, code: str) -> bool:
    bound = figures.get(("comparison", code, "ci_high"))
    return bound is not None and bound["value"] is not None


def _change(figures: Figures, code: str) -> dict[str, str]:
    keys = {"earlier": "earlier_mean", "difference": "difference", "low": "ci_low", "high": "ci_high"}
    return {name: _signed(figures, code, statistic) for name, statistic in keys.items()}


def _signed(figures: Figures, code: str, statistic: str) -> str:
    row = figures.get(("comparison", code, statistic))
    if row is None or row["value"] is None:
        return "–"
    sign = "+" if statistic != "earlier_mean" and row["value"] > 0 else ""
    return f"{sign}{row['value']:f}".replace("-", "\N{MINUS SIGN}")


def _text(figures: Figures, family: str, code: str, statistic: str) -> str:
    row = figures.get((family, code, statistic))
    return f"{row['value']:f}" if row and row["value"] is not None else "–"

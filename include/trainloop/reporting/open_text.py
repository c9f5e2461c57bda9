"""In the learners' words: themes by question and verbatims, only from the number of answers that allows them."""

from __future__ import annotations

from collections import Counter
from decimal import Decimal

from trainloop.reporting import glyphs
from trainloop.reporting.printing import Desk
from trainloop.reporting.sections import people
from trainloop.reporting.view import Bars, Quotes, Share

_THEMES_SHOWN = 6


def words_reason(desk: Desk) -> str:
    """Return why neither themes nor verbatims are shown, or nothing when they may be."""
    minimum = desk.site.suppression.distribution_min
    return desk.words("words.few", minimum=minimum) if desk.complete_count < minimum else ""


def themes(desk: Desk) -> tuple[Bars, ...]:
    """Return, for each open question, the themes that most respondents mention."""
    words, figures = desk.words, desk.figures
    shown = []
    for question in desk.questions.of_kind("text"):
        label = words("words.themes")
        counted: list[tuple[int, str]] = []
        for code in figures.codes("theme"):
            statistic = f"count:{question.code}"
            count = figures.value("theme", code, statistic) if figures.has("theme", code, statistic) else None
            if count:
                name = figures.row("theme", code, words.either("name_zh", "name_en")).text_value
                counted.append((-int(count), name or code))
        most = -min((count for count, _ in counted), default=-1)
        shown.append(
            Bars(
                label=label,
                reason="" if counted else words("words.themes_none"),
                shares=tuple(
                    Share(label=name, percent=-100 * count / most, text="", count=people(desk, Decimal(-count)))
                    for count, name in sorted(counted)[:_THEMES_SHOWN]
                ),
            )
        )
    return tuple(shown)


def quotes(desk: Desk) -> tuple[tuple[Quotes, ...], int]:
    """Return the verbatims of each open question, the same words once, and how many places the fonts cannot print."""
    words = desk.words
    shown, marked = [], 0
    for question in desk.questions.of_kind("text"):
        texts: Counter[str] = Counter()
        for verbatim in desk.evidence.verbatims.get(question.code, ()):
            text, count = glyphs.mark_missing(verbatim, words("words.symbol"))
            marked += count
            if text:
                texts[text] += 1
        shown.append(
            Quotes(
                label=question.label,
                quotes=tuple(
                    text if count == 1 else words("words.same", quote=text, count=count)
                    for text, count in texts.items()
                ),
                reason="" if texts else words("words.quotes_none"),
            )
        )
    return tuple(shown), marked

"""The sentence on page 1 and what follows from it, chosen by rule and never more than the evidence allows.

In order: no answers; fewer than a mean needs; not representative; fewer than a distribution needs; then by the 95 %
intervals of the dimension means. "High" needs an interval wholly at or above the anchor below the top (4 of 5,
"agree"), "low" one wholly below the site's improvement threshold. No sentence says that training caused anything.
"""

from __future__ import annotations

from collections.abc import Sequence
from decimal import Decimal

from trainloop.reporting.document import Tone
from trainloop.reporting.evidence import Suggestion
from trainloop.reporting.printing import Desk
from trainloop.reporting.view import Point, Response, Verdict

_SHOWN_ON_PAGE_1 = 3
_BAND_TONES: dict[str, Tone] = {"fine": "good", "caution": "caution", "not_representative": "bad", "none": "neutral"}


def response(desk: Desk) -> Response:
    """Return who was asked and who answered."""
    words, figures = desk.words, desk.figures
    partial = figures.count("response", "wave", "partial_count")
    band = _band(desk)
    return Response(
        rate=desk.share("response", "wave", "rr1_pct"),
        sentence=words(
            "response.sentence_partial" if partial else "response.sentence",
            eligible=words.number(figures.count("response", "wave", "eligible_count")),
            complete=words.number(desk.complete_count),
            partial=words.number(partial),
        ),
        band=words(f"response.band_{band}"),
        tone=_BAND_TONES[band],
    )


def is_small(desk: Desk) -> bool:
    """Say whether there are too few answers for any mean: the report then is one page."""
    return desk.complete_count < desk.site.suppression.mean_min


def verdict(desk: Desk) -> Verdict:
    """Return the headline, its evidence, the actions to agree on and what is worth keeping."""
    words = desk.words
    headline, tone = _headline(desk)
    return Verdict(
        headline=headline,
        evidence=_evidence(desk),
        tone=tone,
        decide_title=words(f"decide.{_decide_title(desk)}"),
        decide=_decide(desk),
        keep=_keep(desk),
        keep_reason=words("keep.none")
        if desk.complete_count >= desk.site.suppression.distribution_min
        else words("keep.too_few", minimum=desk.site.suppression.distribution_min),
    )


def suggestion_point(desk: Desk, suggestion: Suggestion) -> Point:
    """Return one improvement suggestion with the figures it rests on."""
    mean = desk.mean("item", suggestion.item_code)
    words = desk.words
    detail = mean.text
    if mean.is_shown:
        key = "decide.detail_interval" if mean.interval else "decide.detail"
        detail = words(key, mean=mean.text, interval=mean.interval, n=words("format.n", n=mean.n))
        bottom = desk.share("item", suggestion.item_code, "bottom2_pct")
        if bottom.is_shown:
            detail = words("decide.detail_bottom", bottom=bottom.text, detail=detail)
    return Point(
        title=desk.questions.label(suggestion.item_code),
        detail=detail,
        advice=words.either(suggestion.suggestion_zh, suggestion.suggestion_en),
    )


def findings(desk: Desk) -> tuple[Suggestion, ...]:
    return tuple(one for one in desk.evidence.suggestions if one.strength == "finding")


def _headline(desk: Desk) -> tuple[str, Tone]:
    words, complete = desk.words, desk.complete_count
    suppression = desk.site.suppression
    if complete == 0:
        return words("verdict.none"), "neutral"
    if complete < suppression.mean_min:
        return words("verdict.too_few", complete=complete, minimum=suppression.mean_min), "neutral"
    if _band(desk) == "not_representative":
        return words("verdict.not_representative", rate=desk.share("response", "wave", "rr1_pct").text), "bad"
    if complete < suppression.distribution_min:
        return words("verdict.indicative", complete=complete), "caution"
    return _headline_of_means(desk)


def _headline_of_means(desk: Desk) -> tuple[str, Tone]:
    words = desk.words
    low_bound = _agree(desk)
    ends = {
        code: (desk.figures.value("dimension", code, "ci_low"), desk.figures.value("dimension", code, "ci_high"))
        for code in desk.questions.dimensions
    }
    known = {code: (low, high) for code, (low, high) in ends.items() if low is not None and high is not None}
    if len(known) * 2 < len(ends) or not known:
        return words("verdict.withheld"), "neutral"
    threshold = Decimal(str(desk.site.statistics.improvement_mean_below))
    weak = [code for code, (_, high) in known.items() if high < threshold]
    strong = [code for code, (low, _) in known.items() if low >= low_bound]
    items = list(dict.fromkeys(one.item_code for one in findings(desk)))
    named = _named(desk, items)
    if weak:
        return words("verdict.weak", dimensions=_named(desk, weak)), "bad"
    if len(strong) == len(ends):
        return (
            (words("verdict.strong_findings", items=named), "caution") if items else (words("verdict.strong"), "good")
        )
    if items:
        return words("verdict.findings", items=named), "caution"
    if strong:
        return words("verdict.partly_strong", dimensions=_named(desk, strong)), "good"
    return words("verdict.even"), "neutral"


def _evidence(desk: Desk) -> str:
    words = desk.words
    rate = desk.share("response", "wave", "rr1_pct")
    complete = words.number(desk.complete_count)
    if not rate.is_shown:
        eligible = words.number(desk.figures.count("response", "wave", "eligible_count"))
        return words("verdict.evidence_none", eligible=eligible, complete=complete)
    band = _band(desk)
    parts = [
        words("verdict.evidence", complete=complete, rate=rate.text, band=words(f"response.band_{band}").lower()),
        words("verdict.evidence_caution") if band == "caution" else "",
        words("verdict.evidence_scope") if not is_small(desk) else "",
    ]
    return words.either("", " ").join(part for part in parts if part)


def _decide_title(desk: Desk) -> str:
    if is_small(desk):
        return "title_small"
    if desk.evidence.suggestions and not findings(desk):
        return "title_talk"
    return f"title_{desk.audience}"


def _decide(desk: Desk) -> tuple[Point, ...]:
    words, site = desk.words, desk.site
    if is_small(desk):
        facts = {"minimum": site.suppression.mean_min}
        names = ("small_no_judgement", "small_ask", "small_next")
        return tuple(
            Point(title=words(f"decide.{name}"), detail="", advice=words(f"decide.{name}_detail", **facts))
            for name in names
        )
    points: list[Point] = []
    if _band(desk) == "not_representative":
        points.append(
            Point(title=words("decide.raise_response"), detail="", advice=words("decide.raise_response_detail"))
        )
    chosen: Sequence[Suggestion] = findings(desk) or desk.evidence.suggestions
    points += [suggestion_point(desk, one) for one in chosen[: _SHOWN_ON_PAGE_1 - len(points)]]
    if not points:
        rules = site.statistics
        detail = words("decide.none_detail", minimum=rules.improvement_min, mean_below=rules.improvement_mean_below)
        points.append(Point(title=words("decide.none"), detail=detail))
    return tuple(points)


def _keep(desk: Desk) -> tuple[Point, ...]:
    if desk.complete_count < desk.site.suppression.distribution_min:
        return ()
    bound = _agree(desk)
    weak = {one.item_code for one in desk.evidence.suggestions}
    high: list[tuple[Decimal, int, str]] = []
    for position, question in enumerate(desk.questions.of_kind("scale")):
        mean = desk.figures.value("item", question.code, "mean")
        low = desk.figures.value("item", question.code, "ci_low")
        if mean is not None and low is not None and low >= bound and question.code not in weak:
            high.append((-mean, position, question.code))
    points = []
    for _, _, code in sorted(high)[:_SHOWN_ON_PAGE_1]:
        figure = desk.mean("item", code)
        n = desk.words("format.n", n=figure.n)
        detail = desk.words("keep.detail", mean=figure.text, interval=figure.interval, n=n)
        points.append(Point(title=desk.questions.label(code), detail=detail))
    return tuple(points)


def _agree(desk: Desk) -> Decimal:
    """Return the anchor below the top of the scale: 4 of 5 is "agree"."""
    return Decimal(max(point for question in desk.questions.of_kind("scale") for point in question.points) - 1)


def _band(desk: Desk) -> str:
    return desk.figures.row("response", "wave", "band").text_value or "none"


def _named(desk: Desk, codes: list[str]) -> str:
    words = desk.words
    return words("format.list_separator").join(
        words("format.quoted", text=desk.questions.label(code)) for code in codes
    )

"""The detail behind page 1: dimensions, items, distributions, recommendation, test, attendance."""

from __future__ import annotations

from decimal import Decimal

from trainloop.reporting import comparisons
from trainloop.reporting.printing import Desk
from trainloop.reporting.verdict import findings
from trainloop.reporting.view import (
    Bars,
    Dimension,
    Fact,
    Item,
    Nps,
    Scale,
    Share,
)


def mean_scale(desk: Desk) -> Scale:
    """Return the axis of the questionnaire's rating scale."""
    points = sorted({point for question in desk.questions.of_kind("scale") for point in question.points})
    return Scale(low=points[0], high=points[-1], ticks=tuple(float(point) for point in points))


def dimensions(desk: Desk) -> tuple[Dimension, ...]:
    weak = {one.item_code for one in findings(desk)}
    return tuple(
        Dimension(
            label=label,
            mean=desk.mean("dimension", code),
            items=tuple(
                Item(
                    label=question.label,
                    mean=desk.mean("item", question.code),
                    top=desk.share("item", question.code, "top2_pct"),
                    bottom=desk.share("item", question.code, "bottom2_pct"),
                    is_weak=question.code in weak,
                )
                for question in desk.questions.of_kind("scale")
                if question.dimension == code
            ),
        )
        for code, label in desk.questions.dimensions.items()
    )


def reliability(desk: Desk) -> tuple[str, ...]:
    """Return what is known of each dimension's internal consistency; one sentence where all share a reason."""
    rows = [desk.figures.row("dimension", code, "alpha") for code in desk.questions.dimensions]
    reasons = {desk.reason(row) for row in rows if row.value is None}
    if len(reasons) == 1 and all(row.value is None for row in rows):
        return (desk.words("items.alpha_refused_all", reason=reasons.pop()),)
    return tuple(_reliability(desk, code, label) for code, label in desk.questions.dimensions.items())


def _reliability(desk: Desk, code: str, label: str) -> str:
    words = desk.words
    row = desk.figures.row("dimension", code, "alpha")
    if row.value is None:
        return words("items.alpha_refused", dimension=label, reason=desk.reason(row))
    low = desk.figures.value("dimension", code, "alpha_low")
    high = desk.figures.value("dimension", code, "alpha_high")
    alpha = words.number(row.value, 2)
    text = words("items.alpha_plain", dimension=label, alpha=alpha)
    if low is not None and high is not None:
        between = desk.interval(words.number(low, 2), words.number(high, 2))
        text = words("items.alpha", dimension=label, alpha=alpha, interval=between)
    negative = desk.figures.row("dimension", code, "item_rest_negative").text_value
    if negative and negative != "none":
        names = words("format.list_separator").join(desk.questions.label(item) for item in negative.split(","))
        text += words.either("", " ") + words("items.negative", dimension=label, items=names)
    return text


def legend(desk: Desk) -> tuple[str, ...]:
    scale = desk.questions.of_kind("scale")[0]
    return tuple(f"{point} {scale.anchors.get(point, '')}".strip() for point in scale.points)


def distributions(desk: Desk) -> tuple[Bars, ...]:
    shown = tuple(
        desk.bars(
            question.label,
            "item",
            question.code,
            [(question.anchors.get(point, str(point)), f"share_{point}") for point in question.points],
        )
        for question in desk.questions.of_kind("scale")
    )
    reasons = {bars.reason for bars in shown}
    # The same reason a dozen times says no more than once.
    return (Bars(label="", reason=reasons.pop()),) if len(reasons) == 1 and all(reasons) else shown


def nps(desk: Desk) -> Nps:
    question = desk.questions.of_kind("nps")[0]
    camps = ("detractors", "passives", "promoters")
    return Nps(
        label=desk.words("nps.label"),
        score=desk.nps(question.code),
        bars=desk.bars(
            question.label, "nps", question.code, [(desk.words(f"nps.{camp}"), f"{camp}_pct") for camp in camps]
        ),
    )


def choices(desk: Desk) -> tuple[Bars, ...]:
    shown = []
    for question in desk.questions.of_kind("choice"):
        bars = desk.bars(
            question.label,
            "choice",
            question.code,
            [(label, f"share:{option}") for option, label in question.options.items()],
        )
        counts = [desk.figures.value("choice", question.code, f"count:{option}") for option in question.options]
        shares = tuple(
            share.model_copy(update={"count": people(desk, count)})
            for share, count in zip(bars.shares, counts, strict=False)
        )
        shown.append(bars.model_copy(update={"shares": shares}))
    return tuple(shown)


def people(desk: Desk, count: Decimal | None) -> str:
    return "" if count is None else desk.words("format.people", count=desk.words.number(int(count)))


def test(desk: Desk) -> tuple[str, tuple[Share, ...], tuple[Fact, ...]]:
    """Return the sentence, the two bars and the facts of the test before and after class."""
    words, figures = desk.words, desk.figures
    pre, post = figures.row("test", "class", "pre_mean"), figures.row("test", "class", "post_mean")
    difference = desk.mean("test", "class", "difference", is_signed=True)
    if pre.value is None or post.value is None or not difference.is_shown:
        missing = next((row for row in (pre, post) if row.value is None), figures.row("test", "class", "difference"))
        return desk.reason(missing), (), ()
    count = pre.respondent_count
    texts = {"pre": desk.points(pre.value), "post": desk.points(post.value)}
    bars = tuple(
        Share(label=words(f"test.{name}"), percent=float(row.value or 0), text=texts[name])
        for name, row in (("pre", pre), ("post", post))
    )
    sentence = words("test.sentence", **texts, difference=difference.text, n=desk.n(count))
    facts = []
    if difference.interval:
        facts.append(Fact(label=words("test.interval"), text=difference.interval))
    p_values = [_p_value(desk, statistic) for statistic in ("p_t", "p_wilcoxon")]
    facts.append(Fact(label=words("test.p"), text=" / ".join(dict.fromkeys(p_values))))
    gain = figures.row("test", "class", "gain")
    facts.append(
        Fact(
            label=words("test.gain"), text=words.number(gain.value, 2) if gain.value is not None else desk.reason(gain)
        )
    )
    return sentence, bars, tuple(facts)


def _p_value(desk: Desk, statistic: str) -> str:
    row = desk.figures.row("test", "class", statistic)
    if row.value is None:
        return desk.reason(row)
    if row.value < Decimal("0.001"):
        return "<" + desk.words.number(Decimal("0.001"))
    return desk.words.number(row.value, 3)


def attendance(desk: Desk) -> tuple[str, tuple[Fact, ...]]:
    """Return the sentence and the facts of who came."""
    words, figures = desk.words, desk.figures
    rate = figures.row("attendance", "class", "rate_pct")
    attended = figures.row("attendance", "class", "attended_count")
    if rate.value is None or attended.value is None:
        return desk.reason(rate if rate.value is None else attended), ()
    sentence = words(
        "attendance.sentence",
        enrolled=words.number(figures.count("attendance", "class", "enrolled_count")),
        attended=words.number(int(attended.value)),
        rate=desk.percent(rate.value),
    )
    facts = []
    for name in ("absent", "excused", "late", "early"):
        row = figures.row("attendance", "class", f"{name}_count")
        text = desk.reason(row) if row.value is None else words.number(int(row.value))
        facts.append(Fact(label=words(f"attendance.{name}"), text=text))
    return sentence, tuple(facts)


def interaction(desk: Desk) -> tuple[Fact, ...]:
    """Return who spoke, what was used and how the quiz went; one fact with the reason where nothing is known."""
    words, figures = desk.words, desk.figures
    label = words("attendance.interaction")
    if not figures.has("interaction", "class", "spoke_pct"):
        return (Fact(label=label, text=words("attendance.interaction_none")),)
    spoke = figures.row("interaction", "class", "spoke_pct")
    facts = [Fact(label=label, text=desk.reason(spoke))]
    evenness = figures.value("interaction", "class", "turns_gini") if spoke.value is not None else None
    if spoke.value is not None:
        gini = "–" if evenness is None else words.number(evenness)
        text = words(
            "attendance.interaction_text", share=desk.percent(spoke.value), gini=gini, n=desk.n(spoke.respondent_count)
        )
        facts = [Fact(label=label, text=text)]
    uses = {
        kind: figures.value("interaction", "class", f"{kind}_uses_count")
        for kind in ("poll", "chat", "breakout")
        if figures.has("interaction", "class", f"{kind}_uses_count")
    }
    if uses and None not in uses.values():
        counts = {kind: words.number(int(count or 0)) for kind, count in uses.items()}
        facts.append(Fact(label=words("attendance.uses"), text=words("attendance.uses_text", **counts)))
    return (*facts, *_quiz(desk))


def _quiz(desk: Desk) -> tuple[Fact, ...]:
    words, figures = desk.words, desk.figures
    facts = []
    for code in figures.codes("quiz"):
        right = figures.row("quiz", code, "right_pct")
        label = words("attendance.quiz", item=code)
        if right.value is None:
            facts.append(Fact(label=label, text=desk.reason(right)))
            continue
        split = figures.row("quiz", code, "discrimination")
        flag = figures.row("quiz", code, "flag").text_value or "none"
        text = words(
            "attendance.quiz_text",
            right=desk.percent(right.value),
            split=desk.reason(split) if split.value is None else words.number(split.value),
            n=desk.n(right.respondent_count),
        )
        facts.append(Fact(label=label, text=text + (words(f"attendance.quiz_{flag}") if flag != "none" else "")))
    return tuple(facts)


def cost(desk: Desk) -> tuple[Fact, ...]:
    """Return what the class cost, to HR only: a trainer's report has no money."""
    words, figures = desk.words, desk.figures
    if desk.audience == "trainer" or not figures.has("cost", "class", "total_amount"):
        return ()
    total = figures.row("cost", "class", "total_amount")
    if total.value is None:
        return (Fact(label=words("attendance.cost"), text=desk.reason(total)),)
    currency = figures.row("cost", "class", "currency").text_value or ""
    facts = []
    for name in ("total", "head", "hour"):
        row = figures.row("cost", "class", f"{name}_amount")
        text = desk.reason(row) if row.value is None else words.money(row.value, currency)
        facts.append(Fact(label=words("attendance.cost" if name == "total" else f"attendance.cost_{name}"), text=text))
    return tuple(facts)


def glance(desk: Desk, quality: str) -> tuple[Fact, ...]:
    """Return what page 1 says besides the ratings: who came, what they learned, compared with before, on what data."""
    words, figures = desk.words, desk.figures
    rate = figures.row("attendance", "class", "rate_pct")
    attended = desk.reason(rate)
    if rate.value is not None:
        counts = {name: figures.count("attendance", "class", f"{name}_count") for name in ("attended", "enrolled")}
        attended = words("glance.attendance_text", rate=desk.percent(rate.value), **counts)
    difference = desk.mean("test", "class", "difference", is_signed=True)
    scores = {name: desk.mean("test", "class", f"{name}_mean").text for name in ("pre", "post")}
    tested = difference.text
    if difference.is_shown:
        tested = words("glance.test_text", **scores, difference=difference.text)
    return (
        Fact(label=words("glance.attendance"), text=attended),
        Fact(label=words("glance.test"), text=tested),
        Fact(label=words("glance.comparison"), text=comparisons.against_before(desk)),
        Fact(label=words("glance.quality"), text=quality),
    )

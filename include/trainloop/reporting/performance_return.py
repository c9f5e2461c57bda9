"""The chapter on money: fully loaded costs, benefit, ratio and return with the interval of the difference (R38)."""

from __future__ import annotations

from decimal import Decimal
from typing import cast

from trainloop.domain.return_on_investment import ReturnRefusal, ReturnRefusalCode
from trainloop.reporting import glyphs
from trainloop.reporting.document import View
from trainloop.reporting.evidence import Figures
from trainloop.reporting.performance_figures import IndicatorDesk
from trainloop.reporting.view import Fact


class ReturnChapter(View):
    """One indicator's return: its sentence, figures, how it was computed, costs by category."""

    name: str
    headline: str
    figures: tuple[Fact, ...]
    how: tuple[str, ...]
    costs: tuple[Fact, ...]


def chapter(desk: IndicatorDesk, figures: Figures) -> ReturnChapter:
    """Return the chapter about the key indicator; where there is no return, the reason stands in its place."""
    words, definition = desk.words, desk.definition

    def money(amount: Decimal | None, currency: str) -> str:
        return "–" if amount is None else words.money(amount, currency, 2)

    costs = tuple(
        Fact(
            label=words(f"performance.return.category.{code}"),
            text=money(figures.value("cost", code, "amount"), figures.row("cost", code, "currency").text_value or ""),
        )
        for code in figures.codes("cost")
    )
    if figures.has("return", desk.code, "refusal"):
        code = cast("ReturnRefusalCode", desk.text("return", "refusal"))
        reason = ReturnRefusal(code).text(words.locale).partition("，" if words.locale == "zh-CN" else ":")[0]
        return ReturnChapter(
            name=desk.name,
            headline=words("performance.return.refused", reason=reason),
            figures=(),
            how=(),
            costs=costs,
        )
    currency = desk.text("return", "currency")

    def part(name: str, suffix: str = "") -> Decimal:
        return desk.value("return", f"{name}{suffix}") or Decimal(0)

    def ranged(name: str, places: int, sign: str = "") -> str:
        texts = [words.number(part(name, suffix), places) + sign for suffix in ("", "_low", "_high")]
        return words("performance.return.from_to", figure=texts[0], low=texts[1], high=texts[2])

    percent = words("format.percent_sign")
    total = desk.value("return", "cost_amount")
    owner, source = (glyphs.tidy(definition[name] or "–") for name in ("value_owner", "value_source"))
    return ReturnChapter(
        name=desk.name,
        headline=words(
            "performance.return.headline",
            currency=currency,
            ratio=words.number(part("ratio"), 2),
            low=words.number(part("ratio", "_low"), 2),
            high=words.number(part("ratio", "_high"), 2),
            pct=words.number(part("return_pct"), 1) + percent,
            pct_low=words.number(part("return_pct", "_low"), 1) + percent,
            pct_high=words.number(part("return_pct", "_high"), 1) + percent,
        ),
        figures=(
            Fact(label=words("performance.return.benefit"), text=f"{currency} {ranged('benefit', 2)}"),
            Fact(label=words("performance.return.cost"), text=money(total, currency)),
            Fact(label=words("performance.return.ratio"), text=ranged("ratio", 2)),
            Fact(label=words("performance.return.pct"), text=ranged("return_pct", 1, percent)),
        ),
        how=(
            words(
                "performance.return.how",
                learners=words.number(desk.count("return", "learners_in_job")),
                periods=words.number(desk.count("return", "periods")),
                value=money(desk.value("return", "unit_value_amount"), currency),
                owner=owner,
                source=source,
            ),
            words("performance.return.only"),
        ),
        costs=(*costs, Fact(label=words("performance.return.total"), text=money(total, currency))),
    )

"""HR's monthly mail about the year's budgets: what is planned, what will be spent, and the education fund."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date
from decimal import Decimal

from trainloop.config import Locale, get_site
from trainloop.domain.budget import Budget, FundGauge, fund_gauge
from trainloop.outbox.kinds.content import Content, Due, Tile, Unwritable, Written
from trainloop.outbox.wording import money_text, month_text
from trainloop.warehouse.engine import Connection
from trainloop.warehouse.statements import statement

_WORDS: Mapping[Locale, Mapping[str, str]] = {
    "zh-CN": {
        "planned": "计划",
        "forecast": "预计（已付 + 已签）",
        "over": "超支预算数",
        "fund": "职工教育经费",
        "used": "{spent} / {limit}",
        "payroll_missing": "站点文件未填写工资总额",
        "mixed_currencies": "预算币种不一，无法合计",
        "no_budgets": "没有预算",
        "line_over": "{name}：计划 {planned}，预计 {forecast}，超出 {over}",
        "line": "{name}：计划 {planned}，预计 {forecast}，剩余 {left}",
    },
    "en": {
        "planned": "Planned",
        "forecast": "Forecast (paid + signed)",
        "over": "Budgets that are over",
        "fund": "Education fund",
        "used": "{spent} of {limit}",
        "payroll_missing": "the site file has no payroll of the year",
        "mixed_currencies": "budgets in several currencies have no sum",
        "no_budgets": "there are no budgets",
        "line_over": "{name}: planned {planned}, forecast {forecast}, over by {over}",
        "line": "{name}: planned {planned}, forecast {forecast}, {left} left",
    },
}


def budget_status(connection: Connection, notices: Sequence[Due]) -> dict[int, Written]:
    """Return the mails about one year's budgets each."""
    return {due.notice_id: _content(connection, due) for due in notices}


def _content(connection: Connection, due: Due) -> Written:
    year = int(due.subject_id)
    budgets = [
        Budget(*row.values()) for row in connection.execute(statement("budgets", "of_year"), {"year": year}).fetchall()
    ]
    if not budgets:
        return Unwritable("subject_unknown")
    words, rules, currency = _WORDS[due.locale], get_site().resources, get_site().needs.currency
    gauge = fund_gauge(budgets, rules.payroll_amounts.get(year), rules.education_fund_pct, currency)
    return Content({
        "month": month_text(date(year, due.sequence_number, 1), due.locale),
        "over_count": sum(budget.over > 0 for budget in budgets),
        "figures": [*_sums(budgets, words, due.locale), _fund(gauge, words, currency, due.locale)],
        "lines": [_line(budget, words, due.locale) for budget in budgets],
        "limit_pct": f"{rules.education_fund_pct.normalize():f}",
    })


def _sums(budgets: Sequence[Budget], words: Mapping[str, str], locale: Locale) -> list[Tile]:
    over = Tile(words["over"], str(sum(budget.over > 0 for budget in budgets)))
    currencies = {budget.currency for budget in budgets}
    if len(currencies) > 1:
        return [over]
    currency = currencies.pop()
    planned = sum((budget.planned for budget in budgets), Decimal(0))
    forecast = sum((budget.forecast for budget in budgets), Decimal(0))
    return [
        Tile(words["planned"], money_text(planned, currency, locale)),
        Tile(words["forecast"], money_text(forecast, currency, locale)),
        over,
    ]


def _fund(gauge: FundGauge | str, words: Mapping[str, str], currency: str, locale: Locale) -> Tile:
    if isinstance(gauge, str):
        return Tile(words["fund"], "–", words[gauge])
    spent, limit = (money_text(amount, currency, locale) for amount in (gauge.spent, gauge.limit))
    return Tile(words["fund"], f"{gauge.share_pct}%", words["used"].format(spent=spent, limit=limit))


def _line(budget: Budget, words: Mapping[str, str], locale: Locale) -> str:
    name = f"{budget.budget_code} {budget.name}" if budget.name else budget.budget_code
    return words["line_over" if budget.over else "line"].format(
        name=name,
        planned=money_text(budget.planned, budget.currency, locale),
        forecast=money_text(budget.forecast, budget.currency, locale),
        over=money_text(budget.over, budget.currency, locale),
        left=money_text(budget.variance, budget.currency, locale),
    )

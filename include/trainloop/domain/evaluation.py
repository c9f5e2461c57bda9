"""Improvement rules of a course evaluation (R30): which items deserve action, and what to suggest.

Rules are data (`trainloop/config/improvement_rules.yaml`): an item, its thresholds where they differ from the site's,
and a suggestion in both languages. From ten answers on an item can be a finding: three people or more in the bottom
two boxes and their share surely above a tenth, or a mean surely below 3.5. From five to nine the two lowest items are
worth talking about, which is no finding.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Literal

Strength = Literal["finding", "worth_talking_about"]
TALK_ITEMS = 2


@dataclass(frozen=True)
class Thresholds:
    """Defaults of the site file. Shares in percent (0–100), the mean in points of a 1–5 scale."""

    finding_min: int = 10
    talk_min: int = 5
    bottom_count: int = 3
    bottom_share_pct: float = 10
    mean_below: float = 3.5


@dataclass(frozen=True)
class ImprovementRule:
    """One item's rule: what to suggest when it is low, and thresholds of its own where HR set them."""

    code: str
    item_code: str
    suggestion_zh: str
    suggestion_en: str
    bottom_count: int | None = None
    bottom_share_pct: float | None = None
    mean_below: float | None = None


@dataclass(frozen=True)
class ItemEvidence:
    """What is known of one item: people, mean, upper bound of the mean's 95 % interval, people in the bottom two boxes
    and the lower bound (percent) of the 90 % Wilson interval of their share; bounds are None where not computed.

    `highest` is the best point of the scale: an item at its ceiling is no topic.
    """

    item_code: str
    n: int
    mean: float
    highest: float
    mean_high: float | None
    bottom_count: int
    bottom_low_pct: float | None


@dataclass(frozen=True)
class Suggestion:
    """One suggestion for the trainer, as strong as its evidence."""

    rule_code: str
    item_code: str
    strength: Strength
    suggestion_zh: str
    suggestion_en: str


def read_rules(entries: Sequence[Mapping[str, object]]) -> tuple[ImprovementRule, ...]:
    """Return the rules of a parsed YAML list; a rule with unknown or missing keys raises TypeError naming them."""
    return tuple(ImprovementRule(**entry) for entry in entries)  # type: ignore[arg-type]


def is_finding(evidence: ItemEvidence, rule: ImprovementRule, thresholds: Thresholds) -> bool:
    """Return whether an item is low beyond what chance explains."""
    if evidence.n < thresholds.finding_min:
        return False
    bottom_count = thresholds.bottom_count if rule.bottom_count is None else rule.bottom_count
    share_pct = thresholds.bottom_share_pct if rule.bottom_share_pct is None else rule.bottom_share_pct
    mean_below = thresholds.mean_below if rule.mean_below is None else rule.mean_below
    has_bottom = (
        evidence.bottom_count >= bottom_count
        and evidence.bottom_low_pct is not None
        and evidence.bottom_low_pct > share_pct
    )
    return has_bottom or (evidence.mean_high is not None and evidence.mean_high < mean_below)


def suggest(
    items: Sequence[ItemEvidence], rules: Sequence[ImprovementRule], complete_count: int, thresholds: Thresholds
) -> tuple[Suggestion, ...]:
    """Return the suggestions of one class, findings lowest mean first; items without a rule have none.

    Whether a class is large enough for findings is judged on its complete answers, then on those of each item.
    """
    rule_of = {rule.item_code: rule for rule in rules}
    ranked = sorted((item for item in items if item.item_code in rule_of), key=lambda item: item.mean)
    if complete_count >= thresholds.finding_min:
        low = [item for item in ranked if is_finding(item, rule_of[item.item_code], thresholds)]
        return tuple(_suggestion(rule_of[item.item_code], "finding") for item in low)
    talk = [item for item in ranked if item.n >= thresholds.talk_min and item.mean < item.highest]
    return tuple(_suggestion(rule_of[item.item_code], "worth_talking_about") for item in talk[:TALK_ITEMS])


def _suggestion(rule: ImprovementRule, strength: Strength) -> Suggestion:
    return Suggestion(rule.code, rule.item_code, strength, rule.suggestion_zh, rule.suggestion_en)

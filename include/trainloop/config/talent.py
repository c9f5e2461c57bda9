"""Rules about promotion: points, certificates, the advisory list, practice cases."""

from __future__ import annotations

from datetime import date
from decimal import Decimal
from typing import Annotated, Literal

from pydantic import Field

from trainloop.config.base import Locale, Rules


class PointRule(Rules):
    """What earns promotion points: per unit of evidence, by the rate of the day it was earned on; 0 suspends."""

    zh: str
    en: str
    role: Literal["learner", "trainer"]
    evidence: str = Field(description="kind of evidence; some kinds the monthly scan books by itself")
    unit_zh: str = "次"
    unit_en: str = "each"
    rates: dict[date, Annotated[Decimal, Field(ge=0)]] = Field(min_length=1, description="valid from → points")

    def text(self, locale: Locale) -> str:
        return self.zh if locale == "zh-CN" else self.en


class CaseRules(Rules):
    """Whom practice cases are asked of, and who approves them."""

    success_per_class: int = Field(ge=0)
    other_per_class: int = Field(ge=0)
    ended_days: int = Field(gt=0)
    person_days: int = Field(gt=0)
    days_open: int = Field(gt=0)
    approved_by: str
    licence: str


class TalentRules(Rules):
    """Promotion points, certificates and the advisory list."""

    hrbp: str = Field(description="contact who alone reads the advisory list and answers appeals")
    certificate_warning_days: int = Field(gt=0, description="before its end a certificate's holder is reminded")
    appraisal_quarters: int = Field(ge=1, description="newest quarters with a rating that the appraisal looks at")
    accepted_ratings: tuple[str, ...]
    max_open_appeals: int = Field(gt=0)
    cases: CaseRules
    points: dict[str, PointRule]

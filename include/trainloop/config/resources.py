"""Rules about what training takes: vendors, budgets, the knowledge base."""

from __future__ import annotations

from decimal import Decimal
from typing import Literal, Self

from pydantic import Field, model_validator

from trainloop.config.base import Locale, Rules


class VendorCriterion(Rules):
    zh: str
    en: str
    weight: float = Field(gt=0)

    def text(self, locale: Locale) -> str:
        return self.zh if locale == "zh-CN" else self.en


class ResourceRules(Rules):
    vendor_criteria: dict[str, VendorCriterion]
    vendor_min_raters: int = Field(ge=2)
    history_sigma: float = Field(gt=0)
    history_tau: float = Field(gt=0)
    need_types: dict[str, tuple[str, ...]]
    choices_shown: int = Field(ge=1, le=9)
    budgets_approved_by: str
    education_fund_pct: Decimal = Field(gt=0, le=100)
    payroll_amounts: dict[int, Decimal]

    def criterion_of(self, written: str) -> str:
        """Return the code of a criterion that a file names by code or by word; an unknown one stays as written."""
        words = {word.casefold(): code for code, one in self.vendor_criteria.items() for word in (code, one.zh, one.en)}
        return words.get(written.casefold(), written)


class KnowledgeRules(Rules):
    """When an asset of the knowledge base is old, what a taught course must have, how often files are read."""

    stale_days: dict[Literal["courseware", "case", "process", "micro_course", "template", "prework"], int]
    licence_warning_days: int = Field(ge=0)
    required_kinds: tuple[str, ...]
    taught_days: int = Field(gt=0, description="a course counts as taught with a class so many days before or after")
    file_checked_days: int = Field(gt=0)
    files_per_run: int = Field(gt=0)

    @model_validator(mode="after")
    def _every_kind_has_an_age(self) -> Self:
        if len(self.stale_days) < 6:
            raise ValueError("stale_days: say for every kind of asset after how many days it is old")
        return self

"""Rules about trainers: the bench of internal ones, allowances, the yearly award, workshops."""

from __future__ import annotations

from decimal import Decimal
from typing import Literal, Self

from pydantic import Field, model_validator

from trainloop.config.base import Locale, Rules

TrainerStage = Literal["nominated", "mentored", "micro_course", "trial", "certified", "lapsed"]


class InternalTrainerRules(Rules):
    """How long a candidate has for each stage, who judges a trial, how deep the bench and how high the load may be."""

    stage_days: dict[TrainerStage, int]
    remind_days_before: int = Field(ge=0)
    min_assessors: int = Field(ge=2)
    pass_score: Decimal = Field(ge=1, le=5)
    certificate_warning_days: int = Field(ge=0)
    bench_min: int = Field(ge=1)
    hours_per_quarter: int = Field(gt=0)


class AllowanceRules(Rules):
    """Teaching-hour allowances: who decides, whose login is whose, what is paid."""

    approved_by: str
    approvers: dict[str, str] = Field(description="Airflow user id → employee number of whoever may approve")
    trainer_kinds: tuple[Literal["internal", "external"], ...]
    currency: str = Field(pattern="^[A-Z]{3}$")
    rating_dimension: str = Field(description="Dimension of course evaluations that the quality factor goes by")
    watched_days: int = Field(gt=0, description="Classes that ended longer ago are settled for good")


class AwardRules(Rules):
    """The yearly award: weights of its components, who is eligible, what counts as full marks."""

    decided_by: str
    weights: dict[Literal["evaluation", "transfer", "hours", "knowledge"], float]
    ranked_from: str = Field(pattern=r"^\d{2}-\d{2}$", description="Month and day from which a year is ranked")
    ranked_days: int = Field(gt=0, description="For so many days after it; later evidence changes nothing")
    rating_dimension: str
    min_sessions: int = Field(ge=1)
    min_answers: int = Field(ge=1)
    transfer_prior: float = Field(gt=0, description="Plans' worth of the common share that a share is drawn towards")
    thanks_items: tuple[str, ...] = Field(description="Items a thank-you may name: what a trainer does")
    sigma: float = Field(gt=0, description="Spread of single answers in scale points where classes cannot tell")
    tau: float = Field(gt=0, description="Spread between trainers where there are too few to tell")
    full_hours: float = Field(gt=0)
    full_contributions: int = Field(gt=0)
    interval: float = Field(gt=0, lt=1)
    simulations: int = Field(ge=100)
    seed: int

    @model_validator(mode="after")
    def _weights_are_a_whole(self) -> Self:
        if set(self.weights) != {"evaluation", "transfer", "hours", "knowledge"} or sum(self.weights.values()) != 100:
            raise ValueError("award.weights: name all four components; together they are 100")
        return self


class WorkshopRule(Rules):
    """One workshop for trainers and the weak items of course evaluations that suggest it."""

    zh: str
    en: str
    items: tuple[str, ...] = Field(min_length=1)
    modes: tuple[Literal["classroom", "online", "blended"], ...] = Field(
        (), description="only classes of these modes count; none = all"
    )

    def text(self, locale: Locale) -> str:
        return self.zh if locale == "zh-CN" else self.en


class TrainerGrowthRules(Rules):
    """Which item is weak enough to suggest a workshop, and how far ahead people are invited."""

    min_sessions: int = Field(ge=1)
    min_answers: int = Field(ge=1)
    weak_below: float = Field(ge=1, le=5)
    history_days: int = Field(gt=0)
    invited_days_ahead: int = Field(gt=0)
    workshops: dict[str, WorkshopRule]

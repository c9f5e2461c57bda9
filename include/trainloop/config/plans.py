"""Rules about action learning plans: how they are looked after, and what is reported of them."""

from __future__ import annotations

from pydantic import Field

from trainloop.config.base import Rules


class ActionPlanRules(Rules):
    """Action learning plans: when a plan turns amber and red, and whom Monday's digest leaves in peace."""

    amber_days: int = Field(gt=0)
    red_days: int = Field(gt=0)
    digest_min_age_days: int = Field(ge=0)


class PlanResultRules(Rules):
    """What is reported of action plans: when, from how much on it is called good, who hears of which causes."""

    report_days: int = Field(ge=0)
    not_after_days: int = Field(ge=1)
    good_pct: float = Field(gt=0, le=100)
    weak_pct: float = Field(ge=0, lt=100)
    cause_from_pct: float = Field(ge=0, le=100)
    trainer_causes: tuple[str, ...]
    stories_shown: int = Field(ge=0)

"""Rules of the 90-day performance report."""

from __future__ import annotations

from decimal import Decimal
from typing import Literal

from pydantic import Field

from trainloop.config.base import Rules


class ImpactRules(Rules):
    """Windows, comparison groups and evidence grades of the 90-day report; sd = of the level before the class."""

    window_days: int = Field(ge=30)
    window_months: int = Field(ge=1, le=6)
    min_coverage: float = Field(gt=0, le=1)
    min_learners: int = Field(ge=5)
    min_comparison: int = Field(ge=5)
    min_teams: int = Field(ge=3)
    min_units: int = Field(ge=2)
    caliper_sd: float = Field(gt=0)
    min_matched_share: float = Field(gt=0, le=1)
    max_smd: float = Field(gt=0)
    smd_judged_from: int
    severe_smd: float = Field(gt=0)
    selection_z: float = Field(lt=0)
    trend_margin_sd: float = Field(gt=0)
    trend_alpha: float = Field(gt=0, lt=0.5)
    power: float = Field(gt=0.5, lt=1)
    relevant_effect_sd: float = Field(gt=0)
    bootstrap_replications: int = Field(ge=199)
    seed: int
    team: Literal["department", "line_manager"] = "department"
    wait_days: int = Field(ge=90)
    watched_days: int = Field(ge=0)
    hour_amounts: dict[str, Decimal] = Field(default_factory=dict)
    hour_default_amount: Decimal = Field(ge=0)
    hour_currency: str = Field(pattern="^[A-Z]{3}$")

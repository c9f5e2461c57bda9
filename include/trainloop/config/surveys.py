"""Rules about surveys: who is asked by what and when, 360 assessments, the annual needs."""

from __future__ import annotations

from datetime import timedelta
from decimal import Decimal
from typing import Literal, Self

from pydantic import Field, model_validator

from trainloop.config.base import Rules

Source = Literal["forms", "limesurvey", "exports"]
CoarseGroup = Literal["job_level", "job_family", "department_code"]
# Whom a wave asks; the rules themselves are `ops.wave_population`. listed: whoever planned the wave named its people.
Population = Literal[
    "active_employees", "attendees", "managers_of_attendees", "attendees_of_quarter", "trainers", "listed"
]


class SurveyRules(Rules):
    min_hours_between_reminders: int
    max_reminders: int
    open_without_attendance_working_days: int
    max_invitations_per_person: int
    invitation_window_days: int
    priorities: tuple[str, ...]
    source: Source
    sources: dict[str, Source] = Field(description="instruments that are asked elsewhere than in `source`")

    course_sources: dict[str, Source] = Field({}, description="courses whose vendor asks with a tool of its own")
    limesurvey_surveys: dict[str, int] = Field(
        {}, description="instrument → your survey in LimeSurvey that each wave gets a copy of"
    )
    limesurvey_patience_hours: int = Field(
        ge=0, description="how long a wave waits with its close for LimeSurvey's last answers"
    )

    @property
    def limesurvey_patience(self) -> timedelta:
        return timedelta(hours=self.limesurvey_patience_hours)

    def source_of(self, instrument_code: str, course_code: str | None = None) -> Source:
        """Return which survey source collects the answers of an instrument, about a class of a course."""
        return self.course_sources.get(course_code or "") or self.sources.get(instrument_code, self.source)


class WaveRule(Rules):
    """How waves of one instrument run: whom they ask, how long, when they remind (days after the opening)."""

    population: Population
    days_open: int = Field(gt=0)
    reminder_days: tuple[int, ...] = ()
    minimum: Literal["mean_min", "feedback_360_min"] = Field("mean_min", description="which number of `suppression`")
    coarse_groups: tuple[CoarseGroup, ...] = Field((), description="fixed at opening, most important first")
    after_class_days: int | None = Field(None, description="planned for every class so many days after its end")
    due_working_days: int | None = Field(None, gt=0, description="asked for by then after the class; open longer")
    opens_working_day: int | None = Field(None, gt=0, description="opened every quarter, on so many working days in")
    launch_on: str | None = Field(None, pattern=r"^\d\d-\d\d$", description="month and day of a yearly launch")
    launched_for_years_ahead: int = 0
    courses: tuple[str, ...] | None = Field(None, description="after classes of these courses only; none = of all")


class AssessmentRules(Rules):
    """360 assessments of newly promoted managers."""

    promoted_within_days: int = Field(gt=0)
    max_raters_per_group: int = Field(ge=3, description="peers and reports each, where HR named nobody")
    pooled_days: int = Field(gt=0, description="whose results a cohort brief may pool")
    cohort_min: int = Field(ge=3, description="assessed people behind a cohort brief")
    cohort_raters_min: int = Field(ge=3, description="their raters together, self ratings aside")
    brief_audiences: tuple[str, ...] = Field((), description="target audiences of the courses whose trainers get it")


class CompetencyResultRules(Rules):
    """Competency results of single people, on private pages."""

    watched_days: int = Field(gt=0, description="assessments up to so old are told")
    page_days: int = Field(gt=0, description="how long the pages can be read")


class NeedWeights(Rules):
    urgency: float = Field(ge=0)
    scope: float = Field(ge=0)
    strategic: float = Field(ge=0)

    @model_validator(mode="after")
    def _sum_to_one(self) -> Self:
        if abs(self.urgency + self.scope + self.strategic - 1) > 1e-9:
            raise ValueError("the three weights sum to 1")
        return self


class NeedsRules(Rules):
    min_gap_pct: float = Field(gt=0)
    min_asking_pct: float = Field(gt=0, le=100)
    weights: NeedWeights
    weight_step: float = Field(gt=0, lt=1)
    urgency_months: tuple[float, float, float, float]
    scope_pct: tuple[float, float, float, float]
    quarters: int = Field(ge=1, le=8)
    quotes_min_departments: int = Field(ge=3)
    watched_days: int
    approved_by: str
    budget_amount: Decimal = Field(ge=0)
    budget_amounts: dict[int, Decimal]
    currency: str

    def budget_of(self, year: int) -> Decimal:
        """Return the money for a plan year's needs."""
        return self.budget_amounts.get(year, self.budget_amount)

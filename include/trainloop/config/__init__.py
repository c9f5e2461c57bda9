"""The site file: the company's rules as one checked, frozen model."""

from __future__ import annotations

import functools
from datetime import timedelta
from decimal import Decimal
from importlib import resources
from itertools import pairwise
from pathlib import Path
from typing import Annotated, Any, Literal, Self
from zoneinfo import ZoneInfo

import yaml
from pydantic import BeforeValidator, Field, ValidationError, model_validator

from trainloop.config.base import Locale as Locale
from trainloop.config.base import Rules
from trainloop.config.impact import ImpactRules as ImpactRules
from trainloop.config.logo import Logo as Logo
from trainloop.config.logo import read_logo
from trainloop.config.mail import Contact as Contact
from trainloop.config.mail import MailRules as MailRules
from trainloop.config.plans import ActionPlanRules, PlanResultRules
from trainloop.config.review import ReviewRules
from trainloop.config.talent import PointRule as PointRule
from trainloop.config.talent import TalentRules
from trainloop.config.trainers import AllowanceRules, AwardRules, TrainerGrowthRules
from trainloop.errors import SiteFileInvalidError
from trainloop.settings import get_settings
from trainloop.yaml_text import read_yaml

Source = Literal["forms", "limesurvey", "exports"]
TrainerStage = Literal["nominated", "mentored", "micro_course", "trial", "certified", "lapsed"]
CoarseGroup = Literal["job_level", "job_family", "department_code"]
# Whom a wave asks; the rules themselves are `ops.wave_population`. listed: whoever planned the wave named its people.
Population = Literal[
    "active_employees", "attendees", "managers_of_attendees", "attendees_of_quarter", "trainers", "listed"
]


class Company(Rules):
    name_zh: str
    name_en: str
    colour: str = Field(pattern=r"^#[0-9a-fA-F]{6}$")
    logo: Annotated[Logo | None, BeforeValidator(read_logo)]
    timezone: str
    locale: Locale
    report_locales: tuple[Locale, ...] = Field(min_length=1)
    calendar_code: str

    @property
    def zone(self) -> ZoneInfo:
        return ZoneInfo(self.timezone)

    def name(self, locale: Locale) -> str:
        return self.name_zh if locale == "zh-CN" else self.name_en


class IntakeRules(Rules):
    max_file_mb: int
    max_unpacked_ratio: int
    max_entries: int
    max_json_mb: int = Field(gt=0)
    max_json_depth: int = Field(gt=0)
    stable_after_seconds: float
    max_disappearing_share: float = Field(ge=0, le=1)
    max_owner_rows: int


class QualityRules(Rules):
    file_unfinished_hours: int
    parked_days: int
    quarantine_open_days: int
    message_overdue_hours: int
    expired_shown_days: int
    attendance_missing_days: int
    attendance_shown_days: int
    notice_overdue_days: int


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


class DisputeRules(Rules):
    """Disputes about courses: who stands for HR, and the days of their steps."""

    contact: str
    meeting_working_days: int = Field(gt=0)
    door_days: int = Field(gt=0)
    figures_wait_days: int = Field(ge=0)


class CompetencyResultRules(Rules):
    """Competency results of single people, on private pages."""

    watched_days: int = Field(gt=0, description="assessments up to so old are told")
    page_days: int = Field(gt=0, description="how long the pages can be read")


class CommitmentRule(Rules):
    """How long a person has for what they owe: working days of their own calendar, counted from the asking."""

    due_working_days: int = Field(gt=0)
    reminder_working_days: tuple[int, ...] = ()
    not_after_days: int = Field(gt=0, description="calendar days after the asking; later it no longer helps")


class ApprovalRule(Rules):
    """How long a decision may take: reminders in the company's working days, the end in calendar days."""

    expires_days: int = Field(gt=0)
    reminder_working_days: tuple[int, ...] = ()
    logins: int = Field(0, ge=0, description="So many different Airflow logins must approve; 0 = one answer, any door")


class ReadinessRules(Rules):
    """What every class needs by its mode, and how much history a headcount forecast needs."""

    required: dict[Literal["classroom", "online", "blended"], tuple[str, ...]]
    history_days: int = Field(gt=0)
    history_classes_min: int = Field(ge=2)
    history_people_min: int = Field(ge=1)
    forecast_interval: float = Field(gt=0, lt=1)


class PreClassRules(Rules):
    """What learners get and do before a class."""

    group_size: int = Field(ge=2)
    max_asset_mb: int = Field(gt=0)
    asset_checked_hours: int = Field(gt=0)
    link_days_after_class: int = Field(ge=0)
    max_questions_per_person: int = Field(gt=0)


class RetentionRules(Rules):
    """After how many days what is kept about people goes; each rule is a row of `trainloop.retention.purge.PLACES`."""

    raw_files: int = Field(gt=0)
    invitations: int = Field(gt=0)
    mail_bodies: int = Field(gt=0)
    task_logs: int = Field(gt=0)
    answers: int = Field(gt=0)
    assessment_answers: int = Field(gt=0)
    class_details: int = Field(gt=0)
    individual_records: int = Field(gt=0)
    leavers: int = Field(gt=0)


class SuppressionRules(Rules):
    mean_min: int = Field(ge=3)
    distribution_min: int = Field(ge=3)
    feedback_360_min: int = Field(ge=3)
    one_decimal_below: int
    open_rate_step_pct: int


class StatisticsRules(Rules):
    confidence: float
    response_fine_pct: float
    response_caution_pct: float
    min_answered_share_of_dimension: float
    alpha_min_items: int
    boxes_min: int
    comparison_alpha: float
    improvement_min: int
    improvement_talk_min: int
    improvement_bottom_count: int
    improvement_bottom_share: float
    improvement_bottom_confidence: float
    improvement_mean_below: float


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


class InternalTrainerRules(Rules):
    """How long a candidate has for each stage, who judges a trial, how deep the bench and how high the load may be."""

    stage_days: dict[TrainerStage, int]
    remind_days_before: int = Field(ge=0)
    min_assessors: int = Field(ge=2)
    pass_score: Decimal = Field(ge=1, le=5)
    certificate_warning_days: int = Field(ge=0)
    bench_min: int = Field(ge=1)
    hours_per_quarter: int = Field(gt=0)


class MilestoneRule(Rules):
    """When a step of a class session is due (calendar or working days from its anchor) and until when it helps."""

    anchor: Literal["start", "end", "open", "close"]
    days: int | None = None
    working_days: int | None = None
    not_after_days: int | None = None
    not_after_working_days: int | None = None
    not_after_anchor: Literal["start", "end", "open", "close"] | None = None
    is_sent_late: bool = Field(False, description="past not_after it is done and flagged late, not expired")
    is_rolled: bool = Field(
        True, description="a due day off work moves to the next (before a class: previous) working day"
    )
    is_per_day: bool = Field(False, description="owed once for each day of the class: step, step_2, step_3 …")
    modes: tuple[Literal["classroom", "online", "blended"], ...] = Field(
        (), description="only classes of these modes owe it; none = all"
    )


class PlatformStep(Rules):
    """One look at an online class's platform."""

    hours_before: int = Field(gt=0)
    fresh_hours: int = Field(gt=0, description="results of earlier than so many hours before the class count as none")


class ClassDayRules(Rules):
    """The day of a class: whom changes reach at once, who holds the sheet, seats of the waitlist, platform checks."""

    urgent_hours: int = Field(ge=0)
    desk_hours_before: int = Field(gt=0)
    moved_within_days: int = Field(ge=0)
    offer_answer_hours: int = Field(gt=0)
    offer_latest_hours_before: int = Field(ge=0)
    log_waits_days: int = Field(ge=0)
    required_checks: tuple[str, ...]
    platform_steps: dict[str, PlatformStep]
    quiz_hard_below: float = Field(ge=0, le=1)
    quiz_easy_above: float = Field(ge=0, le=1)


class Site(Rules):
    """All rules of one company."""

    version: str
    company: Company
    contacts: dict[str, Contact]
    intake: IntakeRules
    quality: QualityRules
    surveys: SurveyRules
    survey_waves: dict[str, WaveRule]
    commitments: dict[str, CommitmentRule]
    action_plans: ActionPlanRules
    assessments: AssessmentRules
    disputes: DisputeRules
    competency_results: CompetencyResultRules
    approvals: dict[str, ApprovalRule]
    readiness: ReadinessRules
    pre_class: PreClassRules
    retention: RetentionRules
    suppression: SuppressionRules
    statistics: StatisticsRules
    impact: ImpactRules
    needs: NeedsRules
    resources: ResourceRules
    review: ReviewRules
    knowledge: KnowledgeRules
    internal_trainers: InternalTrainerRules
    allowances: AllowanceRules
    award: AwardRules
    trainer_growth: TrainerGrowthRules
    talent: TalentRules
    plan_results: PlanResultRules
    mail: MailRules
    milestones: dict[str, MilestoneRule]
    class_days: ClassDayRules
    emit_lease_minutes: int

    @model_validator(mode="after")
    def _waves_keep_the_rules_of_reminders(self) -> Self:
        for code, rule in self.survey_waves.items():
            days = (0, *rule.reminder_days)
            gap = timedelta(hours=self.surveys.min_hours_between_reminders)
            if len(rule.reminder_days) > self.surveys.max_reminders:
                raise ValueError(f"survey_waves.{code}: more reminders than surveys.max_reminders")
            if any(timedelta(days=later - earlier) < gap for earlier, later in pairwise(days)):
                raise ValueError(f"survey_waves.{code}: reminders closer than surveys.min_hours_between_reminders")
        return self

    @model_validator(mode="after")
    def _somebody_answers_appeals(self) -> Self:
        if self.talent.hrbp not in self.contacts:
            raise ValueError(f"talent.hrbp: {self.talent.hrbp} is no contact")
        return self

    @model_validator(mode="after")
    def _requests_keep_the_rules_of_reminders(self) -> Self:
        # Working days lie at least one night apart, and so many of them at least so many times 24 hours.
        least = -(-self.surveys.min_hours_between_reminders // 24)
        rules = {f"commitments.{kind}": rule.reminder_working_days for kind, rule in self.commitments.items()}
        rules |= {f"approvals.{kind}": rule.reminder_working_days for kind, rule in self.approvals.items()}
        for name, reminder_days in rules.items():
            if len(reminder_days) > self.surveys.max_reminders:
                raise ValueError(f"{name}: more reminders than surveys.max_reminders")
            if any(later - earlier < least for earlier, later in pairwise((0, *reminder_days))):
                raise ValueError(f"{name}: reminders closer than surveys.min_hours_between_reminders")
        return self

    def contacts_of(self, kind: Literal["hr", "owner", "engineer", "executive", "payroll"]) -> dict[str, Contact]:
        """Return the contacts of one kind by their key."""
        return {key: contact for key, contact in self.contacts.items() if contact.kind == kind}


def load_site(own_file: Path | None = None) -> Site:
    """Return the shipped rules with `own_file` merged over them; raise SiteFileInvalidError naming the wrong keys."""
    rules: dict[str, Any] = read_yaml(resources.files(__package__).joinpath("site.yaml").read_text("utf-8"))
    try:
        if own_file is not None:
            own = read_yaml(own_file.read_text("utf-8")) or {}
            if not isinstance(own, dict) or not isinstance(own.get("company", {}), dict):
                detail = "its sections are keys with keys below them, such as `company:` and below it `  name_en: …`"
                raise SiteFileInvalidError(path=own_file, detail=detail)
            _merge(rules, own)
            if logo := rules["company"]["logo"]:
                rules["company"]["logo"] = str(own_file.parent / logo)
        return Site.model_validate(rules)
    except ValidationError as error:
        wrong = [(".".join(map(str, one["loc"])), one["msg"]) for one in error.errors()]
        detail = "; ".join(f"{key}: {told}" if key else told for key, told in wrong)
        raise SiteFileInvalidError(path=own_file or "site.yaml", detail=detail) from error
    except UnicodeDecodeError as error:
        raise SiteFileInvalidError(path=own_file or "site.yaml", detail="it is not UTF-8 text") from error
    except (OSError, yaml.YAMLError) as error:
        raise SiteFileInvalidError(path=own_file or "site.yaml", detail=error) from error


def _merge(rules: dict[str, Any], own: dict[str, Any]) -> None:
    for key, value in own.items():
        if isinstance(value, dict) and isinstance(rules.get(key), dict):
            _merge(rules[key], value)
        else:
            rules[key] = value


@functools.cache
def get_site() -> Site:
    """Return this process's rules (read once; tests call `get_site.cache_clear()`)."""
    return load_site(get_settings().site_file)

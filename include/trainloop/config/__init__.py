"""The site file: the company's rules as one checked, frozen model."""

from __future__ import annotations

import functools
from datetime import timedelta
from importlib.resources import files
from itertools import pairwise
from pathlib import Path
from typing import Annotated, Any, Literal, Self
from zoneinfo import ZoneInfo

import yaml
from pydantic import BeforeValidator, Field, ValidationError, model_validator

from trainloop.config.base import Locale as Locale
from trainloop.config.base import Rules
from trainloop.config.delivery import ClassDayRules, MilestoneRule, PreClassRules, ReadinessRules
from trainloop.config.impact import ImpactRules as ImpactRules
from trainloop.config.logo import Logo as Logo
from trainloop.config.logo import read_logo
from trainloop.config.mail import Contact as Contact
from trainloop.config.mail import MailRules as MailRules
from trainloop.config.plans import ActionPlanRules, PlanResultRules
from trainloop.config.resources import KnowledgeRules, ResourceRules
from trainloop.config.review import ReviewRules
from trainloop.config.surveys import AssessmentRules, CompetencyResultRules, NeedsRules, SurveyRules, WaveRule
from trainloop.config.talent import PointRule as PointRule
from trainloop.config.talent import TalentRules
from trainloop.config.trainers import AllowanceRules, AwardRules, InternalTrainerRules, TrainerGrowthRules
from trainloop.errors import SiteFileInvalidError
from trainloop.settings import get_settings
from trainloop.yaml_text import read_yaml


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


class DisputeRules(Rules):
    """Disputes about courses: who stands for HR, and the days of their steps."""

    contact: str
    meeting_working_days: int = Field(gt=0)
    door_days: int = Field(gt=0)
    figures_wait_days: int = Field(ge=0)


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
    rules: dict[str, Any] = read_yaml(files(__package__).joinpath("site.yaml").read_text("utf-8"))
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

"""Who gets mail besides people of the master data, and how mail leaves."""

from __future__ import annotations

from datetime import time
from typing import Literal, Self

from pydantic import EmailStr, Field, model_validator

from trainloop.config.base import Locale, Rules

# Lists that ask for nothing: what is new in them stands in the week's digest too, late things and decisions above all.
WeeklyKind = Literal[
    "budget_status",
    "class_log",
    "commitment_digest",
    "growth_digest",
    "knowledge_digest",
    "readiness_digest",
    "trainer_pipeline",
]


class Contact(Rules):
    name: str
    email: EmailStr
    locale: Locale
    kind: Literal["hr", "owner", "engineer", "executive", "hrbp", "payroll"]
    airflow_users: tuple[str, ...] = Field((), description="Airflow user ids that may decide for this contact")
    weekly: tuple[WeeklyKind, ...] = Field(
        (), description="notices of these kinds are told in the weekly digest instead of as mails of their own"
    )

    @model_validator(mode="after")
    def _only_hr_reads_the_week(self) -> Self:
        if self.weekly and self.kind != "hr":
            raise ValueError("weekly: only contacts of kind hr get the weekly digest")
        return self


class MailRules(Rules):
    sender_name: str
    sender_email: EmailStr
    quiet_from: time
    quiet_until: time
    max_per_person_and_day: int
    quick_retries: int
    quick_retry_seconds: int
    retry_minutes: int = Field(ge=30)
    give_up_days: int
    lease_seconds: int
    batch_size: int

"""Notices: decisions that one recipient be told one thing, committed together with what decided it.

`plan` runs in the caller's transaction and only inserts, so the row that decides and the row that sends are one commit
and running the same step again plans nothing twice. The business key is (kind, subject_kind, subject_id,
recipient_kind, recipient_id, step, sequence_number).

Steps that invite many people insert set-based, in SQL, with the same columns:

    insert into ops.notices
        (kind, subject_kind, subject_id, recipient_kind, recipient_id, step, not_before, not_after)
    select 'survey_invitation', 'survey_wave', wave_code, 'employee', employee_id, '', opened_at, closes_at
    from …
    on conflict on constraint told_once do nothing

Columns left out take these values: step '', sequence_number 1, is_optional false, is_urgent false, not_before and
decided_at = business time, not_after null (never too late), facts {}. Survey kinds are optional mail whatever the
column says (`trainloop.outbox.kinds`). Address, name, language, working hours and whether the mail is still wanted are
looked up when the mail is composed: a notice carries ids and counts only, never a name, an address or an answer.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, fields
from datetime import datetime
from typing import Any, Literal, get_args

from psycopg.types.json import Jsonb

from trainloop.errors import PermanentError
from trainloop.warehouse.engine import Connection
from trainloop.warehouse.statements import statement

NoticeKind = Literal[
    "survey_invitation",
    "survey_reminder",
    "survey_without_attendance",
    "evaluation_report",
    "action_plan_report",
    "monthly_results",
    "performance_report",
    "commitment_request",
    "commitment_reminder",
    "commitment_digest",
    "weekly_digest",
    "approval_request",
    "approval_reminder",
    "annual_needs_report",
    "trainer_needs",
    "pulse_result",
    "training_review",
    "department_review",
    "vendor_scores",
    "dispute_news",
    "dispute_pack",
    "pilot_report",
    "agreed_plan",
    "budget_status",
    "payroll_file",
    "allowance_statement",
    "allowance_problems",
    "trainer_award",
    "trainer_thanks",
    "trainer_workshops",
    "growth_digest",
    "trainer_pulse_result",
    "asset_tasks",
    "knowledge_digest",
    "trainer_steps",
    "trainer_pipeline",
    "assessment_feedback",
    "competency_result",
    "team_competency_results",
    "cohort_brief",
    "raters_missing",
    "class_changed",
    "class_desk",
    "class_log",
    "login_guide",
    "platform_alert",
    "seat_offer",
    "readiness_problems",
    "readiness_digest",
    "course_materials",
    "prework_reminder",
    "question_digest",
    "run_sheet",
    "plan_digest",
    "plan_check_in",
    "team_plan_digest",
    "promotion_list",
    "promotion_points",
    "certificate_ending",
    "appeal_answered",
    "case_invitation",
    "case_decided",
    "quarantined_rows",
    "file_refused",
    "audit_gaps",
    "mail_backlog_expired",
    "incident_digest",
]
RecipientKind = Literal["employee", "trainer", "contact"]

# Rows sent to the server in one statement: 100,000 notices are twenty round trips and a few MB of memory.
CHUNK = 5_000


class NoticeInvalidError(PermanentError):
    """The notice {kind} about {subject} cannot be planned: {detail}. Correct the step that plans it."""


@dataclass(frozen=True, slots=True)
class Notice:
    """One decision to tell one recipient one thing; the columns of `ops.notices` a planning step fills.

    `not_before` None means "from now on" in business time, `not_after` None "never too late". Both are aware. Facts
    are ids, codes and counts.
    """

    kind: NoticeKind
    subject_kind: str
    subject_id: str
    recipient_kind: RecipientKind
    recipient_id: str
    step: str = ""
    sequence_number: int = 1
    is_optional: bool = False
    is_urgent: bool = False
    not_before: datetime | None = None
    not_after: datetime | None = None
    facts: Mapping[str, Any] = field(default_factory=dict)

    def __post_init__(self) -> None:
        problem = ""
        if self.kind not in get_args(NoticeKind):
            problem = "no such kind"
        elif self.recipient_kind not in get_args(RecipientKind):
            problem = "no such kind of recipient"
        elif not self.subject_id or not self.recipient_id:
            problem = "subject and recipient are needed"
        elif any(moment is not None and moment.tzinfo is None for moment in (self.not_before, self.not_after)):
            problem = "its times have no time zone"
        if problem:
            raise NoticeInvalidError(kind=self.kind, subject=f"{self.subject_kind} {self.subject_id}", detail=problem)


_COLUMNS = tuple(item.name for item in fields(Notice))


def plan(connection: Connection, notices: Sequence[Notice]) -> int:
    """Insert the notices that are not planned yet, in the caller's transaction; return how many are new."""
    planned = 0
    for start in range(0, len(notices), CHUNK):
        chunk = notices[start : start + CHUNK]
        values: dict[str, list[Any]] = {name: [getattr(notice, name) for notice in chunk] for name in _COLUMNS}
        values["facts"] = [Jsonb(dict(facts)) for facts in values["facts"]]
        planned += connection.execute(statement("outbox", "plan_notices"), values).rowcount
    return planned

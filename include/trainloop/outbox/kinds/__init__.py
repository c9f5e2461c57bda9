"""What each kind of notice says: its facts from the warehouse, ready for its template, and the files it carries.

Whether a notice is still wanted is no matter of Python: the view `ops.notice_objections` answers for all at once.
"""

from __future__ import annotations

from collections.abc import Mapping

from trainloop.outbox.kinds.alert import audit_gaps, incident_digest, mail_backlog_expired
from trainloop.outbox.kinds.allowances import allowance_problems, allowance_statement, payroll_file
from trainloop.outbox.kinds.approval import approval_calls
from trainloop.outbox.kinds.assessment import assessment_feedback, cohort_brief, raters_missing
from trainloop.outbox.kinds.budgets import budget_status
from trainloop.outbox.kinds.cases import case_decided, case_invitation
from trainloop.outbox.kinds.class_day import (
    class_changed,
    class_desk,
    class_log,
    login_guide,
    platform_alert,
    seat_offer,
)
from trainloop.outbox.kinds.competency import competency_pages
from trainloop.outbox.kinds.content import Kind
from trainloop.outbox.kinds.data import file_refused, quarantined_rows, survey_without_attendance
from trainloop.outbox.kinds.disputes import dispute_news, dispute_papers
from trainloop.outbox.kinds.materials import course_materials, prework_reminder, question_digest, run_sheet
from trainloop.outbox.kinds.needs import annual_needs_report, trainer_needs
from trainloop.outbox.kinds.performance import performance_report
from trainloop.outbox.kinds.plan_results import action_plan_report, monthly_results
from trainloop.outbox.kinds.plans import plan_check_in, plan_digest, team_plan_digest
from trainloop.outbox.kinds.pulse import pulse_result
from trainloop.outbox.kinds.readiness import readiness_digest, readiness_problems
from trainloop.outbox.kinds.report import evaluation_report
from trainloop.outbox.kinds.request import commitment_calls, commitment_digest
from trainloop.outbox.kinds.resources import asset_tasks, knowledge_digest, trainer_pipeline, trainer_steps
from trainloop.outbox.kinds.review import department_review, training_review
from trainloop.outbox.kinds.survey import survey_calls
from trainloop.outbox.kinds.talent import appeal_answered, certificate_ending, promotion_list, promotion_points
from trainloop.outbox.kinds.trainers import (
    growth_digest,
    trainer_award,
    trainer_pulse_result,
    trainer_thanks,
    trainer_workshops,
)
from trainloop.outbox.kinds.vendors import vendor_scores
from trainloop.outbox.kinds.week import weekly_digest

KINDS: Mapping[str, Kind] = {
    "survey_invitation": Kind(survey_calls),
    "survey_reminder": Kind(survey_calls),
    "survey_without_attendance": Kind(survey_without_attendance),
    "evaluation_report": Kind(evaluation_report),
    "action_plan_report": Kind(action_plan_report),
    "monthly_results": Kind(monthly_results),
    "performance_report": Kind(performance_report),
    "commitment_request": Kind(commitment_calls),
    "commitment_reminder": Kind(commitment_calls),
    "commitment_digest": Kind(commitment_digest),
    "weekly_digest": Kind(weekly_digest),
    "annual_needs_report": Kind(annual_needs_report),
    "trainer_needs": Kind(trainer_needs),
    "approval_request": Kind(approval_calls),
    "approval_reminder": Kind(approval_calls),
    "pulse_result": Kind(pulse_result),
    "training_review": Kind(training_review),
    "department_review": Kind(department_review),
    "vendor_scores": Kind(vendor_scores),
    "dispute_news": Kind(dispute_news),
    "dispute_pack": Kind(dispute_papers),
    "pilot_report": Kind(dispute_papers),
    "agreed_plan": Kind(dispute_papers),
    "budget_status": Kind(budget_status),
    "payroll_file": Kind(payroll_file),
    "allowance_statement": Kind(allowance_statement),
    "allowance_problems": Kind(allowance_problems),
    "trainer_award": Kind(trainer_award),
    "trainer_thanks": Kind(trainer_thanks),
    "trainer_workshops": Kind(trainer_workshops),
    "growth_digest": Kind(growth_digest),
    "trainer_pulse_result": Kind(trainer_pulse_result),
    "asset_tasks": Kind(asset_tasks),
    "knowledge_digest": Kind(knowledge_digest),
    "trainer_steps": Kind(trainer_steps),
    "trainer_pipeline": Kind(trainer_pipeline),
    "assessment_feedback": Kind(assessment_feedback),
    "cohort_brief": Kind(cohort_brief),
    "competency_result": Kind(competency_pages),
    "team_competency_results": Kind(competency_pages),
    "raters_missing": Kind(raters_missing),
    "class_changed": Kind(class_changed),
    "class_desk": Kind(class_desk),
    "class_log": Kind(class_log),
    "login_guide": Kind(login_guide),
    "platform_alert": Kind(platform_alert),
    "seat_offer": Kind(seat_offer),
    "readiness_problems": Kind(readiness_problems),
    "readiness_digest": Kind(readiness_digest),
    "course_materials": Kind(course_materials),
    "prework_reminder": Kind(prework_reminder),
    "question_digest": Kind(question_digest),
    "run_sheet": Kind(run_sheet),
    "plan_digest": Kind(plan_digest),
    "plan_check_in": Kind(plan_check_in),
    "team_plan_digest": Kind(team_plan_digest),
    "promotion_list": Kind(promotion_list),
    "promotion_points": Kind(promotion_points),
    "certificate_ending": Kind(certificate_ending),
    "appeal_answered": Kind(appeal_answered),
    "case_invitation": Kind(case_invitation),
    "case_decided": Kind(case_decided),
    "quarantined_rows": Kind(quarantined_rows),
    "file_refused": Kind(file_refused),
    "audit_gaps": Kind(audit_gaps),
    "mail_backlog_expired": Kind(mail_backlog_expired),
    "incident_digest": Kind(incident_digest, is_merged=True),
}

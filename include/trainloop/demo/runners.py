"""Who does the work of a day: Airflow's DAGs, or the same entry points in this process (tests, `DirectRunner`)."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager, contextmanager, suppress
from dataclasses import dataclass, field
from typing import Any, Protocol

from trainloop.demo.forms_client import Browser
from trainloop.demo.learners import Letter, read_letter
from trainloop.demo.timeline import Work

Tell = Callable[[str], None]
# What somebody fills into the forms of DAGs.
Forms = Mapping[Work, Mapping[str, str]]
# In which order the logins of the local Airflow answer. The trainer's is refused where the own allowance is among them.
LOGINS = ("admin", "trainer", "approver")
DAGS: dict[Work, str] = {
    "ingest": "ingest_inbox",
    "score": "score_vendors",
    "curate": "curate_knowledge_base",
    "develop": "develop_internal_trainers",
    "reward": "reward_trainers",
    "grow": "grow_trainers",
    "look_back": "review_training_year",
    "ready": "check_session_readiness",
    "prepare": "prepare_class_sessions",
    "watch": "watch_class_day",
    "capture": "capture_class_day",
    "collect": "collect_survey_responses",
    "evaluate": "collect_course_evaluations",
    "track": "track_performance_90d",
    "launch": "launch_annual_needs_survey",
    "waves": "run_survey_waves",
    "pulse": "pulse_quarterly_satisfaction",
    "review": "review_new_manager_360",
    "chase": "chase_commitments",
    "plans": "check_in_action_plans",
    "months": "report_monthly_results",
    "cases": "share_practice_cases",
    "talent": "link_talent_development",
    "mediate": "mediate_course_dispute",
    "analyze": "analyze_annual_needs",
    "approvals": "ask_approvals",
    "audit": "audit_warehouse",
}


class Runner(Protocol):
    """Does the work of one business moment, until nothing of it is left to do."""

    def run(self, work: Sequence[Work], tell: Tell, *, plans: bool, forms: Forms) -> None:
        """Do the work and all that follows from it; `plans`: class sessions changed, so milestones are planned."""

    def letters(self) -> Iterable[Letter]:
        """Return the mails that arrived so far."""

    def browser(self) -> AbstractContextManager[Browser]:
        """Return a browser that reaches the forms service."""


@dataclass
class Pocket:
    """A mail transport that keeps what it is given: the mailbox of runs without servers."""

    mails: list[bytes] = field(default_factory=list)

    def open(self) -> None:
        """Nothing to connect to."""

    def address(self, sender: str, recipient: str) -> None:
        """Every address is fine."""

    def transmit(self, content: bytes) -> int:
        self.mails.append(content)
        return 250

    def reset(self) -> None:
        """Nothing to forget."""

    def close(self) -> None:
        """Nothing to hang up."""


class DirectRunner:
    """Calls the entry points that the DAGs call, in the DAGs' order, in this process."""

    def __init__(self) -> None:
        self.pocket = Pocket()
        self._letters: list[Letter] = []
        self.counts: list[dict[str, Any]] = []
        self._forms: Forms = {}

    def letters(self) -> Iterable[Letter]:
        self._letters += [read_letter(mail) for mail in self.pocket.mails[len(self._letters) :]]
        return self._letters

    @contextmanager
    def browser(self) -> Iterator[Browser]:
        from starlette.testclient import TestClient

        from trainloop.forms.app import create_app
        from trainloop.forms.store import Store

        with TestClient(create_app(Store())) as http:
            yield Browser(http)

    def run(self, work: Sequence[Work], tell: Tell, *, plans: bool, forms: Forms) -> None:
        self._forms = forms
        for item in work:
            tell(DAGS[item])
            if item == "audit":
                self._deliver()
            getattr(self, f"_{item}")()
            if item == "ingest" and plans:
                self._plan()
        tell("deliver_mail")
        self._deliver()

    def _ingest(self) -> None:
        from trainloop.intake.parking import match_parked_rows
        from trainloop.intake.pipeline import ingest_dataset, waiting_datasets

        self.counts += [ingest_dataset(dataset) for dataset in waiting_datasets()]
        match_parked_rows()

    def _plan(self) -> None:
        from trainloop.surveys.milestones import plan_milestones

        plan_milestones()

    def _score(self) -> None:
        from trainloop.reporting import vendor_scores
        from trainloop.resources import vendors

        vendors.score_vendors()
        vendor_scores.render_scorecard()

    def _curate(self) -> None:
        from trainloop.resources import knowledge

        knowledge.check_files()
        knowledge.curate()

    def _develop(self) -> None:
        from trainloop.resources import internal_trainers

        internal_trainers.develop()

    def _reward(self) -> None:
        from trainloop.reporting import trainer_award
        from trainloop.trainers import allowances, award

        allowances.compute_month()
        award.rank_trainers()
        trainer_award.render_pack()

    def _look_back(self) -> None:
        from trainloop.reporting import training_review
        from trainloop.review import annual

        annual.review_year()
        training_review.render_drafts()

    def _grow(self) -> None:
        from trainloop.surveys import trainer_pulse
        from trainloop.trainers import growth

        growth.suggest_workshops()
        trainer_pulse.publish_trainer_pulses()

    def _ready(self) -> None:
        from trainloop.delivery import readiness
        from trainloop.resources import budgets

        budgets.check_due()
        readiness.check_readiness()

    def _prepare(self) -> None:
        from trainloop.delivery import materials, prework, questions, run_sheets

        materials.send_materials()
        prework.remind_of_prework()
        questions.digest_questions()
        run_sheets.make_run_sheets()

    def _watch(self) -> None:
        from trainloop.delivery import class_watch

        class_watch.watch()

    def _capture(self) -> None:
        from trainloop.delivery import class_watch
        from trainloop.reporting import class_log

        class_watch.hand_in()
        class_log.write_logs()

    def _collect(self) -> None:
        from trainloop.surveys import collecting

        self.counts.append(collecting.collect_survey_responses())
        collecting.raise_failures(collecting.failures(self.counts[-1]))

    def _evaluate(self) -> None:
        from trainloop.reporting.course_evaluation import render_reports
        from trainloop.surveys import evaluation
        from trainloop.surveys.results import evaluate_session

        for scan in (evaluation.open_due_waves, evaluation.remind_due, evaluation.close_due):
            scan()
        for session_code in evaluation.sessions_to_report():
            evaluate_session(session_code)
            render_reports(session_code)

    def _track(self) -> None:
        from trainloop.impact import measuring, tracking
        from trainloop.reporting import performance
        from trainloop.surveys import follow_up

        follow_up.publish_follow_ups()
        for session_code in tracking.sessions_to_report():
            measuring.measure_session(session_code)
            performance.render_reports(session_code)

    def _launch(self) -> None:
        from trainloop.surveys import needs_launch, rounds

        needs_launch.launch()
        rounds.open_due()

    def _waves(self) -> None:
        from trainloop.surveys import planning, rounds

        planning.plan_due()
        for scan in (rounds.open_due, rounds.remind_due, rounds.close_due):
            scan()

    def _pulse(self) -> None:
        from trainloop.surveys import pulse

        pulse.plan_pulse()
        pulse.publish_pulses()

    def _review(self) -> None:
        from trainloop.reporting import assessment_feedback
        from trainloop.surveys import assessment_cohort, assessment_results, assessments

        assessments.plan_assessments()
        assessment_results.evaluate_assessments()
        assessment_feedback.render_feedback()
        assessment_cohort.publish_cohort()

    def _chase(self) -> None:
        from trainloop.requests import commitments
        from trainloop.talent import appeals

        appeals.follow_up()
        commitments.remind_due()
        commitments.tell_hr()

    def _plans(self) -> None:
        from trainloop.plans import calls, class_results, due, taking
        from trainloop.reporting import action_plans

        taking.take_in()
        for scan in (calls.ask_managers, calls.plan_digests, calls.call_check_ins):
            scan()
        for session_code in due.sessions_to_report():
            class_results.evaluate_session(session_code)
            action_plans.render_reports(session_code)

    def _months(self) -> None:
        from trainloop.plans import monthly
        from trainloop.reporting import monthly_results

        monthly.evaluate_month()
        monthly_results.render_month()

    def _cases(self) -> None:
        from trainloop.talent import cases

        cases.carry_out()
        cases.share()

    def _talent(self) -> None:
        from trainloop.reporting import promotion_list
        from trainloop.talent import advice, evidence, telling

        evidence.book_evidence()
        advice.make_list()
        promotion_list.render_list()
        telling.tell_people()

    def _analyze(self) -> None:
        from trainloop.needs import analysis, competency_pages
        from trainloop.reporting import annual_needs

        competency_pages.share_results()
        analysis.analyze_closed_years()
        annual_needs.render_drafts()

    def _mediate(self) -> None:
        from trainloop.disputes import opening, papers, scan
        from trainloop.reporting import dispute_papers

        opening.act_on_form(self._forms.get("mediate", {}))
        scan.advance()
        papers.make_papers()
        scan.advance()
        dispute_papers.render_papers()

    def _approvals(self) -> None:
        """What somebody in Airflow would do under Required Actions."""
        from trainloop.reporting import annual_needs, training_review
        from trainloop.requests import approvals, signatures
        from trainloop.trainers import allowances, award

        approvals.follow_up()
        annual_needs.send_approved()
        training_review.send_approved()
        allowances.send_approved()
        award.record_decisions()
        for approval_id in approvals.claim_doors("demo"):
            if not approvals.approval(approval_id).logins_needed:
                approvals.decide(approval_id, is_approved=True, decided_by="admin", via="airflow")
                continue
            for login in LOGINS:
                with suppress(signatures.SignatureRefusedError):
                    signatures.sign(approval_id, login, is_approved=True)

    def _audit(self) -> None:
        from trainloop.quality.audit import audit_warehouse

        audit_warehouse()

    def _deliver(self) -> None:
        from trainloop.outbox.delivery import deliver

        deliver(lambda: self.pocket)

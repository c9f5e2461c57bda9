"""HR's weekly digest: what happened, what is late, what needs a decision; once a week, and in place of single mails."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date, datetime

import pytest
from tests.outbox.conftest import SESSION, Company, found_company
from tests.requests.test_commitments import send, text

from trainloop import faults
from trainloop.config import Contact, get_site
from trainloop.domain.week import Span, digest_span
from trainloop.outbox.notices import Notice, plan
from trainloop.requests import weekly
from trainloop.warehouse import engine

SetClock = Callable[..., datetime]
TOLD = "select subject_id, state::text as state, reason from ops.notices where kind = 'weekly_digest' order by 1"


@pytest.fixture
def company(warehouse: str, set_clock: SetClock) -> Company:
    """The outbox's company: on Monday 2026-03-09, six days after its class, at nine."""
    company = found_company()
    set_clock(2026, 3, 9)
    return company


@pytest.mark.parametrize(
    ("today", "expected"),
    [
        (date(2026, 3, 9), Span(date(2026, 3, 2), date(2026, 3, 8), "2026-W11")),
        (date(2026, 3, 12), Span(date(2026, 3, 2), date(2026, 3, 8), "2026-W11")),
        # Labour Day: the first working day of the week is the Wednesday.
        (date(2026, 5, 4), None),
        (date(2026, 5, 6), Span(date(2026, 4, 27), date(2026, 5, 3), "2026-W19")),
        # Golden Week ends within the week before: that week had its working days.
        (date(2026, 10, 12), Span(date(2026, 10, 5), date(2026, 10, 11), "2026-W42")),
        (date(2027, 1, 4), Span(date(2026, 12, 28), date(2027, 1, 3), "2027-W01")),
    ],
)
def test_the_digest_comes_on_the_weeks_first_working_day_and_looks_back_a_week(today: date, expected: Span) -> None:
    """Once a week on the first working day; a day that was missed heals later in the week."""
    assert digest_span(today, "CN") == expected


def test_a_week_without_working_days_is_told_with_the_next() -> None:
    """Spring Festival 2026 took the whole week of 16 to 22 February: the next digest looks back over it."""
    assert digest_span(date(2026, 2, 24), "CN") == Span(date(2026, 2, 9), date(2026, 2, 22), "2026-W09")


def test_hr_reads_once_what_happened_what_is_late_and_what_waits_for_a_decision(company: Company) -> None:
    """The weekly HR digest of issue 6: numbers as they stand in the tables behind the board."""
    company.run(
        """insert into ops.milestones (subject_kind, subject_id, step, due_on, planned_at)
           values ('class_session', %s, 'class_log', '2026-03-05', ops.business_now()),
                  ('class_session', %s, 'evaluation_report', '2026-03-20', ops.business_now())""",
        SESSION,
        SESSION,
    )
    company.run(
        """insert into ops.approvals (kind, subject_kind, subject_id, asked_of, expires_at)
           values ('over_budget', 'budget', 'B-1', 'hr_lead', '2026-05-09 00:00+08')"""
    )
    assert weekly.tell_week() == {"notices_planned": 1}
    assert weekly.tell_week() == {"notices_planned": 0}
    (mail,) = send(company)
    assert mail["To"].addresses[0].addr_spec == "hr@example.com"
    assert "1 项待决定，1 项逾期" in mail["Subject"]
    said = text(mail)
    assert SESSION in said
    assert "1 个节点逾期，最早应于 2026年3月5日".replace(" ", "") in said.replace(" ", "")
    assert "2026年5月8日前有效" in said.replace(" ", "")
    assert company.run(TOLD) == [{"subject_id": "2026-W11", "state": "composed", "reason": None}]


def test_a_quiet_week_has_no_mail(company: Company) -> None:
    """Nothing when there is nothing: no empty digest."""
    company.run("update core.class_sessions set status = 'cancelled'")
    company.run("delete from ops.inbox_files where not exists (select from ops.quarantined_rows)")
    company.run("update ops.inbox_files set found_at = '2026-01-01'")
    weekly.tell_week()
    assert send(company) == []
    assert company.run(TOLD) == [{"subject_id": "2026-W11", "state": "dropped", "reason": "resolved"}]


def test_what_hr_prefers_weekly_is_no_mail_of_its_own_and_stands_in_the_digest(
    company: Company, monkeypatch: pytest.MonkeyPatch, set_clock: SetClock
) -> None:
    """The digest replaces single mails where HR prefers; only the lists that the contact named, and nothing is lost."""
    site = get_site()
    prefers = site.contacts["hr_lead"].model_copy(update={"weekly": ("class_log",)})
    own = site.model_copy(update={"contacts": {**site.contacts, "hr_lead": prefers}})
    for module in ("trainloop.outbox.composer", "trainloop.requests.weekly", "trainloop.outbox.kinds.week"):
        monkeypatch.setattr(f"{module}.get_site", lambda: own)
    set_clock(2026, 3, 5)
    with engine.connect("planner") as connection:
        plan(connection, [Notice("class_log", "class_session", SESSION, "contact", "hr_lead")])
    assert send(company) == []
    assert company.run("select state::text as state, reason from ops.notices where kind = 'class_log'") == [
        {"state": "dropped", "reason": "told_weekly"}
    ]
    set_clock(2026, 3, 9)
    weekly.tell_week()
    (mail,) = send(company)
    assert "未单独发送：班级日志 1" in text(mail)


def test_only_lists_that_ask_for_nothing_can_be_put_into_the_week() -> None:
    """A question, an alarm or another role's mail is never held back for a digest."""
    hr = {"name": "HR", "email": "hr@example.com", "locale": "en", "kind": "hr"}
    assert Contact.model_validate(hr | {"weekly": ["readiness_digest"]}).weekly == ("readiness_digest",)
    for wrong in ({"weekly": ["approval_request"]}, {"weekly": ["class_log"], "kind": "engineer"}):
        with pytest.raises(ValueError, match="weekly"):
            Contact.model_validate(hr | wrong)


@pytest.mark.parametrize("point", ["weekly.tell.before_commit", "weekly.tell.after_commit"])
def test_killed_anywhere_and_run_again_the_week_is_told_once(
    company: Company, monkeypatch: pytest.MonkeyPatch, point: str
) -> None:
    """Anything may be killed at any moment; the same week is never told twice."""

    def strike(name: str) -> None:
        if name == point:
            raise KeyboardInterrupt

    monkeypatch.setattr(faults, "point", strike)
    with pytest.raises(KeyboardInterrupt):
        weekly.tell_week()
    monkeypatch.undo()
    weekly.tell_week()
    assert len(send(company)) == 1
    assert len(company.run(TOLD)) == 1


def test_a_date_in_the_past_tells_nobody(company: Company) -> None:
    """A backfill mails nobody unless it is told to."""
    assert weekly.tell_week(as_of=date(2026, 3, 2)) == {"notices_planned": 0}
    assert company.run(TOLD) == []

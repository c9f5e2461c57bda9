"""A simulated year on a stepped clock, without Airflow: every planted truth is found, a second run changes nothing."""

from __future__ import annotations

import hashlib
from collections import Counter
from collections.abc import Iterator

import pytest
from tests.demo.conftest import SILENT, LivedYear

from trainloop import clock
from trainloop.config import get_site
from trainloop.demo.company import build_company
from trainloop.demo.findings import Check, check_all
from trainloop.demo.learners import LinkMissingError, completions, read_letter
from trainloop.demo.runners import DirectRunner
from trainloop.demo.timeline import steps
from trainloop.demo.year import Progress, Year
from trainloop.outbox.leases import grant_lease
from trainloop.outbox.transport import Transport
from trainloop.settings import PROJECT_DIR, get_settings
from trainloop.warehouse import engine

pytestmark = [pytest.mark.slow, pytest.mark.timeout(1200)]
STATE = {
    "core.employees": "select employee_id, department_code, left_on, removed_on from core.employees order by 1",
    "core.enrollments": "select session_code, employee_id, status from core.enrollments order by 1, 2",
    "core.attendance": "select session_code, employee_id, slot, status from core.attendance order by 1, 2, 3",
    "ops.inbox_files": "select dataset, name, content_sha256, state, accepted_count from ops.inbox_files order by 3",
    "ops.milestones": "select subject_id, step, due_on, state, done_at from ops.milestones order by 1, 2",
    "ops.messages": "select mime_message_id, mime_sha256, state from ops.messages order by 1",
    "ops.reports": "select subject_id, audience, locale, pdf_sha256 from ops.reports order by 1, 2, 3",
    "published.releases": "select subject_id, revision_number, data_sha256 from published.releases order by 1, 2",
    "confidential.responses": "select wave_code, external_id_hash, state from confidential.responses order by 1, 2",
    "ops.approvals": "select subject_id, revision_number, state, decided_via from ops.approvals order by 1, 2",
    "ops.disputes": "select dispute_id, state, decision from ops.disputes order by 1",
    "ops.dispute_papers": "select dispute_id, kind, content from ops.dispute_papers order by 1, 2",
    "ops.commitments": "select kind, person_id, state, choice from ops.commitments order by 1, 2",
}


def state_hash() -> dict[str, str]:
    """One hash per table over its canonical rows."""
    with engine.connect("owner") as connection:
        return {
            table: hashlib.sha256(repr([*map(dict.values, connection.execute(query))]).encode()).hexdigest()
            for table, query in STATE.items()
        }


def new_year() -> tuple[Year, DirectRunner]:
    runner = DirectRunner()
    return Year(build_company(), runner, get_settings()), runner


def verdicts(year: Year) -> list[Check]:
    files = [file for arrived in year.files.values() for file in arrived] + year.completions
    with engine.connect("owner") as connection:
        return check_all(connection, year.company, files)


@pytest.fixture
def granted(warehouse: str, monkeypatch: pytest.MonkeyPatch) -> Iterator[str]:
    """A warehouse from which this environment may send, with the rules of the sample company."""
    monkeypatch.setenv("TRAINLOOP_SITE_FILE", str(PROJECT_DIR / "include/trainloop/demo/site.yaml"))
    get_settings.cache_clear()
    get_site.cache_clear()
    grant_lease(get_settings().environment, by="test")
    yield warehouse
    get_site.cache_clear()


def test_a_year_finds_every_planted_truth_and_a_second_one_changes_nothing(lived: LivedYear) -> None:
    """Files, surveys, statistics, mails and reports of a whole year; the same files again: no row and no mail moves."""
    assert lived.outcome == "new"
    checks = verdicts(lived.year)
    assert [f"{one.subject}: {one.en}: {one.planted} → {one.found}" for one in checks if not one.is_met] == []
    assert len(checks) > 200
    recipients = [read_letter(mail).recipient for mail in lived.runner.pocket.mails]
    assert all(address.endswith("@example.com") for address in recipients)
    before = state_hash()
    again, second = new_year()
    assert again.run(SILENT) == "repeated"
    assert second.pocket.mails == []
    assert state_hash() == before
    assert all(one.is_met for one in verdicts(again))


def test_a_year_that_was_interrupted_goes_on_at_its_day(granted: str) -> None:
    """Stopped in the middle of a day and run again: no second invitation, and the days before are not lived again."""
    year, runner = new_year()
    year.steps = steps()[:3]
    year.run(SILENT)
    sent = Counter(mail for mail in runner.pocket.mails)
    assert max(sent.values()) == 1
    rest, second = new_year()
    # The learners' mails are in the mailbox, whoever runs the demo.
    second.pocket.mails.extend(runner.pocket.mails)
    rest.steps = steps()[:4]
    lived: list[int] = []
    outcome = rest.run(Progress(begin=lambda step: lived.append(step.number), tell=lambda _: None, done=lambda _: None))
    assert (outcome, lived) == ("resumed", [2, 3])
    messages = [mail for mail in second.pocket.mails if mail in sent]
    assert Counter(messages) == sent
    with engine.connect("owner") as connection:
        assert clock.now(connection) == steps()[3].moment


def test_nobody_answers_without_a_mail(granted: str) -> None:
    """Tokens come from the links of mails: without them the demo stops and says so instead of inventing answers."""
    with pytest.raises(LinkMissingError, match="2026-C001"):
        completions(build_company(), {"2026-C001": 1}, [], "x.csv")


def test_the_pocket_is_a_transport() -> None:
    """What the in-process year sends through has the interface of the real one."""
    transport: Transport = DirectRunner().pocket
    assert transport.transmit(b"x") == 250

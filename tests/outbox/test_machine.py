"""The outbox against a small model: planning, answering, leaving, failing, sending in any order keep the promises."""

from __future__ import annotations

import email
import email.policy
from collections import Counter
from datetime import timedelta

import pytest
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule, run_state_machine_as_test
from tests.outbox.conftest import Company, MailServer, free_port

from trainloop.outbox.composer import compose_due
from trainloop.outbox.mailer import deliver_due, sweep
from trainloop.outbox.transport import SmtpTransport

PEOPLE = ("E1", "E2", "E3")
WAVES = ("EVAL-2026-C001", "EVAL-W2", "EVAL-W3", "EVAL-W4", "EVAL-W5")
OUTCOMES = {"planned", "dropped", "expired", "composed", "sent", "uncertain", "suppressed", "failed", "bounced"}
DEAD_PORT = free_port()

people = st.sampled_from(PEOPLE)
waves = st.sampled_from(WAVES)


class OutboxMachine(RuleBasedStateMachine):
    """The model: what was planned, who answered or left, how often the server kept a mail and hung up."""

    def __init__(self, company: Company, server: MailServer) -> None:
        super().__init__()
        self.company, self.server = company, server
        self.planned: set[tuple[str, str]] = set()
        self.unwanted: set[tuple[str, str]] = set()
        self.left: set[str] = set()
        self.arrived_late: list[str] = []
        self.drops = 0
        company.run("update ops.clock set frozen_at = %s", company.noon)
        company.run("truncate ops.notices, ops.messages, ops.mail_stops restart identity")
        company.run("update ops.invitations set is_used = false")
        company.run("update core.employees set left_on = null")
        server.received.clear()
        server.refuse.clear()
        server.greylist.clear()
        server.drop_after_data = 0

    @rule(person=people, wave=waves)
    def plan(self, person: str, wave: str) -> None:
        self.company.call(person, subject_id=wave)
        self.planned.add((person, wave))

    @rule(person=people, wave=waves)
    def answer(self, person: str, wave: str) -> None:
        self.company.run(
            "update ops.invitations set is_used = true where employee_id = %s and wave_code = %s", person, wave
        )
        self.unwanted.add((person, wave))

    @rule(person=people)
    def leave(self, person: str) -> None:
        self.company.run("update core.employees set left_on = '2026-03-01' where employee_id = %s", person)
        self.left.add(person)

    @rule(hours=st.sampled_from([1, 3, 15, 24]))
    def wait(self, hours: int) -> None:
        self.company.run("update ops.clock set frozen_at = frozen_at + %s", timedelta(hours=hours))

    @rule()
    def compose(self) -> None:
        compose_due()

    @rule(person=people, times=st.integers(1, 3))
    def greylist(self, person: str, times: int) -> None:
        self.server.greylist[f"{person.lower()}@example.com"] = times

    @rule(person=people)
    def refuse(self, person: str) -> None:
        self.server.refuse[f"{person.lower()}@example.com"] = "550 5.1.1 No such user"

    @rule(keeps=st.booleans())
    def drop_next(self, keeps: bool) -> None:
        self.server.drop_after_data, self.server.drop_and_keep = 1, keeps

    @rule()
    def deliver(self) -> None:
        before = len(self.server.received)
        waiting_drop = self.server.drop_after_data
        deliver_due(self.server.transport())
        self.drops += waiting_drop - self.server.drop_after_data
        for addresses, content in self.server.received[before:]:
            self._check_wanted(addresses[0], content)

    def _check_wanted(self, address: str, content: bytes) -> None:
        person = address.split("@", maxsplit=1)[0].upper()
        message_id = email.message_from_bytes(content, policy=email.policy.default)["Message-ID"]
        rows = self.company.run(
            """select n.subject_id from ops.notices as n inner join ops.messages as m using (message_id)
               where m.mime_message_id = %s""",
            str(message_id),
        )
        assert person not in self.left
        assert not {(person, row["subject_id"]) for row in rows} & self.unwanted

    @rule()
    def deliver_to_a_dead_server(self) -> None:
        assert deliver_due(SmtpTransport("127.0.0.1", DEAD_PORT, timeout_seconds=1))["sent"] == 0

    @precondition(lambda self: self.planned)
    @rule()
    def sender_dies(self) -> None:
        self.company.run(
            """update ops.messages set state = 'claimed', fence_number = fence_number + 1, claimed_by = 'dead',
                   lease_until = now() - interval '1 second'
               where message_id = (select min(message_id) from ops.messages where state = 'composed')"""
        )
        sweep()

    @invariant()
    def every_notice_is_accounted_for_once(self) -> None:
        outcomes = self.company.outcomes()
        assert set(outcomes) <= OUTCOMES
        assert sum(outcomes.values()) == len(self.planned)

    @invariant()
    def no_more_copies_than_lost_answers_and_never_a_third(self) -> None:
        copies = Counter(content for _, content in self.server.received)
        assert all(count <= 2 for count in copies.values())
        assert sum(count - 1 for count in copies.values()) <= self.drops

    @invariant()
    def nobody_is_asked_twice_on_a_day(self) -> None:
        rows = self.company.run(
            """select count(*)::int as n from ops.messages where state = 'sent'
               group by recipient_id, (sent_at at time zone 'Asia/Shanghai')::date"""
        )
        assert all(row["n"] <= 3 for row in rows)
        composed = self.company.run(
            """select count(*)::int as n from ops.messages where state <> 'suppressed'
               group by recipient_id, (composed_at at time zone 'Asia/Shanghai')::date"""
        )
        assert all(row["n"] <= 1 for row in composed)


@pytest.mark.slow
def test_the_outbox_keeps_its_promises_in_any_order(company: Company, mail_server: MailServer) -> None:
    """Model-based: Message-IDs, accounting, caps, and nothing to those who answered or left."""
    for wave in WAVES[1:]:
        company.open_wave(wave.removeprefix("EVAL-"))
        company.invite(*PEOPLE, wave=wave)
    run_state_machine_as_test(  # type: ignore[no-untyped-call]
        lambda: OutboxMachine(company, mail_server),
        settings=settings(
            max_examples=20,
            stateful_step_count=25,
            suppress_health_check=list(HealthCheck),
            print_blob=True,
        ),
    )

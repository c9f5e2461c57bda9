"""Delivery against a real SMTP server: never lost, at most one extra byte-identical copy, and only in the one gap."""

from __future__ import annotations

import hashlib
import threading
from collections.abc import Callable
from datetime import datetime, timedelta

import pytest
from tests.outbox.conftest import Company, MailServer, free_port

from trainloop.config import get_site
from trainloop.outbox import composer, desk, mailer
from trainloop.outbox.composer import compose_due
from trainloop.outbox.delivery import deliver
from trainloop.outbox.ledger import Claim, Ledger, Settlement
from trainloop.outbox.mailer import deliver_due, sweep
from trainloop.outbox.transport import MailLoginRefusedError, MailServerDownError, SmtpTransport


@pytest.fixture
def queue(company: Company) -> Company:
    """Three invitations, composed and waiting."""
    company.call("E1", "E2", "E3")
    compose_due()
    return company


def states(company: Company) -> dict[str, int]:
    rows = company.run("select state::text, count(*)::int as n from ops.messages group by state")
    return {row["state"]: row["n"] for row in rows}


def step(company: Company, **delta: float) -> None:
    company.run("update ops.clock set frozen_at = frozen_at + %s", timedelta(**delta))


def test_the_frozen_bytes_are_what_arrives(queue: Company, mail_server: MailServer) -> None:
    """Exact MIME bytes, Message-ID and Date: what was stored is what the server gets."""
    assert deliver_due(mail_server.transport())["sent"] == 3
    stored = {row["mime_sha256"] for row in queue.run("select mime_sha256 from ops.messages")}
    assert {hashlib.sha256(content).hexdigest() for _, content in mail_server.received} == stored
    assert len({mail["Message-ID"] for mail in mail_server.mails}) == 3
    assert queue.outcomes() == {"sent": 3}
    assert deliver_due(mail_server.transport())["sent"] == 0


def test_a_server_that_is_down_leaves_the_queue_in_order_and_the_task_green(
    queue: Company, mail_server: MailServer
) -> None:
    """SMTP down two days: nothing fails, the backlog drains in order."""
    before = queue.run("select message_id, next_attempt_at, attempt_count, state from ops.messages order by 1")
    result = deliver_due(SmtpTransport("127.0.0.1", free_port(), timeout_seconds=2))
    assert (result["is_server_down"], result["sent"], result["queued"]) == (1, 0, 3)
    assert queue.run("select message_id, next_attempt_at, attempt_count, state from ops.messages order by 1") == before
    step(queue, days=2)
    assert deliver_due(mail_server.transport())["sent"] == 3
    wanted = queue.run("select recipient_address from ops.messages order by message_id")
    assert [addresses[0] for addresses, _ in mail_server.received] == [row["recipient_address"] for row in wanted]


def test_one_turn_composes_and_sends_and_a_second_finds_nothing(company: Company, mail_server: MailServer) -> None:
    """What is due leaves within the turn that composed it; a turn with nothing to do sends nothing."""
    company.call("E1", "E2")
    first = deliver(mail_server.transport)
    assert (first["backlog"]["sent"], first["composed"]["composed_messages"], first["fresh"]["sent"]) == (0, 2, 2)
    second = deliver(mail_server.transport)
    assert (second["backlog"]["sent"], second["composed"]["composed_messages"], second["fresh"]) == (0, 0, {})
    assert company.outcomes() == {"sent": 2}


def test_what_was_composed_before_leaves_even_when_composing_fails(
    queue: Company, mail_server: MailServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The turn fails, since somebody has to mend it; the three mails that were ready are gone."""

    def fail(*_: object) -> None:
        raise LookupError("a template")

    monkeypatch.setattr(composer, "compose_due", fail)
    with pytest.raises(LookupError):
        deliver(mail_server.transport)
    assert queue.outcomes() == {"sent": 3}


def test_what_is_due_is_composed_even_without_a_way_to_the_mail_server(queue: Company) -> None:
    """A missing Connection fails the turn; it keeps no mail from being written while its reason still holds."""

    def missing() -> SmtpTransport:
        raise MailLoginRefusedError(host="smtp.example.com", port=25, code=535)

    queue.hire("E9")
    queue.invite("E9")
    queue.call("E9")
    with pytest.raises(MailLoginRefusedError):
        deliver(missing)
    assert states(queue) == {"composed": 4}


def test_overdue_mails_expire_and_hr_is_told_once(queue: Company, mail_server: MailServer) -> None:
    """Overdue mails become expired; HR hears of it once, with counts, and never about the same ones again."""
    queue.run("update ops.messages set not_after = %s", queue.noon + timedelta(days=1))
    step(queue, days=2)
    assert sweep() == {"taken_over": 0, "expired": 3, "notices_planned": 1}
    assert sweep()["notices_planned"] == 0
    compose_due()
    assert deliver_due(mail_server.transport())["sent"] == 1
    assert "3 封邮件已过期" in mail_server.mails[0]["Subject"]
    step(queue, days=1)
    assert sweep() == {"taken_over": 0, "expired": 0, "notices_planned": 0}
    assert queue.outcomes() == {"expired": 3, "sent": 1}


def test_greylisting_is_answered_with_patience(queue: Company, mail_server: MailServer) -> None:
    """4xx: two quick retries, then at least half an hour; the others are not kept waiting."""
    mail_server.greylist["e2@example.com"] = 3
    pauses = []
    for _ in range(3):
        result = deliver_due(mail_server.transport())
        assert result["deferred"] == 1
        now = queue.run("select frozen_at from ops.clock")[0]["frozen_at"]
        next_at = queue.run("select next_attempt_at as t from ops.messages where recipient_id = 'E2'")[0]["t"]
        pauses.append((next_at - now).total_seconds())
        assert deliver_due(mail_server.transport())["deferred"] == 0
        queue.run("update ops.clock set frozen_at = %s", next_at)
    assert pauses == [60, 60, 1800]
    assert deliver_due(mail_server.transport())["sent"] == 1
    assert len(mail_server.received) == 3


def test_a_server_that_never_takes_a_mail_is_given_up_after_four_days(queue: Company, mail_server: MailServer) -> None:
    """4xx for four days → failed."""
    mail_server.greylist["e2@example.com"] = 1000
    deliver_due(mail_server.transport())
    queue.run("update ops.messages set not_after = null")
    step(queue, days=6)
    assert deliver_due(mail_server.transport())["failed"] == 1
    row = queue.run("select state::text, reason from ops.messages where recipient_id = 'E2'")[0]
    assert row["state"] == "failed"
    assert row["reason"].startswith("gave_up")


def test_a_refused_recipient_fails_alone(queue: Company, mail_server: MailServer) -> None:
    """5xx: only that recipient fails; an address that does not exist is remembered for this address."""
    mail_server.refuse = {
        "e1@example.com": "550 5.1.1 <e1@example.com>: No such user",
        "e2@example.com": "550 5.7.1 Policy",
    }
    result = deliver_due(mail_server.transport())
    assert (result["bounced"], result["failed"], result["sent"]) == (1, 1, 1)
    # The board shows the reply: the address that servers repeat is not kept in it.
    assert queue.run("select reason from ops.messages where state = 'bounced'") == [{"reason": "5.1.1 …: No such user"}]
    stops = queue.run("select recipient_id, kind from ops.mail_stops")
    assert stops == [{"recipient_id": "E1", "kind": "bounced"}]
    queue.call("E1", "E3", kind="survey_reminder", step="evaluation_reminder_1")
    step(queue, days=2)
    assert compose_due()["dropped_bounced"] == 1


@pytest.mark.parametrize("server_kept_it", [True, False])
def test_a_lost_answer_is_uncertain_and_the_same_bytes_go_once_more(
    queue: Company, mail_server: MailServer, server_kept_it: bool
) -> None:
    """Connection lost after DATA: at most one extra copy, with the same Message-ID, Date and bytes; never lost."""
    mail_server.drop_after_data = 1
    mail_server.drop_and_keep = server_kept_it
    result = deliver_due(mail_server.transport())
    assert (result["uncertain"], result["sent"]) == (1, 2)
    step(queue, minutes=2)
    assert deliver_due(mail_server.transport())["sent"] == 1
    copies = mail_server.to("e1@example.com")
    assert len(copies) == (2 if server_kept_it else 1)
    assert len(set(copies)) == 1
    assert queue.outcomes() == {"sent": 3}


def test_a_server_that_always_drops_gets_no_third_copy(queue: Company, mail_server: MailServer) -> None:
    """After two lost answers the mail rests as uncertain until a person decides."""
    queue.run("delete from ops.notices where recipient_id <> 'E1'")
    queue.run("delete from ops.messages where recipient_id <> 'E1'")
    mail_server.drop_after_data = 100
    for _ in range(4):
        deliver_due(mail_server.transport())
        step(queue, hours=1)
    assert len(mail_server.to("e1@example.com")) == 2
    assert queue.outcomes() == {"uncertain": 1}
    mail_server.drop_after_data = 0
    desk.retry(queue.run("select message_id from ops.messages")[0]["message_id"])
    assert deliver_due(mail_server.transport())["sent"] == 1


def test_an_answer_that_arrives_while_its_reminder_is_queued_stops_it(queue: Company, mail_server: MailServer) -> None:
    """Answer arrives while its reminder is queued: no reminder."""
    queue.run("update ops.invitations set is_used = true where employee_id = 'E2'")
    result = deliver_due(mail_server.transport())
    assert (result["suppressed"], result["sent"]) == (1, 2)
    assert mail_server.to("e2@example.com") == []
    assert queue.outcomes() == {"suppressed": 1, "sent": 2}


def test_a_digest_that_lost_one_notice_is_composed_anew_for_the_others(
    company: Company, mail_server: MailServer
) -> None:
    """One of two surveys was answered: the digest is withdrawn, the other survey gets its own mail."""
    company.open_wave("2026-C002")
    company.invite("E1", wave="EVAL-2026-C002")
    company.call("E1")
    company.call("E1", subject_id="EVAL-2026-C002")
    compose_due()
    company.run("update ops.invitations set is_used = true where wave_code = 'EVAL-2026-C002'")
    assert deliver_due(mail_server.transport())["suppressed"] == 1
    assert compose_due()["composed_messages"] == 1
    assert deliver_due(mail_server.transport())["sent"] == 1
    assert company.outcomes() == {"suppressed": 1, "sent": 1}
    assert "2026-C002" not in str(mail_server.mails[0])


def test_two_senders_at_once_send_every_mail_once(company: Company, mail_server: MailServer) -> None:
    """SKIP LOCKED and fences: no mail twice, none left."""
    people = [f"P{number:03}" for number in range(300)]
    company.hire(*people)
    company.invite(*people)
    company.call(*people)
    compose_due()
    company.run("update ops.clock set frozen_at = frozen_at")
    results: list[dict[str, int]] = []
    threads = [threading.Thread(target=lambda: results.append(deliver_due(mail_server.transport()))) for _ in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sum(result["sent"] for result in results) == 300
    assert len(mail_server.received) == 300
    assert company.outcomes() == {"sent": 300}


def test_a_backlog_keeps_quiet_hours_and_the_days_cap(
    company: Company, mail_server: MailServer, set_clock: Callable[..., datetime]
) -> None:
    """A server that comes back at midnight does not wake anybody; next morning at most three mails a person."""
    for day in (3, 4):
        set_clock(2026, 3, day, 10)
        for number in range(3):
            key = company.run(
                """insert into ops.inbox_files (dataset, name, source_uri, archive_uri, content_sha256, size_bytes,
                       state, refused_reason_zh, refused_reason_en, found_at)
                   values ('courses', 'c.csv', 'x', 'x', %s, 1, 'refused', '缺', 'missing', now()) returning file_id""",
                f"{day}-{number}",
            )[0]["file_id"]  # fmt: skip
            company.run(
                """insert into ops.notices (kind, subject_kind, subject_id, recipient_kind, recipient_id)
                   values ('file_refused', 'inbox_file', %s, 'contact', 'training_ops')""",
                str(key),
            )  # fmt: skip
        compose_due()
        company.run("update ops.messages set composed_at = composed_at - interval '1 day'")
    set_clock(2026, 3, 4, 23)
    assert deliver_due(mail_server.transport())["sent"] == 0
    set_clock(2026, 3, 5, 9)
    assert deliver_due(mail_server.transport())["sent"] == 3
    assert deliver_due(mail_server.transport())["sent"] == 0


def test_urgent_mails_neither_wait_for_the_days_cap_nor_use_it_up(company: Company, mail_server: MailServer) -> None:
    """A class that moves three times today leaves room for three ordinary mails."""
    for number in range(6):
        key = company.run(
            """insert into ops.inbox_files (dataset, name, source_uri, archive_uri, content_sha256, size_bytes,
                   state, refused_reason_zh, refused_reason_en, found_at)
               values ('courses', 'c.csv', 'x', 'x', %s, 1, 'refused', '缺', 'missing', now()) returning file_id""",
            f"{number}",
        )[0]["file_id"]  # fmt: skip
        company.run(
            """insert into ops.notices (kind, subject_kind, subject_id, recipient_kind, recipient_id, is_urgent)
               values ('file_refused', 'inbox_file', %s, 'contact', 'training_ops', %s)""",
            str(key), number < 3,
        )  # fmt: skip
    compose_due()
    assert deliver_due(mail_server.transport())["sent"] == 6


def test_a_late_finisher_with_an_old_fence_marks_nothing(queue: Company, mail_server: MailServer) -> None:
    """A stale lease is taken over with a higher fence; the first sender's mark comes too late."""
    queue.run(
        """update ops.messages set state = 'claimed', claimed_by = 'slow', fence_number = 1,
               sending_at = now() - interval '10 minutes', lease_until = now() - interval '1 minute'
           where recipient_id = 'E1'"""
    )
    key = queue.run("select message_id from ops.messages where recipient_id = 'E1'")[0]["message_id"]
    assert sweep()["taken_over"] == 1
    assert states(queue) == {"composed": 2, "uncertain": 1}
    assert deliver_due(mail_server.transport())["sent"] == 3
    ledger = Ledger(300)
    old = Claim(key, 1, "employee", "E1", "e1@example.com", 0, 0, None, queue.noon, 1)
    ledger.advance(Settlement(old, "failed", 550, "late"), None)
    assert ledger.advance(None, old) is False
    ledger.close()
    assert states(queue) == {"sent": 3}


def test_a_wrong_login_is_an_error_for_a_person_and_burns_nothing(
    queue: Company, mail_server: MailServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A setting that a retry cannot mend turns the task red; the queue stays."""

    def refuse(self: SmtpTransport) -> None:
        raise MailLoginRefusedError(host=self.host, port=self.port, code=535)

    monkeypatch.setattr(SmtpTransport, "open", refuse)
    with pytest.raises(MailLoginRefusedError):
        deliver_due(mail_server.transport())
    assert states(queue) == {"composed": 3}


def test_a_server_that_hangs_up_between_mails_is_called_again(queue: Company, mail_server: MailServer) -> None:
    """Reconnect on disconnect: a server that closes idle sessions costs nothing."""
    transport = mail_server.transport()
    transport.open()
    assert transport._session is not None
    transport._session.sock.shutdown(2)  # type: ignore[union-attr]
    assert deliver_due(transport)["sent"] == 3


def test_the_transport_says_what_is_wrong_with_a_dead_server() -> None:
    """The message names host and port and what to expect."""
    with pytest.raises(MailServerDownError, match="stay queued"):
        SmtpTransport("127.0.0.1", free_port(), timeout_seconds=1).open()


LOOKED_AT = """
select
    (
        select idx_scan from pg_stat_user_indexes
        where indexrelname = 'messages_recipient_kind_recipient_id_composed_at_idx'
    ) as recipients,
    (select seq_tup_read from pg_stat_user_tables where relid = 'ops.notices'::regclass) as notices,
    (select sum(coalesce(idx_scan, 0) + seq_scan)::bigint from pg_stat_user_tables) as scans,
    (
        select sum(idx_tup_read)::bigint from pg_stat_user_indexes where relid = 'ops.invitations'::regclass
    ) as invitations
"""


def test_a_batch_looks_at_the_mails_it_takes_and_not_at_the_whole_queue(
    company: Company, mail_server: MailServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Four batches of fifty: a mail's recipient and its notices are asked about once, not once a batch."""
    people = [f"P{number:03}" for number in range(200)]
    company.hire(*people)
    company.invite(*people)
    company.call(*people)
    compose_due()
    site = get_site()
    small = site.model_copy(update={"mail": site.mail.model_copy(update={"batch_size": 50})})
    monkeypatch.setattr(mailer, "get_site", lambda: small)
    company.run("select pg_stat_force_next_flush()")
    before = company.run(LOOKED_AT)[0]
    assert deliver_due(mail_server.transport())["sent"] == 200
    after = company.run(LOOKED_AT)[0]
    assert after["recipients"] - before["recipients"] < 250
    assert after["notices"] - before["notices"] <= 400  # the sweep reads them all, once
    assert after["scans"] - before["scans"] < 20 * 200  # a batch's mails are asked about one by one, not each by each
    assert after["invitations"] - before["invitations"] <= 2 * 200  # found by its key, not among its wave's

"""One batch of claimed mails → the mail server, one session, one mail after the other.

While a mail's ends are named to the server (MAIL, RCPT), the warehouse commits in another thread how the mail before it
ended and that this one is leaving. Its bytes follow only when that commit is there and the claim is still ours.
"""

from __future__ import annotations

import logging
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from datetime import datetime, timedelta

from trainloop import faults
from trainloop.config import MailRules
from trainloop.outbox.ledger import Claim, Ledger, Settlement
from trainloop.outbox.transport import (
    AnswerLostError,
    ConnectionLostError,
    MailServerDownError,
    ReplyError,
    SenderRefusedError,
    Transport,
)

logger = logging.getLogger(__name__)

# Bytes read ahead of the sending: bounded memory, few round trips.
READ_AHEAD_BYTES = 8_000_000
_LONGEST_DOUBLING = 3

ReadBytes = Callable[[Sequence[int]], dict[int, bytes]]


@dataclass
class Courier:
    """Sends batches for one sender; `counts` says how the mails ended."""

    transport: Transport
    ledger: Ledger
    rules: MailRules
    counts: Counter[str]

    def send(self, claims: Sequence[Claim], read_bytes: ReadBytes, now: datetime) -> list[Claim]:
        """Send the claimed mails; return those that were not tried because the server is down."""
        pending: Settlement | None = None
        left = list(claims)
        with ThreadPoolExecutor(max_workers=1, thread_name_prefix="outbox-ledger") as commits:
            try:
                for claim, content in self._with_bytes(claims, read_bytes):
                    self.transport.open()
                    committed = commits.submit(self.ledger.advance, pending, claim)
                    left.pop(0)
                    # Nothing of this mail left yet: if the server goes away now, it stays where it was in the queue.
                    pending = Settlement(claim, "composed")
                    try:
                        refusal = self._address(claim)
                    finally:
                        is_ours = committed.result()
                    faults.point("outbox.after_mark")
                    if not is_ours:
                        self.transport.reset()
                        pending = None
                        self.counts["lost_claim"] += 1
                        continue
                    pending = self._judge(claim, refusal, now) if refusal else self._transmit(claim, content, now)
                    self.counts[pending.state] += 1
            except MailServerDownError as error:
                logger.warning("outbox: %s", error)
                self.counts["is_server_down"] = 1
            finally:
                if pending is not None:
                    self.ledger.advance(pending, None)
                faults.point("outbox.after_batch")
        return left

    def _with_bytes(self, claims: Sequence[Claim], read_bytes: ReadBytes) -> Iterator[tuple[Claim, bytes]]:
        chunk: list[Claim] = []
        size_bytes = 0
        for number, claim in enumerate(claims, start=1):
            chunk.append(claim)
            size_bytes += claim.size_bytes
            if number == len(claims) or size_bytes >= READ_AHEAD_BYTES:
                contents = read_bytes([item.message_id for item in chunk])
                yield from ((item, contents[item.message_id]) for item in chunk)
                chunk, size_bytes = [], 0

    def _address(self, claim: Claim) -> ReplyError | ConnectionLostError | None:
        """Name both ends; a server that hung up between two mails gets one new session."""
        for is_last in (False, True):
            try:
                self.transport.open()
                self.transport.address(self.rules.sender_email, claim.address)
            except ReplyError as reply:
                return reply
            except ConnectionLostError as lost:
                if is_last:
                    return lost
            else:
                return None
        return None

    def _transmit(self, claim: Claim, content: bytes, now: datetime) -> Settlement:
        faults.point("outbox.before_data")
        try:
            code = self.transport.transmit(content)
        except AnswerLostError:
            faults.point("outbox.after_lost_answer")
            is_second = claim.uncertain_count > 0
            delay = None if is_second else self.rules.quick_retry_seconds
            return Settlement(claim, "uncertain", None, "answer_lost", delay)
        except (ReplyError, ConnectionLostError) as refusal:
            return self._judge(claim, refusal, now)
        faults.point("outbox.after_250")
        return Settlement(claim, "sent", code)

    def _judge(self, claim: Claim, refusal: ReplyError | ConnectionLostError, now: datetime) -> Settlement:
        """Return what a refusal means: for good, an address that does not exist, or come back later."""
        code, text = (refusal.code, refusal.text) if isinstance(refusal, ReplyError) else (None, "connection_lost")
        if isinstance(refusal, ReplyError) and refusal.is_permanent:
            if refusal.step == "sender" and code != 552:
                # Nobody's mail would pass: the queue must not be burnt for a wrong setting of ours.
                raise SenderRefusedError(code=code, text=text)
            return Settlement(claim, "bounced" if refusal.is_unknown_address else "failed", code, text)
        first = claim.first_attempt_at or now
        if now - first >= timedelta(days=self.rules.give_up_days):
            return Settlement(claim, "failed", code, f"gave_up: {text}")
        return Settlement(claim, "composed", code, text, self.pause_seconds(claim.attempt_count + 1))

    def pause_seconds(self, attempt_count: int) -> float:
        """Return the wait after the n-th refusal: twice quickly, then 30 minutes and longer (RFC 5321, 4.5.4.1)."""
        slow = attempt_count - self.rules.quick_retries - 1
        if slow < 0:
            return float(self.rules.quick_retry_seconds)
        return float(self.rules.retry_minutes * 60 * 2 ** min(slow, _LONGEST_DOUBLING))

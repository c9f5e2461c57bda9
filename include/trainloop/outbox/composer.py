"""Planned notices → frozen mails.

`compose_due` walks through the recipients who have something due, a batch at a time: whoever nobody wants to tell any
more is dropped, the rest is written in the person's language and stored as exact bytes, all in one transaction per
batch. It may be killed anywhere: a batch is composed wholly or not at all.
"""

from __future__ import annotations

import logging
from collections import Counter
from dataclasses import dataclass, replace
from datetime import date, datetime, time, timedelta
from typing import Any

from trainloop import clock, faults
from trainloop.config import Site, get_site
from trainloop.outbox import hours
from trainloop.outbox.digest import Draft, Recent, bundle
from trainloop.outbox.kinds.content import Due
from trainloop.outbox.notices import Notice, plan
from trainloop.outbox.recipients import Key, resolve
from trainloop.outbox.writer import Outcome, write
from trainloop.settings import get_settings
from trainloop.warehouse import engine
from trainloop.warehouse.engine import Connection
from trainloop.warehouse.statements import statement

logger = logging.getLogger(__name__)

# Recipients per transaction: small enough that their mails and PDFs fit in memory, large enough for set-based queries.
BATCH = 200
COUNTS = ("composed_messages", "composed_notices", "dropped", "expired", "waiting", "notices_planned")
_LOCK = "outbox/compose"
_FIRST: Key = ("", "")


@dataclass(frozen=True)
class _Run:
    """What one call of `compose_due` may do."""

    site: Site
    now: datetime
    due_until: datetime
    may_reach_people: bool
    windows: dict[tuple[str, str], hours.Window]
    site_window: hours.Window

    def facts(self) -> dict[str, Any]:
        opened = [key for key, window in self.windows.items() if window.is_open]
        return {
            "now": self.now,
            "due_until": self.due_until,
            "may_reach_people": self.may_reach_people,
            "is_site_open": self.site_window.is_open,
            "is_any_open": bool(opened) or self.site_window.is_open,
            "timezones": [timezone for timezone, _ in opened],
            "calendars": [calendar for _, calendar in opened],
            "reminded_after": self.now - timedelta(hours=self.site.surveys.min_hours_between_reminders),
            "limit": BATCH,
        }


def compose_due(as_of: date | None = None, allow_send: bool = False) -> dict[str, int]:
    """Compose everything due whose recipient may get mail now; return counts of notices and messages.

    A past `as_of` looks only at what was due by the end of that day and, unless `allow_send`, writes to contacts only:
    a backfill mails nobody. A future one changes nothing: no mail leaves before its time.
    """
    counts: Counter[str] = Counter(dict.fromkeys(COUNTS, 0))
    site = get_site()
    with engine.connect("sender", autocommit=True) as connection:
        with connection.transaction():
            if not engine.try_lock(connection, _LOCK):
                return dict(counts) | {"is_busy": 1}
            run = _prepare(connection, site, as_of, allow_send, counts)
        after: Key | None = _FIRST
        while after is not None:
            with connection.transaction():
                if not engine.try_lock(connection, _LOCK):
                    break
                after = _compose_batch(connection, run, after, counts)
                faults.point("outbox.before_compose_commit")
            faults.point("outbox.after_compose_commit")
    logger.info("outbox composed: %s", dict(counts))
    return dict(counts)


def _prepare(connection: Connection, site: Site, as_of: date | None, allow_send: bool, counts: Counter[str]) -> _Run:
    """Close what is too late or unwanted in two statements, then find out whose working hours it is."""
    now = clock.now(connection)
    is_past = as_of is not None and as_of < clock.today(connection)
    due_until = now
    if is_past and as_of is not None:
        due_until = min(now, datetime.combine(as_of + timedelta(days=1), time(), site.company.zone))
    facts = {"now": now, "due_until": due_until}
    counts["expired"] += connection.execute(statement("outbox", "expire_notices"), facts).rowcount
    weekly = [(key, kind) for key, contact in site.contacts.items() for kind in contact.weekly]
    pairs = {"weekly_contacts": [key for key, _ in weekly], "weekly_kinds": [kind for _, kind in weekly]}
    for row in connection.execute(statement("outbox", "drop_objected"), facts | pairs):
        counts["dropped"] += 1
        counts[f"dropped_{row['reason']}"] += 1
    zones = connection.execute(statement("outbox", "due_zones"), facts).fetchall()
    windows = {
        (row["timezone"], row["calendar_code"]): hours.window(now, row["timezone"], row["calendar_code"], site.mail)
        for row in zones
    }
    site_window = hours.window(now, site.company.timezone, site.company.calendar_code, site.mail)
    return _Run(site, now, due_until, not is_past or allow_send, windows, site_window)


def _compose_batch(connection: Connection, run: _Run, after: Key, counts: Counter[str]) -> Key | None:
    """Compose the next recipients after `after`; return the last one, None when there is nobody left."""
    facts = run.facts() | {"after_kind": after[0], "after_id": after[1]}
    keys: list[Key] = [
        (row["recipient_kind"], row["recipient_id"])
        for row in connection.execute(statement("outbox", "next_recipients"), facts)
    ]
    if not keys:
        return None
    facts |= {"kinds": [kind for kind, _ in keys], "ids": [item for _, item in keys]}
    rows = connection.execute(statement("outbox", "due_notices"), facts).fetchall()
    if rows:
        outcomes = _outcomes(connection, run, keys, rows, facts)
        _settle(connection, run, outcomes, counts)
        counts["notices_planned"] += _tell_engineers(connection, run.site, outcomes)
    return keys[-1]


def _outcomes(
    connection: Connection, run: _Run, keys: list[Key], rows: list[dict[str, Any]], facts: dict[str, Any]
) -> list[Outcome]:
    recipients = resolve(connection, keys)
    dues: list[Due] = []
    outcomes: list[Outcome] = []
    for row in rows:
        recipient = recipients.get((row["recipient_kind"], row["recipient_id"]))
        if recipient is None or recipient.address is None:
            reason = "recipient_unknown" if recipient is None else "address_invalid"
            outcomes.append(Outcome((row["notice_id"],), dropped=reason))
        else:
            dues.append(_due(row, recipient))
    recent: dict[Key, list[Recent]] = {}
    for row in connection.execute(statement("outbox", "recent_messages"), facts):
        key = row["recipient_kind"], row["recipient_id"]
        recent.setdefault(key, []).append(Recent(row["composed_at"], row["is_queued"], frozenset(row["families"])))
    drafts: list[Draft] = []
    for key in keys:
        mine = [due for due in dues if due.recipient.key == key]
        if mine:
            person = mine[0].recipient
            day = hours.window(run.now, person.timezone, person.calendar_code, run.site.mail).day_starts_at
            drafts += bundle(mine, recent.get(key, []), run.now, day, run.site.mail.max_per_person_and_day)
    return outcomes + write(connection, drafts, run.now)


def _due(row: dict[str, Any], recipient: Any) -> Due:
    return Due(
        notice_id=row["notice_id"],
        kind=row["kind"],
        family=row["family"],
        subject_kind=row["subject_kind"],
        subject_id=row["subject_id"],
        recipient=recipient,
        step=row["step"],
        sequence_number=row["sequence_number"],
        is_optional=row["is_optional_mail"],
        is_urgent=row["is_urgent"],
        not_after=row["not_after"],
        facts=row["facts"],
    )


def _settle(connection: Connection, run: _Run, outcomes: list[Outcome], counts: Counter[str]) -> None:
    """Store the messages and close their notices; a notice that must wait stays planned."""
    mails = [outcome for outcome in outcomes if outcome.mail is not None]
    message_ids: list[int] = []
    if mails:
        columns = [
            (outcome.mail or {}) | {"environment": get_settings().environment, "now": run.now} for outcome in mails
        ]
        with connection.cursor() as cursor:
            cursor.executemany(statement("outbox", "insert_messages"), columns, returning=True)
            for result in cursor.results():
                row = result.fetchone()
                assert row is not None
                message_ids.append(row["message_id"])
    settled = [replace(outcome, message_id=known) for outcome, known in zip(mails, message_ids, strict=True)]
    settled += [outcome for outcome in outcomes if outcome.dropped]
    flat = [(notice_id, outcome) for outcome in settled for notice_id in outcome.notice_ids]
    connection.execute(
        statement("outbox", "settle_composed"),
        {
            "notice_ids": [notice_id for notice_id, _ in flat],
            "states": ["dropped" if outcome.dropped else "composed" for _, outcome in flat],
            "message_ids": [outcome.message_id for _, outcome in flat],
            "reasons": [outcome.dropped or None for _, outcome in flat],
            "now": run.now,
        },
    )
    counts["composed_messages"] += len(mails)
    for _, outcome in flat:
        counts["dropped" if outcome.dropped else "composed_notices"] += 1
        if outcome.dropped:
            counts[f"dropped_{outcome.dropped}"] += 1
    counts["waiting"] += sum(len(outcome.notice_ids) for outcome in outcomes if outcome.waits)


def _tell_engineers(connection: Connection, site: Site, outcomes: list[Outcome]) -> int:
    """Plan one alert per kind of problem and day; return how many notices are new."""
    alerts = [
        Notice(
            kind="incident_digest",
            subject_kind="incident",
            subject_id=f"deliver_mail.compose.{problem}.{clock.today(connection).isoformat()}",
            recipient_kind="contact",
            recipient_id=contact,
            facts={
                "dag_id": "deliver_mail",
                "task_id": "deliver",
                "error_type": problem,
                "run_id": f"notice {notice_id}",
            },
        )
        for problem, notice_id in {
            outcome.problem: outcome.notice_ids[0] for outcome in outcomes if outcome.problem
        }.items()
        for contact in site.contacts_of("engineer")
    ]
    return plan(connection, alerts)

"""Opening and withdrawing a dispute by the form of `mediate_course_dispute`: each id looked up, each refusal kept."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from psycopg.types.json import Jsonb

from trainloop import clock, faults
from trainloop.config import get_site
from trainloop.domain.dispute import PARTIES
from trainloop.errors import PermanentError
from trainloop.outbox.notices import Notice, RecipientKind, plan
from trainloop.requests.commitments import Asked, Commitment, ask_again
from trainloop.surveys.scan import Scan
from trainloop.warehouse import engine
from trainloop.warehouse.engine import Connection
from trainloop.warehouse.statements import statement

REQUIRED: Final = ("course_code", "trainer_id", "business_head_id", "reason_code")
_UNKNOWN: Final = {
    "has_course": ("course_code", "课程"),
    "has_trainer": ("trainer_id", "培训师"),
    "has_head": ("business_head_id", "业务负责人"),
    "has_topic": ("topic_code", "培训需求"),
}


class DisputeFormIncompleteError(PermanentError):
    """A dispute needs {missing} as well. Fill in the whole form, or leave all of it empty for the daily scan.

    发起分歧还需要填写 {missing}；如只需日常扫描，请全部留空。
    """


class DisputePartyUnknownError(PermanentError):
    """The warehouse does not know {unknown}. Check the ids against the last files of courses, trainers and employees.

    系统中没有 {unknown_zh}，请核对编号。分歧未发起，拒绝已记录。
    """


class DisputeOfOneError(PermanentError):
    """Trainer and business head are the same person, so there is nobody to mediate between.

    Check both ids; nothing was opened, the attempt is in the audit.

    培训师与业务负责人是同一人，无需调解。分歧未发起，拒绝已记录。
    """


class DisputeNotUnderWayError(PermanentError):
    """There is no dispute {dispute_id} under way. Check the number; signed and withdrawn ones are history.

    没有进行中的分歧 {dispute_id}。
    """


class DisputeNothingExpiredError(PermanentError):
    """Nothing that dispute {dispute_id} waits for has expired: whoever owes something still has a link that works.

    Wait for the answers: reminders go out by themselves.

    分歧 {dispute_id} 没有已过期的待办：相关人员的链接仍然有效，或该分歧已结束。
    """


def act_on_form(params: Mapping[str, Any]) -> dict[str, int]:
    """Open, withdraw or ask again as the form says; an empty form does nothing.

    Returns counts: disputes_opened, disputes_withdrawn, asked_again, notices_planned. Raises the errors above after the
    refusal is on record. The same three never have two disputes about one course under way.
    """
    counts = {"disputes_opened": 0, "disputes_withdrawn": 0, "asked_again": 0, "notices_planned": 0}
    given = {name: str(params[name]).strip() for name in (*REQUIRED, "topic_code") if params.get(name)}
    if given:
        counts["disputes_opened"] = _open(given)
    if params.get("withdraw_dispute_id"):
        counts["notices_planned"] = _withdraw(str(params["withdraw_dispute_id"]), str(params["withdraw_reason"]))
        counts["disputes_withdrawn"] = 1
    if params.get("ask_again_dispute_id"):
        asked = _ask_again(str(params["ask_again_dispute_id"]))
        counts["asked_again"] = asked.commitments
        counts["notices_planned"] += asked.notices
    return counts


def _ask_again(dispute_id: str) -> Asked:
    with engine.connect("planner") as connection:
        rows = connection.execute(statement("disputes", "expired_steps"), {"dispute_id": dispute_id}).fetchall()
        if not rows:
            raise DisputeNothingExpiredError(dispute_id=dispute_id)
        wanted = [
            Commitment(row["kind"], "dispute", row["subject_id"], row["person_kind"], row["person_id"], row["facts"])
            for row in rows
        ]
        asked = ask_again(connection, Scan.start(connection), wanted)
        _record(connection, dispute_id, "dispute_asked_again", {"kinds": sorted({row["kind"] for row in rows})})
        return asked


def _open(given: Mapping[str, str]) -> int:
    missing = [name for name in REQUIRED if name not in given]
    if missing:
        raise DisputeFormIncompleteError(missing=", ".join(missing))
    keys = {"topic_code": None, "contact": get_site().disputes.contact} | dict(given)
    with engine.connect("planner") as connection:
        known = connection.execute(statement("disputes", "known"), keys).fetchone()
        assert known is not None
        unknown = [names for column, names in _UNKNOWN.items() if not known[column]]
        if not unknown and not known["is_same_person"]:
            before = connection.execute("select count(*) as disputes from ops.disputes").fetchone()
            connection.execute(statement("disputes", "open"), keys)
            after = connection.execute("select count(*) as disputes from ops.disputes").fetchone()
            assert before is not None
            assert after is not None
            faults.point("disputes.open.before_commit")
            return int(after["disputes"] - before["disputes"])
        reason = "same_person" if not unknown else "unknown"
        _record(connection, "-", "dispute_refused", {"reason": reason, "fields": [name for name, _ in unknown]})
    if not unknown:
        raise DisputeOfOneError
    raise DisputePartyUnknownError(
        unknown=", ".join(f"{name} {given[name]}" for name, _ in unknown),
        unknown_zh="、".join(f"{zh} {given[name]}" for name, zh in unknown),
    )


def _withdraw(dispute_id: str, reason: str) -> int:
    with engine.connect("planner") as connection:
        now = clock.now(connection)
        keys = {"dispute_id": dispute_id, "reason": reason, "now": now, "contact": get_site().disputes.contact}
        found = connection.execute(statement("disputes", "withdraw"), keys).fetchone()
        if found is None:
            raise DisputeNotUnderWayError(dispute_id=dispute_id)
        row = connection.execute(
            "select trainer_id, business_head_id, hr_contact from ops.disputes where dispute_id = %(dispute_id)s",
            {"dispute_id": dispute_id},
        ).fetchone()
        assert row is not None
        return plan(connection, [news(dispute_id, "withdrawn", *person) for person in parties_of(row).values()])


def parties_of(row: Mapping[str, Any]) -> dict[str, tuple[RecipientKind, str]]:
    """Return who stands for each party of a dispute, as recipients of mail."""
    people: tuple[tuple[RecipientKind, str], ...] = (
        ("contact", row["hr_contact"]),
        ("trainer", row["trainer_id"]),
        ("employee", row["business_head_id"]),
    )
    return dict(zip(PARTIES, people, strict=True))


def news(dispute_id: str, step: str, kind: RecipientKind, person_id: str) -> Notice:
    """Return the notice that tells one of the three what became of a dispute."""
    return Notice("dispute_news", "dispute", dispute_id, kind, person_id, step=step)


def _record(connection: Connection, dispute_id: str, action: str, detail: Mapping[str, Any]) -> None:
    keys = {
        "actor": get_site().disputes.contact,
        "action": action,
        "dispute_id": dispute_id,
        "detail": Jsonb(dict(detail)),
    }
    connection.execute(statement("disputes", "audit"), keys)

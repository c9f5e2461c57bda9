"""Teaching-hour allowances (R44): computed monthly, approved by two logins, handed to payroll, never paid twice.

A batch holds what is owed for every class until the end of its month beyond what approved batches paid for it: a class
that is new, a difference after a correction, a reversal where nothing is owed any more. Runs compute while nobody can
decide (the open approvals are locked), so a line is either in the batch that was approved or in the next one. The
same data make no batch; other data make the next revision and withdraw the question about the earlier one.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Sequence
from datetime import date, timedelta
from decimal import Decimal
from typing import Any, Final, NamedTuple

from trainloop import storage
from trainloop.config import get_site
from trainloop.config.trainers import AllowanceRules
from trainloop.domain import allowance as money
from trainloop.errors import PermanentError
from trainloop.faults import point
from trainloop.outbox.notices import Notice, plan
from trainloop.requests import approvals
from trainloop.settings import get_settings
from trainloop.surveys.scan import Scan
from trainloop.trainers.payroll_file import write_file
from trainloop.warehouse.engine import Connection, connect, lock
from trainloop.warehouse.statements import statement

KIND: Final = "allowance"
SUBJECT_KIND: Final = "month"


class CurrenciesMixedError(PermanentError):
    """The rate table has base rates in several currencies ({currencies}); they cannot be added up, so nothing is paid.
    Write one currency in all rows of kind base and send the rate table again. Rows: {sources}.
    """


class _Computed(NamedTuple):
    """What a month owes: lines as rows of `ops.allowance_lines`, and the classes nobody can compute."""

    lines: list[dict[str, Any]]
    refused: list[dict[str, Any]]


def compute_month(as_of: date | None = None, *, allow_send: bool = False) -> dict[str, int]:
    """Compute the batch of the month before the business day and ask for its approval.

    With a date in the past nobody is asked unless `allow_send`. Returns counts: lines, corrections, refused, is_new,
    notices_planned. Raises CurrenciesMixedError.
    """
    with connect("planner") as connection:
        scan = Scan.start(connection, as_of, allow_send=allow_send)
        # Two runs at once would both find the same classes unpaid; a decision waits until this batch is written.
        lock(connection, "reward_trainers")
        connection.execute(statement("allowances", "lock_open"))
        last_day = scan.today.replace(day=1) - timedelta(days=1)
        month = f"{last_day:%Y-%m}"
        found = _compute(connection, get_site().allowances, last_day)
        _keep_refusals(connection, found, scan.today)
        planned = _tell_problems(connection, scan, month, found)
        is_new = False
        if scan.may_mail:
            is_new, asked = _write_batch(connection, scan, month, found)
            planned += asked
        point("allowances.compute.before_commit")
    point("allowances.compute.after_commit")
    return {
        "lines": len(found.lines),
        "corrections": sum(line["kind"] != "first" for line in found.lines),
        "refused": len(found.refused),
        "is_new": int(is_new),
        "notices_planned": planned,
    }


def send_approved() -> dict[str, int]:
    """Hand approved batches to payroll, and each trainer the own statement; note what was sent back as seen.

    The file leaves only from here, in the commit that marks the batch as sent. Returns counts: batches,
    notices_planned.
    """
    with connect("planner") as connection:
        scan = Scan.start(connection)
        decisions = approvals.undone(connection, KIND)
        batches = planned = 0
        for decision in decisions:
            keys = {"month": decision["subject_id"], "revision_number": decision["revision_number"]}
            batch = connection.execute(statement("allowances", "approved_batch"), keys).fetchone()
            if decision["state"] != "approved" or batch is None:
                continue
            batches += connection.execute(statement("allowances", "mark_sent"), keys | {"now": scan.real_now}).rowcount
            planned += plan(connection, _notices(batch))
        approvals.carried_out(connection, [one["approval_id"] for one in decisions], scan.real_now)
        point("allowances.send.before_commit")
    point("allowances.send.after_commit")
    return {"batches": batches, "notices_planned": planned}


def _compute(connection: Connection, rules: AllowanceRules, last_day: date) -> _Computed:
    rates = [
        money.Rate(
            row["kind"], row["code"], row["valid_from"], row["valid_until"], row["rate_value"], row["currency"],
            row["source"],
        )
        for row in connection.execute(statement("allowances", "rates"))
    ]  # fmt: skip
    table = money.RateTable(rates)
    if len(table.currencies()) > 1:
        sources = [rate.source for rate in rates if rate.kind == "base"]
        raise CurrenciesMixedError(currencies=", ".join(table.currencies()), sources="; ".join(sources))
    found = _Computed([], [])
    for row in connection.execute(
        statement("allowances", "classes"),
        {
            "trainer_kinds": list(rules.trainer_kinds),
            "rating_dimension": rules.rating_dimension,
            "first_day": last_day - timedelta(days=rules.watched_days),
            "last_day": last_day,
        },
    ):
        due = table.compute(_teaching(row), rules.currency) if row["is_taught"] else None
        if isinstance(due, money.Refused):
            found.refused.append(_refusal(row, due))
        elif settled := money.line(None if due is None else due.amount, row["paid_amount"]):
            found.lines.append(_line(row, due, settled))
    return found


def _teaching(row: dict[str, Any]) -> money.Teaching:
    return money.Teaching(
        class_on=row["class_on"],
        hours=row["hours"],
        trainer_kind=row["trainer_kind"],
        trainer_level=row["trainer_level"],
        course_code=row["course_code"],
        headcount=row["headcount"],
        rating=row["rating"],
    )


def _line(row: dict[str, Any], due: money.Allowance | None, settled: money.Line) -> dict[str, Any]:
    return {
        **{name: row[name] for name in ("session_code", "trainer_id", "employee_id", "class_on", "trainer_level")},
        "kind": settled.kind,
        "hours": due.hours if due else Decimal(0),
        "base_amount": due.base if due else None,
        "level_factor": due.level if due else None,
        "difficulty_factor": due.difficulty if due else None,
        "class_size_factor": due.class_size if due else None,
        "quality_factor": due.quality if due else None,
        "due_amount": settled.due,
        "paid_amount": settled.paid,
        "amount": settled.amount,
    }


def _refusal(row: dict[str, Any], refused: money.Refused) -> dict[str, Any]:
    return {
        "session_code": row["session_code"],
        "trainer_id": row["trainer_id"],
        "reason": refused.reason,
        "rate_kind": refused.kind,
        "rate_code": refused.code,
        "rate_files": "\n".join(refused.sources),
    }


def _keep_refusals(connection: Connection, found: _Computed, today: date) -> None:
    connection.execute(statement("allowances", "forget_refusals"))
    names = ("session_code", "trainer_id", "reason", "rate_kind", "rate_code")
    columns: dict[str, Any] = {f"{name}s": [one[name] for one in found.refused] for name in names}
    columns["rate_files"] = [one["rate_files"] for one in found.refused]
    connection.execute(statement("allowances", "insert_refusals"), columns | {"today": today})


def _write_batch(connection: Connection, scan: Scan, month: str, found: _Computed) -> tuple[bool, int]:
    """Write the next revision of the month's batch unless the newest says the same; return (is new, mails planned)."""
    site = get_site()
    connection.execute(statement("allowances", "withdraw_others"), {"month": month, "is_empty": not found.lines})
    if not found.lines:
        return False, 0
    digest = _sha256(found.lines)
    newest = connection.execute(statement("allowances", "newest_batch"), {"month": month}).fetchone()
    # Approved or sent back: the same lines again are no news after a no, and impossible after a yes.
    if newest and newest["data_sha256"] == digest and newest["state"] in {"open", "rejected"}:
        return False, 0
    revision_number: int = newest["revision_number"] + 1 if newest else 1
    keys = {"month": month, "revision_number": revision_number}
    lines: list[dict[str, Any]] = [{**keys, **line} for line in found.lines]
    content = write_file(lines, site.allowances.currency)
    file_sha256 = hashlib.sha256(content).hexdigest()
    uri = f"{get_settings().folder_uri('reports')}/payroll/{month}/r{revision_number}-{file_sha256[:12]}.csv"
    storage.keep(uri, content)
    point("allowances.compute.after_file")
    trainer_count = len({line["trainer_id"] for line in lines})
    connection.execute(
        statement("allowances", "insert_batch"),
        keys
        | {
            "currency": site.allowances.currency,
            "line_count": len(lines),
            "trainer_count": trainer_count,
            "total_amount": sum((line["amount"] for line in lines), Decimal(0)),
            "refused_count": len(found.refused),
            "data_sha256": digest,
            "uri": uri,
            "file_sha256": file_sha256,
            "site_version": site.version,
            "now": scan.real_now,
        },
    )
    with connection.cursor() as cursor:
        cursor.executemany(statement("allowances", "insert_line"), lines)
    asked = approvals.ask_approval(
        connection,
        scan,
        KIND,
        SUBJECT_KIND,
        month,
        revision_number,
        site.allowances.approved_by,
        {
            "line_count": len(lines),
            "trainer_count": trainer_count,
            "correction_count": sum(line["kind"] != "first" for line in lines),
            "refused_count": len(found.refused),
            "file_sha256": file_sha256,
        },
        barred_employee_ids=[line["employee_id"] for line in found.lines],
    )
    return True, asked.notices


def _sha256(lines: Sequence[dict[str, Any]]) -> str:
    return hashlib.sha256(json.dumps(lines, sort_keys=True, default=str).encode()).hexdigest()


def _tell_problems(connection: Connection, scan: Scan, month: str, found: _Computed) -> int:
    """Tell HR once about each set of classes that cannot be computed."""
    if not found.refused or not scan.may_mail:
        return 0
    step = _sha256(found.refused)[:12]
    contacts = get_site().contacts_of("hr")
    notices = [Notice("allowance_problems", SUBJECT_KIND, month, "contact", contact, step=step) for contact in contacts]
    return plan(connection, notices)


def _notices(batch: dict[str, Any]) -> list[Notice]:
    month, number = batch["month"], batch["revision_number"]
    payroll = [
        Notice("payroll_file", SUBJECT_KIND, month, "contact", contact, sequence_number=number)
        for contact in get_site().contacts_of("payroll")
    ]
    return payroll + [
        Notice("allowance_statement", SUBJECT_KIND, month, "trainer", trainer, sequence_number=number)
        for trainer in batch["trainer_ids"]
    ]

"""Practice cases 实践案例 (R36): invited, written with consent, commented, approved, in the knowledge base.

A weekly scan invites a few learners of each class, with good results and others, so that both are learnt from;
the author's own page takes the case and, at any time, takes the consent back. What HR approves becomes a file of the
material store and a row of `knowledge_assets` that passes the same gate as everybody's; what is withdrawn leaves both.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, timedelta
from typing import Any

from trainloop import faults
from trainloop.config import get_site
from trainloop.delivery.hand_in import hand_in_file
from trainloop.domain import calendar
from trainloop.outbox.notices import Notice, plan
from trainloop.requests import approvals, commitments
from trainloop.requests.commitments import Commitment
from trainloop.surveys.scan import Scan
from trainloop.talent import case_files
from trainloop.warehouse.engine import Connection, connect, lock
from trainloop.warehouse.statements import statement

KIND = "practice_case"
DATASET = "knowledge_assets"


def share(as_of: date | None = None, *, allow_send: bool = False) -> dict[str, int]:
    """Take every case one step on; return counts: invited, expired, asked, approvals, notices_planned.

    With a date in the past nobody is mailed unless `allow_send`, and nobody is invited.
    """
    site, rules = get_site(), get_site().talent.cases
    with connect("planner") as connection:
        scan = Scan.start(connection, as_of, allow_send=allow_send)
        counts = {"invited": 0, "expired": 0, "asked": 0, "approvals": 0, "notices_planned": 0}
        if not scan.may_mail:
            return counts
        _lock(connection)
        until = calendar.end_of_day(scan.real_today + timedelta(days=rules.days_open), site.company.zone)
        values = {
            "today": scan.real_today,
            "now": scan.real_now,
            "until": until,
            "since": scan.real_now - timedelta(days=rules.ended_days),
            "not_asked_since": scan.real_now - timedelta(days=rules.person_days),
            "success_per_class": rules.success_per_class,
            "other_per_class": rules.other_per_class,
        }
        counts["expired"] = connection.execute(statement("cases", "expire"), values).rowcount
        counts["invited"] = connection.execute(statement("cases", "invite"), values).rowcount
        told = connection.execute(statement("cases", "tell_invited"), values).rowcount
        connection.execute(statement("cases", "withdraw_requests"))
        connection.execute(statement("cases", "take_comments"))
        asked = _ask_trainers(connection, scan)
        approved = _ask_hr(connection, scan)
        counts |= {"asked": asked.commitments, "approvals": approved[0]}
        counts["notices_planned"] = told + asked.notices + approved[1]
        faults.point("cases.share.before_commit")
    faults.point("cases.share.after_commit")
    return counts


def carry_out(as_of: date | None = None, *, allow_send: bool = False) -> dict[str, int]:
    """Put approved cases into the knowledge base and take withdrawn ones out; tell the authors.

    Files and the hand-in have names made of their content and come before the commit: a kill in between makes the same
    ones again. Returns counts: published, rejected, removed, notices_planned.
    """
    with connect("planner") as connection:
        scan = Scan.start(connection, as_of, allow_send=allow_send)
        counts = {"published": 0, "rejected": 0, "removed": 0, "notices_planned": 0}
        if not scan.may_mail:
            return counts
        _lock(connection)
        counts["removed"] = _remove(connection, scan)
        decided = approvals.undone(connection, KIND)
        yes = [int(row["subject_id"]) for row in decided if row["state"] == "approved"]
        published = connection.execute(statement("cases", "to_publish"), {"case_ids": yes}).fetchall()
        rejected = [int(row["subject_id"]) for row in decided if row["state"] == "rejected"]
        assets = [_publish(row, scan) for row in published]
        if assets:
            _hand_in("practice-cases", assets)
        faults.point("cases.carry_out.between")
        ids = [row["case_id"] for row in published]
        done = {
            "case_ids": [*ids, *rejected],
            "states": ["published"] * len(ids) + ["rejected"] * len(rejected),
            "asset_codes": [*(asset["asset_code"] for asset in assets), *[None] * len(rejected)],
            "now": scan.real_now,
        }
        connection.execute(statement("cases", "settle"), done)
        approvals.carried_out(connection, [row["approval_id"] for row in decided], scan.real_now)
        counts |= {"published": len(ids), "rejected": len(rejected)}
        counts["notices_planned"] = _tell_authors(connection, [*ids, *rejected])
        faults.point("cases.carry_out.before_commit")
    faults.point("cases.carry_out.after_commit")
    return counts


def take_out() -> dict[str, int]:
    """Take cases whose author withdrew or was erased out of the knowledge base, with the questions about them.

    Right after an erasure, without waiting for the weekly scan. Returns counts: removed, withdrawn.
    """
    with connect("planner") as connection:
        scan = Scan.start(connection)
        _lock(connection)
        row = connection.execute(statement("cases", "withdraw_requests")).fetchone()
        assert row is not None
        counts = {"removed": _remove(connection, scan), "withdrawn": row["withdrawn_count"]}
        faults.point("cases.take_out.before_commit")
    return counts


def _lock(connection: Connection) -> None:
    # Two scans at once would both ask, and both publish.
    lock(connection, "share_practice_cases")


def _ask_trainers(connection: Connection, scan: Scan) -> commitments.Asked:
    rows = connection.execute(statement("cases", "uncommented")).fetchall()
    owed = [
        Commitment(
            "comment_practice_case",
            KIND,
            row["case_id"],
            "trainer",
            row["trainer_id"],
            {"session_code": row["session_code"]},
        )
        for row in rows
    ]
    return commitments.ask(connection, scan, owed)


def _ask_hr(connection: Connection, scan: Scan) -> tuple[int, int]:
    rows = connection.execute(statement("cases", "commented")).fetchall()
    asked = [
        approvals.ask_approval(
            connection,
            scan,
            KIND,
            KIND,
            row["case_id"],
            1,
            get_site().talent.cases.approved_by,
            {"session_code": row["session_code"]},
        )
        for row in rows
    ]
    return sum(one.approvals for one in asked), sum(one.notices for one in asked)


def _publish(row: dict[str, Any], scan: Scan) -> dict[str, Any]:
    """Keep the case's file and return its row of the knowledge base."""
    asset_code = f"CASE-{row['case_id']:04d}"
    uri, checksum = case_files.keep(asset_code, row)
    rules = get_site().talent.cases
    return {
        "asset_code": asset_code,
        "kind": "case",
        "title_zh": case_files.masked(row["title"], row),
        "course_code": row["course_code"],
        "version": "1",
        "licence": rules.licence,
        "licence_expires_on": "",
        "reviewed_on": scan.real_today.isoformat(),
        "uri": uri,
        "checksum": checksum,
    }


def _remove(connection: Connection, scan: Scan) -> int:
    rows = connection.execute(statement("cases", "to_remove")).fetchall()
    if not rows:
        return 0
    ended = (scan.real_today - timedelta(days=1)).isoformat()
    for row in rows:
        case_files.remove(row["course_code"], row["asset_code"])
    # The row stays, so that packs and the index know why it is not handed out any more; words and address go.
    gone = [
        {
            "asset_code": row["asset_code"],
            "kind": "case",
            "title_zh": "（已撤回 withdrawn）",
            "course_code": row["course_code"],
            "version": "1",
            "licence": "已撤回 withdrawn",
            "licence_expires_on": ended,
            "reviewed_on": scan.real_today.isoformat(),
            "uri": "",
            "checksum": "",
        }
        for row in rows
    ]
    _hand_in("practice-cases-withdrawn", gone)
    ids = [row["case_id"] for row in rows]
    return connection.execute(statement("cases", "removed"), {"case_ids": ids, "now": scan.real_now}).rowcount


def _hand_in(stem: str, assets: Sequence[dict[str, Any]]) -> None:
    hand_in_file(DATASET, stem, list(assets[0]), assets)


def _tell_authors(connection: Connection, case_ids: Sequence[int]) -> int:
    rows = connection.execute(
        "select case_id::text as case_id, employee_id from ops.practice_cases where case_id = any(%s)",
        (list(case_ids),),
    ).fetchall()
    return plan(
        connection, [Notice("case_decided", KIND, row["case_id"], "employee", row["employee_id"]) for row in rows]
    )

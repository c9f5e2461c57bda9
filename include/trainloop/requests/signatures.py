"""Decisions about money 双人审批: each answer is signed by an Airflow login that belongs to an employee.

A forwarded link is no identity, so neither link nor terminal decides here. The site file says whose login is whose
(`allowances.approvers`). As many different logins of different employees as the kind's rule wants must say yes; one no,
with a comment, sends it back. Nobody decides about the own money. Every refusal is in the audit; the database counts
the signatures once more before it takes an approval for one (`ops.require_signatures`).
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final, Literal

from trainloop import clock, faults
from trainloop.config import get_site
from trainloop.errors import PermanentError
from trainloop.requests.approvals import Approval, approval, checked_comment
from trainloop.warehouse import engine
from trainloop.warehouse.engine import Connection
from trainloop.warehouse.statements import statement

Reason = Literal["login_unknown", "own_money", "signed_before"]
# Reason → (zh, en).
_SAID: Final[Mapping[Reason, tuple[str, str]]] = {
    "login_unknown": (
        "该账号不属于任何审批人（见站点文件 `allowances.approvers`）",
        "this login belongs to nobody who may approve (`allowances.approvers` of the site file)",
    ),
    "own_money": (
        "其中有该账号本人的津贴，任何人不能审批自己的津贴",
        "it is about the own allowance of this login's employee",
    ),
    "signed_before": (
        "该账号或同一员工的另一账号已经批准，需要另一位审批人",
        "this login, or another of the same employee, has approved it already; somebody else is needed",
    ),
}


class SignatureRefusedError(PermanentError):
    """The answer of login {login} to approval {approval_id} does not count: {said_en}. It is in the audit.

    账号 {login} 对审批 {approval_id} 的答复无效：{said_zh}。此次尝试已记录，未支付任何金额。
    """


def sign(approval_id: int, login: str, *, is_approved: bool, comment: str = "") -> Approval:
    """Write the answer of an Airflow login; return the approval as it stands then: open while signatures are missing.

    Raises SignatureRefusedError for a login that may not answer, CommentMissingError for a no that says nothing. An
    approval that was decided meanwhile stays as it is.
    """
    words = checked_comment(comment, is_approved=is_approved)
    refusal: Reason | None = None
    with engine.connect("planner") as connection:
        employee_id = get_site().allowances.approvers.get(login)
        keys: dict[str, Any] = {
            "approval_id": approval_id,
            "employee_id": employee_id or "",
            "login": login,
            "now": clock.now(connection),
        }
        row = connection.execute(statement("approvals", "to_sign"), keys).fetchone()
        if row is not None:
            refusal = _answer(connection, keys, row, is_approved=is_approved, comment=words)
        if refusal:
            _note(connection, keys, "approval_refused", refusal)
        faults.point("signatures.sign.before_commit")
    faults.point("signatures.sign.after_commit")
    if refusal:
        said_zh, said_en = _SAID[refusal]
        raise SignatureRefusedError(login=login, approval_id=approval_id, said_zh=said_zh, said_en=said_en)
    return approval(approval_id)


def _answer(
    connection: Connection, keys: dict[str, Any], row: dict[str, Any], *, is_approved: bool, comment: str
) -> Reason | None:
    if not keys["employee_id"]:
        return "login_unknown"
    if row["is_barred"]:
        return "own_money"
    if not is_approved:
        _decide(connection, keys, row, "rejected", keys["employee_id"], comment)
        return None
    if connection.execute(statement("approvals", "sign"), keys).rowcount == 0:
        return "signed_before"
    _note(connection, keys, "approval_signed", "")
    signed = [one["employee_id"] for one in connection.execute(statement("approvals", "signed_by"), keys)]
    if len(signed) >= row["logins_needed"]:
        _decide(connection, keys, row, "approved", ", ".join(signed), comment)
    return None


def _decide(
    connection: Connection, keys: dict[str, Any], row: dict[str, Any], state: str, decided_by: str, comment: str
) -> None:
    decision = {
        "state": state,
        "decided_by": decided_by,
        "decided_via": "airflow",
        "comment": comment or None,
        "logins_needed": row["logins_needed"],
    }
    connection.execute(statement("approvals", "decide"), keys | decision)
    connection.execute(statement("approvals", "insert_audit"), keys)


def _note(connection: Connection, keys: dict[str, Any], action: str, reason: str) -> None:
    entry = {"actor": keys["employee_id"] or keys["login"], "action": action, "via": "airflow", "reason": reason}
    connection.execute(statement("approvals", "insert_signature_audit"), keys | entry)

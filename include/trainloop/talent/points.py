"""The promotion points ledger 晋升加分台账 (R45): booked once, corrected by counter rows, never changed.

`book` and `take_back` run in the transaction of whoever knows that something was earned or was wrong (role planner), so
the reason and its points are one commit. The key is person, rule and evidence: the same award, class or certificate
booked again by another run, helper or file counts once. Rules and their effective-dated rates are data of the site file
(`talent.points`); evidence on a day without a rate earns nothing.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import Any, Literal

from trainloop.config import PointRule, get_site
from trainloop.domain.promotion import points_of, rate_on
from trainloop.errors import PermanentError
from trainloop.surveys.scan import Scan
from trainloop.warehouse.engine import Connection
from trainloop.warehouse.statements import statement

Reason = Literal["earned", "evidence_gone", "evidence_changed", "appeal_upheld"]


class PointRuleMissingError(PermanentError):
    """There is no rule for points of kind {rule}. Add it under `talent.points` in the site file."""


@dataclass(frozen=True, slots=True)
class Earned:
    """What one person earned by one piece of evidence; `evidence_id` is an id or a code, never words or names."""

    employee_id: str
    rule_code: str
    evidence_kind: str
    evidence_id: str
    earned_on: date
    quantity: Decimal = Decimal(1)


def book(connection: Connection, scan: Scan, earned: Sequence[Earned], reason: Reason = "earned") -> int:
    """Book what is not booked yet, in the caller's transaction; return how many entries are new.

    Raises PointRuleMissingError for a rule the site file does not know.
    """
    rows = [row for one in earned if (row := _row(one)) is not None]
    if not rows:
        return 0
    columns = {name: [row[name] for row in rows] for name in rows[0]}
    return connection.execute(statement("points", "book"), columns | {"reason": reason, "now": scan.real_now}).rowcount


def take_back(connection: Connection, scan: Scan, wrong: Mapping[int, Reason]) -> int:
    """Write the counter row of each entry (id → why), in the caller's transaction; return how many are new."""
    if not wrong:
        return 0
    values = {"entry_ids": list(wrong), "reasons": list(wrong.values()), "now": scan.real_now}
    return connection.execute(statement("points", "take_back"), values).rowcount


def rule_of(rule_code: str) -> PointRule:
    """Return a rule of the site file; raise PointRuleMissingError."""
    rule = get_site().talent.points.get(rule_code)
    if rule is None:
        raise PointRuleMissingError(rule=rule_code)
    return rule


def _row(one: Earned) -> dict[str, Any] | None:
    rule = rule_of(one.rule_code)
    rate = rate_on(rule.rates, one.earned_on)
    if rate is None:
        return None
    return {
        "employee_id": one.employee_id,
        "role": rule.role,
        "rule_code": one.rule_code,
        "rule_valid_from": rate.valid_from,
        "evidence_kind": one.evidence_kind,
        "evidence_id": one.evidence_id,
        "earned_on": one.earned_on,
        "quantity": one.quantity,
        "points": points_of(rate, one.quantity),
    }

"""What a scan finds wrong with resources: opened, closed and told, each state once, in one list a person and scan."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from decimal import Decimal
from typing import Any, NamedTuple

from psycopg.types.json import Jsonb

from trainloop.config import get_site
from trainloop.outbox.notices import Notice, NoticeKind, plan
from trainloop.surveys.scan import Scan
from trainloop.warehouse.engine import Connection
from trainloop.warehouse.statements import statement

SUBJECT_KIND = "resource_scan"


class Finding(NamedTuple):
    """One thing that is wrong. `detail` makes the state, `amount` is only shown; people are employees who can act."""

    kind: str
    item_code: str
    detail: Mapping[str, Any]
    person_ids: Sequence[str] = ()
    amount: Decimal | None = None


def update(connection: Connection, scan: Scan, kinds: Sequence[str], found: Sequence[Finding]) -> dict[str, int]:
    """Open what is new or changed, close what is no longer found; return counts: opened, closed."""
    keys = {"kind": [one.kind for one in found], "item_code": [one.item_code for one in found], "now": scan.real_now}
    opened = connection.execute(
        statement("resource_findings", "open_findings"),
        keys
        | {
            "detail": [Jsonb(dict(one.detail)) for one in found],
            "amount": [one.amount for one in found],
            "people": [Jsonb(list(one.person_ids)) for one in found],
        },
    ).rowcount
    closed = connection.execute(
        statement("resource_findings", "close_findings"), keys | {"kinds": list(kinds)}
    ).rowcount
    return {"opened": opened, "closed": closed}


def tell(connection: Connection, scan: Scan, kinds: Sequence[str], to_people: NoticeKind, to_hr: NoticeKind) -> int:
    """Plan one mail to everybody who can act on something untold and one to HR; return how many are new.

    The moment is what each list is found by: everything that was told in this scan.
    """
    told = connection.execute(
        statement("resource_findings", "tell"), {"kinds": list(kinds), "now": scan.real_now}
    ).fetchall()
    if not told:
        return 0
    moment = scan.real_now.isoformat()
    notices = [
        Notice(to_people, SUBJECT_KIND, moment, "employee", row["person_id"])
        for row in told
        if row["person_id"] is not None
    ]
    notices += [Notice(to_hr, SUBJECT_KIND, moment, "contact", code) for code in get_site().contacts_of("hr")]
    return plan(connection, notices)

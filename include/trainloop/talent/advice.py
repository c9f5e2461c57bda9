"""The monthly advisory list 晋升参考名单 (R35): who meets what the next level asks for, or lacks one condition.

Certificates, points, time in level and appraisals are put beside the rule that holds on the day; missing evidence is an
open condition, never a met one. The list is advice to the HRBP and to nobody else: a person decides, and whoever is on
it or not may appeal. People who lack more than one condition are counted and not named.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from datetime import date, timedelta
from typing import Any

from trainloop import faults
from trainloop.config import get_site
from trainloop.domain.promotion import Standing, certificate_state, months_between, open_conditions, verdict_of
from trainloop.surveys.scan import Scan
from trainloop.warehouse.engine import connect, lock
from trainloop.warehouse.statements import statement


def make_list() -> dict[str, int]:
    """Judge everybody for whom a rule holds and keep the month's list; return counts: judged, met, one_open, is_new.

    Judged by the business clock. The same lines make no revision; others replace the month's list by its next one.
    """
    with connect("planner") as connection:
        scan = Scan.start(connection)
        # Two runs at once would both find the same revision.
        lock(connection, "promotion_list")
        wanted = {"today": scan.real_today, "quarters": get_site().talent.appraisal_quarters}
        rows = connection.execute(statement("talent", "candidates"), wanted).fetchall()
        lines = [line for row in rows if (line := _line(row, scan.real_today)) is not None]
        month = f"{scan.real_today:%Y-%m}"
        content = hashlib.sha256(json.dumps(lines, default=str, sort_keys=True).encode()).hexdigest()
        met = sum(line["verdict"] == "met" for line in lines)
        counts = {"judged": len(rows), "met": met, "one_open": len(lines) - met, "is_new": 0}
        known = connection.execute(statement("talent", "list_made"), {"month": month}).fetchone()
        if rows and (known is None or known["content_sha256"] != content):
            keys = {"month": month, "content_sha256": content, "today": scan.real_today, "now": scan.real_now}
            numbers = {f"{name}_count": counts[name] for name in ("judged", "met", "one_open")}
            connection.execute(statement("talent", "empty_list"), keys)
            connection.execute(statement("talent", "keep_list"), keys | numbers)
            with connection.cursor() as cursor:
                cursor.executemany(statement("talent", "fill_list"), [line | {"month": month} for line in lines])
            counts["is_new"] = 1
        faults.point("talent.list.before_commit")
    faults.point("talent.list.after_commit")
    return counts


def _line(row: Mapping[str, Any], today: date) -> dict[str, Any] | None:
    rules = get_site().talent
    state = certificate_state(
        row["certificate_code"],
        row["valid_until"],
        is_held=row["is_held"],
        is_on_file=row["is_on_file"],
        today=today,
        ends_soon=today + timedelta(days=rules.certificate_warning_days),
    )
    months = None if row["since"] is None else months_between(row["since"], today)
    one = Standing(state, row["points"], row["required_points"], months, row["required_months"], row["ratings"])
    conditions = open_conditions(one, rules.accepted_ratings)
    verdict = verdict_of(conditions)
    if verdict is None:
        return None
    return {
        "employee_id": row["employee_id"],
        "job_level": row["job_level"],
        "next_level": row["next_level"],
        "rule_valid_from": row["valid_from"],
        "verdict": verdict,
        "open_condition": conditions[0] if conditions else None,
        "certificate_code": row["certificate_code"],
        "certificate_state": state,
        "certificate_until": row["valid_until"],
        "points": row["points"],
        "required_points": row["required_points"],
        "months_in_level": months,
        "required_months": row["required_months"],
        "ratings": row["ratings"],
    }

"""A release of one class's 90-day results, and the same in marts for whoever judges courses by them."""

from __future__ import annotations

import hashlib
import json
import math
from collections.abc import Sequence
from dataclasses import astuple
from typing import Any, Final

from psycopg.types.json import Jsonb

from trainloop import clock, faults
from trainloop.config import Site
from trainloop.domain.return_on_investment import Return, ReturnRefusal
from trainloop.impact.class_figures import Result, Shown
from trainloop.impact.class_study import ClassSession
from trainloop.statistics.refusal import Refusal, Value
from trainloop.warehouse.engine import Connection
from trainloop.warehouse.statements import statement

PRODUCT: Final = "performance_90d"
WITHHELD_REASON: Final = "too_close_to_earlier_release"


def write_release(connection: Connection, session: ClassSession, shown: Shown, site: Site) -> dict[str, int | bool]:
    """Write a release where a reader would see something new; return the one that speaks for the present data."""
    lines = sorted(astuple(one) for one in shown.figures)
    digest = hashlib.sha256(json.dumps([lines, shown.is_withheld], default=str).encode()).hexdigest()
    keys: dict[str, Any] = {
        "product": PRODUCT,
        "subject_kind": "class_session",
        "subject_id": session.session_code,
    }
    releases = connection.execute(statement("results", "releases"), keys).fetchall()
    valid = [one for one in releases if not one["is_withheld"]]
    for known in (*releases[-1:], *valid[-1:]):
        if known["data_sha256"] == digest:
            return _outcome(known, is_new=False)
    row = {
        "revision_number": releases[-1]["revision_number"] + 1 if releases else 1,
        "data_sha256": digest,
        "site_version": site.version,
        "released_at": clock.now(connection),
        "is_withheld": shown.is_withheld,
        "withheld_reason": WITHHELD_REASON if shown.is_withheld else None,
    }
    made = connection.execute(statement("results", "insert_release"), keys | row).fetchone()
    assert made is not None
    release = row | made
    if not shown.is_withheld:
        names = ("family", "code", "statistic", "value", "text_value", "respondent_count", "is_hidden", "reason")
        connection.execute(
            statement("results", "insert_figures"),
            {"release_id": made["release_id"]}
            | {name: [getattr(one, name) for one in shown.figures] for name in names},
        )
        people = [(entry.key, entry.level, one) for entry in shown.ledger for one in sorted(entry.respondents)]
        connection.execute(
            statement("results", "insert_ledger"),
            {
                "release_id": made["release_id"],
                "figure_key": [key for key, _, _ in people],
                "shown_level": [level for _, level, _ in people],
                "respondent_id": [one for _, _, one in people],
            },
        )
    action = "release_withheld" if shown.is_withheld else "release_published"
    detail = Jsonb({"release_id": made["release_id"], "revision_number": row["revision_number"]})
    connection.execute(statement("results", "insert_audit"), keys | {"action": action, "detail": detail})
    faults.point("performance.published")
    return _outcome(release, is_new=True)


def _outcome(release: dict[str, Any], *, is_new: bool) -> dict[str, int | bool]:
    return {name: release[name] for name in ("release_id", "revision_number", "is_withheld")} | {"is_new": is_new}


def replace_findings(
    connection: Connection, session: ClassSession, results: Sequence[Result], release: dict[str, int | bool]
) -> None:
    """Let the marts say what the newest release says."""
    rows = [_row(session, result, release) for result in results]
    connection.execute(statement("performance", "delete_findings"), {"session_code": session.session_code})
    connection.execute(statement("performance", "insert_findings"), {"rows": Jsonb(rows)})


def _row(session: ClassSession, result: Result, release: dict[str, int | bool]) -> dict[str, Any]:
    finding = result.finding
    effect, trend, comparison = finding.effect, finding.trend, finding.comparison
    arms = (finding.learners, finding.comparison_arm)
    row: dict[str, Any] = {
        "session_code": session.session_code,
        "kpi_code": result.kpi_code,
        "is_key": result.measured.is_key,
        "release_id": release["release_id"],
        "revision_number": release["revision_number"],
        "known_until": result.known_until.isoformat() if result.known_until else None,
        "grade": result.grade,
        "sentence_code": finding.sentence,
        "outcome": finding.outcome,
        "comparison_source": None if isinstance(comparison, Refusal) else comparison.source,
        "inference": "none" if isinstance(effect, Refusal) else effect.inference,
        "is_selected_on_results": result.is_selected,
        "learner_count": arms[0].people_count if arms[0] else 0,
        "comparison_count": arms[1].people_count if arms[1] else 0,
        "learner_team_count": arms[0].team_count if arms[0] else 0,
        "comparison_team_count": arms[1].team_count if arms[1] else 0,
        "detectable_effect": _plain(finding.detectable),
        "relevant_effect": finding.relevant_effect,
        "trend": "not_tested" if isinstance(trend, Refusal) else trend.status,
        "largest_smd": None if isinstance(comparison, Refusal) else _plain(max(comparison.balance.values(), key=abs)),
        "weaknesses": list(finding.graded.weaknesses),
        "cautions": list(finding.graded.cautions),
    }
    if not isinstance(effect, Refusal):
        row |= {
            "effect": effect.estimate,
            "effect_low": _plain(effect.low),
            "effect_high": _plain(effect.high),
            "p_value": _plain(effect.p),
        }
    return row | _money(result.returns)


def _money(found: Return | ReturnRefusal) -> dict[str, Any]:
    if isinstance(found, ReturnRefusal):
        return {"return_refusal": found.reason_code}
    amounts = {
        "cost_amount": found.cost_amount,
        "benefit_amount": found.benefit.figure,
        "benefit_low_amount": found.benefit.low,
        "benefit_high_amount": found.benefit.high,
        "benefit_cost_ratio": found.ratio.figure,
        "return_pct": found.return_pct.figure,
        "return_low_pct": found.return_pct.low,
        "return_high_pct": found.return_pct.high,
    }
    return {"currency": found.currency} | {name: str(amount) for name, amount in amounts.items()}


def _plain(value: Value) -> float | None:
    return None if isinstance(value, Refusal) or not math.isfinite(value) else float(value)

"""The papers of a dispute, frozen with their release: clarification pack, pilot report, agreed plan. Role: statistics.

Content is made once, when its step is reached; the PDF prints it and nothing else: the three sign what they read.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator, Mapping
from datetime import datetime
from decimal import Decimal
from typing import Any

from psycopg.types.json import Jsonb

from trainloop import clock, faults
from trainloop.config import get_site
from trainloop.disputes import evidence, pilot
from trainloop.warehouse import engine
from trainloop.warehouse.engine import Connection
from trainloop.warehouse.statements import statement

_TRAIL = (
    "dispute_opened", "dispute_statement", "dispute_design", "dispute_design_ack", "pilot_registered",
    "pilot_registration_refused", "dispute_decision", "dispute_signature", "dispute_signature_refused",
)  # fmt: skip
_FIGURES = ("family", "code", "statistic", "value", "text_value", "respondent_count", "is_hidden", "reason")
Figure = tuple[str, str, str, Any, str | None, int | None]


def make_papers() -> dict[str, int]:
    """Make every paper that is due; return counts: papers_made, pilots_waiting."""
    counts = {"papers_made": 0, "pilots_waiting": 0}
    with engine.connect("statistics") as connection:
        engine.lock(connection, "dispute_papers")
        for dispute in connection.execute(statement("disputes", "papers_due")).fetchall():
            content = _content(connection, dispute)
            if content is None:
                counts["pilots_waiting"] += 1
                continue
            _keep(connection, dispute, content, clock.now(connection))
            counts["papers_made"] += 1
        faults.point("disputes.papers.before_commit")
    faults.point("disputes.papers.after_commit")
    return counts


def _content(connection: Connection, dispute: Mapping[str, Any]) -> dict[str, Any] | None:
    match dispute["kind"]:
        case "dispute_pack":
            return evidence.gather(connection, dispute)
        case "pilot_report":
            return pilot.report(connection, dispute)
    return _plan(connection, dispute)


def _plan(connection: Connection, dispute: Mapping[str, Any]) -> dict[str, Any]:
    found = connection.execute(statement("disputes", "registration"), dispute).fetchone()
    trail = connection.execute(statement("disputes", "audit_trail"), dispute).fetchall()
    return {
        "core_target": dispute["core_target"],
        "shares": {name: dispute[name] for name in ("framework_pct", "tools_pct", "simulation_pct")},
        "decision": dispute["decision"],
        "decision_reason": dispute["decision_reason"],
        "registration_sha256": found["registration_sha256"] if found else None,
        "session_code": found["session_code"] if found else None,
        "signatures": connection.execute(statement("disputes", "signatures"), dispute).fetchall(),
        "trail": [row for row in trail if row["action"] in _TRAIL],
        "files": evidence.files_behind(connection, dispute, None, None, None),
    }


def _figures(kind: str, content: Mapping[str, Any]) -> Iterator[Figure]:
    """Yield the numbers of a paper: what its data attachment lists and readers may count on."""
    if kind == "dispute_pack":
        for topic in content["divergences"]:
            yield ("divergence", topic["code"], "gap", topic["gap"], None, None)
        count = sum(topic["is_divergent"] for topic in content["divergences"])
        yield ("dispute", "all", "divergent_count", count, None, None)
    elif kind == "pilot_report":
        kpi, code = content["kpi"], content["registration"]["kpi_code"]
        yield ("kpi", code, "grade", None, kpi["grade"], None)
        yield ("kpi", code, "suggestion", None, content["suggestion"], None)
        yield ("kpi", code, "threshold", content["registration"]["threshold"], None, None)
        yield ("kpi", code, "registration_sha256", None, content["registration"]["registration_sha256"], None)
        smaller = min(arm["n"] for arm in kpi["arms"].values())
        if kpi["effect"] is not None:
            yield ("kpi", code, "effect", Decimal(repr(kpi["effect"])), None, smaller)
    else:
        yield ("plan", "all", "decision", None, content["decision"], None)
        for name, share in content["shares"].items():
            yield ("plan", name, "share_pct", share, None, None)


def _keep(connection: Connection, dispute: Mapping[str, Any], content: dict[str, Any], now: datetime) -> None:
    text = json.dumps(content, default=str, ensure_ascii=False, sort_keys=True)
    release = connection.execute(
        statement("results", "insert_release"),
        {
            "product": dispute["kind"],
            "subject_kind": "dispute",
            "subject_id": dispute["dispute_id"],
            "revision_number": 1,
            "data_sha256": hashlib.sha256(text.encode()).hexdigest(),
            "site_version": get_site().version,
            "released_at": now,
            "is_withheld": False,
            "withheld_reason": None,
        },
    ).fetchone()
    assert release is not None
    rows = [(*figure, False, None) for figure in _figures(dispute["kind"], content)]
    columns = {name: [row[place] for row in rows] for place, name in enumerate(_FIGURES)}
    connection.execute(statement("results", "insert_figures"), {"release_id": release["release_id"]} | columns)
    connection.execute(
        statement("disputes", "insert_paper"),
        {
            "dispute_id": dispute["dispute_id"],
            "kind": dispute["kind"],
            "release_id": release["release_id"],
            "content": Jsonb(json.loads(text)),
            "now": now,
        },
    )

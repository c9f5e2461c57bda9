"""Releases of figures that need no suppression: nothing in them is about people who answered, or all is published."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Sequence
from datetime import datetime
from typing import Any

from trainloop.config import get_site
from trainloop.statistics.figures import Figure
from trainloop.warehouse.engine import Connection
from trainloop.warehouse.statements import statement


def release(
    connection: Connection, product: str, subject_kind: str, subject_id: str, shown: Sequence[Figure], now: datetime
) -> bool:
    """Write the figures, rounded as a reader sees them, as the next revision; False when they are those of the newest.

    Role: statistics.
    """
    digest = hashlib.sha256(json.dumps([list(one) for one in shown], sort_keys=True).encode()).hexdigest()
    keys: dict[str, Any] = {"product": product, "subject_kind": subject_kind, "subject_id": subject_id}
    releases = connection.execute(statement("results", "releases"), keys).fetchall()
    if releases and releases[-1]["data_sha256"] == digest:
        return False
    row = connection.execute(
        statement("results", "insert_release"),
        keys
        | {
            "revision_number": releases[-1]["revision_number"] + 1 if releases else 1,
            "data_sha256": digest,
            "site_version": get_site().version,
            "released_at": now,
            "is_withheld": False,
            "withheld_reason": None,
        },
    ).fetchone()
    assert row is not None
    columns: dict[str, list[object]] = {
        name: [getattr(one, name) for one in shown]
        for name in ("family", "code", "statistic", "value", "text_value", "respondent_count")
    }
    columns["is_hidden"] = [False for _ in shown]
    columns["reason"] = [one.refusal for one in shown]
    connection.execute(statement("results", "insert_figures"), {"release_id": row["release_id"]} | columns)
    return True

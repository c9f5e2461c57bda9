"""Private results of closed 360 assessments: worked out once each, by the one role that reads ratings by rater (R07).

The result is what the assessed person may read, already merged and rounded; the PDF is made from it. It is never made
again: a rater whose file came late would be the difference of two results. The unsuppressed means per person go to
marts, where the cohort is pooled from them.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Sequence
from dataclasses import fields
from datetime import date
from typing import Any

from psycopg.types.json import Jsonb

from trainloop import faults
from trainloop.config import get_site
from trainloop.errors import TransientError
from trainloop.settings import get_settings
from trainloop.statistics.masking import mask_text, narrowed
from trainloop.surveys.results_inputs import questions_of
from trainloop.surveys.scan import Scan
from trainloop.warehouse import engine
from trainloop.warehouse.engine import Connection
from trainloop.warehouse.statements import statement

Row = dict[str, Any]


class AssessmentBusyError(TransientError):
    """Another run works out assessment {wave_code} at this moment; this one comes back after it."""


def evaluate_assessments(as_of: date | None = None) -> dict[str, int]:
    """Work out the private result of every closed assessment that has none. Returns counts: assessments_evaluated."""
    with engine.connect("feedback") as connection:
        scan = Scan.start(connection, as_of)
        rows = connection.execute(statement("assessments", "to_evaluate"), {"now": scan.now}).fetchall()
    for row in rows:
        _evaluate(row, scan)
    return {"assessments_evaluated": len(rows)}


def _evaluate(row: Row, scan: Scan) -> None:
    wave_code = row["wave_code"]
    with engine.connect("feedback") as connection:
        if not engine.try_lock(connection, f"assessment:{wave_code}"):
            raise AssessmentBusyError(wave_code=wave_code)
        known = connection.execute(statement("assessments", "has_result"), {"wave_code": wave_code}).fetchone()
        if known is None:
            _write(connection, row, scan)
        faults.point("assessments.evaluate.before_commit")
    faults.point("assessments.evaluate.after_commit")


def _write(connection: Connection, row: Row, scan: Scan) -> None:
    # pandas takes a second to import: not before it is certain that there is something to compute.
    from trainloop.surveys.assessment_figures import (
        Assessment,
        Minimums,
        PrivateFigure,
        Score,
        private_figures,
        scores,
    )

    site, keys = get_site(), {"wave_code": row["wave_code"]}
    ratings = [_rating(found) for found in connection.execute(statement("assessments", "ratings"), keys)]
    invited = {
        found["rater_group"]: found["invited_count"]
        for found in connection.execute(statement("assessments", "invited"), keys)
    }
    assessment = Assessment(
        ratings, questions_of(row["instrument_code"]), site.statistics.min_answered_share_of_dimension
    )
    minimums = Minimums(site.suppression.feedback_360_min, site.suppression.mean_min)
    rater_count = len(assessment.group) - len(assessment.of("self"))
    connection.execute(
        statement("assessments", "insert_result"),
        keys
        | {
            "data_sha256": _sha256(ratings),
            "site_version": site.version,
            "now": scan.real_now,
            "rater_count": rater_count,
            "has_self": len(assessment.of("self")) > 0,
        },
    )
    figures = private_figures(assessment, invited, minimums)
    connection.execute(
        statement("assessments", "insert_figures"),
        keys | _columns(PrivateFigure, figures),
    )
    if rater_count >= site.suppression.distribution_min:
        _write_comments(connection, row["wave_code"], ratings)
    pooled = scores(assessment, site.suppression.feedback_360_min)
    connection.execute(statement("assessments", "insert_scores"), keys | _columns(Score, pooled))
    connection.execute(statement("assessments", "insert_audit"), keys | {"detail": Jsonb({"rater_count": rater_count})})


def _columns(kind: Any, rows: Sequence[Any]) -> dict[str, list[Any]]:
    return {field.name: [getattr(row, field.name) for row in rows] for field in fields(kind)}


def _rating(row: Row) -> Any:
    from trainloop.surveys.assessment_figures import Rating

    score = None if row["score"] is None else float(row["score"])
    return Rating(row["rater_key"], row["rater_group"], row["item_code"], score, row["free_text"])


def _sha256(ratings: list[Any]) -> str:
    lines = sorted([one.rater, one.group, one.item_code, repr((one.score, one.free_text))] for one in ratings)
    return hashlib.sha256(json.dumps(lines, ensure_ascii=False).encode()).hexdigest()


def _write_comments(connection: Connection, wave_code: str, ratings: list[Any]) -> None:
    """Keep the raters' words, masked; their order is a keyed hash, so that nobody's two comments stand together."""
    said = [
        (one.item_code, one.free_text)
        for one in ratings
        if one.group != "self" and one.free_text is not None and one.free_text.strip()
    ]
    if not said:
        return
    texts = [narrowed(text) for _, text in said]
    names = [row["name"] for row in connection.execute(statement("assessments", "names_in_texts"), {"texts": texts})]
    masked = sorted(
        ((item, mask_text(text, names)) for item, text in said), key=lambda line: (line[0], _place(wave_code, *line))
    )
    positions = [1 + sum(item == earlier for earlier, _ in masked[:index]) for index, (item, _) in enumerate(masked)]
    connection.execute(
        statement("assessments", "insert_comments"),
        {
            "wave_code": wave_code,
            "item_code": [item for item, _ in masked],
            "position": positions,
            "masked_text": [text for _, text in masked],
        },
    )


def _place(wave_code: str, item: str, text: str) -> str:
    key = get_settings().secret()
    return hashlib.sha256(f"{key}:{wave_code}:{item}:{text}".encode()).hexdigest()

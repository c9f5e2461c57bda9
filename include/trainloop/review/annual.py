"""The annual training review (R39): one release a revision, HR's question about it, seeds of next year's needs.

Reads core, published, marts and counts of ops as role `statistics`. Running it again with the same evidence gives the
same release; other evidence is the next revision. Release, question and seeds are one commit.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Sequence
from datetime import date
from decimal import ROUND_HALF_UP, Decimal
from typing import Any, Final

from trainloop.config import get_site
from trainloop.errors import PermanentError, TransientError
from trainloop.faults import point
from trainloop.requests.approvals import Asked, ask_approval
from trainloop.review.departments import figures_of_departments
from trainloop.review.inputs import read_year
from trainloop.review.scorecards import Scorecard, figures_of, scorecards
from trainloop.review.yearly import figures_of_year
from trainloop.statistics.figures import Figure
from trainloop.surveys.scan import Scan
from trainloop.warehouse.engine import Connection, alone, connect
from trainloop.warehouse.statements import statement

PRODUCT: Final = "training_review"
SUBJECT_KIND: Final = "training_year"
APPROVAL_KIND: Final = "training_review"


class ReviewBusyError(TransientError):
    """Another run reviews the training year {year} at this moment; this one comes back after it."""


class SeedUnknownError(PermanentError):
    """Nothing of {source} is seeded for {topic} in {year}, or it was dropped before. `trainloop seeds list` tells."""


def review_year(year: int | None = None, as_of: date | None = None, *, allow_send: bool = False) -> dict[str, int]:
    """Review a training year (default: that of the business day) and ask HR whether it may leave HR.

    Returns counts: courses, is_new, seeded, approvals_asked, notices_planned. Without a class that was held
    there is no review. Raises ReviewBusyError (transient).
    """
    site = get_site()
    counts = {"courses": 0, "is_new": 0, "seeded": 0, "approvals_asked": 0, "notices_planned": 0}
    with connect("statistics") as connection:
        year = year or Scan.start(connection, as_of).today.year
    with alone("statistics", f"{PRODUCT}:{year}", ReviewBusyError(year=year)) as connection:
        scan = Scan.start(connection, as_of, allow_send=allow_send)
        found = read_year(connection, scan, year)
        cards = scorecards(found, site)
        if not cards:
            return counts
        figures = [one for card in cards for one in figures_of(card)] + [
            *figures_of_year(found, site),
            *figures_of_departments(found, site),
        ]
        release = _release(connection, year, figures, scan)
        point("review.released")
        asked = _ask(connection, scan, year, release, cards)
        seeded = _seed(connection, scan, year + 1, release["release_id"], cards)
        point("review.before_commit")
    point("review.after_commit")
    return {
        "courses": len(cards),
        "is_new": int(release["is_new"]),
        "seeded": seeded,
        "approvals_asked": asked.approvals,
        "notices_planned": asked.notices,
    }


def seeds(year: int) -> list[dict[str, Any]]:
    """Return what reviews seeded for a plan year, dropped rows included."""
    with connect("planner") as connection:
        return connection.execute(statement("review", "seeds"), {"year": year}).fetchall()


def drop_seed(year: int, topic_code: str, source_code: str, reason: str, dropped_by: str) -> None:
    """Take a finding out of a plan year's evidence; it stays listed with the reason, and no review brings it back."""
    keys = {"year": year, "topic_code": topic_code, "source_code": source_code, "reason": reason}
    with connect("planner") as connection:
        now = Scan.start(connection).now
        if not connection.execute(statement("review", "drop_seed"), keys | {"now": now}).rowcount:
            raise SeedUnknownError(source=source_code, topic=topic_code, year=year)
        connection.execute(statement("review", "insert_drop_audit"), keys | {"actor": dropped_by})


def _release(connection: Connection, year: int, figures: Sequence[Figure], scan: Scan) -> dict[str, Any]:
    """Write a release where a reader would see something new; return its id, number and whether it is new."""
    site = get_site()
    shown = [one._replace(value=_shown(one)) for one in figures]
    digest = hashlib.sha256(json.dumps(sorted(map(str, map(tuple, shown)))).encode()).hexdigest()
    keys: dict[str, Any] = {"product": PRODUCT, "subject_kind": SUBJECT_KIND, "subject_id": str(year)}
    releases = connection.execute(statement("results", "releases"), keys).fetchall()
    if releases and releases[-1]["data_sha256"] == digest:
        last = releases[-1]
        return {"release_id": last["release_id"], "revision_number": last["revision_number"], "is_new": False}
    number = releases[-1]["revision_number"] + 1 if releases else 1
    head = {
        "revision_number": number,
        "data_sha256": digest,
        "site_version": site.version,
        "released_at": scan.now,
        "is_withheld": False,
        "withheld_reason": None,
    }
    row = connection.execute(statement("results", "insert_release"), keys | head).fetchone()
    assert row is not None
    columns: dict[str, list[object]] = {
        name: [getattr(one, name) for one in shown]
        for name in ("family", "code", "statistic", "value", "text_value", "respondent_count")
    }
    columns["is_hidden"] = [one.refusal is not None for one in shown]
    columns["reason"] = [one.refusal for one in shown]
    connection.execute(statement("results", "insert_figures"), {"release_id": row["release_id"]} | columns)
    return {"release_id": row["release_id"], "revision_number": number, "is_new": True}


def _shown(one: Figure) -> float | None:
    """Return the value as printed: counts whole, money and gains two decimals, others one; a hidden one has none."""
    if one.value is None or one.refusal:
        return None
    is_fine = one.statistic.startswith("learning_") or one.statistic.endswith("_amount")
    places = 0 if one.statistic.endswith("_count") else 2 if is_fine else 1
    # Halves away from zero, as the reports of the classes print them (`statistics.figures.rounded`).
    return float(Decimal(repr(round(one.value, 9))).quantize(Decimal(1).scaleb(-places), ROUND_HALF_UP))


def _ask(connection: Connection, scan: Scan, year: int, release: dict[str, Any], cards: Sequence[Scorecard]) -> Asked:
    said = [card.verdict.suggestion for card in cards]
    facts = {f"{name}_count": said.count(name) for name in ("keep", "fix", "scale", "stop")}
    contact = get_site().review.approved_by
    return ask_approval(
        connection, scan, APPROVAL_KIND, SUBJECT_KIND, str(year), release["revision_number"], contact, facts
    )


def _seed(connection: Connection, scan: Scan, year: int, release_id: int, cards: Sequence[Scorecard]) -> int:
    """Let findings of courses with a topic be evidence of the next plan year; return how many are new or changed."""
    rows: list[tuple[str, str, str, str]] = []
    for card in cards:
        if not card.topic_code:
            continue
        topic, course = card.topic_code, card.course_code
        if card.verdict.suggestion != "none":
            rows.append((topic, "course", course, card.verdict.suggestion))
        rows += [(topic, "item", f"{course}:{item}", "weak") for item in card.weak_items]
        rows += [(topic, "barrier", f"{course}:{blocker}", blocker) for blocker in sorted(card.blockers)]
    names = ("topic_code", "source_kind", "source_code", "finding")
    columns = {name: [row[place] for row in rows] for place, name in enumerate(names)}
    keys = {"year": year, "release_id": release_id, "now": scan.now}
    connection.execute(statement("review", "delete_seeds"), keys | columns)
    return connection.execute(statement("review", "insert_seeds"), keys | columns).rowcount

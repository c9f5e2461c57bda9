"""The yearly needs analysis R01–R06, R10, R11: every year whose survey is closed, and again when evidence changed.

Reads core, confidential and counts of ops as role `statistics`; replaces the year's rows in marts; adds a release to
published when a reader would see something new. Safe to run at any time and again: the same evidence gives the same
release; one transaction and an advisory lock per year. A release is never changed: other evidence is the next revision,
and a revision whose answers differ from an earlier one by a few people speaks of the earlier people or is withheld.

The release and the question whether it may leave HR are one commit; the mail waits until the draft PDF is registered.
"""

from __future__ import annotations

from datetime import date, timedelta

from trainloop import clock, faults
from trainloop.config import get_site
from trainloop.errors import TransientError
from trainloop.needs.inputs import read_inputs
from trainloop.needs.published import SUBJECT_KIND
from trainloop.needs.release import (
    content_sha256,
    masked_quotes,
    read_past,
    replace_marts,
    subject,
    write_release,
)
from trainloop.requests.approvals import Asked, ask_approval
from trainloop.surveys.scan import Scan
from trainloop.warehouse import engine
from trainloop.warehouse.engine import Connection
from trainloop.warehouse.statements import statement

APPROVAL_KIND = "annual_needs_report"


class NeedsBusyError(TransientError):
    """Another run analyses the needs of {year} at this moment; this one comes back after it."""


def years_to_analyze(as_of: date | None = None) -> list[int]:
    """Return the plan years whose needs survey is closed and still watched for late evidence."""
    with engine.connect("statistics") as connection:
        scan = Scan.start(connection, as_of)
        watched = timedelta(days=get_site().needs.watched_days)
        keys = {"now": scan.now, "watched_from": scan.now - watched}
        return [row["year"] for row in connection.execute(statement("needs", "years_to_analyze"), keys)]


def analyze_closed_years(as_of: date | None = None, *, allow_send: bool = False) -> dict[str, int]:
    """Analyse every plan year whose survey is closed.

    Returns counts: years; released and withheld (new ones); approvals_asked, notices_planned. With a date in the past
    nobody is mailed unless `allow_send`; `ask_approvals` does it the same day.
    """
    counts = {"years": 0, "released": 0, "withheld": 0, "approvals_asked": 0, "notices_planned": 0}
    for year in years_to_analyze(as_of):
        found = analyze_year(year, as_of, allow_send=allow_send)
        counts["years"] += 1
        counts["approvals_asked"] += found["approvals_asked"]
        counts["notices_planned"] += found["notices_planned"]
        if found["is_new"]:
            counts["withheld" if found["is_withheld"] else "released"] += 1
    return counts


def analyze_year(year: int, as_of: date | None = None, *, allow_send: bool = False) -> dict[str, int | bool]:
    """Analyse one plan year whose needs survey is closed, and ask HR whether the revision may leave HR.

    Returns `release_id`, `revision_number`, `is_withheld` and `is_new` of the release that speaks for the present
    evidence, the existing one when nothing changed, and `approvals_asked` and `notices_planned`.
    Raises NeedsSurveyMissingError, NeedsSurveyOpenError and NeedsBusyError.
    """
    with engine.alone("statistics", f"needs:{year}", NeedsBusyError(year=year)) as connection:
        scan = Scan.start(connection, as_of, allow_send=allow_send)
        found = _analyze(connection, year, scan.today)
        asked = Asked(0, 0) if found["is_withheld"] else _ask(connection, scan, year, found)
        faults.point("needs.before_commit")
    faults.point("needs.after_commit")
    return found | {"approvals_asked": asked.approvals, "notices_planned": asked.notices}


def _ask(connection: Connection, scan: Scan, year: int, release: dict[str, int | bool]) -> Asked:
    """Ask whether a revision may leave HR; one that was asked about is not asked about again."""
    facts = connection.execute(statement("needs", "facts"), {"release_id": release["release_id"]}).fetchone()
    assert facts is not None
    return ask_approval(
        connection,
        scan,
        APPROVAL_KIND,
        SUBJECT_KIND,
        str(year),
        int(release["revision_number"]),
        get_site().needs.approved_by,
        facts,
    )


def _analyze(connection: Connection, year: int, today: date) -> dict[str, int | bool]:
    inputs = read_inputs(connection, year, today)
    faults.point("needs.read")
    releases = list(connection.execute(statement("results", "releases"), subject(year)))
    valid = [release for release in releases if not release["is_withheld"]]
    for known in (*releases[-1:], *valid[-1:]):
        if known["data_sha256"] == inputs.sha256():
            return _answer(known, is_new=False)
    # numpy and the solver take a second to import: not before it is certain that there is something to compute.
    import psycopg

    from trainloop.needs.assembly import assemble

    site = get_site()
    moment = clock.now(connection)
    content = assemble(inputs, read_past(connection, year), site)
    replace_marts(connection, inputs, content, site, moment)
    faults.point("needs.marts")
    quotes = masked_quotes(connection, inputs, site)
    revision_number = releases[-1]["revision_number"] + 1 if releases else 1
    with connection.transaction() as written:
        release_id = write_release(
            connection, inputs, content, quotes, revision_number=revision_number, site=site, moment=moment
        )
        is_withheld = content.withheld_reason is not None
        if valid and not is_withheld:
            before = content_sha256(connection, valid[-1]["release_id"])
            if before == content_sha256(connection, release_id):
                # Nothing a reader would notice: the earlier release speaks for this evidence, too.
                raise psycopg.Rollback(written)
        action = "release_withheld" if is_withheld else "release_published"
        _audit(connection, year, action, release_id, revision_number)
        faults.point("needs.published")
        return {
            "release_id": release_id,
            "revision_number": revision_number,
            "is_withheld": is_withheld,
            "is_new": True,
        }
    return _answer(valid[-1], is_new=False)


def _answer(release: dict[str, object], *, is_new: bool) -> dict[str, int | bool]:
    return {
        "release_id": release["release_id"],  # type: ignore[dict-item]
        "revision_number": release["revision_number"],  # type: ignore[dict-item]
        "is_withheld": bool(release["is_withheld"]),
        "is_new": is_new,
    }


def _audit(connection: Connection, year: int, action: str, release_id: int, revision_number: int) -> None:
    from psycopg.types.json import Jsonb

    detail = Jsonb({"release_id": release_id, "revision_number": revision_number})
    keys = {key: value for key, value in subject(year).items() if key != "product"}
    connection.execute(statement("results", "insert_audit"), keys | {"action": action, "detail": detail})

"""《年度培训需求分析报告》: the draft for whoever approves it, and after the approval what leaves HR.

`render_drafts` draws HR's version of every revision that waits for its decision; its mail waits for the draft.
`send_approved` carries out decisions: the executives' version and one extract per trainer concerned are drawn and, in
the same commit, the mails are planned and the decision noted as carried out. Both may run at any time and again.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Final

from trainloop import clock
from trainloop.config import Locale, Site, get_site
from trainloop.faults import point
from trainloop.needs.published import PublishedNeeds, load_needs
from trainloop.outbox.notices import Notice, plan
from trainloop.reporting.catalogue import catalogue
from trainloop.reporting.document import Audience, Document
from trainloop.reporting.errors import ReportBusyError, VerdictMissingError
from trainloop.reporting.evidence import CheckedFile
from trainloop.reporting.needs_desk import Decision, NeedsDesk
from trainloop.reporting.needs_view import build_view
from trainloop.reporting.production import Report, Subject, make, refuse_failures, register
from trainloop.reporting.trainer_needs import Trainer, build_extract
from trainloop.requests import approvals
from trainloop.warehouse.engine import Connection, connect, try_lock
from trainloop.warehouse.statements import statement

APPROVAL_KIND: Final = "annual_needs_report"


def render_drafts() -> dict[str, int]:
    """Draw HR's version of every revision that waits for a decision; return counts: drafts, rendered, unchanged.

    Raises VerdictMissingError when a file behind the figures did not pass the gate, ReportBusyError (transient) when
    another run is at it, ReportsFailedError when a draft could not be made.
    """
    site, reports = get_site(), list[Report]()
    with connect("reporter") as connection:
        rows = connection.execute(statement("needs_report", "open_drafts")).fetchall()
        for row in rows:
            year = int(row["subject_id"])
            _lock(connection, year)
            needs = load_needs(connection, year, row["revision_number"])
            reports += make(connection, _editions(connection, needs, site, "hr", None))
        register(connection, reports, clock.now(connection))
        point("reporting.before_commit")
    point("reporting.after_commit")
    refuse_failures(reports)
    return {"drafts": len(rows), **_counts(reports)}


def send_approved() -> dict[str, int]:
    """Carry out decisions about the annual report; return counts: approved, rendered, unchanged, notices_planned.

    A rejection needs nothing but the note that it was seen. A decision stays undone until all of its PDFs are made.
    Raises like `render_drafts`.
    """
    site, reports, planned, approved = get_site(), list[Report](), 0, 0
    with connect("reporter") as connection:
        now = clock.now(connection)
        for row in approvals.undone(connection, APPROVAL_KIND):
            made = _carry_out(connection, row, site) if row["state"] == "approved" else []
            register(connection, made, now)
            reports += made
            if not any(report.failure for report in made):
                approved += row["state"] == "approved"
                planned += plan(connection, _notices(site, made))
                approvals.carried_out(connection, [row["approval_id"]], now)
        point("reporting.before_commit")
    point("reporting.after_commit")
    refuse_failures(reports)
    return {"approved": approved, "notices_planned": planned, **_counts(reports)}


def _carry_out(connection: Connection, row: dict[str, Any], site: Site) -> list[Report]:
    year, revision_number = int(row["subject_id"]), row["revision_number"]
    _lock(connection, year)
    needs = load_needs(connection, year, revision_number)
    keys = {"subject_id": row["subject_id"], "revision_number": revision_number}
    found = connection.execute(statement("needs_report", "decision"), keys).fetchone()
    assert found is not None
    contact = site.contacts.get(found["decided_by"])
    decision = Decision(contact.name if contact else found["decided_by"], found["decided_at"])
    editions = _editions(connection, needs, site, "business", decision)
    desk_of = {view.locale: _desk(connection, needs, site, "trainer", view.locale, decision) for _, view in editions}
    extracts = [
        (_trainer_subject(needs, trainer), build_extract(desk_of[locale], trainer))
        for trainer in _trainers(connection, needs)
        for locale in desk_of
    ]
    return make(connection, [*editions, *extracts])


def _editions(
    connection: Connection, needs: PublishedNeeds, site: Site, audience: Audience, decision: Decision | None
) -> list[tuple[Subject, Document]]:
    subject = Subject("needs_year", str(needs.year), needs.release_id, needs.revision_number)
    return [
        (subject, build_view(_desk(connection, needs, site, audience, locale, decision)))
        for locale in site.company.report_locales
    ]


def _desk(
    connection: Connection,
    needs: PublishedNeeds,
    site: Site,
    audience: Audience,
    locale: Locale,
    decision: Decision | None,
) -> NeedsDesk:
    keys = {"year": needs.year, "wave_code": needs.wave_code}
    files = tuple(CheckedFile(**row) for row in connection.execute(statement("needs_report", "checked_files"), keys))
    without = sorted({file.dataset for file in files if file.gate_decision is None})
    if without:
        raise VerdictMissingError(datasets=", ".join(without), subject=f"the needs of {needs.year}")
    return NeedsDesk(needs, files, catalogue(locale), site, audience, decision)


def _trainers(connection: Connection, needs: PublishedNeeds) -> list[Trainer]:
    keys = {"topic_codes": [need.topic_code for need in needs.needs]}
    topics: dict[tuple[str, str], list[str]] = {}
    for row in connection.execute(statement("needs_report", "trainers"), keys):
        topics.setdefault((row["trainer_id"], row["name"]), []).append(row["topic_code"])
    return [Trainer(*key, tuple(codes)) for key, codes in topics.items()]


def _trainer_subject(needs: PublishedNeeds, trainer: Trainer) -> Subject:
    subject_id = f"{needs.year}:{trainer.trainer_id}"
    return Subject("trainer_needs", subject_id, needs.release_id, needs.revision_number)


def _notices(site: Site, reports: Sequence[Report]) -> list[Notice]:
    """Return one notice per executive and HR contact, and one per trainer, once a revision."""
    notices = []
    for subject in dict.fromkeys(report.subject for report in reports):
        keys = (subject.subject_kind, subject.subject_id)
        if subject.subject_kind == "trainer_needs":
            trainer_id = subject.subject_id.partition(":")[2]
            notices.append(
                Notice("trainer_needs", *keys, "trainer", trainer_id, sequence_number=subject.revision_number)
            )
            continue
        contacts = {**site.contacts_of("executive"), **site.contacts_of("hr")}
        notices += [
            Notice("annual_needs_report", *keys, "contact", contact, sequence_number=subject.revision_number)
            for contact in contacts
        ]
    return notices


def _lock(connection: Connection, year: int) -> None:
    if not try_lock(connection, f"annual_needs-report:{year}"):
        raise ReportBusyError(kind="annual needs", subject=str(year))


def _counts(reports: Sequence[Report]) -> dict[str, int]:
    return {
        "rendered": sum(report.rendered is not None for report in reports),
        "unchanged": sum(report.is_unchanged for report in reports),
    }

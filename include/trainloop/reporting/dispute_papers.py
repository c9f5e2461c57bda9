"""R48, R51, R52: the papers of disputes as PDFs. One transaction draws what is new and plans the mails to the three."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from typing import Any

from trainloop.config import get_site
from trainloop.faults import point
from trainloop.outbox.notices import Notice, NoticeKind, RecipientKind, plan
from trainloop.reporting.dispute_words import build_view
from trainloop.reporting.production import Subject, make, refuse_failures, register
from trainloop.surveys.scan import Scan
from trainloop.warehouse.engine import Connection, connect, lock
from trainloop.warehouse.statements import statement

SUBJECT_KIND = "dispute"


def render_papers(as_of: date | None = None, *, allow_send: bool = False) -> dict[str, int]:
    """Draw every paper that the three have not been sent, in every language of the site, and plan their mails.

    With a date in the past nobody is mailed unless `allow_send`. Returns counts: papers, rendered, unchanged,
    notices_planned. Raises ReportsFailedError after everything that could be made was committed.
    """
    site = get_site()
    with connect("reporter") as connection:
        scan = Scan.start(connection, as_of, allow_send=allow_send)
        # Two runs at once would both draw; the second waits and finds the mails planned.
        lock(connection, "dispute_papers_pdf")
        papers = connection.execute(statement("disputes", "papers_to_render")).fetchall()
        figures = _figures(connection, papers)
        editions = [
            (_subject(paper), build_view(paper, figures.get(paper["release_id"], []), site, locale))
            for paper in papers
            for locale in site.company.report_locales
        ]
        reports = make(connection, editions)
        register(connection, reports, scan.real_now)
        failed = {(report.view.kind, report.subject.subject_id) for report in reports if report.failure is not None}
        planned = 0
        if scan.may_mail:
            done = [paper for paper in papers if (paper["kind"], paper["dispute_id"]) not in failed]
            planned = plan(connection, [notice for paper in done for notice in _notices(paper)])
        point("dispute_papers.before_commit")
    point("dispute_papers.after_commit")
    refuse_failures(reports)
    return {
        "papers": len(papers),
        "rendered": sum(report.rendered is not None for report in reports),
        "unchanged": sum(report.is_unchanged for report in reports),
        "notices_planned": planned,
    }


def _figures(connection: Connection, papers: list[dict[str, Any]]) -> dict[int, list[dict[str, Any]]]:
    wanted = {"release_ids": [paper["release_id"] for paper in papers]}
    found: dict[int, list[dict[str, Any]]] = {}
    for row in connection.execute(statement("disputes", "figures"), wanted):
        found.setdefault(row.pop("release_id"), []).append(row)
    return found


def _subject(paper: Mapping[str, Any]) -> Subject:
    return Subject(SUBJECT_KIND, paper["dispute_id"], paper["release_id"], paper["revision_number"])


def _notices(paper: Mapping[str, Any]) -> list[Notice]:
    kind: NoticeKind = paper["kind"]
    people: list[tuple[RecipientKind, str]] = [
        ("contact", paper["hr_contact"]),
        ("trainer", paper["trainer_id"]),
        ("employee", paper["business_head_id"]),
    ]
    return [Notice(kind, SUBJECT_KIND, paper["dispute_id"], *person) for person in people]

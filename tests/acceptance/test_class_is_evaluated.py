"""The first slice through a real Airflow: files in the inbox, a PDF in HR's mailbox, nobody's name on the way."""

from __future__ import annotations

import importlib.util
import re
import subprocess
import sys
from email.message import EmailMessage
from pathlib import Path

import psutil
import pytest
from pypdf import PdfReader
from tests.real_airflow import Stack

from trainloop.requests.commitments import Commitment, ask
from trainloop.settings import get_settings
from trainloop.stack import local
from trainloop.surveys.scan import Scan
from trainloop.warehouse import engine
from trainloop.warehouse.embedded import EmbeddedServer, binaries

_spec = importlib.util.spec_from_file_location("company", Path(__file__).with_name("company.py"))
assert _spec is not None
assert _spec.loader is not None
company = importlib.util.module_from_spec(_spec)
sys.modules["company"] = company
_spec.loader.exec_module(company)

pytestmark = [pytest.mark.acceptance, pytest.mark.timeout(900)]

HR = "hr@example.com"
ANSWERED = 11


def addressed_to(mails: list[EmailMessage], address: str) -> list[EmailMessage]:
    return [mail for mail in mails if address in str(mail["To"])]


def pdfs_of(mail: EmailMessage) -> list[EmailMessage]:
    return [part for part in mail.iter_attachments() if part.get_content_type() == "application/pdf"]


def reports_to(mails: list[EmailMessage], address: str) -> list[EmailMessage]:
    """HR also gets lists of gaps; a report has its PDF with it."""
    return [mail for mail in addressed_to(mails, address) if pdfs_of(mail)]


def test_a_class_is_evaluated_from_inbox_to_mailbox(stack: Stack) -> None:
    """Issue 2: HR gets the PDF of the class, attendees get one invitation each, the owner the one wrong row."""
    stack.set_clock(2026, 3, 5, 16)
    for name, text in company.files().items():
        stack.drop(name, text)
    stack.run("ingest_inbox")
    with engine.connect("owner") as connection:
        counts = connection.execute(
            "select sum(row_count)::int as rows, sum(quarantined_count)::int as quarantined from ops.inbox_files"
        ).fetchone()
    assert counts == {"rows": 55, "quarantined": 1}
    assert {run.state for run in stack.api.runs("plan_milestones")} == {"success"}, "the asset started the planner"

    # The class ends at 17:00; the wave opens, the invitations wait for working hours.
    stack.set_clock(2026, 3, 5, 19)
    stack.run("collect_course_evaluations")
    stack.set_clock(2026, 3, 6, 10)
    stack.run("deliver_mail")
    invited = [mail for mail in stack.mails() if company.MAIL_MARK in str(mail["To"])]
    assert len(invited) == len(company.ATTENDEES)
    assert len(addressed_to(stack.mails(), "hr-data@example.com")) == 1, "the owner is told of the wrong row"

    paths = [path for mail in invited for path in links_in(mail, "f")]
    assert len(set(paths)) == len(company.ATTENDEES)
    for number, path in enumerate(paths[:ANSWERED], 1):
        stack.press(path, "submit", **fields_of(company.answers(number)))
    # The last one begins and never sends.
    stack.press(paths[-1], "save", q_to_improve=company.DRAFT_MARK)
    stack.run("collect_survey_responses")

    # Two days on only the one who has not answered is reminded; after seven the wave closes and the report is made.
    stack.set_clock(2026, 3, 9, 10)
    stack.run("collect_course_evaluations")
    stack.run("deliver_mail")
    reminded = [mail for mail in stack.mails() if company.MAIL_MARK in str(mail["To"])][len(invited) :]
    assert len(reminded) == 1
    stack.set_clock(2026, 3, 13, 10)
    stack.run("collect_course_evaluations")
    reports = stack.api.runs("report_course_evaluations", partition_key=company.SESSION)
    assert [run.state for run in reports] == ["success"], stack.errors_of("report_course_evaluations")
    stack.run("deliver_mail")

    [mail] = reports_to(stack.mails(), HR)
    text = _pdf_text(stack.home, pdfs_of(mail)[0])
    assert "培训效果分析报告" in text
    assert company.SESSION in text
    for mark in (company.NAME_MARK, company.MAIL_MARK):
        assert mark not in text
    print(f"\nup {stack.up_seconds:.1f} s;", *(f"{r.dag_id} {r.seconds:.1f}" for r in stack.api.runs() if r.seconds))


def test_running_everything_again_mails_nobody(stack: Stack) -> None:
    """Every step is idempotent by business key: green runs, the same mails."""
    before = len(stack.mails())
    assert before, "the class was evaluated"
    for dag_id in ("ingest_inbox", "plan_milestones", "collect_course_evaluations", "deliver_mail", "audit_warehouse"):
        stack.run(dag_id)
    assert [mail["To"] for mail in stack.mails()[before:] if company.MAIL_MARK in str(mail["To"])] == []
    assert len(reports_to(stack.mails(), HR)) == 1


def test_a_new_manager_is_rated_and_a_trainer_answers(stack: Stack) -> None:
    """R07, R09: raters write words of their own, the PDF goes to the manager alone; HR reads the trainer's answer."""
    stack.set_clock(2026, 3, 16)
    with engine.connect("planner") as connection:
        about = Commitment("acknowledge_feedback", "class_session", company.SESSION, "trainer", "T001")
        assert ask(connection, Scan.start(connection), [about]) == (1, 1)
    before = len(stack.mails())
    for dag_id in ("review_new_manager_360", "run_survey_waves", "deliver_mail"):
        stack.run(dag_id)
    mails = stack.mails()[before:]
    # The class of March asks its learners for action plans on the same days.
    plans = _plan_tokens()
    raters = [path for mail in mails for path in links_in(mail, "f") if path.rpartition("/")[2] not in plans]
    assert len(raters) >= 12, "the manager, the head, the peers and the reports"
    for number, path in enumerate(raters, 1):
        stack.press(path, "submit", **fields_of(company.ratings(number)))
    [request] = [path for mail in mails for path in links_in(mail, "a")]
    stack.press(request, "", choice="will_act", comment=company.ACTION_MARK)
    stack.set_clock(2026, 4, 8)
    for dag_id in ("run_survey_waves", "review_new_manager_360", "chase_commitments", "deliver_mail"):
        stack.run(dag_id)
    after = stack.mails()[before:]
    [feedback] = [mail for mail in reports_to(after, company.mail_of(company.NEW_MANAGER)) if pdfs_of(mail)]
    assert company.RATING_MARK in "".join(_pdf_text(stack.home, part) for part in pdfs_of(feedback))
    assert any(company.ACTION_MARK in _text(mail) for mail in addressed_to(after, HR))


def test_no_personal_field_reaches_airflow(stack: Stack) -> None:
    """XCom, rendered fields, task logs, the logs of all components, data docs, temporary files: ids and counts only."""
    server = EmbeddedServer.from_settings(get_settings())
    dump = _dump(server.url("airflow"))
    assert company.SESSION in dump, "the dump holds the runs"
    logs = {str(path): path.read_text(errors="replace") for path in (stack.home / "logs").rglob("*") if path.is_file()}
    assert len(logs) > 10
    assert any("forms" in Path(place).name for place in logs), "the forms service logs, too"
    docs = _texts_under(stack.home / "data-docs")
    assert docs
    places = {"metadata database": dump, **logs, **docs, **_texts_under(stack.home / "temporary")}
    found = [(place, mark) for place, text in places.items() for mark in company.MARKS if mark in text]
    assert found == []


def test_everybody_reads_only_what_is_theirs(stack: Stack) -> None:
    """Raters' words stand in one person's PDF, a draft nowhere, no name in others' PDFs; answers in one schema."""
    own = company.mail_of(company.NEW_MANAGER)
    for mail in stack.mails():
        shown = _text(mail) + "".join(_pdf_text(stack.home, part) for part in pdfs_of(mail))
        assert company.DRAFT_MARK not in shown
        assert company.RATING_MARK not in shown or own in str(mail["To"])
        assert company.ACTION_MARK not in shown or HR in str(mail["To"])
    for mail in stack.mails():
        for part in pdfs_of(mail):
            text = _pdf_text(stack.home, part)
            assert not [number for number in company.EMPLOYEES if _names(number, text) and not _is_own(mail, number)]
    whole = _dump(engine.url("owner"))
    assert company.DRAFT_MARK not in whole
    outside = _dump(engine.url("owner"), "--exclude-schema=confidential")
    assert company.TEXT_MARK in whole
    assert company.RATING_MARK not in outside


def test_a_killed_scheduler_is_replaced_and_the_work_goes_on(stack: Stack) -> None:
    """Kill -9 of the scheduler in the middle of a run: `trainloop up` starts a new one and the run ends well."""
    run = stack.api.trigger("plan_milestones")
    scheduler = local.running(get_settings())["scheduler"]
    assert scheduler is not None
    psutil.Process(scheduler).kill()
    subprocess.run([sys.executable, "-m", "trainloop", "up"], check=True, capture_output=True, timeout=400)
    assert local.running(get_settings())["scheduler"] not in (None, scheduler)
    assert stack.api.wait(run, 120).state == "success"
    with engine.connect("owner") as connection:
        row = connection.execute("select count(*) as planned from ops.milestones").fetchone()
    assert row is not None
    assert row["planned"] > 0


def links_in(mail: EmailMessage, kind: str) -> list[str]:
    """The paths of a mail's links to the forms service: f for questionnaires, a for requests."""
    return list(dict.fromkeys(re.findall(rf"https?://[^/\s]+(/{kind}/[\w-]{{16,}})", _text(mail))))


def fields_of(said: dict[str, str]) -> dict[str, str]:
    return {f"q_{code}": value for code, value in said.items()}


def _names(number: int, text: str) -> bool:
    return re.search(rf"{company.NAME_MARK}{number}(?!\d)", text) is not None


def _is_own(mail: EmailMessage, number: int) -> bool:
    return company.mail_of(number) in str(mail["To"])


def _dump(url: str, *options: str) -> str:
    command = [str(binaries() / "pg_dump"), "--data-only", *options, url]
    return subprocess.run(command, capture_output=True, text=True, check=True).stdout


def _texts_under(folder: Path) -> dict[str, str]:
    return {str(path): path.read_text(errors="replace") for path in folder.rglob("*") if path.is_file()}


def _text(mail: EmailMessage) -> str:
    body = mail.get_body(("plain",))
    assert body is not None
    return str(body.get_content())


def _pdf_text(folder: Path, part: EmailMessage) -> str:
    path = folder / "mailed.pdf"
    path.write_bytes(part.get_content())
    return "".join(page.extract_text() for page in PdfReader(path).pages)


def _plan_tokens() -> set[str]:
    query = """select token from ops.invitations join ops.survey_waves using (wave_code)
        where instrument_code = 'action_plan'"""
    with engine.connect("owner") as connection:
        return {row["token"] for row in connection.execute(query)}

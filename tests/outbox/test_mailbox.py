"""The dev mailbox: keeps every mail, finds it again, and lets none of them act."""

from __future__ import annotations

import smtplib
import subprocess
import sys
import time
import urllib.request
from email.message import EmailMessage
from email.policy import SMTP
from pathlib import Path

import pytest
from fastapi.testclient import TestClient
from tests.outbox.conftest import free_port

from trainloop.outbox.mailbox.pages import create_app
from trainloop.outbox.mailbox.store import Store


def mail(to: str = "e1@example.com", subject: str = "课程评估", html: str = "<p>您好</p>") -> EmailMessage:
    message = EmailMessage(policy=SMTP)
    message["From"], message["To"], message["Subject"] = "trainloop@example.com", to, subject
    message["Message-ID"] = "<1@example.com>"
    message.set_content("您好")
    message.add_alternative(html, subtype="html")
    return message


@pytest.fixture
def store(tmp_path: Path) -> Store:
    return Store(tmp_path / "mailbox")


@pytest.fixture
def client(store: Store) -> TestClient:
    return TestClient(create_app(store))


def test_an_empty_mailbox_says_so_in_both_languages(client: TestClient) -> None:
    """The first thing a newcomer sees is no blank page."""
    assert "还没有邮件" in client.get("/?lang=zh-CN").text
    assert "No mail yet" in client.get("/", headers={"accept-language": "en-GB"}).text


def test_mails_are_listed_newest_first_and_found_by_recipient_or_subject(store: Store, client: TestClient) -> None:
    """Search words all have to occur, in any case."""
    store.add(mail(subject="First").as_bytes())
    store.add(mail(to="E2@example.com", subject="Second").as_bytes())
    page = client.get("/?lang=en").text
    assert page.index("Second") < page.index("First")
    found = client.get("/?lang=en&search=e2@EXAMPLE second").text
    assert "Second" in found
    assert "First" not in found
    assert "1 found" in found
    assert "No mail matches" in client.get("/?lang=en&search=nobody").text


def test_a_mail_shows_its_html_text_headers_and_files(store: Store, client: TestClient) -> None:
    """Everything a person or a demo wants to look at."""
    message = mail()
    message.add_attachment(b"%PDF-1.7 x", maintype="application", subtype="pdf", filename="报告.pdf")
    message.add_attachment(b"<script>", maintype="text", subtype="html", filename="x.html")
    key = store.add(message.as_bytes())
    assert "sandbox=" in client.get(f"/mails/{key}").text
    assert "您好" in client.get(f"/mails/{key}?view=text").text
    assert "&lt;1@example.com&gt;" in client.get(f"/mails/{key}?view=headers").text
    pdf = client.get(f"/mails/{key}/files/0")
    assert pdf.headers["content-type"] == "application/pdf"
    assert pdf.headers["content-disposition"].startswith("inline")
    page = client.get(f"/mails/{key}/files/1")
    assert page.headers["content-type"] == "application/octet-stream"
    assert page.headers["content-disposition"].startswith("attachment")
    assert client.get(f"/mails/{key}/files/7").status_code == 404
    assert client.get(f"/mails/{key}/raw").content == message.as_bytes()


@pytest.mark.parametrize(
    "attack",
    [
        "<script>parent.document.title='x'</script>",
        "<img src=x onerror=alert(1)>",
        "<a href='javascript:alert(1)'>x</a>",
        "<iframe src='http://127.0.0.1/'></iframe>",
        "<form action='http://127.0.0.1/'><input name=a></form>",
        "<meta http-equiv=refresh content='0;url=http://127.0.0.1/'>",
        "<svg><script>alert(1)</script></svg>",
        "<base href='http://127.0.0.1/'>",
    ],
)
def test_a_hostile_mail_cannot_act(store: Store, client: TestClient, attack: str) -> None:
    """Three walls: cleaned, sandboxed, and a content policy that allows no script, form or foreign source."""
    response = client.get(f"/mails/{store.add(mail(html=f'<p>hi</p>{attack}').as_bytes())}/body")
    policy = response.headers["content-security-policy"]
    assert "sandbox" in policy
    assert "allow-scripts" not in policy
    assert "default-src 'none'" in policy
    for word in ("<script", "onerror", "javascript:", "<iframe", "<form", "http-equiv", "<svg", "<base"):
        assert word not in response.text


def test_hostile_subjects_and_names_are_only_odd_words(store: Store, client: TestClient) -> None:
    """The pages around a mail escape every word of it."""
    message = mail(subject="<script>alert(1)</script>")
    message.add_attachment(b"x", maintype="application", subtype="pdf", filename='"><script>.pdf')
    key = store.add(message.as_bytes())
    for path in ("/", f"/mails/{key}", f"/mails/{key}?view=headers", "/?search=<script>"):
        response = client.get(path)
        assert "<script" not in response.text
        assert "script-src" not in response.headers["content-security-policy"]
        assert "default-src 'none'" in response.headers["content-security-policy"]


@pytest.mark.parametrize("key", ["..%2f..%2fetc%2fpasswd", "00000000000000000000-000000", "x"])
def test_an_unknown_id_is_not_found_and_never_a_path(client: TestClient, key: str) -> None:
    """Ids are looked up, not opened."""
    assert client.get(f"/mails/{key}").status_code == 404


def test_a_foreign_host_name_is_refused(client: TestClient) -> None:
    """A page of the open web cannot read the mailbox through a name that points at this machine."""
    assert client.get("/", headers={"host": "evil.example"}).status_code == 400


@pytest.mark.parametrize(
    "content", [b"", b"\xff\xfe garbage", b"To: \r\nContent-Type: text/html; charset=nope\r\n\r\nx"]
)
def test_a_broken_mail_is_shown_and_stops_nothing(store: Store, client: TestClient, content: bytes) -> None:
    """What arrives is kept, however broken."""
    key = store.add(content)
    assert client.get("/").status_code == 200
    assert client.get(f"/mails/{key}").status_code == 200
    assert client.get(f"/mails/{key}/body").status_code == 200


def test_mails_survive_a_restart(tmp_path: Path) -> None:
    """The folder is the truth; half-written files of a killed process are swept away."""
    Store(tmp_path).add(mail(subject="Kept").as_bytes())
    (tmp_path / ".123.eml.part").write_bytes(b"half")
    again = Store(tmp_path)
    assert [summary.subject for summary in again.find()] == ["Kept"]
    assert not list(tmp_path.glob(".*.part"))


def test_the_json_address_gives_recipients_links_and_files(store: Store, client: TestClient) -> None:
    """Demo and tests find a learner's link without parsing MIME."""
    message = mail(html='<a href="http://127.0.0.1:8030/s/abc">x</a><a href="mailto:x@example.com">y</a>')
    message.add_attachment(b"x", maintype="application", subtype="pdf", filename="r.pdf")
    key = store.add(message.as_bytes())
    store.add(mail(to="other@example.com").as_bytes())
    (found,) = client.get("/api/messages", params={"to": "E1@example.com"}).json()
    assert found["id"] == key
    assert found["to"] == ["e1@example.com"]
    assert found["links"] == ["http://127.0.0.1:8030/s/abc"]
    assert found["attachments"] == ["r.pdf"]
    assert len(client.get("/api/messages").json()) == 2


@pytest.mark.slow
def test_the_process_takes_mail_by_smtp_and_shows_it_on_its_page(tmp_path: Path) -> None:
    """One command, two ports, loopback only."""
    smtp_port, web_port = free_port(), free_port()
    command = ["--smtp-port", str(smtp_port), "--web-port", str(web_port), "--folder", str(tmp_path)]
    process = subprocess.Popen([sys.executable, "-m", "trainloop.outbox.mailbox", *command])
    try:
        for _ in range(150):
            try:
                health = urllib.request.urlopen(f"http://127.0.0.1:{web_port}/health", timeout=2)
                break
            except OSError:
                time.sleep(0.2)
        assert health.status == 200
        with smtplib.SMTP("127.0.0.1", smtp_port, timeout=10) as session:
            session.send_message(mail(subject="By SMTP"))
        page = urllib.request.urlopen(f"http://127.0.0.1:{web_port}/", timeout=5).read().decode()
        assert "By SMTP" in page
    finally:
        process.terminate()
        process.wait(20)

"""The bytes of a mail: deterministic, ASCII headers that cannot be injected, text and HTML of equal content."""

from __future__ import annotations

import email
import email.policy
from datetime import UTC, datetime
from email.message import EmailMessage
from typing import Any, get_args

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st
from jinja2.exceptions import SecurityError

from trainloop.config import Locale, get_site
from trainloop.outbox import mime, wording
from trainloop.outbox.kinds import KINDS
from trainloop.outbox.mime import Attachment, Envelope
from trainloop.outbox.notices import NoticeKind
from trainloop.outbox.recipients import Recipient, clean_name, valid_address
from trainloop.outbox.wording import Button, Section
from trainloop.settings import PROJECT_DIR

TEMPLATES = PROJECT_DIR / "include" / "trainloop" / "outbox" / "templates"


def build(subject: str = "主题", name: str = "张伟", **columns: Any) -> bytes:
    words = {"heading": "H", "paragraphs": ("P",), "reason": "R"} | columns
    recipient = Recipient("employee", "E1", clean_name(name), "e1@example.com", "zh-CN", "Asia/Shanghai", "CN")
    envelope = Envelope("<id@example.com>", datetime(2026, 3, 3, 2, tzinfo=UTC), recipient, False, False)
    files = [Attachment("报告 1.pdf", "application/pdf", b"%PDF-1.7", "x")]
    return mime.build([Section(subject=subject, **words)], files, envelope, get_site())  # type: ignore[arg-type]


def parsed(content: bytes) -> EmailMessage:
    message = email.message_from_bytes(content, policy=email.policy.default)
    assert isinstance(message, EmailMessage)
    return message


def test_the_same_mail_has_the_same_bytes_and_only_smtp_line_ends() -> None:
    """Deterministic bytes need fixed Message-ID, Date and boundaries; SMTP wants CRLF and lines below 998."""
    content = build()
    assert content == build()
    assert b"\n" not in content.replace(b"\r\n", b"")
    assert max(len(line) for line in content.split(b"\r\n")) < 998
    assert content.isascii()


def test_a_mail_reads_back_as_it_was_written() -> None:
    """Subject, names, both parts and the attachment survive encoding; no defect anywhere."""
    message = parsed(build(subject="课程《高效沟通》" * 8))
    assert message["Subject"] == "课程《高效沟通》" * 8
    assert message["To"].addresses[0].display_name == "张伟"
    assert message["Message-ID"] == "<id@example.com>"
    assert message["Auto-Submitted"] == "auto-generated"
    assert [part.get_filename() for part in message.iter_attachments()] == ["报告 1.pdf"]
    assert not any(part.defects for part in message.walk())


@pytest.mark.parametrize(
    "subject",
    [
        "提醒：《新任经理领导力》问卷 10月8日 23:59 截止（约 3 分钟）",
        "How to join: Agile project management online, Thu 16 Apr, 09:00–17:00 (Singapore Time)",
        "Signed by all three: agreed plan for Business negotiation (D-2026-001)",
        "Please decide by 23 Jan 2027: Annual Training Review 2026 (revision 1), the draft is attached (15 minutes)",
        "a subject that looks =?utf-8?b?eA==?= encoded",
    ],
)
def test_every_space_of_a_subject_arrives(subject: str) -> None:
    """The library's folding loses spaces between encoded words and adds one where a line breaks."""
    content = build(subject=subject)
    assert parsed(content)["Subject"] == subject
    head = content.partition(b"\r\n\r\n")[0]
    assert max(len(line) for line in head.split(b"\r\n")) <= 78


@given(st.text(max_size=150))
def test_a_subject_reads_back_whatever_it_is(subject: str) -> None:
    """Emoji, half-width letters and odd spaces included."""
    known = clean_name(subject) or "-"
    assert parsed(build(subject=known))["Subject"] == known


@given(st.text(max_size=60), st.text(max_size=60))
def test_no_name_or_subject_adds_a_header(subject: str, name: str) -> None:
    """CR/LF and control characters in names or subjects are encoded or removed."""
    expected = set(parsed(build()).keys())
    for evil in ("", "\r\nBcc: victim@example.com\r\n\r\nbody", "\u2028Bcc: x@example.com", "\x00\x1b"):
        message = parsed(build(subject=clean_name(subject + evil) or "-", name=name + evil))
        assert set(message.keys()) == expected
        assert len(message["To"].addresses) == 1


@pytest.mark.parametrize(
    "text",
    ["", "x", "a@b@example.com", "a@example.com\r\nBcc: b@example.com", "a@example.com,b@example.com",
     "A <a@example.com>", "a b@example.com", "a@", "员工@example.com", "a@example.com\x00"],
)  # fmt: skip
def test_what_is_no_single_plain_address_gets_no_mail(text: str) -> None:
    """An address column may hold anything; nothing but one address reaches the server."""
    assert valid_address(text) is None


@pytest.mark.parametrize("text", ["a@example.com", "a.b+c@mail.corp.example.com", "a@intranet", "a@例子.example.com"])
def test_company_addresses_are_fine(text: str) -> None:
    """A domain without a dot is no mistake inside a company; a Chinese domain is sent in its ASCII form."""
    address = valid_address(text)
    assert address is not None
    assert address.isascii()


def test_user_text_is_escaped_in_html() -> None:
    """A course named like a tag is just an odd name."""
    message = parsed(build(paragraphs=("<script>alert(1)</script>",), button=Button("Go", 'https://x/"onclick=')))
    html = message.get_body(("html",))
    assert html is not None
    assert "<script" not in html.get_content()
    assert 'x/"onclick' not in html.get_content()


def test_text_and_html_say_the_same() -> None:
    """The text alternative is equal in content."""
    message = parsed(
        build(
            paragraphs=("First words.", "Second words."), rows=(("Label", "Value"),), notes=("A note.",),
            button=Button("Go", "https://x.example.com/1"),
        )
    )  # fmt: skip
    for kind in ("plain", "html"):
        part = message.get_body((kind,))
        assert part is not None
        for words in (
            "First words.",
            "Second words.",
            "Label",
            "Value",
            "A note.",
            "Go",
            "https://x.example.com/1",
            "报告 1.pdf",
        ):
            assert words in part.get_content()


def test_the_message_id_depends_on_the_decisions_and_the_environment_only() -> None:
    """The same notices give the same id, in any order; another environment another one."""
    keys = [("survey_invitation", "survey_wave", "W1"), ("survey_invitation", "survey_wave", "W2")]
    site = get_site()
    assert mime.message_id("demo", keys, site) == mime.message_id("demo", keys[::-1], site)
    assert mime.message_id("demo", keys, site) != mime.message_id("production", keys, site)
    assert mime.message_id("demo", keys, site) != mime.message_id("demo", keys[:1], site)


@pytest.mark.parametrize("kind", get_args(NoticeKind))
def test_every_kind_has_words_in_both_languages_and_one_button_at_most(kind: str) -> None:
    """Every text a person sees exists in zh-CN and en; both say the same things."""
    words = yaml.safe_load((TEMPLATES / f"{kind}.yaml").read_text("utf-8"))
    assert kind in KINDS
    assert set(words) == set(get_args(Locale))
    assert words["zh-CN"].keys() == words["en"].keys()
    for part in ("paragraphs", "rows", "notes"):
        assert len(words["zh-CN"].get(part, ())) == len(words["en"].get(part, ()))


def test_template_expressions_run_in_a_sandbox() -> None:
    """HR edits templates; a template cannot reach Python."""
    template = wording._compiled("{{ ''.__class__.__mro__ }}")
    with pytest.raises(SecurityError):
        template.render()

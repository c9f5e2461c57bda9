"""The company's name, logo and colour come from the site file and stand on every mail, PDF, form and board page."""

from __future__ import annotations

import email
import email.policy
import zlib
from collections.abc import Iterator
from datetime import UTC, datetime
from io import BytesIO
from pathlib import Path

import pypdf
import pytest
from fastapi.testclient import TestClient
from tests.board.conftest import by_header
from tests.reporting.conftest import make_view

from trainloop.board import pages
from trainloop.board.app import create_app as board_app
from trainloop.config import Logo, get_site, load_site
from trainloop.errors import SiteFileInvalidError
from trainloop.forms.app import create_app as forms_app
from trainloop.forms.store import Store
from trainloop.outbox import mime
from trainloop.outbox.mailbox.clean import clean_html
from trainloop.outbox.mailbox.store import body, pictures
from trainloop.outbox.recipients import Recipient
from trainloop.outbox.wording import Section
from trainloop.settings import get_settings


def png(width: int = 40, height: int = 20) -> bytes:
    """A PNG of one colour, made by hand."""

    def chunk(kind: bytes, data: bytes) -> bytes:
        return len(data).to_bytes(4, "big") + kind + data + zlib.crc32(kind + data).to_bytes(4, "big")

    size = width.to_bytes(4, "big") + height.to_bytes(4, "big")
    lines = (b"\0" + b"\x1f\x5f\xa8" * width) * height
    parts = [(b"IHDR", size + b"\x08\x02\0\0\0"), (b"IDAT", zlib.compress(lines)), (b"IEND", b"")]
    return b"\x89PNG\r\n\x1a\n" + b"".join(chunk(kind, data) for kind, data in parts)


def site_file(folder: Path, logo: bytes, name: str = "logo.png") -> Path:
    (folder / name).write_bytes(logo)
    path = folder / "site.yaml"
    path.write_text(f"company: {{name_en: Acme, colour: '#aa0000', logo: {name}}}", "utf-8")
    return path


@pytest.fixture
def branded(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Logo]:
    """A company with a logo beside its site file."""
    monkeypatch.setenv("TRAINLOOP_SITE_FILE", str(site_file(tmp_path, png())))
    get_settings.cache_clear()
    get_site.cache_clear()
    logo = get_site().company.logo
    assert logo is not None
    yield logo
    monkeypatch.undo()
    for kept in (get_settings, get_site, pages.plain_style):
        kept.cache_clear()


@pytest.mark.parametrize(
    ("name", "content", "said"),
    [
        ("logo.svg", b"<svg xmlns='http://www.w3.org/2000/svg'/>", "PNG"),
        ("logo.png", png(400, 100) + b"x" * 50_000, "40 kB"),
        ("logo.png", png(0, 0), "empty"),
    ],
)
def test_a_file_that_no_mail_program_would_show_is_refused(
    tmp_path: Path, name: str, content: bytes, said: str
) -> None:
    """At the start, with what is wrong, and not in the first mail."""
    with pytest.raises(SiteFileInvalidError, match=said):
        load_site(site_file(tmp_path, content, name))


def test_a_missing_file_is_named(tmp_path: Path) -> None:
    """The path is read from the folder of the site file."""
    path = site_file(tmp_path, png())
    (tmp_path / "logo.png").unlink()
    with pytest.raises(SiteFileInvalidError, match="logo\\.png"):
        load_site(path)


def test_a_mail_brings_its_logo_and_loads_nothing(branded: Logo) -> None:
    """The picture is a part of the mail: opening it asks no foreign address; the same mail has the same bytes."""
    recipient = Recipient("employee", "E1", "Zhang", "e1@example.com", "en", "Asia/Shanghai", "CN")
    envelope = mime.Envelope("<id@example.com>", datetime(2026, 3, 3, 2, tzinfo=UTC), recipient, False, False)
    section = Section(subject="S", heading="H", paragraphs=("P",), reason="R")
    content = mime.build([section], [], envelope, get_site())
    assert content == mime.build([section], [], envelope, get_site())
    message = email.message_from_bytes(content, policy=email.policy.default)
    (shown,) = [part for part in message.walk() if part.get_content_type() == "image/png"]
    assert shown.get_content() == branded.content
    page = body(message, "html")  # type: ignore[arg-type]
    assert f'src="cid:{str(shown["Content-ID"]).strip("<>")}" width="56" height="28"' in page
    assert "#aa0000" in page
    assert "Acme" in page
    assert list(message.iter_attachments()) == []  # type: ignore[attr-defined]
    # The dev mailbox shows it from the mail itself.
    assert f'src="{branded.data_uri()}"' in clean_html(page, pictures(message))  # type: ignore[arg-type]


@pytest.mark.slow
def test_a_pdf_has_the_logo_above_its_first_page(branded: Logo) -> None:
    """The process that draws opens no file: the view holds the picture."""
    from trainloop.reporting.press import Press

    printed = Press().draw(make_view(locale="en"))
    first = pypdf.PdfReader(BytesIO(printed.pdf)).pages[0]
    assert [image.image.size for image in first.images if image.image] == [(branded.width, branded.height)]
    assert "Acme" in first.extract_text()


def test_forms_and_board_show_the_logo(branded: Logo) -> None:
    """The forms service gives it to anybody, the board to whoever may see the board."""
    forms = TestClient(forms_app(Store()), base_url="http://127.0.0.1:8030")
    assert forms.get("/logo.png").content == branded.content
    assert 'src="/logo.png"' in forms.get("/f/unknown").text
    board = TestClient(board_app(by_header))
    assert board.get("/static/logo.png", headers={"x-visitor": "hr"}).content == branded.content
    assert board.get("/static/logo.png").status_code == 401

"""What a stranger can do with the service: nothing, and the pages say so kindly."""

from __future__ import annotations

import pytest
from tests.forms.conftest import Site, full_answers, token_of

from trainloop.forms import http, links

PULSE = "quarterly_pulse"


def test_every_answer_carries_the_safe_headers(site: Site) -> None:
    """Pages, redirects, errors and files: no script, no frame, no referrer with the link in it, nothing cached."""
    wave = site.wave(PULSE, "2026Q1", "E1")
    path = f"/f/{token_of(wave, 'E1')}"
    answers = [
        site.client.get(path),
        site.client.get("/f/unknown"),
        site.client.get("/nothing/here"),
        site.client.put(path),
        site.client.post(path, content=b"x" * (http.MAX_BODY_BYTES + 1)),
        site.send(wave, "E1"),
        site.client.get("/style.css"),
    ]
    assert [answer.status_code for answer in answers] == [200, 404, 404, 405, 413, 303, 200]
    for answer in answers:
        assert "default-src 'none'" in answer.headers["Content-Security-Policy"]
        assert "script-src" not in answer.headers["Content-Security-Policy"]
        assert answer.headers["Referrer-Policy"] == "no-referrer"
        assert answer.headers["X-Content-Type-Options"] == "nosniff"
    assert {answer.headers["Cache-Control"] for answer in answers[:6]} == {"no-store"}
    assert "<script" not in answers[0].text


def test_markup_in_names_and_answers_is_shown_as_text(site: Site) -> None:
    """A course may be called <script>; a page shows it so."""
    site.run("update core.courses set name_zh = '<script>alert(1)</script>'")
    site.run("update ops.survey_waves set source = 'forms'")
    page = site.client.get(f"/f/{token_of('EVAL-2026-C001', 'E1')}").text
    assert "&lt;script&gt;alert(1)" in page
    assert "<script" not in page


def test_guessing_links_is_stopped_and_people_with_links_are_not(site: Site) -> None:
    """Thirty unknown links a minute from one address, then a page that asks to wait, with Retry-After.

    What browsers ask for by themselves is no guess: an office behind one address must not lock itself out.
    """
    for _ in range(40):
        assert site.client.get("/favicon.ico").status_code == 404
    for number in range(30):
        assert site.client.get(f"/f/{number:032d}").status_code == 404
    slowed = site.client.get("/f/" + "9" * 32)
    assert slowed.status_code == 429
    assert int(slowed.headers["Retry-After"]) > 0
    assert "请稍后再试" in slowed.text or "Please try again" in slowed.text


def test_one_link_answers_sixty_times_a_minute(site: Site) -> None:
    """A program that hammers one link waits; another person's link still opens."""
    wave = site.wave(PULSE, "2026Q1", "E1", "E2")
    codes = [site.client.get(f"/f/{token_of(wave, 'E1')}").status_code for _ in range(62)]
    assert codes[:60] == [200] * 60
    assert codes[-1] == 429
    assert site.client.get(f"/f/{token_of(wave, 'E2')}").status_code == 200


@pytest.mark.parametrize(
    "body",
    [
        b"\xff\xfe\x00=\x00", b"&" * 5000, b"q_comment=%00%01%ed%a0%80&action=submit", b"action=submit&action=save",
        b"{\"json\": true}", b"q_content_match[]=1", b"=" * 100,
    ],
)  # fmt: skip
def test_a_mangled_body_breaks_nothing(site: Site, body: bytes) -> None:
    """Every one gets a page; nothing is stored."""
    wave = site.wave(PULSE, "2026Q1", "E1")
    answer = site.client.post(f"/f/{token_of(wave, 'E1')}", content=body)
    assert answer.status_code in {400, 413, 422}
    assert site.run("select * from forms.submissions") == []


def test_control_characters_of_an_answer_are_left_out(site: Site) -> None:
    """PostgreSQL stores no NUL; direction marks of names stay, escapes of a terminal do not."""
    wave = site.wave(PULSE, "2026Q1", "E1")
    assert site.send(wave, "E1", comment="a\x00b\x1b[31mc\r\nd").status_code == 303
    (row,) = site.run("select answers from forms.submissions")
    assert {"item": "comment", "free_text": "ab[31mc\nd"} in row["answers"]


def test_a_form_sent_twice_at_once_is_stored_once(site: Site) -> None:
    """A double click: both get the thank-you page, one form is kept."""
    import threading

    wave = site.wave(PULSE, "2026Q1", "E1")
    path = f"/f/{token_of(wave, 'E1')}"
    fields = site.page_fields(path) | full_answers(PULSE) | {"action": "submit"}
    codes: list[int] = []
    clicks = [
        threading.Thread(target=lambda: codes.append(site.client.post(path, data=fields).status_code)) for _ in range(4)
    ]
    for click in clicks:
        click.start()
    for click in clicks:
        click.join()
    assert codes == [200] * 4
    assert len(site.run("select * from forms.submissions")) == 1


def test_a_draft_under_another_key_is_none(site: Site, monkeypatch: pytest.MonkeyPatch) -> None:
    """The service's key was changed: the form opens empty instead of failing."""
    sealed = links.seal_draft("a" * 32, b"{}")
    assert links.open_draft("a" * 32, sealed) == b"{}"
    assert links.open_draft("b" * 32, sealed) is None
    assert links.open_draft("a" * 32, sealed[:5]) is None
    assert len(links.seal_draft("a" * 32, b"x" * 900)) == len(links.seal_draft("a" * 32, b"x"))

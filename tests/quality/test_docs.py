"""The data-quality pages: what a person sees, and that nobody ever sees half a page."""

from __future__ import annotations

import re
from collections.abc import Callable
from html.parser import HTMLParser
from pathlib import Path

import fsspec
import pytest

from trainloop.quality import docs
from trainloop.quality.docs_text import RULES, SEVERITIES, STEPS, TEXTS
from trainloop.settings import get_settings
from trainloop.warehouse import engine

VOID = {"meta", "br", "link", "input", "img", "hr"}


class Balanced(HTMLParser):
    """Fails on a tag that is closed in the wrong place."""

    def __init__(self) -> None:
        super().__init__()
        self.open: list[str] = []

    def handle_starttag(self, tag: str, attrs: object) -> None:
        del attrs
        if tag not in VOID:
            self.open.append(tag)

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag


@pytest.fixture
def files(warehouse: str, set_clock: Callable[..., object]) -> None:
    """One file partly in quarantine with a hostile name, one refused."""
    set_clock(2026, 3, 16)
    with engine.connect("owner") as connection:
        connection.execute(
            """insert into ops.inbox_files
                   (file_id, dataset, name, source_uri, archive_uri, content_sha256, size_bytes, state, found_at,
                    finished_at, row_count, accepted_count, quarantined_count, refused_count, refused_rule,
                    refused_reason_zh, refused_reason_en)
               overriding system value
               values (7, 'employees', '<script>alert(1)</script>.csv', '', '', 'a', 1, 'merged', '2026-01-10 09:00+08',
                       '2026-01-10 09:01+08', 1234, 1230, 4, 0, null, null, null),
                      (8, 'courses', '课程.xlsx', '', '', 'b', 1, 'refused', '2026-03-15 09:00+08',
                       '2026-03-15 09:01+08', 12, 0, 0, 12, 'x', '缺少必填列「课程编码」。', 'A column is missing.')"""
        )
        connection.execute(
            """insert into ops.check_runs
                   (check_run_id, suite, file_id, checked_at, row_count, is_passed, gate_decision)
               overriding system value values (3, 'employees', 7, '2026-01-10 09:00+08', 1234, false, 'quarantine')"""
        )
        connection.execute(
            """insert into ops.check_results
                   (check_run_id, position, check_code, rule, severity, is_passed, evaluated_count, failed_count,
                    message_zh, message_en)
               values (3, 0, 'a', 'missing_value', 'block', true, 1234, 0, '「甲」每行都已填写', '“A” is filled in'),
                      (3, 1, 'b', 'out_of_range', 'block', false, 1234, 4, '「<b>」是数值', '“<b>” is a number')"""
        )


def folder() -> Path:
    return Path(get_settings().folder_uri("data_docs").removeprefix("file://"))


def test_the_overview_shows_the_last_file_its_counts_and_what_is_stale(files: None) -> None:
    """Per dataset: verdict, counts, freshness against the contract; datasets without a file too."""
    docs.publish()
    page = (folder() / "zh-CN" / "index.html").read_text("utf-8")
    assert "1,234" in page
    assert "部分隔离" in page
    assert "65 天前更新" in page
    assert "已过期" in page
    assert "尚无文件" in page
    refused = (folder() / "en" / "datasets" / "courses.html").read_text("utf-8")
    assert "A column is missing." in refused


def test_every_page_exists_in_both_languages_and_links_to_its_twin(files: None) -> None:
    """The switch is a link: no script, and it stays where the reader is."""
    docs.publish()
    for locale, other in (("zh-CN", "en"), ("en", "zh-CN")):
        for page in (folder() / locale).rglob("*.html"):
            (twin,) = re.findall(r'class="lang" href="([^"]+)"', page.read_text("utf-8"))
            assert f"/{other}/" in str((page.parent / twin).resolve())


def test_every_link_leads_to_a_page_and_every_tag_is_closed(files: None) -> None:
    """The pages are a closed set: nothing is loaded, nothing dangles."""
    docs.publish()
    pages = list(folder().rglob("*.html"))
    assert len(pages) > 8
    for page in pages:
        text = page.read_text("utf-8")
        parser = Balanced()
        parser.feed(text)
        assert parser.open == []
        for link in re.findall(r'href="([^"]+)"', text):
            assert (page.parent / link).exists(), (page, link)


def test_foreign_text_is_escaped(files: None) -> None:
    """File names and headers come from outside."""
    docs.publish()
    text = "".join(page.read_text("utf-8") for page in folder().rglob("*.html"))
    assert "<script" not in text
    assert "“<b>”" not in text
    assert "&lt;script&gt;alert(1)" in text


def test_a_published_run_is_not_written_again_and_a_new_verdict_is(files: None) -> None:
    """document_uri null means "no page yet"; judging again clears it."""
    docs.publish()
    page = folder() / "zh-CN" / "runs" / "3.html"
    with engine.connect("owner") as connection:
        row = connection.execute("select document_uri from ops.check_runs").fetchone()
        assert row == {"document_uri": page.as_uri()}
        page.write_text("old")
        docs.publish()
        assert page.read_text() == "old"
        connection.execute("update ops.check_runs set document_uri = null")
        connection.commit()
    docs.publish()
    assert "每行都已填写" in page.read_text("utf-8")


def test_a_page_that_cannot_be_written_is_a_passing_failure(files: None, home: Path) -> None:
    """A full or closed folder delays the pages; the next run writes them."""
    (home / "data-docs").write_text("in the way")
    with pytest.raises(docs.DocsNotWrittenError):
        docs.publish()
    (home / "data-docs").unlink()
    assert docs.publish()["pages_written"] > 0


def test_pages_go_to_an_object_store_too(files: None, monkeypatch: pytest.MonkeyPatch) -> None:
    """Artefacts are URIs."""
    monkeypatch.setenv("TRAINLOOP_DATA_DOCS_URI", "memory://docs")
    get_settings.cache_clear()
    docs.publish()
    assert fsspec.filesystem("memory").exists("/docs/en/runs/3.html")


def test_both_languages_have_the_same_words() -> None:
    """A page must not fail in one language only."""
    for table in (TEXTS, RULES, SEVERITIES, STEPS):
        assert table["zh-CN"].keys() == table["en"].keys()
        assert all(table["zh-CN"].values())

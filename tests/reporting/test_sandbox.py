"""The drawing process: limited, alone, and replaceable. What kills it fails one report."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Callable

import pytest

from trainloop.reporting.errors import GlyphMissingError, RendererEndlessError, RendererOutOfMemoryError
from trainloop.reporting.evidence import Evidence
from trainloop.reporting.press import BundledFetcher
from trainloop.reporting.sandbox import Limits, RenderedPdf, render_all
from trainloop.reporting.view import Quotes, ReportView

pytestmark = pytest.mark.slow


@pytest.fixture
def small(view_of: Callable[..., ReportView], evidence_of: Callable[..., Evidence]) -> ReportView:
    return view_of("hr", "en", evidence_of(4, 26))


@pytest.fixture
def huge(view_of: Callable[..., ReportView]) -> ReportView:
    """A report that nobody could read: thousands of long verbatims."""
    quotes = Quotes(label="?", quotes=("word " * 400,) * 4000)
    view = view_of("hr", "en")
    return view.model_copy(update={"quotes": (quotes, view.quotes[1])})


def test_an_endless_report_fails_alone(small: ReportView, huge: ReportView) -> None:
    """Past its processor time the kernel ends the child; the reports before and after it are made."""
    before, endless, after = render_all([small, huge, small], Limits(cpu_seconds=4, wall_seconds=90))
    assert isinstance(before, RenderedPdf)
    assert isinstance(endless, RendererEndlessError)
    assert isinstance(after, RenderedPdf)
    assert before.sha256 == after.sha256


def test_a_report_that_waits_for_ever_is_killed(small: ReportView) -> None:
    """Wall time counts too: a child that sleeps uses no processor."""
    (result,) = render_all([small], Limits(wall_seconds=0.01))
    assert isinstance(result, RendererEndlessError)


def test_a_report_that_needs_too_much_memory_fails_alone(small: ReportView) -> None:
    """The address space is limited before the heavy libraries are loaded."""
    rows = tuple(row.model_copy(update={"label": "x" * 60_000_000}) for row in small.data_rows[:1])
    too_much, fine = render_all([small.model_copy(update={"data_rows": rows}), small], Limits(memory_mb=460))
    assert isinstance(too_much, RendererOutOfMemoryError)
    assert isinstance(fine, RenderedPdf)


def test_a_refused_report_leaves_the_child_alive(small: ReportView) -> None:
    """A missing glyph is an answer, no crash: types and facts come back as they were raised."""
    bad = small.model_copy(update={"course_name": "\U0001f600"})
    refused, fine = render_all([bad, small])
    assert isinstance(refused, GlyphMissingError)
    assert "U+1F600" in str(refused)
    assert isinstance(fine, RenderedPdf)


CONFINED = """
import socket, subprocess, sys
from trainloop.reporting import renderer
renderer._limit(1500)
sys.addaudithook(renderer._forbid)
for act in (lambda: socket.create_connection(("127.0.0.1", 9), 1), lambda: subprocess.run(["true"]),
            lambda: socket.getaddrinfo("localhost", 80)):
    try:
        act()
    except PermissionError:
        print("refused")
"""


def test_the_child_has_no_network_and_starts_no_programs() -> None:
    """Nothing in a verbatim can make the renderer talk to anybody."""
    done = subprocess.run([sys.executable, "-c", CONFINED], capture_output=True, text=True, check=True)
    assert done.stdout.split() == ["refused"] * 3


def test_the_child_knows_no_secrets(small: ReportView, monkeypatch: pytest.MonkeyPatch) -> None:
    """Its environment is built, not inherited."""
    seen: dict[str, str] = {}
    popen = subprocess.Popen

    def watch(*args: object, env: dict[str, str], **options: object) -> object:
        seen.update(env)
        return popen(*args, env=env, **options)  # type: ignore[call-overload]

    monkeypatch.setattr("trainloop.reporting.sandbox.subprocess.Popen", watch)
    render_all([small])
    assert seen
    assert not [key for key in seen if key.startswith("TRAINLOOP") or "SECRET" in key or "PROXY" in key.upper()]


@pytest.mark.parametrize(
    "url", ["http://example.com/x.png", "file:///etc/hostname", "bundled:../config/site.yaml", "bundled:fonts/OFL.txt"]
)
def test_only_the_bundled_faces_are_opened(url: str) -> None:
    """No network, no file outside the package, no other file inside it."""
    with pytest.raises(ValueError, match="only bundled assets"):
        BundledFetcher().fetch(url)


def test_no_child_is_left_running(small: ReportView) -> None:
    """A worker that reports for years must not collect processes."""
    render_all([small], Limits(wall_seconds=0.01))
    with pytest.raises(ChildProcessError):
        os.waitpid(-1, os.WNOHANG)

"""Draws reports in a child process with limits, several in one child; what kills the child fails one report only."""

from __future__ import annotations

import base64
import contextlib
import hashlib
import json
import os
import signal
import subprocess
import sys
import tempfile
import threading
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from importlib import resources
from pathlib import Path
from typing import IO

from trainloop.errors import PermanentError
from trainloop.reporting.document import Document
from trainloop.reporting.errors import (
    RENDER_ERRORS,
    RendererCrashedError,
    RendererEndlessError,
    RendererOutOfMemoryError,
    RenderFailedError,
)
from trainloop.reporting.kinds import write_document


@dataclass(frozen=True)
class Limits:
    """What one document may use. A five-page report needs 0.5 s, start-up 2 s, and 390 MB of address space."""

    memory_mb: int = 1500
    cpu_seconds: int = 60
    wall_seconds: float = 120.0


@dataclass(frozen=True)
class RenderedPdf:
    """One finished PDF."""

    pdf: bytes
    sha256: str
    page_count: int


DEFAULT_LIMITS = Limits()


def render_all(views: Sequence[Document], limits: Limits = DEFAULT_LIMITS) -> list[RenderedPdf | PermanentError]:
    """Return, in the order of `views`, each PDF or the error that kept it from being made.

    One child draws one after the other and shares fonts and style; a child that died is replaced for the rest.
    """
    results: list[RenderedPdf | PermanentError] = []
    while len(results) < len(views):
        with _Child(limits) as child:
            for view in views[len(results) :]:
                results.append(child.draw(view))
                if not child.is_usable:
                    break
    return results


class _Child:
    """One renderer process and its folder for temporary files."""

    def __init__(self, limits: Limits) -> None:
        self._limits = limits
        self._stack = contextlib.ExitStack()
        self.is_usable = True

    def __enter__(self) -> _Child:
        self._folder = self._stack.enter_context(tempfile.TemporaryDirectory(prefix="trainloop-report-"))
        self._errors: IO[bytes] = self._stack.enter_context(tempfile.TemporaryFile())
        fonts = self._stack.enter_context(
            resources.as_file(resources.files(__package__).joinpath("fonts/fontconfig.xml"))
        )
        self._process = subprocess.Popen(
            [sys.executable, "-P", "-m", "trainloop.reporting.renderer", json.dumps(self._limit_facts())],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=self._errors,
            cwd=self._folder,
            env=_environment(self._folder, fonts),
            start_new_session=True,
        )
        return self

    def __exit__(self, *_: object) -> None:
        assert self._process.stdin is not None
        with contextlib.suppress(BrokenPipeError):
            self._process.stdin.close()
        with _killed_after(self._process, self._limits.wall_seconds):
            self._process.wait()
        if self._process.stdout is not None:
            self._process.stdout.close()
        self._stack.close()

    def _limit_facts(self) -> dict[str, int]:
        return {"memory_mb": self._limits.memory_mb, "cpu_seconds": self._limits.cpu_seconds}

    def draw(self, view: Document) -> RenderedPdf | PermanentError:
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        with _killed_after(self._process, self._limits.wall_seconds) as was_killed:
            with contextlib.suppress(BrokenPipeError):
                self._process.stdin.write(write_document(view) + b"\n")
                self._process.stdin.flush()
            line = self._process.stdout.readline()
        if not line.endswith(b"\n"):
            self.is_usable = False
            return self._cause_of_death(was_killed.is_set())
        answer = json.loads(line)
        if "error" in answer:
            error = RENDER_ERRORS[answer["error"]](**answer["facts"])
            self.is_usable = not isinstance(error, RendererOutOfMemoryError)
            return error
        pdf = base64.b64decode(answer["pdf"])
        return RenderedPdf(pdf=pdf, sha256=hashlib.sha256(pdf).hexdigest(), page_count=answer["page_count"])

    def _cause_of_death(self, was_killed: bool) -> PermanentError:
        code = self._process.wait()
        self._errors.seek(0)
        log = self._errors.read()[-20_000:]
        if was_killed:
            return RendererEndlessError(limit_seconds=self._limits.wall_seconds)
        if code == -signal.SIGXCPU:
            return RendererEndlessError(limit_seconds=self._limits.cpu_seconds)
        if b"MemoryError" in log or b"failed to allocate" in log or b"out of memory" in log.lower():
            return RendererOutOfMemoryError(limit_mb=self._limits.memory_mb)
        if b"Errno 28" in log:
            return RenderFailedError(detail="the disk of temporary files is full")
        how = f"signal {signal.Signals(-code).name}" if code < 0 else f"exit code {code}"
        return RendererCrashedError(how=how)


def _environment(folder: str, fonts: Path) -> dict[str, str]:
    """Return all the child knows of this machine: no secrets, no proxies, no system fonts."""
    return {
        "PATH": os.defpath,
        "HOME": folder,
        "TMPDIR": folder,
        "XDG_CACHE_HOME": folder,
        "FONTCONFIG_FILE": str(fonts),
        "LC_ALL": "C.UTF-8",
        "PYTHONHASHSEED": "0",
    } | {key: os.environ[key] for key in ("LD_LIBRARY_PATH", "DYLD_FALLBACK_LIBRARY_PATH") if key in os.environ}


@contextlib.contextmanager
def _killed_after(process: subprocess.Popen[bytes], seconds: float) -> Iterator[threading.Event]:
    was_killed = threading.Event()

    def kill() -> None:
        was_killed.set()
        with contextlib.suppress(ProcessLookupError):
            os.killpg(process.pid, signal.SIGKILL)

    timer = threading.Timer(seconds, kill)
    timer.start()
    try:
        yield was_killed
    finally:
        timer.cancel()

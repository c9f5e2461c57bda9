"""The Chromium of the machine: who starts it, and what a machine without one means for a test."""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from playwright.sync_api import Browser

PROGRAMS = ("chromium", "chromium-browser", "google-chrome")
SIZES = {"phone": {"width": 390, "height": 844}, "desktop": {"width": 1280, "height": 900}}


def program() -> str | None:
    """Return the path of this machine's browser."""
    return next(filter(None, map(shutil.which, PROGRAMS)), None)


def require_browser() -> None:
    """Skip a test that has no browser to run in; where BROWSER_TESTS=required (`.ci/run`) fail it instead."""
    if program() is not None:
        return
    if os.environ.get("BROWSER_TESTS") == "required":
        pytest.fail(
            "no Chromium on this machine, and BROWSER_TESTS=required: `make browser` installs it", pytrace=False
        )
    pytest.skip("no Chromium on this machine: `make browser` installs it")


@contextmanager
def browsing() -> Iterator[Browser]:
    # Every test process imports this module, few open a browser.
    from playwright.sync_api import sync_playwright

    with sync_playwright() as programs:
        browser = programs.chromium.launch(executable_path=program(), args=["--no-sandbox"])
        yield browser
        browser.close()

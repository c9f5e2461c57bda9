"""What a machine without a browser comes to: CI installs one or fails, a developer's suite names what it skips."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from trainloop.settings import PROJECT_DIR

Run = Callable[..., subprocess.CompletedProcess[str]]
# What the scripts themselves call; `id` says who asks, `ldconfig` that all libraries are there.
TOOLS = ("bash", "env", "grep", "uname", "cat")
LIBRARIES = "libpango-1.0.so.0 libpangoft2-1.0.so.0 libharfbuzz-subset.so.0"


@pytest.fixture
def bare(tmp_path: Path) -> Run:
    """Runs a command on a Linux machine without a browser; `apt` says whether packages can be installed on it."""

    def write(name: str, body: str) -> None:
        path = tmp_path / name
        path.write_text(f"#!{shutil.which('bash')}\n{body}\n")
        path.chmod(0o755)

    def run(*command: str, apt: bool, required: bool) -> subprocess.CompletedProcess[str]:
        for tool in TOOLS:
            (tmp_path / tool).symlink_to(str(shutil.which(tool)))
        write("id", "echo 0" if apt else "echo 1000")
        write("ldconfig", f"echo {LIBRARIES}")
        if apt:
            write("apt-get", f'echo "$@" >> {tmp_path}/asked')
        environment = {**os.environ, "PATH": str(tmp_path), "BROWSER_TESTS": "required" if required else ""}
        return subprocess.run(
            command, env=environment, cwd=PROJECT_DIR, capture_output=True, text=True, check=False, timeout=120
        )

    return run


def make_browser(run: Run, *, apt: bool, required: bool) -> subprocess.CompletedProcess[str]:
    """`make browser` without what comes before it: the Python packages are there."""
    make = shutil.which("make")
    assert make is not None
    return run(make, "--old-file=setup", "browser", f"PYTHON={sys.executable}", apt=apt, required=required)


def test_ci_says_that_browser_tests_are_required() -> None:
    """Before anything is installed or run, and for everything after it."""
    script = (PROJECT_DIR / ".ci" / "run").read_text("utf-8")
    required = script.index("export BROWSER_TESTS=required\n")
    assert required < script.index("make setup") < script.index("make test")
    assert re.search(r"^test: browser\b", (PROJECT_DIR / "Makefile").read_text("utf-8"), re.MULTILINE)


def test_a_browser_that_is_missing_is_installed(bare: Run, tmp_path: Path) -> None:
    """On Debian, by its own package."""
    done = make_browser(bare, apt=True, required=True)
    assert done.returncode == 0, done.stdout + done.stderr
    assert (tmp_path / "asked").read_text().splitlines()[-1].endswith(" chromium")


def test_a_browser_that_cannot_be_installed_ends_ci(bare: Run) -> None:
    """With the name of the package, before the first test."""
    done = make_browser(bare, apt=False, required=True)
    assert done.returncode != 0
    assert "Missing system libraries: chromium" in done.stdout


def test_a_developer_without_a_browser_goes_on(bare: Run) -> None:
    """With a word about what will not be proved."""
    done = make_browser(bare, apt=False, required=False)
    assert done.returncode == 0, done.stdout + done.stderr
    assert "Without Chromium the browser tests are skipped." in done.stdout


@pytest.mark.slow
@pytest.mark.parametrize(("required", "outcome"), [(True, "1 error"), (False, "1 skipped")])
def test_a_browser_test_without_a_browser_fails_in_ci_and_is_skipped_by_name_elsewhere(
    bare: Run, required: bool, outcome: str
) -> None:
    """A skip that nobody reads would let CI pass without the proof."""
    test = "tests/forms/test_browser.py::test_no_page_asks_for_anything_outside_or_runs_a_script"
    done = bare(sys.executable, "-m", "pytest", "-p", "no:cacheprovider", test, apt=False, required=required)
    assert re.search(rf"\b{outcome}\b", done.stdout.splitlines()[-1]), done.stdout + done.stderr
    assert done.returncode == (1 if required else 0)
    assert "no Chromium on this machine" in done.stdout
    assert "`make browser` installs it" in done.stdout

"""Rules of the project that no tool checks: lengths, settings, the lock file, SQL style, paths of one machine."""

from __future__ import annotations

import re
import subprocess
from pathlib import Path

import pytest

from trainloop.settings import PROJECT_DIR, Settings

# Twice what the house style asks for: beyond it a file holds two ideas.
LIMITS = {"dags": 300, "plugins": 300, "include": 500, "tests": 500}


@pytest.mark.parametrize(("folder", "limit"), LIMITS.items())
def test_no_python_file_holds_two_ideas(folder: str, limit: int) -> None:
    """Architecture, house style 14."""
    lengths = {path: len(path.read_text("utf-8").splitlines()) for path in (PROJECT_DIR / folder).rglob("*.py")}
    assert lengths or folder == "plugins"
    assert {str(path.relative_to(PROJECT_DIR)): n for path, n in lengths.items() if n > limit} == {}


def test_every_setting_stands_in_the_example_file() -> None:
    """Whoever sets TrainLoop up reads one file, and every line of it means something."""
    text = (PROJECT_DIR / ".env.example").read_text("utf-8")
    named = set(re.findall(r"^#? ?TRAINLOOP_([A-Z_]+)=", text, re.MULTILINE))
    assert named == {name.upper() for name in Settings.model_fields}


def test_the_example_file_as_it_stands_changes_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    """Copied to .env it gives the defaults."""
    for name in Settings.model_fields:
        monkeypatch.delenv(f"TRAINLOOP_{name.upper()}", raising=False)
    assert Settings(_env_file=PROJECT_DIR / ".env.example") == Settings(_env_file=None)


def test_the_lock_file_has_hashes_and_names_no_host() -> None:
    """It must install from any mirror, and say nothing about ours."""
    text = (PROJECT_DIR / "requirements.lock").read_text("utf-8")
    assert "--hash=sha256:" in text
    assert not re.search(r"https?://|--index-url|--extra-index-url|--find-links", text)
    packages = [line for line in text.splitlines() if re.match(r"^[a-z0-9]", line, re.IGNORECASE)]
    assert all("==" in line for line in packages)


def test_sql_is_lower_case_and_in_files() -> None:
    """Keywords are lower case everywhere; values are bound, never formatted in."""
    files = sorted((PROJECT_DIR / "sql").rglob("*.sql"))
    assert files
    shouting = re.compile(r"^[^-']*\b(SELECT|INSERT|UPDATE|DELETE|CREATE|FROM|WHERE)\b", re.MULTILINE)
    assert [path.name for path in files if shouting.search(path.read_text("utf-8"))] == []
    formatted = re.compile(r"execute\(\s*f[\"']|\.execute\([^)]*\.format\(")
    python = (PROJECT_DIR / "include").rglob("*.py")
    assert [
        str(path) for path in python if formatted.search(path.read_text("utf-8")) and "sql." not in path.read_text()
    ] == []


@pytest.mark.parametrize("area", sorted(path.stem for path in (PROJECT_DIR / "sql/statements").glob("*.sql")))
def test_every_sql_block_has_a_name_of_its_own(area: str) -> None:
    """Of two blocks with one name in one file the first would never run, and nobody would hear of it."""
    heads = re.findall(
        r"^-- name: *(\w+)", (PROJECT_DIR / f"sql/statements/{area}.sql").read_text("utf-8"), re.MULTILINE
    )
    assert heads
    assert {name for name in heads if heads.count(name) > 1} == set()


def test_no_path_of_one_machine_is_in_the_project() -> None:
    """A clone works anywhere."""
    listed = subprocess.run(
        ["git", "ls-files", "-z"], cwd=PROJECT_DIR, capture_output=True, text=True, check=True
    ).stdout
    suffixes = {".py", ".sql", ".md", ".yaml", ".toml", ".html", ".css", ""}
    own = re.compile(r"(?<![\w.])/(home/\w+|root|Users/\w+)/")
    broken = []
    for name in filter(None, listed.split("\0")):
        path = PROJECT_DIR / name
        if path.suffix in suffixes and path.is_file() and own.search(path.read_text("utf-8", errors="ignore")):
            broken.append(name)
    assert broken == []


def test_nothing_is_left_for_later() -> None:
    """Real, not toy."""
    words = re.compile(r"\b(TODO|FIXME|XXX|raise NotImplementedError)\b")
    code = [path for folder in ("dags", "plugins", "include") for path in (PROJECT_DIR / folder).rglob("*.py")]
    assert [str(Path(path).relative_to(PROJECT_DIR)) for path in code if words.search(path.read_text("utf-8"))] == []

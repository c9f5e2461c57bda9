"""Where LimeSurvey is, and `trainloop doctor` about it: what it finds, and what to do about it."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from pydantic import SecretStr

from trainloop.commands.limesurvey import examine_limesurvey
from trainloop.domain.survey import limesurvey_address
from trainloop.settings import Settings
from trainloop.stack.doctor import Finding

from .limesurvey_tape import KEY, PASSWORD, USER, serve


def look(tmp_path: Path, url: str, source: str = "limesurvey", user: str = USER) -> Finding | None:
    site = tmp_path / "site.yaml"
    site.write_text(f"surveys: {{sources: {{course_evaluation: {source}}}}}", "utf-8")
    settings = Settings(
        home=tmp_path, site_file=site, limesurvey_url=url, limesurvey_user=user,
        limesurvey_password=SecretStr(PASSWORD),
    )  # fmt: skip
    return examine_limesurvey(settings)


def says(version: Any) -> Callable[[str, list[Any]], Any]:
    return lambda method, _: {"get_session_key": KEY, "get_site_settings": version}.get(method, "OK")


def test_it_is_not_asked_when_nothing_is_asked_there(tmp_path: Path) -> None:
    """A company with its own forms has no LimeSurvey to look at."""
    assert look(tmp_path, "http://127.0.0.1:9/index.php", source="forms") is None


@pytest.mark.parametrize(
    ("version", "level", "said"),
    [
        ("6.14.0", "ok", "version 6.14.0"),
        ({"status": "Invalid setting"}, "ok", "administrators only"),
        ("5.6.68", "advice", "5.6.68"),
    ],
)
def test_a_limesurvey_that_serves_is_named_with_its_version(
    tmp_path: Path, version: Any, level: str, said: str
) -> None:
    """Six is what was recorded. An account that is no administrator is not told, and that is the better account."""
    with serve(says(version)) as url:
        found = look(tmp_path, url)
    assert found is not None
    assert found.level == level
    assert said in found.detail


@pytest.mark.parametrize(
    ("status", "answer", "remedy"),
    [
        (200, b"", "JSON-RPC"),
        (400, b"<html>The token could not be verified.</html>", "index.php?r="),
        (404, b"<html>Not found</html>", "TRAINLOOP_LIMESURVEY_URL"),
        (500, b"<html>failed to open the DB connection</html>", "start LimeSurvey"),
        (200, {"status": "Invalid user name or password"}, "TRAINLOOP_LIMESURVEY_USER"),
    ],
    ids=["interface off", "no paths", "wrong address", "no database", "wrong password"],
)
def test_each_gap_has_its_remedy(tmp_path: Path, status: int, answer: Any, remedy: str) -> None:
    """As LimeSurvey 6.14 answers: nothing at all, a page, or a status with HTTP 200."""
    with serve(lambda *_: answer, lambda: status) as url:
        found = look(tmp_path, url)
    assert found is not None
    assert found.level == "problem"
    assert remedy in found.remedy
    assert PASSWORD not in str(found)


@pytest.mark.parametrize(("user", "remedy"), [(USER, "start LimeSurvey"), ("", "Set TRAINLOOP_LIMESURVEY_URL")])
def test_nobody_there_and_nothing_set(tmp_path: Path, user: str, remedy: str) -> None:
    """A server that is down is another matter than a setting that was forgotten."""
    found = look(tmp_path, "http://127.0.0.1:9/index.php", user=user)
    assert found is not None
    assert remedy in found.remedy


@pytest.mark.parametrize(
    ("base", "page"),
    [
        ("https://s.example.com/index.php/", "https://s.example.com/index.php/survey/index?sid=1&token=ab"),
        ("https://s.example.com/index.php?r=", "https://s.example.com/index.php?r=survey/index&sid=1&token=ab"),
    ],
)
def test_addresses_are_paths_or_not_as_the_setting_says(base: str, page: str) -> None:
    """LimeSurvey's installer chooses by its web server; either way the same page has one address."""
    assert limesurvey_address(base, "survey/index", sid=1, token="ab") == page
    assert limesurvey_address(base, "admin/remotecontrol").endswith("admin/remotecontrol")

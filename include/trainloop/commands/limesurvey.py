"""What `trainloop doctor` says about LimeSurvey, where the site asks something there."""

from __future__ import annotations

from trainloop.config import load_site
from trainloop.errors import SettingMissingError, TrainLoopError
from trainloop.settings import Settings
from trainloop.stack.doctor import Finding
from trainloop.surveys.limesurvey_server import (
    LimeSurveyClosedError,
    LimeSurveyDownError,
    LimeSurveyRefusedError,
    connect,
)

_WRONG: dict[type[TrainLoopError], tuple[str, str]] = {
    SettingMissingError: ("its address or account is not set", "Set TRAINLOOP_LIMESURVEY_URL, _USER and _PASSWORD."),
    LimeSurveyDownError: (
        "does not answer ({detail})",
        "Correct TRAINLOOP_LIMESURVEY_URL, start LimeSurvey, or open the way to it.",
    ),
    LimeSurveyClosedError: (
        "the address answers, but not RemoteControl 2",
        (
            "Switch on JSON-RPC there (Configuration → Global → Interfaces) and compare TRAINLOOP_LIMESURVEY_URL with "
            "the browser's address: where pages look like index.php?r=admin, it ends in index.php?r=."
        ),
    ),
    LimeSurveyRefusedError: (
        "refused the account ({detail})",
        "Correct TRAINLOOP_LIMESURVEY_USER and _PASSWORD. After three wrong ones LimeSurvey refuses for ten minutes.",
    ),
}


def examine_limesurvey(settings: Settings) -> Finding | None:
    """Sign in and out again; None where nothing is asked in LimeSurvey, or nobody can tell."""
    try:
        site = load_site(settings.site_file)
    except TrainLoopError:
        return None  # said already, about the site file
    surveys = site.surveys
    if "limesurvey" not in {surveys.source, *surveys.sources.values(), *surveys.course_sources.values()}:
        return None
    try:
        with connect(settings) as server:
            version = server.version()
    except tuple(_WRONG) as error:
        detail, remedy = _WRONG[type(error)]
        return Finding("LimeSurvey", "problem", detail.format_map(error.facts), remedy)
    if version is not None and not version.startswith("6."):
        return Finding("LimeSurvey", "advice", f"version {version}", "Use LimeSurvey 6: only that was tried.")
    told = f"version {version}" if version else "its version is told to its administrators only"
    clock = f"surveys end by its own clock, which must be in {site.company.timezone}"
    detail = f"JSON-RPC is on and the account may sign in; {told}; {clock}"
    return Finding("LimeSurvey", "ok", detail)

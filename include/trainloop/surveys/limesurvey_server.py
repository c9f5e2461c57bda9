"""One session with a LimeSurvey server over RemoteControl 2, and what its answers mean.

LimeSurvey says no with HTTP 200, no error and `{"status": "…"}` where the result should be: `citric` raises those of
the plain calls, the rest (per-row errors, properties that were not saved) is looked at here. What a real one answers
is recorded in `tests/surveys/limesurvey_recorded/`.
"""

from __future__ import annotations

import io
import json
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from datetime import datetime
from typing import Any

import requests
from citric import Client
from citric.exceptions import (
    InvalidJSONResponseError,
    LimeSurveyApiError,
    LimeSurveyStatusError,
    ResponseMismatchError,
    RPCInterfaceNotEnabledError,
)
from requests.adapters import HTTPAdapter
from urllib3.util.retry import Retry

from trainloop.domain.survey import limesurvey_address
from trainloop.errors import PermanentError, SettingMissingError, TransientError
from trainloop.settings import Settings, get_settings

CONNECT_SECONDS, READ_SECONDS = 5, 60
CHUNK = 500
_GATEWAY = {429, 502, 503, 504}
# What LimeSurvey says where there is simply nothing yet, or nothing for this account to see.
_NOTHING = ("invalid setting", "no data", "no survey participants found", "no surveys found", "no available data")


class LimeSurveyDownError(TransientError):
    """LimeSurvey does not answer ({detail}). Answers stay there; the next run asks again."""


class LimeSurveyClosedError(PermanentError):
    """Something answers at TRAINLOOP_LIMESURVEY_URL, but not RemoteControl.

    Compare the address with the browser's; where pages look like index.php?r=admin, it ends in index.php?r=. Switch on
    JSON-RPC in LimeSurvey under Configuration → Global → Interfaces.
    """


class LimeSurveyRefusedError(PermanentError):
    """LimeSurvey refused {call}: {detail}. Check the account's rights and the survey there."""


class Server:
    """The calls that surveys need; each raises one of the errors above."""

    def __init__(self, client: Client) -> None:
        self._client = client

    def version(self) -> str | None:
        """Return LimeSurvey's version; None where the account is no administrator, as ours need not be."""
        version = self._call("get_site_settings", self._client.get_server_version, otherwise=None)
        return None if version is None else str(version)

    def survey_titled(self, ending: str) -> int | None:
        """Return the survey whose title ends so: one that a killed run has made and not noted."""
        for survey in self._call("list_surveys", self._client.list_surveys, otherwise=[]):
            if str(survey["surveyls_title"]).endswith(ending):
                return int(survey["sid"])
        return None

    def make(self, structure: str) -> int:
        file = io.BytesIO(structure.encode("utf-8"))
        return int(self._call("import_survey", lambda: self._client.import_survey(file, "txt")))

    def copy(self, survey_id: int, title: str) -> int:
        return int(self._call("copy_survey", lambda: self._client.copy_survey(survey_id, title))["newsid"])

    def made_at(self, survey_id: int) -> datetime:
        """Return when LimeSurvey made the survey, by its own clock."""
        said = self.properties(survey_id, ["datecreated"])
        with speaking("get_survey_properties"):
            return datetime.fromisoformat(said["datecreated"])

    def delete(self, survey_id: int) -> None:
        self._call("delete_survey", lambda: self._client.delete_survey(survey_id))

    def properties(self, survey_id: int, names: Sequence[str]) -> dict[str, Any]:
        return dict(self._call("get_survey_properties", lambda: self._client.get_survey_properties(survey_id, names)))

    def set_properties(self, survey_id: int, values: Mapping[str, str]) -> None:
        call = "set_survey_properties"
        saved = self._call(call, lambda: self._client.session.set_survey_properties(survey_id, dict(values)))
        if failed := sorted(name for name in values if not saved.get(name)):
            raise LimeSurveyRefusedError(call=call, detail=", ".join(failed))

    def question_codes(self, survey_id: int) -> set[str]:
        """Return the codes of the survey's questions."""
        questions = self._call("list_questions", lambda: self._client.list_questions(survey_id))
        return {str(one["title"]) for one in questions if not int(one.get("parent_qid") or 0)}

    def activate(self, survey_id: int) -> None:
        """Open the survey for answers by token, whatever of it was done already."""
        if self.properties(survey_id, ["active"])["active"] != "Y":
            self._call("activate_survey", lambda: self._client.activate_survey(survey_id))
        try:
            self.participants(survey_id)
        except LimeSurveyRefusedError:
            self._call("activate_tokens", lambda: self._client.activate_tokens(survey_id))

    def participants(self, survey_id: int) -> dict[str, tuple[int, bool]]:
        """Return id and whether the person has finished, by token."""
        found: dict[str, tuple[int, bool]] = {}
        for start in range(0, 10**9, CHUNK):
            page = self._call(
                "list_participants",
                lambda start=start: self._client.list_participants(
                    survey_id, start=start, limit=CHUNK, attributes=["completed"]
                ),
                otherwise=[],
            )
            known = len(found)
            for row in page:
                found[str(row["token"])] = (int(row["tid"]), str(row.get("completed") or "N") != "N")
            # A server that takes the start for an id, as old ones do, repeats itself: stop there.
            if len(page) < CHUNK or len(found) == known:
                return found
        return found

    def add_tokens(self, survey_id: int, tokens: Sequence[str]) -> None:
        """Let these tokens answer. No name and no address goes out: our own mails carry the links."""
        for start in range(0, len(tokens), CHUNK):
            rows = [{"token": token, "firstname": "", "lastname": ""} for token in tokens[start : start + CHUNK]]
            added = self._call(
                "add_participants",
                lambda rows=rows: self._client.add_participants(survey_id, participant_data=rows, create_tokens=False),
            )
            if failed := sum("errors" in row for row in added):
                raise LimeSurveyRefusedError(call="add_participants", detail=f"{failed} of {len(rows)} rows")

    def remove(self, survey_id: int, participant_ids: Sequence[int]) -> None:
        for start in range(0, len(participant_ids), CHUNK):
            ids = participant_ids[start : start + CHUNK]
            self._call("delete_participants", lambda ids=ids: self._client.delete_participants(survey_id, ids))

    def completed_count(self, survey_id: int) -> int:
        summary = self._call("get_summary", lambda: self._client.get_summary(survey_id), otherwise=None)
        return int((summary or {}).get("completed_responses") or 0)

    def responses(self, survey_id: int, *, with_partial: bool) -> list[dict[str, Any]]:
        """Return the answer sheets, question code → text; incomplete ones have no `submitdate`."""
        raw = self._call(
            "export_responses",
            lambda: self._client.export_responses(
                survey_id, completion_status="all" if with_partial else "complete", heading_type="code",
                response_type="short",
            ),
            otherwise=b'{"responses": []}',
        )  # fmt: skip
        rows: list[dict[str, Any]] = []
        for row in json.loads(raw)["responses"]:
            # Until LimeSurvey 5 each row stood under its own id.
            values = list(row.values())
            rows.append(values[0] if len(values) == 1 and isinstance(values[0], dict) else row)
        return rows

    def _call(self, name: str, call: Any, *, otherwise: Any = ...) -> Any:
        """Make one call; a status that means "nothing there" is `otherwise` where one is given."""
        try:
            with speaking(name):
                return call()
        except LimeSurveyRefusedError as error:
            said = str(error.facts["detail"]).lower()
            if otherwise is not ... and any(nothing in said for nothing in _NOTHING):
                return otherwise
            raise


@contextmanager
def speaking(call: str) -> Iterator[None]:
    """Turn what can go wrong between us and LimeSurvey into our errors; a status is LimeSurvey's own and no answer."""
    try:
        yield
    except (requests.ConnectionError, requests.Timeout, ResponseMismatchError) as error:
        raise LimeSurveyDownError(detail=type(error).__name__) from error
    except requests.HTTPError as error:
        status = error.response.status_code if error.response is not None else 0
        if status in _GATEWAY or status >= 500:
            raise LimeSurveyDownError(detail=f"HTTP {status}") from error
        # RemoteControl itself says everything with 200; an address that is no path there is 400.
        raise LimeSurveyClosedError from error
    except (RPCInterfaceNotEnabledError, InvalidJSONResponseError) as error:
        raise LimeSurveyClosedError from error
    except LimeSurveyStatusError as error:
        if "invalid session key" in str(error).lower():
            raise LimeSurveyDownError(detail="session expired") from error
        raise LimeSurveyRefusedError(call=call, detail=str(error)) from error
    except LimeSurveyApiError as error:
        raise LimeSurveyRefusedError(call=call, detail="error") from error
    except (KeyError, TypeError, ValueError) as error:
        raise LimeSurveyRefusedError(call=call, detail="an answer of another shape than RemoteControl 2's") from error


@contextmanager
def connect(settings: Settings | None = None) -> Iterator[Server]:
    """Open a session by the settings, and close it; raise SettingMissingError when there are none."""
    settings = settings or get_settings()
    if not (settings.limesurvey_url and settings.limesurvey_user and settings.limesurvey_password):
        raise SettingMissingError(
            name="TRAINLOOP_LIMESURVEY_URL, _USER or _PASSWORD",
            remedy="Waves are to be asked in LimeSurvey: say where it is, or choose another source in the site file.",
        )
    session = _Session()
    # Only what never reached the server is tried again here: a repeated call could make a second survey.
    session.mount("http", HTTPAdapter(max_retries=Retry(total=2, connect=2, read=0, status=0, backoff_factor=0.5)))
    url = limesurvey_address(settings.limesurvey_url, "admin/remotecontrol")
    with speaking("get_session_key"):
        client = Client(
            url, settings.limesurvey_user, settings.limesurvey_password.get_secret_value(), requests_session=session
        )
    try:
        yield Server(client)
    finally:
        try:
            with speaking("release_session_key"):
                client.close()
        except (LimeSurveyDownError, LimeSurveyRefusedError, LimeSurveyClosedError):
            pass  # it ends there by itself; what went wrong before is what is told


class _Session(requests.Session):
    """A session in which no call waits for ever."""

    def request(self, *args: Any, **options: Any) -> requests.Response:
        options["timeout"] = options.get("timeout") or (CONNECT_SECONDS, READ_SECONDS)
        return super().request(*args, **options)

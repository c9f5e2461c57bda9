"""A small LimeSurvey on the loopback that a test can break: it answers in the shapes that a real one was recorded with.

`test_limesurvey_double.py` holds it to them. It keeps what it was told, so that tests can look.
"""

from __future__ import annotations

import base64
import csv
import io
import json
from collections.abc import Callable
from typing import Any

from .limesurvey_tape import KEY, PASSWORD, USER, server_time

# What LimeSurvey says of a survey that is not there.
UNKNOWN = {"get_summary": "Invalid surveyid", "list_questions": "Error: Invalid survey ID",
           "export_responses": "No permission"}  # fmt: skip


class LimeSurvey:
    """What the server knows, and every call it got. `broken`: method → what happens instead of an answer."""

    def __init__(self) -> None:
        self.calls: list[tuple[str, list[Any]]] = []
        self.surveys: dict[int, dict[str, Any]] = {}
        self.broken: dict[str, Callable[[list[Any]], Any]] = {}
        self.http_status = 200
        self.clock = server_time
        self._made_count = 0

    def __call__(self, method: str, params: list[Any]) -> Any:
        return self.answer(method, params)

    def answer(self, method: str, params: list[Any]) -> Any:
        self.calls.append((method, params))
        if method in self.broken:
            return self.broken[method](params)
        if method == "get_session_key":
            return KEY if params[:2] == [USER, PASSWORD] else {"status": "Invalid user name or password"}
        if params[0] != KEY:
            return {"status": "Invalid session key"}
        if method == "release_session_key":
            return "OK"
        if method in {"list_surveys", "import_survey"}:
            return getattr(self, f"_{method}")(params[1:])
        survey = self.surveys.get(int(params[1]))
        return (
            {"status": UNKNOWN.get(method, "Error: Invalid survey ID")}
            if survey is None
            else getattr(self, f"_{method}")(survey, params[2:])
        )

    def submit(self, survey_id: int, token: str, answers: dict[str, str], *, is_complete: bool = True) -> None:
        """Somebody fills the form; in anonymised mode the token is not kept with the answers."""
        survey = self.surveys[survey_id]
        is_anonymous = survey["properties"]["anonymized"] == "Y"
        row: dict[str, Any] = {
            "id": len(survey["responses"]) + 1, "submitdate": "1980-01-01 00:00:00" if is_complete else None,
            "lastpage": 1, "startlanguage": "en", "seed": "1718531677", **({} if is_anonymous else {"token": token}),
        }  # fmt: skip
        survey["responses"].append(row | {code: answers.get(code, "") for code in survey["columns"]})
        if is_complete:
            survey["tokens"][token]["completed"] = "Y" if is_anonymous else "2026-03-06 10:00"

    def open(self, survey_id: int) -> None:
        """Somebody, or the scanner of a mailbox, opens a link and says nothing."""
        survey = self.surveys[survey_id]
        self.submit(survey_id, "", {}, is_complete=False)
        survey["responses"][-1] |= {"lastpage": None, **dict.fromkeys(survey["columns"])}

    def _import_survey(self, params: list[Any]) -> Any:
        if params[1] != "txt":
            return {"status": "Invalid extension"}
        rows = list(csv.DictReader(io.StringIO(base64.b64decode(params[0]).decode("utf-8")), delimiter="\t"))
        return self.make(rows)

    def make(self, rows: list[dict[str, str]]) -> int:
        """Make a survey of a structure file; of the languages only the first."""
        settings = {row["name"]: row["text"] for row in rows if row["class"] == "S"}
        first = [row for row in rows if row["language"] == settings["language"]]
        questions = [row for row in first if row["class"] == "Q"]
        columns: list[str] = []
        question = ""
        for row in first:
            question = row["name"] if row["class"] == "Q" else question
            columns += {"Q": [question], "SQ": [f"{question}[{row['name']}]"]}.get(row["class"], [])
        self._made_count += 1
        survey_id = 100000 + self._made_count
        several = {row["name"] for row in questions if row["type/scale"] == "M"}
        self.surveys[survey_id] = {
            "title": next(row["text"] for row in first if row["name"] == "surveyls_title"),
            "properties": {"active": "N", "anonymized": settings["anonymized"], "ipaddr": "Y", "refurl": "N",
                           "datestamp": "N", "savetimings": "N", "expires": None, "datecreated": self.clock()},
            "questions": [row["name"] for row in questions], "rows": rows, "tokens": None, "responses": [],
            "columns": [column for column in columns if column not in several],
        }  # fmt: skip
        return survey_id

    def _list_surveys(self, _: list[Any]) -> Any:
        found = [{"sid": sid, "gsid": 1, "surveyls_title": one["title"], "startdate": None,
                  "expires": one["properties"]["expires"], "active": one["properties"]["active"]}
                 for sid, one in self.surveys.items()]  # fmt: skip
        return found or {"status": "No surveys found"}

    def _copy_survey(self, survey: dict[str, Any], params: list[Any]) -> Any:
        copied = self.make(survey["rows"])
        self.surveys[copied]["title"] = params[0]
        return {"status": "OK", "newsid": copied}

    def _delete_survey(self, survey: dict[str, Any], _: list[Any]) -> Any:
        self.surveys = {sid: one for sid, one in self.surveys.items() if one is not survey}
        return {"status": "OK"}

    def _list_questions(self, survey: dict[str, Any], _: list[Any]) -> Any:
        return [
            {"id": n, "question": "…", "help": "", "language": "zh-Hans", "qid": n, "parent_qid": 0, "sid": 100001,
             "type": "L", "title": code, "preg": "", "other": "N", "mandatory": "Y", "encrypted": "N",
             "question_order": n, "scale_id": 0, "same_default": 0, "question_theme_name": "listradio",
             "modulename": None, "gid": 1, "relevance": "1", "same_script": 0}
            for n, code in enumerate(survey["questions"], 1)
        ]  # fmt: skip

    def _get_survey_properties(self, survey: dict[str, Any], params: list[Any]) -> Any:
        return {name: survey["properties"].get(name) for name in params[0]}

    def _set_survey_properties(self, survey: dict[str, Any], params: list[Any]) -> Any:
        fixed = {"anonymized", "datestamp", "savetimings", "ipaddr", "refurl"}
        values = {
            name: value
            for name, value in params[0].items()
            if survey["properties"]["active"] == "N" or name not in fixed
        }
        survey["properties"] |= values
        return dict.fromkeys(values, True)

    def _activate_survey(self, survey: dict[str, Any], _: list[Any]) -> Any:
        survey["properties"]["active"] = "Y"
        return {"status": "OK", "pluginFeedback": None, "isAllowRegister": False}

    def _activate_tokens(self, survey: dict[str, Any], _: list[Any]) -> Any:
        survey["tokens"] = {}
        return {"status": "OK"}

    def _list_participants(self, survey: dict[str, Any], params: list[Any]) -> Any:
        if survey["tokens"] is None:
            return {"status": "Error: No survey participants table"}
        start, limit = params[0], params[1]
        info = {"firstname": "", "lastname": "", "email": None}
        found = [{"tid": one["tid"], "token": token, "participant_info": info, "completed": one["completed"]}
                 for token, one in survey["tokens"].items()]  # fmt: skip
        return found[start : start + limit] or {"status": "No survey participants found."}

    def _add_participants(self, survey: dict[str, Any], params: list[Any]) -> Any:
        for row in params[0]:
            survey["tokens"][row["token"]] = {"tid": len(survey["tokens"]) + 1, "completed": "N", **row}
        more = {"sent": "N", "remindersent": "N", "remindercount": 0, "usesleft": 1, "emailstatus": "OK",
                "language": "", **dict.fromkeys(("participant_id", "email", "blacklisted", "validfrom", "validuntil",
                                                 "mpid"))}  # fmt: skip
        return [
            {**row, **more, "tid": str(survey["tokens"][row["token"]]["tid"]), "completed": "N"} for row in params[0]
        ]

    def _delete_participants(self, survey: dict[str, Any], params: list[Any]) -> Any:
        survey["tokens"] = {token: one for token, one in survey["tokens"].items() if one["tid"] not in params[0]}
        return dict.fromkeys(map(str, params[0]), "Deleted")

    def _get_summary(self, survey: dict[str, Any], _: list[Any]) -> Any:
        done = sum(row["submitdate"] is not None for row in survey["responses"])
        people = {"token_count": len(survey["tokens"]), "token_completed": done}
        nobody = dict.fromkeys(("token_invalid", "token_sent", "token_opted_out", "token_screenout"), 0)
        return {**people, **nobody, "completed_responses": done, "full_responses": len(survey["responses"]),
                "incomplete_responses": len(survey["responses"]) - done}  # fmt: skip

    def _export_responses(self, survey: dict[str, Any], params: list[Any]) -> Any:
        rows = [row for row in survey["responses"] if params[2] == "all" or row["submitdate"]]
        if not survey["responses"]:
            return {"status": "No Data, could not get max id."}
        return base64.b64encode(json.dumps({"responses": rows}).encode()).decode()

"""A small LimeSurvey on the loopback: RemoteControl 2 over JSON-RPC, with the answers that LimeSurvey's source gives.

Results have the shapes of `remotecontrol_handle.php`: errors are HTTP 200 with `{"status": …}`, numbers are text, an
export is base64, a survey without answers says "No Data". It keeps what it was told, so tests can look.
"""

from __future__ import annotations

import base64
import csv
import io
import json
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

USER, PASSWORD, KEY = "rpc", "not-a-real-password", "s3ssi0nk3y"


class LimeSurvey:
    """What the server knows, and every call it got. `broken`: method → what happens instead of an answer."""

    def __init__(self) -> None:
        self.calls: list[tuple[str, list[Any]]] = []
        self.surveys: dict[int, dict[str, Any]] = {}
        self.broken: dict[str, Callable[[list[Any]], Any]] = {}
        self.http_status = 200

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
            {"status": "Error: Invalid survey ID"}
            if survey is None
            else getattr(self, f"_{method}")(survey, params[2:])
        )

    def submit(self, survey_id: int, token: str, answers: dict[str, str], *, is_complete: bool = True) -> None:
        """Somebody fills the form; in anonymised mode neither token nor time is kept with the answers."""
        survey = self.surveys[survey_id]
        row: dict[str, Any] = {"id": str(len(survey["responses"]) + 1), "lastpage": "1", "startlanguage": "en"}
        row["submitdate"] = "1980-01-01 00:00:00" if is_complete else None
        if survey["properties"]["anonymized"] == "N":
            row |= {"token": token, "submitdate": "2026-03-06 10:00:00" if is_complete else None}
        survey["responses"].append(row | {code: answers.get(code, "") for code in survey["columns"]})
        if is_complete:
            survey["tokens"][token]["completed"] = "Y"

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
        survey_id = 100001 + len(self.surveys)
        several = {row["name"] for row in questions if row["type/scale"] == "M"}
        self.surveys[survey_id] = {
            "title": next(row["text"] for row in first if row["name"] == "surveyls_title"),
            "properties": {"active": "N", "anonymized": settings["anonymized"], "ipaddr": "Y", "refurl": "N",
                           "datestamp": "N", "savetimings": "N", "expires": None},
            "questions": [row["name"] for row in questions], "rows": rows, "tokens": None, "responses": [],
            "columns": [column for column in columns if column not in several],
        }  # fmt: skip
        return survey_id

    def _list_surveys(self, _: list[Any]) -> Any:
        found = [{"sid": str(sid), "surveyls_title": one["title"], "active": one["properties"]["active"]}
                 for sid, one in self.surveys.items()]  # fmt: skip
        return found or {"status": "No surveys found"}

    def _copy_survey(self, survey: dict[str, Any], params: list[Any]) -> Any:
        copied = self.make(survey["rows"])
        self.surveys[copied]["title"] = params[0]
        return {"status": "OK", "newsid": copied}

    def _list_questions(self, survey: dict[str, Any], _: list[Any]) -> Any:
        return [{"id": str(n), "parent_qid": "0", "title": code} for n, code in enumerate(survey["questions"], 1)]

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
        return {"status": "OK", "pluginFeedback": None}

    def _activate_tokens(self, survey: dict[str, Any], _: list[Any]) -> Any:
        survey["tokens"] = {}
        return {"status": "OK"}

    def _list_participants(self, survey: dict[str, Any], params: list[Any]) -> Any:
        if survey["tokens"] is None:
            return {"status": "Error: No survey participants table"}
        start, limit = params[0], params[1]
        info = {"firstname": "", "lastname": "", "email": ""}
        found = [{"tid": str(one["tid"]), "token": token, "participant_info": info, "completed": one["completed"]}
                 for token, one in survey["tokens"].items()]  # fmt: skip
        return found[start : start + limit] or {"status": "No survey participants found."}

    def _add_participants(self, survey: dict[str, Any], params: list[Any]) -> Any:
        for row in params[0]:
            survey["tokens"][row["token"]] = {"tid": len(survey["tokens"]) + 1, "completed": "N", **row}
        return [{**row, "tid": str(survey["tokens"][row["token"]]["tid"]), "completed": "N"} for row in params[0]]

    def _delete_participants(self, survey: dict[str, Any], params: list[Any]) -> Any:
        survey["tokens"] = {token: one for token, one in survey["tokens"].items() if one["tid"] not in params[0]}
        return dict.fromkeys(map(str, params[0]), "Deleted")

    def _get_summary(self, survey: dict[str, Any], _: list[Any]) -> Any:
        done = sum(row["submitdate"] is not None for row in survey["responses"])
        return {"completed_responses": str(done), "incomplete_responses": str(len(survey["responses"]) - done)}

    def _export_responses(self, survey: dict[str, Any], params: list[Any]) -> Any:
        rows = [row for row in survey["responses"] if params[2] == "all" or row["submitdate"]]
        if not survey["responses"]:
            return {"status": "No Data, could not get max id."}
        return base64.b64encode(json.dumps({"responses": rows}).encode()).decode()


@contextmanager
def serve(survey: LimeSurvey) -> Iterator[str]:
    """Serve it on a free loopback port; yield the address up to index.php."""

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
            result = survey.answer(body["method"], body["params"])
            text = (
                result
                if isinstance(result, bytes)
                else json.dumps({"id": body["id"], "result": result, "error": None}).encode()
            )
            self.send_response(survey.http_status)
            self.send_header("Content-Type", "application/json")
            self.send_header("Content-Length", str(len(text)))
            self.end_headers()
            self.wfile.write(text)

        def log_message(self, *_: Any) -> None:
            """Tests are quiet."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_port}/index.php"
    finally:
        server.shutdown()
        server.server_close()
        thread.join()

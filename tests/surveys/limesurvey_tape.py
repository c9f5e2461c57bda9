"""Exchanges with a LimeSurvey over RemoteControl 2, as they were: kept on a tape, and played again on the loopback.

A tape (`limesurvey_recorded/*.json`) holds what our code asked and what a real LimeSurvey answered, in order. Played,
it is a server that insists on the very same requests. Taken out of it: account and session key (others stand there),
the texts of a structure that is imported (its classes, types and names stay), the moment a survey was made (it is
always now); base64 is kept as what it says.
"""

from __future__ import annotations

import base64
import csv
import io
import json
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import datetime
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import requests

from trainloop.config import get_site

USER, PASSWORD, KEY = "rpc", "not-a-real-password", "s3ssi0nk3y"
NOW = "when it was asked"
FOLDER = Path(__file__).with_name("limesurvey_recorded")
Answer = Callable[[str, list[Any]], Any]


class Player:
    """Answers as recorded, as long as it is asked as recorded. `deviations`: what was asked instead."""

    def __init__(self, name: str) -> None:
        self.exchanges = json.loads((FOLDER / f"{name}.json").read_text("utf-8"))["exchanges"]
        self.deviations: list[str] = []

    def __call__(self, method: str, params: list[Any]) -> Any:
        asked = {"method": method, "params": plain_params(method, params)}
        wanted = self.exchanges.pop(0) if self.exchanges else {}
        if asked != {key: wanted.get(key) for key in asked}:
            self.deviations.append(f"asked {asked}, recorded {wanted}")
            return {"status": "not as recorded"}
        return coded_result(method, wanted["result"])


class Recorder:
    """Passes each request on to a real LimeSurvey and keeps it with its answer."""

    def __init__(self, name: str, url: str, account: tuple[str, str]) -> None:
        self._name, self._url, self._account = name, url, account
        self._key = ""
        self.exchanges: list[dict[str, Any]] = []

    def __call__(self, method: str, params: list[Any]) -> Any:
        real = [self._key if one == KEY else one for one in params]
        if params[:2] == [USER, PASSWORD]:
            real = [*self._account, *params[2:]]
        body = {"method": method, "params": real, "id": 1}
        result = requests.post(f"{self._url}/admin/remotecontrol", json=body, timeout=60).json()["result"]
        if method == "get_session_key" and isinstance(result, str):
            self._key, result = result, KEY
        self.exchanges.append({
            "method": method, "params": plain_params(method, params), "result": plain_result(method, result),
        })  # fmt: skip
        return result

    def save(self, about: dict[str, str]) -> None:
        FOLDER.mkdir(exist_ok=True)
        text = json.dumps({**about, "exchanges": self.exchanges}, ensure_ascii=False, indent=1)
        (FOLDER / f"{self._name}.json").write_text(text + "\n", "utf-8")


def plain_params(method: str, params: list[Any]) -> list[Any]:
    """Return the parameters with an imported structure as its skeleton: class, type and name of each row."""
    if method != "import_survey":
        return params
    key, coded, *rest = params
    rows = list(csv.DictReader(io.StringIO(base64.b64decode(coded).decode("utf-8")), delimiter="\t"))
    skeleton = [f"{row['class']} {row['type/scale']} {row['name']} {row['language']}" for row in rows]
    # The name of the only group is the instrument's title.
    return [key, ["G" if line.startswith("G ") else line for line in skeleton], *rest]


def plain_result(method: str, result: Any) -> Any:
    match method, result:
        case "export_responses", str():
            return {"base64": json.loads(base64.b64decode(result))}
        case "get_survey_properties", {"datecreated": _}:
            return {**result, "datecreated": NOW}
    return result


def coded_result(method: str, result: Any) -> Any:
    match method, result:
        case "export_responses", {"base64": said}:
            return base64.b64encode(json.dumps(said, ensure_ascii=False).encode()).decode()
        case "get_survey_properties", {"datecreated": _}:
            return {**result, "datecreated": server_time()}
    return result


def server_time() -> str:
    """The clock of a LimeSurvey in the zone of the site."""
    return datetime.now(get_site().company.zone).strftime("%Y-%m-%d %H:%M:%S")


@contextmanager
def serve(answer: Answer, status: Callable[[], int] = lambda: 200) -> Iterator[str]:
    """Serve RemoteControl 2 on a free loopback port; yield the address up to index.php. Bytes are sent as they are."""

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
            result = answer(body["method"], body["params"])
            text = (
                result
                if isinstance(result, bytes)
                else json.dumps({"id": body["id"], "result": result, "error": None}).encode()
            )
            self.send_response(status())
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

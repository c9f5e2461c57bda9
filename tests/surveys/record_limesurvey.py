"""Record the exchanges of `test_limesurvey_recorded.py` anew, with a real LimeSurvey.

    export TRAINLOOP_RECORD_PASSWORD=…
    .venv/bin/python -m tests.surveys.record_limesurvey http://127.0.0.1:8080/index.php rpc 6.14.0

Take a LimeSurvey for trying things: JSON-RPC switched on, addresses that are paths, its clock in the zone of the site
file, and an account that may create surveys and has none (those it has in the end are deleted). The tests run against
it through a recorder, people answer on its public pages, and each passed test leaves its tape in
`limesurvey_recorded/`. A dead link and a wrong password are tried: LimeSurvey locks an address out after three.
"""

from __future__ import annotations

import argparse
import io
import os
import sys
from collections.abc import Mapping
from html.parser import HTMLParser

import pytest
import requests
from citric import Client

from trainloop.domain.survey import limesurvey_address

URL, USER, PASSWORD, VERSION = (f"TRAINLOOP_RECORD_{name}" for name in ("URL", "USER", "PASSWORD", "VERSION"))
Said = Mapping[str, str | list[str]]


class People:
    """Those who answer, and the administrator who does what HR would, on the real pages of a real LimeSurvey."""

    def __init__(self, url: str, account: tuple[str, str]) -> None:
        self._url = url
        self._client = Client(f"{url}/admin/remotecontrol", *account)

    def surveys(self) -> list[int]:
        found = self._client.session.call("list_surveys")["result"]
        return [int(one["sid"]) for one in found] if isinstance(found, list) else []

    def clean(self) -> None:
        for survey_id in self.surveys():
            self._client.delete_survey(survey_id)

    def make(self, structure: str, lacks: str = "") -> int:
        """Import a survey of HR's own, perhaps without one of the questions."""
        made = self._client.import_survey(io.BytesIO(structure.encode()), "txt")
        for question in self._client.list_questions(made):
            if question["title"] == lacks:
                self._client.delete_question(int(question["id"]))
        return int(made)

    def open(self, survey_id: int, token: str, language: str, session: requests.Session | None = None) -> str:
        """Open the link of a mail as `outbox.kinds.survey` writes it; return the page."""
        link = limesurvey_address(self._url, "survey/index", sid=survey_id, token=token, lang=language)
        return (session or requests.Session()).get(link, timeout=60).text

    def answer(self, survey_id: int, token: str, said: Said, language: str = "zh-Hans") -> str:
        """Open the link of a mail, fill the form in and send it; return the page that comes then."""
        session = requests.Session()
        page = self.open(survey_id, token, language, session)
        fields = _Fields(page).values
        if "fieldnames" not in fields:
            return page
        codes = {int(one["id"]): str(one["title"]) for one in self._client.list_questions(survey_id)
                 if not int(one["parent_qid"] or 0)}  # fmt: skip
        for name in fields["fieldnames"].split("|"):
            rest = name.split("X")[2]
            question = max((one for one in codes if rest.startswith(str(one))), key=lambda one: len(str(one)))
            choice, words = rest.removeprefix(str(question)), said.get(codes[question], "")
            if isinstance(words, str):
                fields |= {name: words} if words and not choice else {}
            elif choice in words:
                fields[name] = "Y"
        return session.post(f"{self._url}/{survey_id}", data={**fields, "move": "movesubmit"}, timeout=60).text


class _Fields(HTMLParser):
    """The hidden fields of a page's form."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.values: dict[str, str] = {}
        self.feed(text)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        of = dict(attrs)
        if tag == "input" and of.get("type") == "hidden" and of.get("name"):
            self.values.setdefault(str(of["name"]), of.get("value") or "")


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("url", help="the LimeSurvey up to index.php")
    parser.add_argument("user", help=f"its account for RemoteControl 2; the password is read from {PASSWORD}")
    parser.add_argument("version", help="its version, as its administration shows it")
    given = parser.parse_args()
    people = People(given.url, (given.user, os.environ[PASSWORD]))
    if people.surveys():
        parser.error("this account has surveys; take one that is there for nothing else")
    os.environ |= {URL: given.url, USER: given.user, VERSION: given.version}
    return int(pytest.main(["-q", "tests/surveys/test_limesurvey_recorded.py"]))


if __name__ == "__main__":
    sys.exit(main())

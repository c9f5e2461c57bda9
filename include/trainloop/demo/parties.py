"""The three of a dispute: each does by the own link what is asked; what cannot be is tried once and must be refused."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from trainloop.config import get_site
from trainloop.demo.company import Company
from trainloop.demo.disputes_truth import dispute
from trainloop.demo.forms_client import Browser
from trainloop.demo.learners import Letter, LinkMissingError
from trainloop.forms.words import LOCALES, words
from trainloop.warehouse import engine
from trainloop.warehouse.statements import statement


class Parties:
    """HR, trainer and head of business with their mails and a browser."""

    def __init__(self, company: Company, letters: Iterable[Letter], browser: Browser) -> None:
        self._company = company
        self._browser = browser
        self._tokens = sorted({token for letter in letters for token in letter.disputes})

    def state(self) -> None:
        """Trainer and head answer the same questions."""
        for owed in self._asked("dispute_statement"):
            self._press(owed, _said(dispute().statements[owed["party"]]))

    def design(self) -> None:
        """HR writes down what the meeting agreed; the shares make 99 % at first."""
        for owed in self._asked("dispute_design"):
            target = _said({"core_target": dispute().core_target})
            wrong, right = dispute().shares_refused, dispute().shares
            self._refused(owed, target | _said(wrong), "dispute_shares_sum", total=str(sum(wrong.values())))
            self._press(owed, target | _said(right))

    def acknowledge(self) -> None:
        """The three agree with the design."""
        for owed in self._asked("dispute_design_ack"):
            self._press(owed, _said({"choice": "agree"}))

    def register(self) -> None:
        """HR locks criterion, teams and window before there are data."""
        for owed in self._asked("dispute_pilot"):
            # The page stays open for a better registration until data arrive.
            if owed["state"] == "open":
                self._press(owed, _registration(dispute().pilot.threshold))

    def change(self) -> None:
        """Somebody wants a lower bar after the class began."""
        for owed in self._asked("dispute_pilot"):
            self._refused(owed, _registration(dispute().pilot.threshold_refused), "dispute_refused_class_began")

    def decide(self) -> None:
        """HR writes down what the three decided."""
        for owed in self._asked("dispute_decision"):
            self._press(owed, _said({"choice": dispute().decision, "comment": dispute().decision_reason}))

    def sign(self) -> None:
        """The head's link is forwarded to the trainer, who cannot sign by it; then each signs by the own link."""
        identities = {
            "hr": get_site().contacts[get_site().disputes.contact].email,
            "trainer": dispute().trainer,
            "business": dispute().head(self._company),
        }
        for owed in self._asked("sign_agreed_plan"):
            said = _said({"choice": "sign"})
            if owed["party"] == "business":
                self._refused(owed, said | {"identity": identities["trainer"]}, "dispute_refused_wrong_person")
            self._press(owed, said | {"identity": identities[owed["party"]]})

    def _asked(self, kind: str) -> list[dict[str, Any]]:
        with engine.connect("owner") as connection:
            keys = {"kind": kind, "tokens": self._tokens}
            found = connection.execute(statement("demo", "dispute_links"), keys).fetchall()
        if not found:
            raise LinkMissingError(count=1, session_code=dispute().pilot.session)
        return found

    def _press(self, owed: Mapping[str, Any], fields: Mapping[str, str]) -> None:
        self._browser.press(f"/d/{owed['token']}", fields)

    def _refused(self, owed: Mapping[str, Any], fields: Mapping[str, str], key: str, **facts: str) -> None:
        reasons = [words(locale).say(key, **facts) for locale in LOCALES]
        self._browser.refused(f"/d/{owed['token']}", fields, reasons)


def _said(answers: Mapping[str, str | int]) -> dict[str, str]:
    return {f"q_{code}": str(value) for code, value in answers.items()}


def _registration(threshold: str) -> dict[str, str]:
    pilot = dispute().pilot
    return _said({"threshold": threshold, "window_days": pilot.window_days}) | {
        "session_code": pilot.session,
        "kpi_code": pilot.kpi,
        "pilot_department_code": pilot.team,
        "comparison_department_code": pilot.comparison,
    }

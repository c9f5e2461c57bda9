"""Learners who write cases, trainers who comment, people who appeal, HR and the HRBP who decide.

All of it by the links of their mails: the author's own page takes a case and takes the consent back, the own page of
points takes an appeal.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

from trainloop.demo.company import Company
from trainloop.demo.forms_client import Browser
from trainloop.demo.learners import Letter, LinkMissingError
from trainloop.demo.talent_truth import ClassCases, talent
from trainloop.warehouse import engine
from trainloop.warehouse.statements import statement


class Careers:
    """Whoever has a part in practice cases and promotion points, with their mails and a browser."""

    def __init__(self, company: Company, letters: Iterable[Letter], browser: Browser) -> None:
        self._company = company
        self._browser = browser
        self._cases: set[str] = set()
        self._points: set[str] = set()
        self._actions: set[str] = set()
        for letter in letters:
            self._cases |= letter.cases
            self._points |= letter.points
            self._actions |= letter.actions

    def write(self) -> None:
        """Of those who were asked, all but the silent write a case; every second one with their name."""
        for code, truth in talent().cases.items():
            for place, page in enumerate(self._own_cases(code)[: truth.written]):
                words = talent().stories[place]["zh" if page["locale"] == "zh-CN" else "en"]
                name = "named" if place % 2 == 0 else "unnamed"
                self._browser.press(f"/k/{page['token']}", words | {"name": name, "consent": "yes"})

    def comment(self) -> None:
        """Trainers who comment in time."""
        self._comment([code for code, truth in talent().cases.items() if not truth.is_comment_late])

    def comment_late(self) -> None:
        """The others, after they were chased."""
        self._comment([code for code, truth in talent().cases.items() if truth.is_comment_late])

    def decide(self) -> None:
        """HR approves cases; of each class it declines as many as planted, with a reason."""
        by_class: dict[str, list[str]] = {}
        for asked in self._asked("case_approvals"):
            by_class.setdefault(asked["session_code"], []).append(asked["token"])
        for code, tokens in by_class.items():
            for place, token in enumerate(tokens):
                if place < len(tokens) - self._truth(code).declined:
                    self._browser.act(token, "approve")
                else:
                    self._browser.act(token, "reject", "客户可能被认出，请隐去产品型号 / A customer can be recognised")

    def withdraw(self) -> None:
        """Authors whose case is in the knowledge base take their consent back."""
        for code, truth in talent().cases.items():
            published = [one for one in self._own_cases(code) if one["state"] == "published"]
            for page in published[: truth.withdrawn]:
                self._browser.press(f"/k/{page['token']}", {"act": "withdraw"})

    def appeal(self) -> None:
        """Two people think that the points of a plan are missing."""
        claim = talent().claim
        rows = self._rows("point_pages", {"tokens": sorted(self._points)})
        pages = {row["employee_id"]: row["token"] for row in rows}
        for one in talent().appeals():
            person = one.person(self._company)
            if person not in pages:
                raise LinkMissingError(count=1, session_code=one.session)
            said = {
                "about": f"missing:{claim.rule}",
                "day": claim.happened_on.isoformat(),
                "quantity": str(claim.quantity),
                "words": "六月已完成，主管已看过台账" if one.appeal == "uphold" else "我认为应当计分",
            }
            self._browser.press(f"/g/{pages[person]}", said)

    def answer(self) -> None:
        """The HRBP looks into both and answers with reasons."""
        verdicts = {one.person(self._company): one.appeal for one in talent().appeals()}
        for owed in self._asked("open_appeals"):
            verdict = verdicts[owed["employee_id"]]
            words = "台账与主管的确认已核对" if verdict == "uphold" else "台账中没有这项计划完成的记录"
            self._browser.act(owed["token"], str(verdict), words)

    def _comment(self, codes: Sequence[str]) -> None:
        owed = [one for one in self._asked("case_comments") if one["session_code"] in codes]
        if not owed:
            raise LinkMissingError(count=len(codes), session_code=codes[0])
        for one in owed:
            self._browser.act(
                one["token"], "commented", "与课上的“确认—方案—跟进”一致 / This is confirm, propose, follow up at work"
            )

    def _own_cases(self, code: str) -> list[dict[str, Any]]:
        rows = self._rows("case_pages", {"tokens": sorted(self._cases)})
        found = [row for row in rows if row["session_code"] == code]
        if len(found) < self._truth(code).written:
            raise LinkMissingError(count=self._truth(code).written - len(found), session_code=code)
        return found

    def _asked(self, name: str) -> list[dict[str, Any]]:
        found = self._rows(name, {"tokens": sorted(self._actions)})
        if not found:
            raise LinkMissingError(count=1, session_code=next(iter(talent().cases)))
        return found

    def _truth(self, code: str) -> ClassCases:
        return talent().cases[code]

    @staticmethod
    def _rows(name: str, values: dict[str, Any]) -> list[dict[str, Any]]:
        with engine.connect("owner") as connection:
            return connection.execute(statement("demo", name), values).fetchall()

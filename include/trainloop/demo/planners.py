"""Learners who write action plans and keep them, and their managers: all of it by the links of their mails."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date
from typing import Any

from trainloop.demo.company import Company
from trainloop.demo.forms_client import Browser
from trainloop.demo.learners import Letter, LinkMissingError, answering_order, waves_of
from trainloop.demo.plans_truth import Goal, plans
from trainloop.domain.survey import wave_code
from trainloop.warehouse import engine
from trainloop.warehouse.statements import statement

DUE_ON = date(2026, 5, 14)


class Planners:
    """The people of the classes that plan, with their mails and a browser."""

    def __init__(self, company: Company, letters: Iterable[Letter], browser: Browser) -> None:
        self._company = company
        self._browser = browser
        by_mail = {one.email.lower(): one.employee_id for one in company.employees}
        self._forms: dict[str, str] = {}
        self._pages: set[str] = set()
        self._actions: set[str] = set()
        for letter in letters:
            person = by_mail.get(letter.recipient.lower())
            self._pages |= letter.plans
            self._actions |= letter.actions
            if person is not None:
                self._forms |= dict.fromkeys(letter.tokens, person)

    def write(self) -> None:
        """Those who plan fill the form of their class."""
        waves = waves_of(self._forms)
        for code, truth in plans().classes.items():
            wave = wave_code("action_plan", code)
            links = {self._forms[token]: token for token, of in waves.items() if of == wave}
            for place, person in enumerate(self._planning(code, truth.plans)):
                if person not in links:
                    raise LinkMissingError(count=1, session_code=code)
                self._browser.answer(links[person], _plan(self._goal(place), self._locale(person)))

    def update(self) -> None:
        """Every second of those who plan says how it goes."""
        for place, page in enumerate(self._own_pages()):
            if place % 2 == 0:
                goal = self._goal(place)
                state = "at_risk" if place % 6 == 0 else "on_track"
                middle = str((goal.baseline + goal.target) // 2)
                self._browser.plan(page["token"], {"status": state, "value_now": middle, "blocker": "none"})

    def check_in(self) -> None:
        """Who is not silent looks back: what came of it, with evidence, and what was in the way."""
        by_class: dict[str, list[dict[str, Any]]] = {}
        for page in self._own_pages():
            by_class.setdefault(page["session_code"], []).append(page)
        for code, truth in plans().classes.items():
            pages = {page["employee_id"]: page for page in by_class[code]}
            people = self._planning(code, truth.plans)
            for place, (status, obstacle) in enumerate(zip(truth.said(), truth.named_obstacles(), strict=True)):
                person = people[place]
                goal, locale = self._goal(place), self._locale(person)
                said = {
                    "status": status,
                    "value_reached": str(goal.target if status == "done" else goal.baseline),
                    "evidence": "系统记录已附在周报中" if locale == "zh-CN" else "The weekly report shows the records",
                    "blocker": obstacle,
                }
                if place % 3 == 0:
                    said["story"] = plans().story["zh" if locale == "zh-CN" else "en"]
                self._browser.plan(pages[person]["token"], said)

    def acknowledge(self) -> None:
        """Every manager reads; one wants to talk first."""
        for place, owed in enumerate(self._owed("acknowledge_plan")):
            if place:
                self._browser.act(owed["token"], "acknowledged")
            else:
                self._browser.act(owed["token"], "will_talk", "目标再具体一些 / Let us make the goal more concrete")

    def confirm(self) -> None:
        """Managers say what is true of the plans that are done."""
        words = {
            person: word
            for code, truth in plans().classes.items()
            for person, word in zip(self._planning(code, truth.plans), truth.words, strict=False)
        }
        for owed in self._owed("confirm_plan"):
            word = words[owed["employee_id"]]
            comment = "" if word == "confirmed" else "还需要再看一个月的数据 / I want to see another month"
            self._browser.act(owed["token"], word, comment)

    def _planning(self, code: str, count: int) -> list[str]:
        return answering_order(self._company, self._company.session(code))[:count]

    def _own_pages(self) -> list[dict[str, Any]]:
        with engine.connect("owner") as connection:
            found = connection.execute(statement("demo", "plans_of_tokens"), {"tokens": sorted(self._pages)}).fetchall()
        if not found:
            raise LinkMissingError(count=1, session_code=next(iter(plans().classes)))
        return found

    def _owed(self, kind: str) -> list[dict[str, Any]]:
        values = {"kind": kind, "tokens": sorted(self._actions)}
        with engine.connect("owner") as connection:
            found = connection.execute(statement("demo", "open_plan_requests"), values).fetchall()
        if not found:
            raise LinkMissingError(count=1, session_code=next(iter(plans().classes)))
        return found

    def _goal(self, place: int) -> Goal:
        return plans().goals[place % len(plans().goals)]

    def _locale(self, person: str) -> str:
        return self._company.employee(person).locale


def _plan(goal: Goal, locale: str) -> dict[str, str]:
    is_chinese = locale == "zh-CN"
    return {
        "goal": goal.zh if is_chinese else goal.en,
        "metric": goal.metric_zh if is_chinese else goal.metric_en,
        "baseline": str(goal.baseline),
        "target": str(goal.target),
        "due_on": DUE_ON.isoformat(),
        "first_step": "列出本周的投诉" if is_chinese else "List this week's complaints",
    }

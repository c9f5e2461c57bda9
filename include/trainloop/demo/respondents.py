"""Who answers which form on which day, and what: learners, raters, trainers, HR. Nobody acts without a mail.

Each act of `timeline` is a script: `class`, `pulse:<quarter>`, `rate`, `needs:<round>`, `feedback`, `acknowledge`,
`approve`.
"""

from __future__ import annotations

import random
from collections.abc import Iterable, Mapping
from datetime import date

from trainloop.config import get_site
from trainloop.demo.answers import INSTRUMENT, answer_sheets, scores_around
from trainloop.demo.company import Company
from trainloop.demo.disputes_truth import dispute
from trainloop.demo.forms_client import Browser, Fields
from trainloop.demo.learners import Letter, LinkMissingError, answering_order, waves_of
from trainloop.demo.needs_answers import needs_answers
from trainloop.demo.needs_truth import needs
from trainloop.demo.surveys_truth import surveys
from trainloop.domain import survey
from trainloop.domain.survey import annual_needs_wave_code, pulse_wave_code
from trainloop.surveys.instrument import load_instrument
from trainloop.warehouse import engine
from trainloop.warehouse.statements import statement

NEEDS_CLOSE_ON = date(2026, 11, 23)
# How many of the people who answer the needs survey do so after the first and after the second call.
NEEDS_ROUNDS = (0.6, 1.0)
# One in so many saves a draft before sending.
SAVES_EVERY = 12
RATERS_WHO_FORGET = 9


def is_exported(company: Company, session_code: str) -> bool:
    """Whether a class is evaluated with an outside tool."""
    course_code = company.session(session_code).course_code
    return get_site().surveys.source_of(INSTRUMENT, course_code) == "exports"


def open_approvals(tokens: Iterable[str]) -> list[str]:
    """Return the links that still wait for a decision; a person sees it on the page."""
    with engine.connect("owner") as connection:
        rows = connection.execute(statement("demo", "open_approvals"), {"tokens": sorted(tokens)})
        return [row["token"] for row in rows]


class Respondents:
    """The people of the company with their mails and a browser."""

    def __init__(self, company: Company, letters: Iterable[Letter], browser: Browser) -> None:
        self._company = company
        self._browser = browser
        by_mail = {one.email.lower(): one.employee_id for one in company.employees}
        self._actions: dict[str, set[str]] = {}
        held: dict[str, str] = {}
        for letter in letters:
            self._actions.setdefault(letter.recipient.lower(), set()).update(letter.actions)
            if (employee_id := by_mail.get(letter.recipient.lower())) is not None:
                held |= dict.fromkeys(letter.tokens, employee_id)
        # wave → employee → the person's own link
        self._links: dict[str, dict[str, str]] = {}
        for token, wave_code in waves_of(held).items():
            self._links.setdefault(wave_code, {})[held[token]] = token

    def evaluate(self, session_code: str, round_number: int) -> None:
        """Learners of a class answer up to a round."""
        session = self._company.session(session_code)
        before, until = (sum(session.rounds[:number]) for number in (round_number - 1, round_number))
        people = answering_order(self._company, session)[before:until]
        sheets = answer_sheets(self._company, session)[before:until]
        said = {person: _fields(sheet.values) for person, sheet in zip(people, sheets, strict=True)}
        self._answer(session.wave_code, said)

    def pulse(self, quarter: str) -> None:
        """Those who answer a quarter's pulse, of all who were asked."""
        truth = surveys().pulses[quarter]
        wave_code = pulse_wave_code(quarter)
        draw = random.Random(f"pulse {quarter}")
        asked = sorted(self._links.get(wave_code, {}))
        people = draw.sample(asked, round(len(asked) * truth.answering_pct / 100))
        columns = {code: scores_around(draw, mean, len(people)) for code, mean in truth.means.items()}
        said = {
            person: {code: str(scores[place]) for code, scores in columns.items()}
            for place, person in enumerate(people)
        }
        self._answer(wave_code, said)

    def rate(self, *_: str) -> None:
        """Raters of every 360 that has asked them; some forget."""
        items = load_instrument("feedback_360").items
        means = surveys().new_managers.means
        for wave_code in sorted(code for code in self._links if code.startswith("F360-")):
            raters = sorted(self._links[wave_code])
            # The wave's code is keyed, so chance comes from its raters.
            draw = random.Random(f"rate {raters}")
            raters = [one for place, one in enumerate(raters) if (place + 1) % RATERS_WHO_FORGET]
            columns = {
                item.code: scores_around(draw, means[item.dimension], len(raters))
                for item in items
                if item.dimension is not None
            }
            said = {
                person: {code: str(scores[place]) for code, scores in columns.items()}
                for place, person in enumerate(raters)
            }
            self._answer(wave_code, said)

    def needs(self, round_number: str) -> None:
        """The first or the second half of those who answer the annual needs survey."""
        said = needs_answers(self._company, NEEDS_CLOSE_ON)
        until = round(len(said) * NEEDS_ROUNDS[int(round_number) - 1])
        before = 0 if round_number == "1" else round(len(said) * NEEDS_ROUNDS[0])
        chosen = dict(list(said.items())[before:until])
        self._answer(annual_needs_wave_code(needs().plan_year), chosen)

    def feedback(self, *_: str) -> None:
        """Everybody who was asked in the two teams of the pilot."""
        items = [item.code for item in load_instrument("pilot_feedback").items if item.kind == "scale"]
        for team, mean in dispute().feedback.items():
            wave = survey.wave_code("pilot_feedback", f"{dispute().number}.{team}")
            people = sorted(self._links.get(wave, {}))
            draw = random.Random(f"feedback {team}")
            columns = {code: scores_around(draw, mean, len(people)) for code in items}
            said = {
                person: {code: str(scores[place]) for code, scores in columns.items()}
                for place, person in enumerate(people)
            }
            self._answer(wave, said)

    def acknowledge(self, *_: str) -> None:
        """The first of the trainers who were asked acknowledges; the others let it lie."""
        trainers = self._company.trainers
        addresses = {one.email.lower() for one in trainers}
        addresses |= {self._company.employee(one.employee_id).email.lower() for one in trainers if one.employee_id}
        asked = sorted(address for address in addresses if self._actions.get(address))
        if not asked:
            raise LinkMissingError(count=1, session_code="2026Q2")
        for token in sorted(self._actions[asked[0]]):
            self._browser.act(token, "will_act", "下一期增加本部门案例 / More cases from our own work next time")

    def approve(self, *_: str) -> None:
        """HR follows the links in its mails and approves what is still open."""
        tokens = open_approvals(self._actions.get(get_site().contacts["hr_lead"].email.lower(), set()))
        if not tokens:
            raise LinkMissingError(count=1, session_code=str(needs().plan_year))
        for token in tokens:
            self._browser.act(token, "approve")

    def _answer(self, wave_code: str, said: Mapping[str, Fields]) -> None:
        links = self._links.get(wave_code, {})
        missing = [person for person in said if person not in links]
        if missing or not said:
            raise LinkMissingError(count=len(missing) or 1, session_code=wave_code)
        for place, (person, values) in enumerate(said.items()):
            self._browser.answer(links[person], values, saves_first=place % SAVES_EVERY == SAVES_EVERY - 1)


def _fields(values: Mapping[str, object]) -> Fields:
    return {code: str(value) for code, value in values.items()}

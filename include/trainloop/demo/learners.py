"""Learners who open their mail, follow its link and answer; the survey tool lists the links that were used.

Nobody answers without a mail: the token comes from the link in the person's own invitation or reminder. The tool knows
its links (which wave a token is for), so that is asked of the warehouse.
"""

from __future__ import annotations

import random
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from email import message_from_bytes, policy
from email.utils import parseaddr
from urllib.parse import urlsplit

from trainloop.demo.company import Company
from trainloop.demo.tables import PlantedFile, Table, csv_bytes
from trainloop.demo.truth import ClassSession
from trainloop.errors import PermanentError
from trainloop.settings import get_settings
from trainloop.warehouse import engine
from trainloop.warehouse.statements import statement

HEADERS = {"wave_code": "问卷批次", "token": "邀请码"}


class LinkMissingError(PermanentError):
    """{count} learners of {session_code} should answer on this day and found no mail with their link.

    Look at the outbox (`trainloop outbox list`) and at the runs of deliver_mail.
    """


@dataclass(frozen=True)
class Letter:
    """What matters of one mail: to whom it went and which links stand in it."""

    recipient: str
    tokens: frozenset[str]
    actions: frozenset[str] = frozenset()
    plans: frozenset[str] = frozenset()
    cases: frozenset[str] = frozenset()
    points: frozenset[str] = frozenset()
    disputes: frozenset[str] = frozenset()


def read_letter(content: bytes) -> Letter:
    """Return the recipient and the survey tokens of one raw mail."""
    message = message_from_bytes(content, policy=policy.default)
    body = message.get_body(("plain",))
    text = body.get_content() if body is not None else ""
    return letter(parseaddr(str(message["To"]))[1], text)


def letter(recipient: str, text: str) -> Letter:
    """Return a mail with the tokens of the links in its text: surveys here or in an outside tool, and acts."""
    settings = get_settings()
    bases = (settings.survey_base_url.rstrip("/"), f"{_path(settings.forms_url)}/f")
    tokens = [token for base in bases for token in _tokens(base, text)]
    doors = (frozenset(_tokens(f"{_path(settings.forms_url)}/{door}", text)) for door in ("a", "p", "k", "g", "d"))
    return Letter(recipient, frozenset(tokens), *doors)


def _path(url: str) -> str:
    """Return an address without host and port: a local stack chooses its ports when it starts."""
    return urlsplit(url).path.rstrip("/")


def _tokens(base: str, text: str) -> list[str]:
    return re.findall(rf"{re.escape(base)}/([A-Za-z0-9_-]{{16,}})", text)


def answering_order(company: Company, session: ClassSession) -> list[str]:
    """Return the invited people of a class in the order in which they answer.

    Who leaves the company answers nothing; the first learner comes last, since one class corrects their attendance.
    """
    gone = _gone(company, session)
    attendees = company.learners[session.code][: session.attendee_count]
    first, *others = [one for one in attendees if one not in gone]
    random.Random(f"order {session.code}").shuffle(others)
    return [*others, first]


def _gone(company: Company, session: ClassSession) -> set[str]:
    if not session.leavers:
        return set()
    return {one for one, day in company.leavers.items() if 0 <= (day - session.held_on).days <= 8}


def completions(company: Company, answers: Mapping[str, int], letters: Iterable[Letter], name: str) -> PlantedFile:
    """Return the tool's list of used links: for each class session of `answers` the rounds up to the given one.

    The list is complete each time; earlier rounds repeat what is known. Raises LinkMissingError.
    """
    held: dict[str, set[str]] = {}
    for letter in letters:
        held.setdefault(letter.recipient.lower(), set()).update(letter.tokens)
    wave_of = waves_of({token for tokens in held.values() for token in tokens})
    table = Table(HEADERS)
    known = 0
    for code, round_number in answers.items():
        session = company.session(code)
        count = sum(session.rounds[:round_number])
        known += sum(session.rounds[: round_number - 1])
        people = answering_order(company, session)[:count]
        tokens = {
            token
            for person in people
            for token in held.get(company.employee(person).email.lower(), set())
            if wave_of.get(token) == session.wave_code
        }
        if len(tokens) < count:
            raise LinkMissingError(count=count - len(tokens), session_code=code)
        for token in sorted(tokens):
            table.add(wave_code=session.wave_code, token=token)
    return PlantedFile("survey_completions", name, csv_bytes(table), len(table.rows), unchanged=known)


def waves_of(tokens: Iterable[str]) -> dict[str, str]:
    """Return the wave of each token that is somebody's link."""
    with engine.connect("owner") as connection:
        rows = connection.execute(statement("demo", "waves_of_tokens"), {"tokens": sorted(tokens)})
        return {row["token"]: row["wave_code"] for row in rows}

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


def read_letter(content: bytes) -> Letter:
    """Return the recipient and the survey tokens of one raw mail."""
    message = message_from_bytes(content, policy=policy.default)
    body = message.get_body(("plain",))
    text = body.get_content() if body is not None else ""
    return Letter(parseaddr(str(message["To"]))[1], tokens_of(text))


def tokens_of(text: str) -> frozenset[str]:
    """Return the tokens of the survey links in a text."""
    settings = get_settings()
    bases = (settings.survey_base_url.rstrip("/"), f"{settings.forms_url.rstrip('/')}/f")
    return frozenset(found for base in bases for found in re.findall(rf"{re.escape(base)}/([A-Za-z0-9_-]+)", text))


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
    wave_of = _waves({token for tokens in held.values() for token in tokens})
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


def _waves(tokens: set[str]) -> dict[str, str]:
    with engine.connect("owner") as connection:
        rows = connection.execute(statement("demo", "waves_of_tokens"), {"tokens": sorted(tokens)})
        return {row["token"]: row["wave_code"] for row in rows}

"""An insider with the whole database, and a list of who sent their form when, looks for whose answer is whose.

The insider reads every table and every system column at rest, knows all links and names, and lacks only the service's
secret. Each person writes words of their own, so the test knows the truth that the insider wants. Reading the server's
memory, log of transactions or dead rows, or watching row by row while people answer, is not this insider.
"""

from __future__ import annotations

import hashlib
import itertools
import random
import uuid
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

import pytest
from fastapi.testclient import TestClient
from tests.forms.conftest import Site, token_of
from tests.outbox.conftest import found_company

from trainloop.forms import links
from trainloop.forms.app import create_app
from trainloop.forms.store import Store
from trainloop.surveys import rounds
from trainloop.surveys.sources import forms as source

pytestmark = pytest.mark.slow
PEOPLE = tuple(f"P{number:02d}" for number in range(12))
WAVES = 8
PULSE = "quarterly_pulse"
# Whoever guesses is right once a wave on average; eight waves give more than 25 hits once in a million years of runs.
HITS_BY_CHANCE = 25


@dataclass
class Survey:
    """One wave with what the insider wants (`words` of each person) and what they saw (`order` of sending)."""

    code: str
    words: Mapping[str, str]
    order: tuple[str, ...]
    tokens: Mapping[str, str]


@dataclass
class World:
    """People behind the real service, and the store whose thread mixes what waits."""

    site: Site
    store: Store

    def answer(self, number: int) -> Survey:
        """Everybody answers one wave in an order of chance; some keep a draft first; answers are taken in between."""
        draw = random.Random(f"wave {number}")
        wave = self.site.wave(PULSE, f"{2030 + number}Q1", *PEOPLE)
        order = tuple(draw.sample(PEOPLE, len(PEOPLE)))
        words = {person: f"words {uuid.UUID(int=draw.getrandbits(128))}" for person in PEOPLE}
        for place, person in enumerate(order):
            if place % 3 == 0:
                self.site.send(wave, person, "save", comment="not sent yet")
            assert self.site.send(wave, person, comment=words[person]).status_code == 303
            if place % 5 == 4:
                self.store.shuffle()
                source.collect()
        self.store.shuffle()
        return Survey(wave, words, order, {person: token_of(wave, person) for person in PEOPLE})


@pytest.fixture
def world(warehouse: str, set_clock: Callable[..., datetime]) -> Iterator[World]:
    """Twelve people and the forms service as its own role."""
    company = found_company()
    company.hire(*PEOPLE)
    store = Store()
    with TestClient(create_app(store), base_url="http://127.0.0.1:8030") as client:
        yield World(Site(company, client), store)


def close(world: World, set_clock: Callable[..., datetime]) -> None:
    day = world.site.company.noon + timedelta(days=9)
    set_clock(day.year, day.month, day.day, 10)
    assert rounds.close_due()["waves_closed"] >= 1


def answer_sides(world: World, wave: str) -> list[dict[str, Any]]:
    """Each stored answer with everything an order could hang on."""
    return world.site.run(
        """select answer.free_text as words, response.ctid::text as response_place,
               response.xmin::text as response_xmin, response.response_id::text as response_id,
               response.external_id_hash as id_hash,
               (select min(other.ctid)::text from confidential.answers as other
                where other.response_id = response.response_id) as answers_place,
               answer.xmin::text as answer_xmin
           from confidential.responses as response
           join confidential.answers as answer using (response_id)
           where response.wave_code = %s and answer.item_code = 'comment'""",
        wave,
    )


def person_sides(world: World, wave: str) -> list[dict[str, Any]]:
    """Each person with everything an order could hang on."""
    return world.site.run(
        """select invitation.employee_id, invitation.ctid::text as place, invitation.xmin::text as xmin,
               lpad(invitation.invitation_id::text, 12, '0') as number, invitation.token,
               person.ctid::text as employee_place
           from ops.invitations as invitation
           join core.employees as person using (employee_id)
           where invitation.wave_code = %s""",
        wave,
    )


def sorted_by(rows: Sequence[Mapping[str, Any]], name: str) -> list[Mapping[str, Any]]:
    """Rows in the order of a value; places in a table are sorted by page and line, as they lie."""

    def key(row: Mapping[str, Any]) -> Any:
        value = str(row[name])
        return tuple(map(int, value.strip("()").split(","))) if value.startswith("(") else value

    return sorted(rows, key=key)


def hits(guessed: Sequence[str], words_in_order: Sequence[str], truth: Mapping[str, str]) -> int:
    """How many people a matching by rank finds."""
    return sum(truth[person] == words for person, words in zip(guessed, words_in_order, strict=True))


def test_no_order_and_no_transaction_tells_whose_answer_it_is(world: World, set_clock: Callable[..., datetime]) -> None:
    """Whatever people and answers are sorted by, matching them by rank is a guess; one transaction wrote each side."""
    surveys = [world.answer(number) for number in range(WAVES)]
    close(world, set_clock)
    people_by = ("place", "number", "token", "employee_id", "employee_place")
    answers_by = ("response_place", "response_id", "id_hash", "answers_place")
    found = dict.fromkeys(itertools.product(("order of sending", *people_by), answers_by), 0)
    for survey in surveys:
        answers, people = answer_sides(world, survey.code), person_sides(world, survey.code)
        assert {row["words"] for row in answers} == set(survey.words.values()), "every answer is there, once"
        assert len({row["response_xmin"] for row in answers} | {row["answer_xmin"] for row in answers}) == 1
        assert len({row["xmin"] for row in people}) == 1
        guesses = {name: [row["employee_id"] for row in sorted_by(people, name)] for name in people_by}
        guesses["order of sending"] = list(survey.order)
        for person_name, answer_name in found:
            words = [row["words"] for row in sorted_by(answers, answer_name)]
            found[person_name, answer_name] += hits(guesses[person_name], words, survey.words)
    assert {pair: count for pair, count in found.items() if count > HITS_BY_CHANCE} == {}


def test_the_insider_is_no_straw_man(world: World) -> None:
    """Stored as they come, a transaction each, all twelve answers are given away by the very same matching."""
    wave = world.site.wave(PULSE, "2042Q1", *PEOPLE)
    words = {person: f"words of {person}" for person in PEOPLE}
    order = random.Random("straw").sample(PEOPLE, len(PEOPLE))
    for person in order:
        world.site.run(
            """with response as (
                   insert into confidential.responses (wave_code, state, external_id_hash)
                   values (%s, 'complete', gen_random_uuid()::text) returning response_id
               )
               insert into confidential.answers (response_id, item_code, free_text)
               select response_id, 'comment', %s from response""",
            wave, words[person],
        )  # fmt: skip
    answers = answer_sides(world, wave)
    found = [row["words"] for row in sorted_by(answers, "response_place")]
    assert hits(order, found, words) == len(PEOPLE)
    assert len({row["response_xmin"] for row in answers}) == len(PEOPLE)


def test_no_value_of_a_person_leads_to_an_answer(world: World, set_clock: Callable[..., datetime]) -> None:
    """Ids, links and names, plain or hashed in every way one would try, occur nowhere beside an answer."""
    survey = world.answer(0)
    close(world, set_clock)
    stored = "\n".join(
        str(row) for table in ("responses", "answers") for row in everything(world, "confidential", table)
    )
    assert all(words in stored for words in survey.words.values())
    assert [guess for guess in guesses_of(survey) if guess in stored] == []


def everything(world: World, schema: str, table: str) -> list[dict[str, Any]]:
    return world.site.run(f"select *, ctid::text, xmin::text from {schema}.{table}")


def guesses_of(survey: Survey) -> set[str]:
    """What an insider without the secret computes from what is known of a person."""
    known = [
        part
        for person in PEOPLE
        for part in (person, survey.tokens[person], f"学员{person}", f"{person.lower()}@example.com")
    ]
    texts = [*known, *(f"{survey.code}{joint}{part}" for part in known for joint in ("", ":", "/", "\x1f"))]
    guesses = {part for part in known if len(part) > 3}
    for text in texts:
        for name in ("md5", "sha1", "sha256"):
            digest = hashlib.new(name, text.encode(), usedforsecurity=False).digest()
            guesses |= {digest.hex(), str(uuid.UUID(bytes=digest[:16]))}
    return guesses


def test_what_waits_has_no_date_no_order_and_no_transaction_of_a_person(world: World) -> None:
    """While the survey is open: the spool's rows were written together, apart from every invitation."""
    wave = world.site.wave(PULSE, "2040Q1", *PEOPLE)
    for person in PEOPLE[:7]:
        world.site.send(wave, person, comment=f"words of {person}")
    world.store.shuffle()
    spool = everything(world, "forms", "submissions")
    assert len(spool) == 7
    assert len({row["xmin"] for row in spool}) == 1
    assert not {row["xmin"] for row in spool} & {row["xmin"] for row in person_sides(world, wave)}
    for row in spool:
        assert (row["answered_at"], row["employee_id"], row["pseudonym"]) == (None, None, None)
    survey = Survey(wave, {}, (), {person: token_of(wave, person) for person in PEOPLE})
    told = "\n".join(str({key: row[key] for key in row if key != "answers"}) for row in spool)
    assert [guess for guess in guesses_of(survey) if guess in told] == []


def test_the_server_keeps_no_moment_of_an_anonymous_answer(world: World) -> None:
    """No column of stored answers holds a moment or a running number, and commits are not timed."""
    columns = world.site.run(
        """select table_name, column_name from information_schema.columns
           where table_schema = 'confidential' and table_name in ('responses', 'answers')
               and (data_type like 'timestamp%%' or data_type in ('date', 'bigint', 'integer')
                   or column_default like 'nextval%%' or is_identity = 'YES')"""
    )
    assert columns == []
    assert world.site.run("show track_commit_timestamp") == [{"track_commit_timestamp": "off"}]


def test_a_draft_is_of_no_use_without_the_secret_and_gone_when_it_is_sent(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The insider has the row and the link: neither its words nor whose it is can be read, and sending deletes it."""
    wave = world.site.wave(PULSE, "2041Q1", *PEOPLE)
    world.site.send(wave, PEOPLE[0], "save", comment="half a thought")
    (draft,) = everything(world, "forms", "drafts")
    token = token_of(wave, PEOPLE[0])
    kept = bytes(draft["sealed"])
    assert b"half a thought" not in kept
    assert links.open_draft(token, kept) is not None
    sealed_id = bytes(draft["draft_id"]).hex()
    assert sealed_id not in guesses_of(Survey(wave, {}, (), {person: token_of(wave, person) for person in PEOPLE}))
    world.site.send(wave, PEOPLE[0], comment="a whole thought")
    assert everything(world, "forms", "drafts") == []
    with monkeypatch.context() as patch:
        patch.setattr("trainloop.settings.Settings.forms_secret", lambda _: b"a guess at the secret")
        assert links.open_draft(token, kept) is None

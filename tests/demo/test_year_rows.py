"""An insider with the whole database at the end of the sample year, and a list of who sent which form when.

Row order, places, transactions, ids, links and hashes: none of them tells whose answer is whose. Rows stored as they
come give everybody away to the same matching.
"""

from __future__ import annotations

import hashlib
import itertools
import json
import math
from collections import Counter, defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import psycopg
import pytest
from tests.demo import attack
from tests.demo.conftest import LivedYear

pytestmark = [pytest.mark.slow, pytest.mark.timeout(1200)]
# So many standard deviations above chance: less than once in a hundred million runs over all orders tried.
FAR_FROM_CHANCE = 6.5
Said = tuple[tuple[str, str], ...]


@dataclass
class Wave:
    """One anonymous survey: who sent what, in the order of sending, and the links they held."""

    code: str
    sent: dict[str, Said]
    tokens: dict[str, str]


def said_of(values: Mapping[str, Any]) -> Said:
    """What a form says, as its sender typed it: items with their values, in order."""
    listed = {item: value if isinstance(value, list | tuple) else [value] for item, value in values.items()}
    pairs = [(item, str(one).strip()) for item, several in listed.items() for one in several]
    return tuple(sorted(pair for pair in pairs if pair[1]))


@pytest.fixture
def waves(lived: LivedYear) -> list[Wave]:
    """Every anonymous survey of the year that was answered in the own forms."""
    person_of = {
        row["email"]: row["employee_id"] for row in lived.rows("select email, employee_id from core.employees")
    }
    held = {token: person_of.get(letter.recipient) for letter in lived.runner.letters() for token in letter.tokens}
    links = {row["link_hash"]: row["wave_code"] for row in lived.rows("select * from forms.dead_links")}
    anonymous = {
        row["wave_code"] for row in lived.rows("select wave_code from ops.survey_waves where anonymity = 'anonymous'")
    }
    found: dict[str, Wave] = {}
    for token, values in lived.sent:
        code, person = links[hashlib.sha256(token.encode()).digest()], held[token]
        if code in anonymous and person is not None:
            wave = found.setdefault(code, Wave(code, {}, {}))
            wave.sent[person], wave.tokens[person] = said_of(values), token
    return list(found.values())


def answers_of(lived: LivedYear, wave: Wave) -> list[dict[str, Any]]:
    """Each stored form with everything an order could hang on, and what it says."""
    rows = lived.rows(
        """select response.response_id::text as response_id, response.ctid::text as response_place,
               response.xmin::text as xmin, response.external_id_hash as id_hash, said.*
           from confidential.responses as response
           join (
               select response_id, min(ctid)::text as answers_place, min(xmin::text) as answers_xmin,
                   jsonb_agg(jsonb_build_array(item_code, coalesce(score::float8::text, choice, free_text))) as pairs
               from confidential.answers group by response_id
           ) as said using (response_id)
           where response.wave_code = %s""",
        wave.code,
    )
    return [row | {"said": said_of_rows(row["pairs"])} for row in rows]


def said_of_rows(pairs: Sequence[Sequence[str]]) -> Said:
    return tuple(sorted((item, value) for item, value in pairs))


def people_of(lived: LivedYear, wave: Wave) -> list[dict[str, Any]]:
    """Everybody who sent a form, with everything an order could hang on."""
    rows = lived.rows(
        """select employee_id, invitation.ctid::text as place, lpad(invitation_id::text, 12, '0') as number,
               invitation.token, person.ctid::text as employee_place
           from ops.invitations as invitation join core.employees as person using (employee_id)
           where wave_code = %s""",
        wave.code,
    )
    order = {person: number for number, person in enumerate(wave.sent)}
    return [
        row | {"link": wave.tokens[row["employee_id"]], "order of sending": f"{order[row['employee_id']]:06d}"}
        for row in rows
        if row["employee_id"] in wave.sent
    ]


def sorted_by(rows: Sequence[Mapping[str, Any]], name: str) -> list[Mapping[str, Any]]:
    """Rows in the order of a value; places in a table as they lie, by page and line."""

    def key(row: Mapping[str, Any]) -> Any:
        value = str(row[name])
        return tuple(map(int, value.strip("()").split(","))) if value.startswith("(") else value

    return sorted(rows, key=key)


def test_what_was_sent_is_what_is_stored(lived: LivedYear, waves: list[Wave]) -> None:
    """The insider's truth is the truth: the same forms, each once, in every anonymous survey of the year."""
    assert len(waves) >= 10
    assert sum(len(wave.sent) for wave in waves) > 450
    for wave in waves:
        assert Counter(row["said"] for row in answers_of(lived, wave)) == Counter(wave.sent.values()), wave.code


def test_no_order_of_the_years_rows_tells_whose_answer_it_is(lived: LivedYear, waves: list[Wave]) -> None:
    """People and answers sorted by anything and put side by side: no more hits than chance, in all surveys together."""
    people_by = ("order of sending", "place", "number", "token", "link", "employee_id", "employee_place")
    answers_by = ("response_place", "response_id", "id_hash", "answers_place")
    hits = dict.fromkeys(itertools.product(people_by, answers_by), 0)
    mean = variance = 0.0
    for wave in waves:
        people, answers = people_of(lived, wave), answers_of(lived, wave)
        assert len(people) == len(answers) == len(wave.sent)
        expected = attack.hits_by_chance([row["said"] for row in answers])
        mean, variance = mean + expected[0], variance + expected[1]
        for person_name, answer_name in hits:
            guessed = [row["employee_id"] for row in sorted_by(people, person_name)]
            said = [row["said"] for row in sorted_by(answers, answer_name)]
            hits[person_name, answer_name] += attack.hits_by_rank(guessed, said, wave.sent)
    limit = mean + FAR_FROM_CHANCE * math.sqrt(variance)
    assert limit < sum(len(wave.sent) for wave in waves) / 2, "there is something to find"
    assert {pair: count for pair, count in hits.items() if count > limit} == {}


def test_one_transaction_wrote_all_answers_of_a_survey(lived: LivedYear, waves: list[Wave]) -> None:
    """Transaction ids tell nothing: each survey's forms were rewritten together; nothing waits or lies half-written."""
    for wave in waves:
        rows = answers_of(lived, wave)
        assert len({row["xmin"] for row in rows} | {row["answers_xmin"] for row in rows}) == 1, wave.code
    assert lived.rows("select * from forms.submissions") == []
    assert lived.rows("select * from forms.drafts") == []


def test_the_same_matching_finds_everybody_in_rows_stored_as_they_come(lived: LivedYear, waves: list[Wave]) -> None:
    """The insider is no straw man: one row a transaction, in the order of sending, and all are found."""
    wave = max(waves, key=lambda one: len(one.sent))
    with psycopg.connect(lived.url, autocommit=True) as connection:
        connection.execute("create temporary table stored (said jsonb)")
        for said in wave.sent.values():
            connection.execute("insert into stored values (%s)", (json.dumps(said),))
        rows = [
            {"place": place, "xmin": xmin, "said": said_of_rows(said)}
            for place, xmin, said in connection.execute("select ctid::text, xmin::text, said from stored")
        ]
    assert len({row["xmin"] for row in rows}) == len(wave.sent)
    said = [row["said"] for row in sorted_by(rows, "place")]
    assert attack.hits_by_rank(list(wave.sent), said, wave.sent) == len(wave.sent) > 200


def test_no_value_of_a_person_stands_beside_an_answer(lived: LivedYear, waves: list[Wave]) -> None:
    """Ids, links, names and addresses, plain or hashed in every way one would try, are no value of any stored row."""
    people = {row["employee_id"]: row for row in lived.rows("select employee_id, name, email from core.employees")}
    stored: dict[str, set[str]] = defaultdict(set)
    for row in lived.rows("select * from confidential.responses"):
        values = [row["response_id"], row["external_id_hash"], row["pseudonym"], *row["coarse_groups"].values()]
        stored[row["wave_code"]] |= {str(value) for value in values}
    for row in lived.rows(
        "select wave_code, choice, free_text from confidential.answers join confidential.responses using (response_id)"
    ):
        stored[row["wave_code"]] |= {str(row["choice"]), str(row["free_text"])}
    for wave in waves:
        for person, token in wave.tokens.items():
            known = (person, token, people[person]["name"], people[person]["email"])
            assert not attack.guesses(known, wave.code) & stored[wave.code], wave.code

"""What the stored rows tell about who wrote what: nothing, before and after they are taken in."""

from __future__ import annotations

import random
import time
from typing import Any

import psycopg
import pytest
from tests.forms.conftest import SetClock, Site, token_of

from trainloop.surveys.sources import forms as source
from trainloop.warehouse import engine

PULSE = "quarterly_pulse"
PEOPLE = [f"P{number:02d}" for number in range(12)]


@pytest.fixture
def wave(site: Site) -> str:
    """Twelve people are asked; each will write something that only they can have written."""
    site.company.hire(*PEOPLE)
    return site.wave(PULSE, "2026Q1", *PEOPLE, minimum_count=5)


def answer_all(site: Site, wave: str, people: list[str]) -> None:
    for person in people:
        assert site.send(wave, person, comment=f"marker {person}").status_code == 303


def shuffled(site: Site) -> None:
    """Wait until the service has written the waiting forms anew."""
    deadline = time.monotonic() + 15
    while time.monotonic() < deadline:
        if len({row["xmin"] for row in site.run("select xmin::text as xmin from forms.submissions")}) <= 1:
            return
        time.sleep(0.2)
    pytest.fail("the service has not shuffled")


def authors(rows: list[dict[str, Any]]) -> list[str]:
    return [row["comment"].removeprefix("marker ") for row in rows]


WAITING = """select ctid, submissions.xmin::text as xmin,
    jsonb_path_query_first(answers, '$[*].free_text') #>> '{}' as comment
from forms.submissions as submissions"""
STORED = """select responses.xmin::text as xmin, free_text as comment from confidential.responses as responses
join confidential.answers using (response_id) where item_code = 'comment'"""


def test_waiting_forms_share_one_transaction_and_lie_in_no_order(site: Site, wave: str) -> None:
    """The transaction that marked an invitation is on no form; the place of a row is not its place in time."""
    random.Random(7).shuffle(order := list(PEOPLE))
    answer_all(site, wave, order)
    shuffled(site)
    rows = site.run(f"select xmin, comment from ({WAITING}) as waiting order by ctid")
    invitations = site.run("select xmin::text as xmin from ops.invitations where wave_code = %s", wave)
    assert len({row["xmin"] for row in rows}) == 1
    assert rows[0]["xmin"] not in {row["xmin"] for row in invitations}
    assert sorted(authors(rows)) == sorted(order)
    # One of 12! orders by chance.
    assert authors(rows) != order
    (columns,) = site.run(
        "select array_agg(column_name::text) as names from information_schema.columns where table_name = 'submissions'"
    )
    assert not {name for name in columns["names"] if "token" in name or "link" in name}


def test_few_forms_wait_until_they_hide_each_other_and_the_close_takes_the_rest(
    site: Site, wave: str, set_clock: SetClock
) -> None:
    """Four of five needed: nothing is taken. The close takes all in its commit and mixes them under new ids."""
    answer_all(site, wave, PEOPLE[:4])
    assert source.collect()["forms_taken"] == 0
    answer_all(site, wave, PEOPLE[4:6])
    assert source.collect() == {"forms_taken": 6, "waves_taken": 1, "changed_count": 6}
    answer_all(site, wave, PEOPLE[6:8])
    assert source.collect()["forms_taken"] == 0
    site.run("update ops.survey_waves set state = 'closed', closed_at = ops.business_now() where wave_code = %s", wave)
    rows = site.run(STORED)
    assert sorted(authors(rows)) == PEOPLE[:8]
    assert len({row["xmin"] for row in rows}) == 1
    assert site.run("select * from forms.submissions") == []
    assert site.run(
        "select is_used, count(*)::int as n from ops.invitations where wave_code = %s group by 1 order by 1", wave
    ) == [
        {"is_used": False, "n": 4},
        {"is_used": True, "n": 8},
    ]


def test_a_kept_answer_has_no_time_name_link_or_order(site: Site, wave: str) -> None:
    """An attacker with every table joins nothing: no shared transaction, id, hash or date."""
    answer_all(site, wave, PEOPLE)
    source.collect()
    site.run("update ops.survey_waves set state = 'closed', closed_at = ops.business_now() where wave_code = %s", wave)
    kept = site.run("select *, xmin::text as xmin from confidential.responses")
    invited = site.run("select *, xmin::text as xmin from ops.invitations where wave_code = %s", wave)
    # Everything a row says about itself, as text; short common words (the wave, numbers) aside.
    said = [
        {str(value) for key, value in row.items() if key not in {"wave_code", "state", "coarse_groups"}} for row in kept
    ]
    known = {str(row[key]) for row in invited for key in ("employee_id", "token", "invitation_id", "xmin")}
    assert len(kept) == len(PEOPLE)
    assert not set().union(*said) & known
    assert {row["pseudonym"] for row in kept} == {None}
    dated = site.run(
        """select table_name, column_name from information_schema.columns
           where table_schema = 'confidential' and table_name in ('responses', 'answers')
               and (data_type like 'timestamp%%' or data_type = 'date')"""
    )
    assert dated == []


def test_confidential_forms_of_one_person_share_a_pseudonym_that_nobody_can_compute(site: Site) -> None:
    """The same in two waves, another for another person, and keyed."""
    for code in ("FU-1", "FU-2"):
        site.wave("follow_up_90d_learner", "x", "E1", "E2", code=code, subject_kind=code, minimum_count=1)
        for person in ("E1", "E2"):
            assert site.send(code, person).status_code == 303
    source.collect()
    rows = site.run("select wave_code, pseudonym from confidential.responses")
    names = {code: {row["pseudonym"] for row in rows if row["wave_code"] == code} for code in ("FU-1", "FU-2")}
    assert names["FU-1"] == names["FU-2"]
    assert len(names["FU-1"]) == 2


@pytest.mark.parametrize(
    "query",
    [
        "select * from forms.submissions",
        "select * from forms.drafts",
        "select * from ops.invitations",
        "select token from ops.commitments",
        "select * from confidential.answers",
        "select * from core.named_responses",
        "select * from ops.class_desks",
        "select * from ops.seat_offers",
        "select * from forms.sign_in_entries",
        "select * from forms.incident_entries",
        "select forms.desk_of('x')",
        "select forms.take('EVAL-2026-C001')",
        "insert into ops.mail_stops values ('employee', 'E1', 'opted_out', null, now())",
    ],
)
def test_the_service_reads_no_table(site: Site, query: str) -> None:
    """A service that is broken into knows what a visitor with a link knows."""
    with pytest.raises(psycopg.errors.InsufficientPrivilege), engine.connect("forms") as connection:
        connection.execute(query)


def test_a_raw_link_is_never_given_to_the_warehouse(site: Site, wave: str) -> None:
    """What the server logs of a statement holds hashes: the link is no argument of any function."""
    from trainloop.forms import links
    from trainloop.forms.store import Store

    seen: list[object] = []
    original = Store._row
    token = token_of(wave, PEOPLE[0])

    def spy(self: Store, name: str, values: dict[str, Any]) -> dict[str, Any] | None:
        seen.append(values)
        return original(self, name, values)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(Store, "_row", spy)
        assert site.send(wave, PEOPLE[0]).status_code == 303
    assert len(seen) >= 3
    assert token not in repr(seen)
    assert repr(links.link_hash(token)) in repr(seen)

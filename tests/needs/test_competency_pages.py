"""R04 for single people: the assessed person and the manager of that day read their own result, nobody else, once."""

from __future__ import annotations

import email
import re
from collections.abc import Callable, Iterator
from datetime import date, datetime
from email import policy
from typing import Any

import psycopg
import pytest
from fastapi.testclient import TestClient
from tests.outbox.conftest import Company, found_company

from trainloop import faults
from trainloop.forms.app import create_app
from trainloop.forms.result_pages import people_of
from trainloop.forms.store import Store
from trainloop.needs.competency_pages import share_results
from trainloop.outbox.composer import compose_due
from trainloop.outbox.kinds.content import Unwritable
from trainloop.warehouse import engine

SetClock = Callable[..., datetime]
DAY = "2026-02-20"


class Team:
    """M1 led A and B on the day of the assessment; C reports to M2. It is Tuesday 2026-03-03."""

    def __init__(self, company: Company, client: TestClient) -> None:
        self.company, self.client = company, client
        company.hire("M1", "M2", "A", "B", "C")
        self.lead("M1", "A", "B")
        self.lead("M2", "C")
        for code, name, required, weight in (("talk", "谈判", 4, "1.5"), ("plan", "计划", 3, "1")):
            company.run(
                "insert into core.competency_requirements values ('sales', 'P5', %s, %s, %s, %s, %s, 1, 1)",
                code, name, code.title(), required, weight,
            )  # fmt: skip

    def lead(self, manager: str | None, *people: str, since: str = "2020-01-01", until: str | None = None) -> None:
        for one in people:
            self.company.run(
                """insert into core.employee_history (employee_id, valid_from, valid_to, department_code, job_family,
                       job_level, manager_id, file_id) values (%s, %s, %s, 'D1', 'sales', 'P5', %s, 1)""",
                one, since, until, manager,
            )  # fmt: skip
            if until is None:
                self.company.run("update core.employees set manager_id = %s where employee_id = %s", manager, one)

    def assess(self, person: str, own: float, manager: float, code: str = "talk", day: str = DAY) -> None:
        self.company.run(
            """insert into core.competency_assessments values (%s, %s, %s, %s, %s, null, 1, 1)
               on conflict (employee_id, competency_code, assessed_on)
               do update set manager_level = excluded.manager_level""",
            person, code, day, own, manager,
        )  # fmt: skip

    def pages(self) -> dict[tuple[str, bool], dict[str, Any]]:
        rows = self.company.run("select * from ops.competency_pages")
        return {(row["reader_id"], row["is_team"]): row for row in rows}

    def read(self, reader: str, *, is_team: bool = False, lang: str = "zh-CN") -> Any:
        return self.client.get(f"/r/{self.pages()[reader, is_team]['token']}", params={"lang": lang})

    def mails(self) -> dict[str, str]:
        """Recipient → text of the mails composed so far."""
        found = {}
        for row in self.company.run("select recipient_id, mime_bytes from ops.messages order by message_id"):
            body = email.message_from_bytes(row["mime_bytes"], policy=policy.default).get_body(("plain",))
            assert body is not None
            found[row["recipient_id"]] = body.get_content()
        return found


@pytest.fixture
def team(warehouse: str, set_clock: SetClock) -> Iterator[Team]:
    company = found_company()
    with TestClient(create_app(Store()), base_url="http://127.0.0.1:8030") as client:
        yield Team(company, client)


def test_the_person_and_the_manager_of_that_day_get_one_private_link_each(team: Team) -> None:
    """The mail has one button and no level; a second scan plans nothing."""
    team.assess("A", 4.5, 2.5)
    team.assess("B", 3, 4)
    assert share_results() == {"pages": 3, "notices_planned": 3}
    assert share_results() == {"pages": 0, "notices_planned": 0}
    assert compose_due()["composed_messages"] == 3
    mails = team.mails()
    assert set(mails) == {"A", "B", "M1"}
    for reader, text in mails.items():
        (token,) = re.findall(r"/r/([0-9a-f]{32})", text)
        assert token == team.pages()[reader, reader == "M1"]["token"]
        assert not re.search(r"[24]\.5|谈判", text), "the mail itself tells no result"
    assert "2 位同事" in mails["M1"]
    assert compose_due()["composed_messages"] == 0


def test_the_page_says_what_is_asked_where_one_stands_and_how_the_two_views_differ(team: Team) -> None:
    """Gap = required − manager's level; the weighted one ranks; own view against the manager's, in both languages."""
    team.assess("A", 4.5, 2.5)
    team.assess("A", 3, 3, "plan")
    share_results()
    chinese, english = team.read("A").text, team.read("A", lang="en").text
    for words in (
        "2 项中 1 项低于要求",
        "差距最大：谈判，差 1.5 级",
        "权重 1.5，加权差距 2.25",
        "自评比上级评价高 2 级",
    ):
        assert words in chinese
    for words in ("1 of 2 below what is asked", "Largest gap: Talk, 1.5 levels", "Own view and manager agree"):
        assert words in english
    assert chinese.index("谈判") < chinese.index("计划")
    assert "学员B" not in chinese


def test_a_manager_reads_those_who_reported_on_that_day_and_nobody_else(team: Team) -> None:
    """A moved to M2 since, C never reported to M1: M1 reads A and B, M2 only C."""
    team.company.run("update core.employee_history set valid_to = '2026-02-25' where employee_id = 'A'")
    team.lead("M2", "A", since="2026-02-25")
    for person in ("A", "B", "C"):
        team.assess(person, 4, 3)
    share_results()
    assert re.findall(r"<h2>学员(\w)", team.read("M1", is_team=True).text) == ["A", "B"]
    assert re.findall(r"<h2>学员(\w)", team.read("M2", is_team=True).text) == ["C"]
    assert {key for key in team.pages() if key[1]} == {("M1", True), ("M2", True)}


def test_a_new_number_is_one_new_version_and_the_old_link_shows_it(team: Team) -> None:
    """A correction is told once more to its two readers; the version that nobody was mailed yet is replaced."""
    team.assess("A", 4, 3)
    team.assess("B", 4, 3)
    share_results()
    token = team.pages()["A", False]["token"]
    team.assess("A", 4, 2)
    assert share_results() == {"pages": 2, "notices_planned": 2}
    page = team.client.get(f"/r/{token}").text
    assert "上级评价 2" in page
    assert compose_due()["composed_messages"] == 3
    assert team.company.outcomes()["dropped"] == 2, "version 1 of A's and of M1's page"
    assert "已更新" in team.mails()["A"]
    assert "已更新" not in team.mails()["B"]


def test_leavers_get_nothing_and_make_no_version(team: Team) -> None:
    """Whoever left is told nothing and is on no page any more; that alone is no news to the manager."""
    team.assess("A", 4, 3)
    team.assess("B", 4, 3)
    team.company.run("update core.employees set left_on = '2026-03-01' where employee_id = 'C'")
    team.assess("C", 4, 3)
    assert share_results()["pages"] == 3
    team.company.run("update core.employees set left_on = '2026-03-03' where employee_id = 'A'")
    assert share_results() == {"pages": 0, "notices_planned": 0}
    compose_due()
    assert set(team.mails()) == {"B", "M1"}
    assert "学员A" not in team.read("M1", is_team=True).text
    assert team.read("A").status_code == 410, "the page of somebody who left holds nobody"


@pytest.mark.parametrize("manager", [None, "GHOST", "A"])
def test_a_manager_who_is_unknown_or_the_person_reads_nothing(team: Team, manager: str | None) -> None:
    """No manager, one the master data never had (or has not any more), oneself: the person alone is told."""
    team.company.run("update core.employee_history set manager_id = %s where employee_id = 'A'", manager)
    team.company.run("update core.employees set manager_id = %s where employee_id = 'A'", manager)
    team.assess("A", 4, 3)
    assert share_results() == {"pages": 1, "notices_planned": 1}
    assert set(team.pages()) == {("A", False)}


def test_erased_levels_are_gone_from_every_page_at_once(team: Team) -> None:
    """Nothing is copied: what core forgets, the links forget; the manager is not told of it."""
    team.assess("A", 4, 3)
    team.assess("B", 4, 3)
    share_results()
    team.company.run("delete from core.competency_assessments where employee_id = 'A'")
    assert team.read("A").status_code == 410
    assert "学员A" not in team.read("M1", is_team=True).text
    assert share_results() == {"pages": 0, "notices_planned": 0}


def test_an_old_assessment_is_history_and_a_link_ends(team: Team, set_clock: SetClock) -> None:
    """90 days: a first load mails nobody about years ago. 60 days: then the page says where to ask."""
    team.assess("A", 4, 3, day="2025-11-30")
    assert share_results() == {"pages": 0, "notices_planned": 0}
    team.assess("B", 4, 3)
    share_results()
    assert team.read("B").status_code == 200
    set_clock(2026, 5, 3)
    late = team.read("B")
    assert (late.status_code, "已超过查看期限" in late.text, "谈判" in late.text) == (410, True, False)


def test_a_past_date_plans_pages_and_mails_nobody(team: Team) -> None:
    """A backfill tells nobody; the next ordinary run does."""
    team.assess("A", 4, 3)
    assert share_results(as_of=date(2026, 2, 27)) == {"pages": 2, "notices_planned": 0}
    assert share_results() == {"pages": 0, "notices_planned": 2}


@pytest.mark.parametrize("point", ["competency_pages.before_commit", "competency_pages.after_commit"])
def test_killed_at_the_commit_and_run_again_everybody_is_told_once(
    team: Team, point: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Page and notice are one commit."""
    team.assess("A", 4, 3)

    def die(name: str) -> None:
        if name == point:
            raise KeyboardInterrupt

    with monkeypatch.context() as patch:
        patch.setattr(faults, "point", die)
        with pytest.raises(KeyboardInterrupt):
            share_results()
    share_results()
    assert share_results() == {"pages": 0, "notices_planned": 0}
    assert [row["version_number"] for row in team.pages().values()] == [1, 1]
    assert compose_due()["composed_messages"] == 2


def test_links_cannot_be_guessed_bent_or_sent_to(team: Team) -> None:
    """Single purpose: no other page knows the token; nothing is written by opening; there is no POST."""
    team.assess("A", 4, 3)
    share_results()
    token = team.pages()["A", False]["token"]
    before = team.company.run("select * from ops.competency_pages order by page_id")
    assert team.read("A").headers["cache-control"] == "no-store"
    assert team.client.get(f"/a/{token}").status_code == 404
    assert team.client.get(f"/f/{token}").status_code == 404
    assert team.client.get(f"/r/{token[:-1]}x").status_code == 404
    assert team.client.post(f"/r/{token}", data={"x": "1"}).status_code == 405
    assert team.company.run("select * from ops.competency_pages order by page_id") == before


def test_the_service_and_the_sender_read_no_level(team: Team) -> None:
    """The forms role only executes functions; the mail's role knows links and no results."""
    for role, table in (
        ("forms", "ops.competency_pages"),
        ("forms", "core.competency_results"),
        ("sender", "core.competency_results"),
        ("board", "ops.competency_pages"),
    ):
        with engine.connect(role) as connection, pytest.raises(psycopg.errors.InsufficientPrivilege):
            connection.execute(f"select * from {table}")


def test_without_a_requirement_or_a_manager_the_page_says_so(team: Team) -> None:
    """No level demanded: no gap and no verdict; the test's score counts where no manager rated."""
    one = {
        "person_id": "A", "person": "学员A", "code": "talk", "name_zh": "谈判", "name_en": None, "required": None,
        "weight": None, "self_rated": 2, "manager": None, "test_pct": 62,
    }  # fmt: skip
    (person,) = people_of([one], "en")
    assert person.summary == "The job sets no level for these competencies"
    (line,) = person.lines
    assert (line.label, line.level, line.source, line.gap, line.is_below) == ("talk", "3.1", "test", "–", False)
    (person,) = people_of([one | {"required": 3.5, "test_pct": None}], "zh-CN")
    assert (person.summary, person.lines[0].source) == ("1 项中 1 项低于要求", "自评")


def test_an_unknown_page_makes_no_mail() -> None:
    """The reason stands beside the dropped notice."""
    from trainloop.outbox.kinds.competency import _page

    assert _page(None, None) == Unwritable("subject_unknown")  # type: ignore[arg-type]

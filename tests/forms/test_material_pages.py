"""`/m/<token>`: what a learner and a trainer can see, open, finish and ask; what nobody else can."""

from __future__ import annotations

import hashlib
import re
from datetime import timedelta
from pathlib import Path
from typing import Any

import psycopg
import pytest
from tests.browsers import SIZES, browsing
from tests.forms.conftest import SetClock, Site, serving
from tests.forms.test_browser import MEASURE, open_page

from trainloop.settings import PROJECT_DIR, get_settings
from trainloop.warehouse import engine

CODE = "2026-C100"
TOKENS = {"E1": "a" * 32, "E2": "b" * 32, "T1": "c" * 32}
FILE = "案例 A.pdf"
# Where the screenshots of the last run are kept; git ignores the folder, Playwright makes it.
PICTURES = PROJECT_DIR / ".trainloop" / "pictures" / "forms"


@pytest.fixture
def pack(site: Site) -> Site:
    """A class a week ahead: slides and pre-work for E1, E2 (who cancelled) and the trainer."""
    starts = site.company.noon + timedelta(days=7)
    site.run(
        """insert into core.class_sessions (session_code, course_code, trainer_id, starts_at, ends_at, mode, venue_code,
               file_id, row_number) values (%s, 'C001', 'T1', %s, %s, 'classroom', 'SH-201', 1, 1)""",
        CODE, starts, starts + timedelta(hours=8),
    )  # fmt: skip
    for person, status in (("E1", "confirmed"), ("E2", "cancelled")):
        site.run(
            """insert into core.enrollments (session_code, employee_id, status, file_id, row_number)
               values (%s, %s, %s, 1, 1)""",
            CODE, person, status,
        )  # fmt: skip
    folder = Path(get_settings().folder_uri("materials").removeprefix("file://"))
    folder.mkdir(parents=True)
    (folder / FILE).write_bytes(b"slides" * 1000)
    checksum = hashlib.sha256(b"slides" * 1000).hexdigest()
    site.run("insert into ops.course_packs values (%s, 1, 'x', true, %s)", CODE, site.company.noon)
    for code, kind, title in (("KA-1", "courseware", "沟通课件"), ("KA-2", "prework", "课前阅读")):
        site.run(
            "insert into ops.course_pack_assets values (%s, 1, %s, %s, %s, 'Slides', '2.1', %s, %s)",
            CODE, code, kind, title, FILE, checksum,
        )  # fmt: skip
    for person, token in TOKENS.items():
        site.run(
            """insert into ops.material_links (session_code, person_kind, person_id, token, pack_number, made_at)
               values (%s, %s, %s, %s, 1, %s)""",
            CODE, "trainer" if person == "T1" else "employee", person, token, site.company.noon,
        )  # fmt: skip
    return site


def press(site: Site, person: str, action: str, **fields: Any) -> Any:
    path = f"/m/{TOKENS[person]}"
    return site.client.post(path, data=site.page_fields(path) | {"action": action} | fields, follow_redirects=False)


def events(site: Site) -> list[tuple[str, str, str]]:
    rows = site.run("select person_id, asset_code, event from ops.material_events order by 1, 2, 3")
    return [(row["person_id"], row["asset_code"], row["event"]) for row in rows]


def test_looking_at_the_page_changes_nothing_and_its_button_hands_out_the_file(pack: Site) -> None:
    """Scanners prefetch: only the page's own button counts as opened, once."""
    page = pack.client.get(f"/m/{TOKENS['E1']}").text
    assert "高效沟通" in page
    assert "沟通课件" in page
    assert "SH-201" in page
    assert events(pack) == []
    answer = press(pack, "E1", "open:KA-1")
    assert answer.content == b"slides" * 1000
    assert answer.headers["content-disposition"].startswith("attachment; filename*=UTF-8''%E6%A1%88")
    press(pack, "E1", "open:KA-1")
    assert events(pack) == [("E1", "KA-1", "opened")]
    (row,) = pack.run("select opened_at from ops.material_links where person_id = 'E1'")
    assert row["opened_at"] is not None
    assert "再次下载" in pack.client.get(f"/m/{TOKENS['E1']}").text


def test_finished_is_a_button_of_pre_work_and_of_learners(pack: Site) -> None:
    """Slides cannot be finished, a trainer finishes nothing."""
    assert press(pack, "E1", "finish:KA-2").headers["location"] == f"/m/{TOKENS['E1']}?finished=1"
    press(pack, "E1", "finish:KA-1")
    press(pack, "T1", "finish:KA-2")
    assert events(pack) == [("E1", "KA-2", "finished")]
    (row,) = pack.run("select left_count from ops.prework_left where employee_id = 'E1'")
    assert row["left_count"] == 0
    assert "我已完成" not in pack.client.get(f"/m/{TOKENS['E1']}").text.replace("请点“我已完成”", "")


def test_a_question_is_kept_without_the_person_and_five_are_enough(pack: Site) -> None:
    """No id beside the words; the sixth is refused kindly; a trainer has no box."""
    for number in range(5):
        assert press(pack, "E1", "ask", question=f"问题{number}").status_code == 303
    path = f"/m/{TOKENS['E1']}"
    assert "有想在课上弄清楚的问题" not in pack.client.get(path).text
    refused = press(pack, "E1", "ask", question="还有一个")
    assert refused.status_code == 422
    assert "已达上限" in refused.text
    assert "有想在课上弄清楚的问题" not in pack.client.get(f"/m/{TOKENS['T1']}").text
    assert press(pack, "T1", "ask", question="我也问").status_code == 422
    columns = set(pack.run("select * from ops.asked_questions")[0])
    assert columns == {"question_id", "session_code", "question", "asked_on"}
    assert len(pack.run("select * from ops.asked_questions")) == 5


@pytest.mark.parametrize(("question", "said"), [("  ", "请先写下"), ("长" * 501, "最多 500 字，您写了 501 字")])
def test_a_question_that_cannot_be_kept_comes_back_with_its_words(pack: Site, question: str, said: str) -> None:
    """Nothing typed is lost."""
    answer = press(pack, "E1", "ask", question=question)
    assert answer.status_code == 422
    assert said in answer.text


def test_a_moved_class_shows_its_new_day_under_the_same_link(pack: Site) -> None:
    """The page reads the class as it is now."""
    assert "3月10日 10:00" in pack.client.get(f"/m/{TOKENS['E1']}").text
    pack.run(
        """update core.class_sessions
           set starts_at = starts_at + interval '9 days', ends_at = ends_at + interval '9 days'
           where session_code = %s""",
        CODE,
    )
    assert "3月19日 10:00" in pack.client.get(f"/m/{TOKENS['E1']}").text


def test_links_of_cancelled_people_classes_and_of_the_past_say_so(pack: Site, set_clock: SetClock) -> None:
    """Kindly, with 410, and nothing can be done with them."""
    path = f"/m/{TOKENS['E2']}"
    assert (pack.client.get(path).status_code, "您已不在这个班次中" in pack.client.get(path).text) == (410, True)
    fields = pack.page_fields(f"/m/{TOKENS['E1']}") | {"action": "open:KA-1"}
    assert pack.client.post(path, data=fields).status_code == 410
    pack.run("update core.class_sessions set status = 'cancelled' where session_code = %s", CODE)
    assert "班次已取消" in pack.client.get(f"/m/{TOKENS['E1']}").text
    pack.run("update core.class_sessions set status = 'confirmed' where session_code = %s", CODE)
    set_clock(2026, 4, 20)
    assert "链接已过期" in pack.client.get(f"/m/{TOKENS['E1']}").text
    assert events(pack) == []


def test_tampered_links_and_foreign_pages_do_nothing(pack: Site) -> None:
    """Unknown tokens are 404 and counted; another link's form token is refused; so is another pack's asset."""
    assert pack.client.get(f"/m/{'d' * 32}").status_code == 404
    assert pack.client.get("/m/short").status_code == 404
    foreign = pack.page_fields(f"/m/{TOKENS['T1']}") | {"action": "finish:KA-2"}
    assert pack.client.post(f"/m/{TOKENS['E1']}", data=foreign).status_code == 422
    assert pack.client.post(f"/m/{TOKENS['E1']}", data={"action": "finish:KA-2"}).status_code == 422
    assert press(pack, "E1", "open:KA-OTHER").status_code == 503
    assert press(pack, "E1", "nonsense").status_code == 200
    assert events(pack) == []
    for _ in range(40):
        last = pack.client.get(f"/m/{'e' * 32}").status_code
    assert last == 429


def test_a_file_that_is_not_the_registered_one_is_not_handed_out(pack: Site) -> None:
    """Nor is it noted as opened."""
    folder = Path(get_settings().folder_uri("materials").removeprefix("file://"))
    (folder / FILE).write_bytes(b"something else")
    assert press(pack, "E1", "open:KA-1").status_code == 503
    assert events(pack) == []


@pytest.mark.parametrize(
    "query",
    [
        "select * from ops.material_links",
        "select * from ops.asked_questions",
        "select * from ops.course_pack_assets",
        "insert into ops.material_events values ('x', 'employee', 'x', 'x', 'opened', now())",
    ],
)
def test_the_service_reads_and_writes_no_table_itself(pack: Site, query: str) -> None:
    """Its role executes functions, nothing else."""
    with pytest.raises(psycopg.errors.InsufficientPrivilege), engine.connect("forms") as connection:
        connection.execute(query)


def test_the_functions_are_nobody_elses(pack: Site) -> None:
    """The planner reads tables and cannot pretend to be a person with a link."""
    with pytest.raises(psycopg.errors.InsufficientPrivilege), engine.connect("planner") as connection:
        connection.execute("select forms.ask_question('x', 1, 'x', 1)")


@pytest.mark.slow
@pytest.mark.browser
@pytest.mark.parametrize("size", SIZES)
def test_the_page_works_in_a_browser_without_a_script(pack: Site, size: str) -> None:
    """Download, finish and ask; readable, with large targets, in both languages."""
    with serving() as (_, address), browsing() as browser:
        page = open_page(browser, f"{address}/m/{TOKENS['E1']}", size, locale="zh-CN", accept_downloads=True)
        with page.expect_download() as download:
            page.get_by_role("button", name=re.compile("下载 课前阅读")).click()
        assert Path(download.value.path()).read_bytes() == b"slides" * 1000
        page.get_by_role("button", name=re.compile("我已完成")).click()
        assert "已记录完成" in page.get_by_role("status").inner_text()
        page.get_by_label("您的问题").fill("怎样开场？")
        page.get_by_role("button", name="提交问题").click()
        assert "问题已收到" in page.get_by_role("status").inner_text()
        page.goto(f"{address}/m/{TOKENS['E1']}?lang=en")
        assert page.get_by_role("button", name="Send the question").count() == 1
        for language in ("zh-CN", "en"):
            page = open_page(browser, f"{address}/m/{TOKENS['E1']}?lang={language}", size, java_script_enabled=True)
            page.screenshot(path=PICTURES / f"materials-{size}-{language}.png", full_page=True)
            found = page.evaluate(MEASURE)
            assert (found["faint"], found["small"]) == ([], [])
            assert found["overflow"] <= 0
    assert events(pack) == [("E1", "KA-2", "finished"), ("E1", "KA-2", "opened")]

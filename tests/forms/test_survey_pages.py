"""The questionnaire of a link: shown, kept, sent once; every other link has a page that says how it stands."""

from __future__ import annotations

import re

import pytest
from tests.forms.conftest import SetClock, Site, full_answers, token_of

from trainloop.surveys.sources import forms as source

PULSE = "quarterly_pulse"


def stored(site: Site) -> list[dict[str, object]]:
    return site.run("select * from forms.submissions")


def test_a_form_is_filled_and_sent_once(site: Site) -> None:
    """The invitation is used in the commit that stores the form; sending again changes nothing and says thank you."""
    wave = site.wave(PULSE, "2026Q1", "E1", "E2")
    sent = site.send(wave, "E1", content_match="4", manager_support="not_applicable", comment="多些案例")
    assert (sent.status_code, sent.headers["location"]) == (303, f"/f/{token_of(wave, 'E1')}?sent=1")
    thanks = site.client.get(sent.headers["location"])
    assert "谢谢您" in thanks.text
    (row,) = stored(site)
    said = {answer["item"]: answer for answer in row["answers"]}  # type: ignore[attr-defined]
    assert said["content_match"] == {"item": "content_match", "score": 4}
    assert said["manager_support"] == {"item": "manager_support", "choice": "not_applicable"}
    assert said["comment"] == {"item": "comment", "free_text": "多些案例"}
    path = f"/f/{token_of(wave, 'E1')}"
    again = site.client.post(path, data=full_answers(PULSE) | {"action": "submit"})
    assert again.status_code == 200
    assert "已收到" in again.text
    assert len(stored(site)) == 1
    assert "您已经填写过了" in site.client.get(path).text


def test_opening_a_link_changes_nothing(site: Site) -> None:
    """Mail scanners follow every link."""
    wave = site.wave(PULSE, "2026Q1", "E1")
    before = site.run("select * from ops.invitations")
    for _ in range(3):
        assert site.client.get(f"/f/{token_of(wave, 'E1')}").status_code == 200
    assert site.run("select * from ops.invitations") == before
    assert stored(site) == []
    assert site.client.head(f"/f/{token_of(wave, 'E1')}").status_code in {200, 405}


def test_errors_are_named_and_nothing_typed_is_lost(site: Site) -> None:
    """A summary that leads to each item, a sentence beside it, the state in the title, and what was typed."""
    wave = site.wave(PULSE, "2026Q1", "E1")
    sent = site.send(wave, "E1", content_match="9", overall="", comment="<b>很好</b>" + "长" * 1001)
    assert sent.status_code == 422
    assert "<title>错误：季度" in sent.text
    assert "还有 3 处需要处理" in sent.text
    assert 'href="#q_content_match"' in sent.text
    assert "这个答案不在选项中" in sent.text
    assert "最多 1000 字，您写了 1010 字" in sent.text
    assert "&lt;b&gt;很好&lt;/b&gt;" in sent.text
    assert "<b>很好" not in sent.text
    assert stored(site) == []


@pytest.mark.parametrize(
    ("value", "score", "words"),
    [("４．５", 4.5, ""), ("-1", None, "0 到 80"), ("eight", None, "请填写数字"), ("81", None, "0 到 80")],
)
def test_numbers_are_read_as_people_write_them(site: Site, value: str, score: float | None, words: str) -> None:
    """Full-width digits are digits; out of range is said with the range."""
    wave = site.wave("annual_needs", "2027", "E1", subject_kind="year")
    sent = site.send(wave, "E1", available_hours=value)
    assert words in sent.text
    said = [answer for row in stored(site) for answer in row["answers"]]  # type: ignore[attr-defined]
    assert [answer["score"] for answer in said if answer["item"] == "available_hours"] == ([score] if score else [])


def test_topics_are_offered_by_the_warehouse_and_so_many_may_be_chosen(site: Site) -> None:
    """Options come from core.training_topics; one too many is refused, an unknown one too."""
    site.topics("T-A", "T-B", "T-C", "T-D")
    wave = site.wave("annual_needs", "2027", "E1", subject_kind="year")
    assert "主题T-B" in site.client.get(f"/f/{token_of(wave, 'E1')}").text
    refused = site.send(wave, "E1", career_topics=["T-A", "T-B", "T-C", "T-D"])
    assert "最多选 3 项，您选了 4 项" in refused.text
    assert "不在选项中" in site.send(wave, "E1", wished_topics=["T-X"]).text
    assert site.send(wave, "E1", wished_topics=["T-A", "T-B", "T-A"]).status_code == 303
    chosen = [answer["choice"] for answer in stored(site)[0]["answers"] if answer["item"] == "wished_topics"]  # type: ignore[attr-defined]
    assert chosen == ["T-A", "T-B"]


def test_a_draft_is_kept_sealed_and_dies_with_the_sending(site: Site) -> None:
    """Whoever reads the table sees neither words nor person; the link brings everything back."""
    wave = site.wave(PULSE, "2026Q1", "E1")
    saved = site.send(wave, "E1", "save", content_match="2", comment="先写到这里")
    assert saved.headers["location"].endswith("?saved=1")
    (draft,) = site.run("select * from forms.drafts")
    assert "先写到这里".encode() not in draft["sealed"]
    assert token_of(wave, "E1").encode() not in draft["draft_id"]
    page = site.client.get(saved.headers["location"]).text
    assert "草稿已加密保存" in page
    assert "先写到这里" in page
    assert re.search(r'name="q_content_match" value="2" checked', page)
    assert site.send(wave, "E1").status_code == 303
    assert site.run("select * from forms.drafts") == []


def test_a_page_changes_its_language_and_keeps_what_was_typed(site: Site) -> None:
    """zh/en without a script: the switch is a button of the form, and nothing is stored by it."""
    wave = site.wave(PULSE, "2026Q1", "E1")
    page = site.send(wave, "E1", "lang-en", comment="hello", content_match="3")
    assert page.status_code == 200
    assert 'lang="en"' in page.text
    assert "Submit" in page.text
    assert ">hello</textarea>" in page.text
    assert site.run("select * from forms.drafts") == []
    assert "提交" in site.client.get(f"/f/{token_of(wave, 'E1')}", params={"lang": "zh-CN"}).text


def test_a_page_of_another_link_or_of_yesterday_is_shown_again(site: Site) -> None:
    """The form token belongs to one link; a wrong one costs a second click and no answer."""
    wave = site.wave(PULSE, "2026Q1", "E1", "E2")
    foreign = site.page_fields(f"/f/{token_of(wave, 'E2')}")
    for token in (foreign["form_token"], "", "x" * 40):
        fields = full_answers(PULSE) | {"form_token": token, "action": "submit", "q_comment": "留着"}
        page = site.client.post(f"/f/{token_of(wave, 'E1')}", data=fields)
        assert page.status_code == 400
        assert "留着" in page.text
    assert stored(site) == []


@pytest.mark.parametrize(
    ("change", "status", "words"),
    [
        ("update ops.survey_waves set state = 'closed', closed_at = ops.business_now()", 410, "问卷已截止"),
        (
            "update ops.survey_waves set state = 'cancelled', closed_at = ops.business_now(), withdrawn_reason = 'x'",
            410,
            "问卷已取消",
        ),
        ("update ops.survey_waves set closes_at = ops.business_now()", 410, "问卷已截止"),
        ("update ops.survey_waves set state = 'planned', opened_at = '2026-03-09'", 403, "问卷尚未开始"),
        ("update ops.invitations set state = 'excluded'", 410, "您不需要填写"),
        ("update ops.invitations set token = md5(token)", 410, "请使用最新的链接"),
    ],
)
def test_a_link_that_cannot_be_answered_says_why(site: Site, change: str, status: int, words: str) -> None:
    """A person who comes late, early or by an old mail reads what happened; a form sent then is not stored."""
    wave = site.wave(PULSE, "2026Q1", "E1")
    path = f"/f/{token_of(wave, 'E1')}"
    fields = site.page_fields(path) | full_answers(PULSE) | {"action": "submit"}
    site.run(change)
    shown = site.client.get(path)
    assert (shown.status_code, words in shown.text) == (status, True)
    assert site.client.post(path, data=fields).status_code == status
    assert stored(site) == []


def test_the_link_of_a_closed_wave_is_known_after_its_token_was_replaced(site: Site, set_clock: SetClock) -> None:
    """Closing replaces the tokens; the page still says "closed", and nobody can tell whose link it was."""
    from trainloop.surveys import evaluation

    site.run("update ops.survey_waves set source = 'forms'")
    set_clock(2026, 3, 12)
    assert evaluation.close_due()["waves_closed"] == 1
    page = site.client.get(f"/f/{token_of('EVAL-2026-C001', 'E1')}")
    assert page.status_code == 410
    assert "问卷已截止" in page.text
    columns = site.run("select * from forms.dead_links limit 1")[0]
    assert columns.keys() == {"link_hash", "wave_code"}


@pytest.mark.parametrize("token", ["", "short", "a" * 32, "../../etc/passwd", "a" * 300, "' or 1=1 --" + "a" * 20])
def test_an_unknown_or_mangled_link_gets_a_page(site: Site, token: str) -> None:
    """404 with what to do, in the browser's language."""
    page = site.client.get(f"/f/{token}", headers={"Accept-Language": "en-GB"})
    assert page.status_code == 404
    assert "This link does not work" in page.text


def test_named_confidential_and_anonymous_say_so_and_store_no_more(site: Site) -> None:
    """The promise stands in the form; the row says no more than it, and lands where it belongs."""
    waves = {
        "anonymous": site.wave(PULSE, "2026Q1", "E1", "E2", minimum_count=1),
        "confidential": site.wave("feedback_360", "x", "E1", "E2", code="F360-1", minimum_count=1),
        "named": site.wave("post_class_interview", "2026-C001", "E1", subject_kind="class_session"),
    }
    site.run("update ops.invitations set rater_group = 'peer' where wave_code = 'F360-1'")
    promises = {"anonymous": "本问卷匿名", "confidential": "保密但不匿名", "named": "本表为实名"}
    for kind, wave in waves.items():
        page = site.client.get(f"/f/{token_of(wave, 'E1')}").text
        assert promises[kind] in page
        assert ("学员E1" in page) == (kind == "named")
        assert site.send(wave, "E1").status_code == 303
    rows = {row["anonymity"]: row for row in stored(site)}
    assert (rows["anonymous"]["employee_id"], rows["anonymous"]["pseudonym"]) == (None, None)
    assert rows["confidential"]["employee_id"] is None
    assert "E1" not in str(rows["confidential"]["pseudonym"])
    assert rows["confidential"]["coarse_groups"] == {"rater_group": "peer"}
    assert rows["named"]["employee_id"] == "E1"
    assert source.collect() == {"forms_taken": 3, "waves_taken": 3, "changed_count": 3}
    assert stored(site) == []
    (named,) = site.run("select * from core.named_responses")
    assert named["employee_id"] == "E1"
    kept = site.run("select wave_code, pseudonym, coarse_groups from confidential.responses order by wave_code")
    assert [row["wave_code"] for row in kept] == ["F360-1", "PULSE-2026Q1"]
    assert kept[0]["pseudonym"] is not None
    assert kept[1]["pseudonym"] is None

"""`/a/` and `/u/`: what a person owes or decides, answered once; optional mail, stopped and resumed."""

from __future__ import annotations

import re

import pytest
from tests.forms.conftest import SetClock, Site

from trainloop.config import get_site
from trainloop.forms import links
from trainloop.forms.words import actions
from trainloop.outbox.kinds.request import commitment_words
from trainloop.requests.words import approval_words

# Disputes are answered on a page of their own, /d/<token>.
OWN_PAGE = {"sign_agreed_plan", *(kind for kind in get_site().commitments if kind.startswith("dispute_"))}
OWED, ASKED = "c" * 32, "d" * 32


@pytest.fixture
def asked(site: Site) -> Site:
    """Trainer T1 owes an acknowledgement, HR's lead is asked for an approval."""
    site.run(
        """insert into ops.commitments (kind, subject_kind, subject_id, person_kind, person_id, due_on, not_after,
               token)
           values ('acknowledge_feedback', 'class_session', '2026-C001', 'trainer', 'T1', '2026-03-10',
               '2026-04-02', %s)""",
        OWED,
    )
    site.run(
        """insert into ops.approvals (kind, subject_kind, subject_id, asked_of, expires_at, token)
           values ('annual_needs_report', 'needs_year', '2027', 'hr_lead', '2026-04-02', %s)""",
        ASKED,
    )
    return site


def press(site: Site, token: str, choice: str, comment: str = "") -> object:
    fields = site.page_fields(f"/a/{token}") | {"choice": choice, "comment": comment}
    return site.client.post(f"/a/{token}", data=fields, follow_redirects=False)


def test_what_is_owed_is_answered_once_by_its_own_button(asked: Site) -> None:
    """Opening changes nothing; the button writes choice and comment, and an audit entry with neither."""
    page = asked.client.get(f"/a/{OWED}").text
    assert "阅读并确认学员反馈" in page
    assert "高效沟通" in page
    assert "2026年3月10日" in page
    assert asked.run("select state::text from ops.commitments") == [{"state": "open"}]
    sent = press(asked, OWED, "will_act", "下次多做练习")
    assert sent.status_code == 303  # type: ignore[attr-defined]
    assert "将改进" in asked.client.get(f"/a/{OWED}?sent=1").text
    (row,) = asked.run("select state::text, choice, comment, done_at from ops.commitments")
    assert (row["state"], row["choice"], row["comment"]) == ("done", "will_act", "下次多做练习")
    assert row["done_at"] is not None
    (entry,) = asked.run("select actor, action, detail from ops.audit_entries")
    assert entry["detail"] == {"kind": "acknowledge_feedback", "choice": "will_act"}
    again = asked.client.post(f"/a/{OWED}", data={"choice": "disagree", "comment": "x"})
    assert "已经答复" in again.text
    assert asked.run("select choice from ops.commitments") == [{"choice": "will_act"}]


@pytest.mark.parametrize(
    ("choice", "comment", "words"),
    [
        ("will_act", "", "请写明说明"),
        ("", "", "请选择一个答案"),
        ("approve", "", "请选择一个答案"),
        ("acknowledged", "长" * 1001, "最多 1000 字，您写了 1001 字"),
    ],
)
def test_an_answer_that_cannot_stand_is_named(asked: Site, choice: str, comment: str, words: str) -> None:
    """A comment where one is needed, a choice the page offers; what was typed stays."""
    page = press(asked, OWED, choice, comment)
    assert page.status_code == 422  # type: ignore[attr-defined]
    assert words in page.text  # type: ignore[attr-defined]
    assert asked.run("select state::text from ops.commitments") == [{"state": "open"}]


def test_an_approval_is_decided_by_link_in_the_name_of_whom_it_was_asked_of(asked: Site) -> None:
    """The row is the truth: who, by which door, when, and why."""
    assert press(asked, ASKED, "reject", "预算不对").status_code == 303  # type: ignore[attr-defined]
    (row,) = asked.run("select state::text, decided_by, decided_via, comment, decided_at from ops.approvals")
    assert (row["state"], row["decided_by"], row["decided_via"]) == ("rejected", "hr_lead", "link")
    assert row["comment"] == "预算不对"
    assert "已经答复" in asked.client.get(f"/a/{ASKED}").text


def test_what_expired_or_was_decided_elsewhere_takes_no_answer(asked: Site, set_clock: SetClock) -> None:
    """Airflow's door or the calendar was faster: the page says how it stands."""
    fields = asked.page_fields(f"/a/{ASKED}") | {"choice": "approve"}
    asked.run(
        """update ops.approvals set state = 'rejected', decided_by = 'admin', decided_via = 'airflow',
               decided_at = ops.business_now()"""
    )
    assert "已经答复" in asked.client.post(f"/a/{ASKED}", data=fields).text
    set_clock(2026, 4, 3)
    late = asked.client.get(f"/a/{OWED}")
    assert (late.status_code, "已过期" in late.text) == (410, True)
    assert asked.run("select state::text, decided_via from ops.approvals") == [
        {"state": "rejected", "decided_via": "airflow"}
    ]


def test_a_survey_link_is_no_action_link_and_the_other_way_round(asked: Site) -> None:
    """Single purpose: a token opens the page it was made for."""
    assert asked.client.get(f"/f/{OWED}").status_code == 404
    token = asked.run("select token from ops.invitations limit 1")[0]["token"]
    assert asked.client.get(f"/a/{token}").status_code == 404
    assert asked.client.get(f"/u/{token}").status_code == 404


def test_both_languages_offer_the_same_answers_and_approvals_only_two() -> None:
    """A code is stored whatever the language; HR's lists and the rows know these codes."""
    for kind, words in actions().items():
        codes = [[choice.code for choice in words[locale].choices] for locale in ("zh-CN", "en")]
        assert codes[0] == codes[1], kind
        needs = [[choice.needs_comment for choice in words[locale].choices] for locale in ("zh-CN", "en")]
        assert needs[0] == needs[1], kind


def test_page_mail_list_and_rules_know_the_same_kinds_and_answers() -> None:
    """What can be owed or decided stands in four files: a kind or an answer that one of them lacks fails here."""
    owed = commitment_words()
    pages, site = actions(), get_site()
    assert set(pages) == (set(owed) | set(approval_words())) - OWN_PAGE
    assert set(owed) == set(site.commitments)
    assert set(approval_words()) == set(site.approvals)
    for kind, words in owed.items():
        if kind in OWN_PAGE:
            continue
        for locale in ("zh-CN", "en"):
            page = pages[kind][locale]
            assert [choice.code for choice in page.choices] == list(words[locale]["choices"]), kind
            assert page.title == words[locale]["title"], kind
    for kind in approval_words():
        for locale in ("zh-CN", "en"):
            assert [(choice.code, choice.needs_comment) for choice in pages[kind][locale].choices] == [
                ("approve", False),
                ("reject", True),
            ], kind


def test_optional_mail_stops_with_one_click_and_only_by_post(site: Site) -> None:
    """RFC 8058: scanners GET and change nothing; the mail program's POST is answered without a redirect, again too."""
    path = f"/u/{links.unsubscribe_token('employee', 'E1')}"
    assert "退订可选邮件" in site.client.get(path).text
    assert site.run("select * from ops.mail_stops") == []
    for _ in range(2):
        stopped = site.client.post(path, data={"List-Unsubscribe": "One-Click"}, follow_redirects=False)
        assert stopped.status_code == 200
    (stop,) = site.run("select recipient_kind, recipient_id, kind from ops.mail_stops")
    assert stop == {"recipient_kind": "employee", "recipient_id": "E1", "kind": "opted_out"}
    page = site.client.get(path).text
    assert "您已退订" in page
    assert site.client.post(path, data={"action": "resume"}).status_code == 200
    assert site.run("select * from ops.mail_stops") == []
    assert [row["action"] for row in site.run("select action from ops.audit_entries order by 1")] == [
        "mail_resumed",
        "mail_stopped",
    ]


def test_an_unsubscribe_token_cannot_be_made_or_changed(site: Site) -> None:
    """It is sealed: another person's cannot be guessed from one's own."""
    token = links.unsubscribe_token("employee", "E1")
    changed = token[:-2] + ("AA" if token[-2:] != "AA" else "BB")
    assert site.client.post(f"/u/{changed}", data={"List-Unsubscribe": "One-Click"}).status_code == 404
    assert site.client.post(f"/u/{links.unsubscribe_token('employee', 'X9')}").status_code == 404
    assert token == links.unsubscribe_token("employee", "E1")
    assert re.fullmatch(r"[A-Za-z0-9_-]+", token)
    assert site.run("select * from ops.mail_stops") == []

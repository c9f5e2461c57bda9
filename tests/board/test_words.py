"""No code of the warehouse is shown to a reader: whatever can be stored has its words in both languages."""

from __future__ import annotations

import re
from collections.abc import Iterable

import pytest
from tests.board.conftest import Board
from tests.board.world import add_mail

from trainloop.board.desk_pages import CHANGES
from trainloop.board.document_pages import OPEN_AUDIENCES
from trainloop.board.words import LOCALES, Words, step_of, words
from trainloop.config import Locale, get_site
from trainloop.contracts import all_contracts
from trainloop.domain.milestone import REASON_TEXTS
from trainloop.outbox.kinds import KINDS as NOTICE_KINDS
from trainloop.outbox.kinds.request import commitment_words
from trainloop.reporting.kinds import KINDS as REPORT_KINDS
from trainloop.requests.words import approval_words
from trainloop.settings import PROJECT_DIR
from trainloop.warehouse import engine

INSTRUMENTS = [path.stem for path in sorted((PROJECT_DIR / "include/trainloop/surveys/instruments").glob("*.yaml"))]
CHINESE = re.compile(r"[\u4e00-\u9fff]")
# family of words → where its codes are declared: an enum, or a column with its check
ENUMS = {"file": "ops.file_state", "approval": "ops.approval_state"}
CHECKS = {
    "class": ("core.class_sessions", "status"),
    "mode": ("core.class_sessions", "mode"),
    "kind": ("core.trainers", "kind"),
    "person": ("ops.commitments", "person_kind"),
    "problem": ("ops.readiness_exceptions", "kind"),
    "verdict": ("published.needs", "verdict"),
    "funding": ("published.needs", "funding"),
    "layer": ("published.need_layers", "layer"),
    "acts": ("ops.check_results", "audience"),
}
# What the courier and the sweep write.
MAIL_REASONS = ("connection_lost", "answer_lost", "gave_up", "too_late")


def enum_codes(name: str) -> list[str]:
    with engine.connect("owner") as connection:
        rows = connection.execute(
            "select enumlabel as code from pg_enum where enumtypid = %s::regtype", (name,)
        ).fetchall()
    return [row["code"] for row in rows]


def checked_codes(table: str, column: str) -> list[str]:
    with engine.connect("owner") as connection:
        rows = connection.execute(
            """select pg_get_constraintdef(c.oid) as definition from pg_constraint as c
               join pg_attribute as a on a.attrelid = c.conrelid and c.conkey = array[a.attnum]
               where c.contype = 'c' and c.conrelid = %s::regclass and a.attname = %s""",
            (table, column),
        ).fetchall()
    return [code for row in rows for code in re.findall(r"'([a-z_]+)'::text", row["definition"])]


def unsaid(text: Words, family: str, codes: Iterable[str]) -> list[str]:
    return [code for code in codes if not text.has(family, code)]


@pytest.mark.parametrize("locale", LOCALES)
def test_every_code_a_column_may_hold_has_a_word(board: Board, locale: Locale) -> None:
    """The schema says what can be stored; a code added there without a word here is a red test, not a page of codes."""
    text = words(locale)
    for family, name in ENUMS.items():
        assert (codes := enum_codes(name)), name
        assert unsaid(text, family, codes) == [], family
    for family, (table, column) in CHECKS.items():
        assert (codes := checked_codes(table, column)), table
        assert unsaid(text, family, codes) == [], family


@pytest.mark.parametrize("locale", LOCALES)
def test_every_registered_kind_has_a_word(locale: Locale) -> None:
    """Reports, audiences, changes, reasons, mails, decisions, duties, questionnaires, files, steps."""
    text = words(locale)
    assert unsaid(text, "report", REPORT_KINDS) == []
    assert unsaid(text, "audience", OPEN_AUDIENCES) == []
    assert unsaid(text, "change", CHANGES) == []
    assert unsaid(text, "reason", MAIL_REASONS) == []
    site = get_site()
    assert site.approvals.keys() == approval_words().keys()
    assert site.commitments.keys() == commitment_words().keys()
    assert [step for step in site.milestones if step_of(step) is None] == []
    said = {
        **{f"notice {kind}": text.notice(kind) for kind in (*NOTICE_KINDS, "digest")},
        **{f"approval {kind}": text.approval(kind, "2026", 1) for kind in approval_words()},
        **{f"owed {kind}": text.owed(kind) for kind in commitment_words()},
        **{f"reason {code}": text.reason(code) for code in REASON_TEXTS},
        **{f"instrument {code}": text.instrument(code) for code in INSTRUMENTS},
        **{f"dataset {one.dataset}": text.dataset(one.dataset) for one in all_contracts()},
        **{f"step {step}": text.step(step) for step in site.milestones},
    }
    assert len(said) > 150
    is_chinese = locale == "zh-CN"
    assert {name: one for name, one in said.items() if bool(CHINESE.search(one)) is not is_chinese} == {}


@pytest.mark.parametrize("locale", LOCALES)
def test_what_a_mail_server_said_follows_our_words(board: Board, locale: Locale) -> None:
    """Why a mail did not arrive is told in the reader's language, with the server's own words behind it."""
    add_mail("class_changed", "failed")
    board.run("update ops.messages set reason = 'gave_up: 451 4.7.1 come back'")
    page = board.get("/outbox", lang=locale).text
    assert f"{words(locale).code('reason', 'gave_up')}: 451 4.7.1 come back" in page

"""What a reader's eye meets in every mail: months and percentages as people write them, lists that read as lists."""

from __future__ import annotations

import re
from decimal import Decimal
from importlib import resources
from zoneinfo import ZoneInfo

import pytest
import yaml

from trainloop.config import Locale
from trainloop.outbox.kinds.report import _figure
from trainloop.outbox.kinds.request import _readers, commitment_words
from trainloop.outbox.wording import named_month, zone_text

TEMPLATES = resources.files("trainloop.outbox").joinpath("templates")


@pytest.mark.parametrize(("locale", "month"), [("zh-CN", "2026年1月"), ("en", "January 2026")])
def test_a_month_is_written_as_people_write_it(locale: Locale, month: str) -> None:
    """Nobody outside a database calls January "2026-01"."""
    assert named_month("2026-01", locale) == month


@pytest.mark.parametrize(("value", "text"), [("-56.0", "−56.0"), ("74", "+74"), ("0", "0")])
def test_a_net_promoter_score_in_a_mail_has_its_sign_as_in_the_report(value: str, text: str) -> None:
    """A real minus and a plus: the PDF beside it says the same."""
    released = {("nps", "recommend", "nps"): {"value": Decimal(value), "reason": None}}
    assert _figure(released, ("nps", "recommend", "nps"), "en", is_signed=True) == (text, "")


def test_no_template_puts_a_space_before_a_percent_sign() -> None:
    """66.7% and 95%, in mails as in reports; a template's own `{% … %}` is none."""
    spaced = re.compile(r"(?<=[0-9}]) %(?![}a-z(])")
    files = [file for file in TEMPLATES.iterdir() if file.name.endswith(".yaml") and "remedies" not in file.name]
    assert len(files) > 60
    assert [file.name for file in files if spaced.search(re.sub(r"\{%.*?%\}", "", file.read_text("utf-8")))] == []


def test_the_number_of_a_step_stays_in_one_line() -> None:
    """A marker may not break like a long word does: "1" above "." is no number."""
    page = TEMPLATES.joinpath("mail.html.j2").read_text("utf-8")
    (marker,) = [line for line in page.splitlines() if "loop.index ~" in line]
    assert "white-space:nowrap" in marker
    assert "muted" not in marker


def test_no_chinese_mail_puts_a_space_beside_a_date() -> None:
    """于2026年3月9日前, not 于 2026年3月9日 前; a time of day keeps its space."""
    day = r"\{\{? ?(?:due|day|expires|last_day|week|held_on|month|quarter|expires_on|promoted_on|assessed_on) ?\}\}?"
    spaced = re.compile(rf"[\u4e00-\u9fff] {day}|{day} [\u4e00-\u9fff]")
    broken = []
    for file in TEMPLATES.iterdir():
        if file.name.endswith(".yaml") and (words := yaml.safe_load(file.read_text("utf-8")).get("zh-CN")):
            broken += [f"{file.name}: {match[0]}" for match in spaced.finditer(str(words))]
    assert broken == []


def test_a_request_says_who_reads_the_answer() -> None:
    """What is written about a dispute is the three's, a comment on a case its author's, an appeal's answer private."""
    readers = {kind: _readers(words) for kind, words in commitment_words().items()}
    assert {readers[kind] for kind in readers if kind.startswith("dispute") or kind == "sign_agreed_plan"} == {"three"}
    assert readers["comment_practice_case"] == "library"
    assert readers["answer_appeal"] == "none"
    assert readers["acknowledge_feedback"] == "hr"


@pytest.mark.parametrize(("locale", "clock"), [("zh-CN", "新加坡时间"), ("en", "Singapore Time")])
def test_a_time_zone_is_named_as_people_name_it(locale: Locale, clock: str) -> None:
    """Nobody outside a computer calls it Asia/Singapore."""
    assert zone_text(ZoneInfo("Asia/Singapore"), locale) == clock

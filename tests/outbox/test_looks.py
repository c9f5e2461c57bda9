"""What a reader's eye meets in every mail: months and percentages as people write them, lists that read as lists."""

from __future__ import annotations

import re
from decimal import Decimal
from importlib import resources

import pytest

from trainloop.config import Locale
from trainloop.outbox.kinds.report import _figure
from trainloop.outbox.wording import named_month

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

"""What a monitoring system reads: gauges that agree with the warehouse, and alert rules that name what is there."""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import datetime
from importlib import resources
from typing import Any

import pytest
import yaml
from typer.testing import CliRunner

from trainloop.cli import app
from trainloop.commands.metrics import GAUGES, PREFIX, exposition
from trainloop.outbox.leases import grant_first_lease
from trainloop.settings import PROJECT_DIR
from trainloop.warehouse import engine

RULES: list[dict[str, Any]] = yaml.safe_load(
    resources.files("trainloop.config").joinpath("alerts.yaml").read_text("utf-8")
)["groups"][0]["rules"]
SELECTOR = r"trainloop_\w+(?:\{\w+=~?\"[^\"]*\"(?:,\w+=~?\"[^\"]*\")*\})?"
# The part of PromQL that the rules use: a gauge, summed by labels or absent, compared with a number, joined by or/and.
VECTOR = rf"(?:(?:sum|max|min)(?: by \((?P<by>\w+(?:, ?\w+)*)\))? ?\({SELECTOR}\)|{SELECTOR})"
TERM = re.compile(rf"^(?:absent\({SELECTOR}\)|{VECTOR} (?:>|<|>=|<=|==|!=) \d+(?:\.\d+)?)$")
SAMPLE = re.compile(r'^trainloop_\w+(\{\w+="[^"]*"\})? -?[\d.e+]+$')


def test_the_gauges_agree_with_the_warehouse(warehouse: str, set_clock: Callable[..., datetime]) -> None:
    """A step of yesterday is due and not done, one of today is not late, a done one is done."""
    set_clock(2026, 3, 10, 9)
    grant_first_lease("development", "a test")
    with engine.connect("owner") as connection:
        connection.execute(
            """insert into ops.milestones (subject_kind, subject_id, step, due_on, state, done_at, planned_at)
               values ('class_session', 'C1', 'run_sheet', '2026-03-09', 'pending', null, now()),
                   ('class_session', 'C2', 'run_sheet', '2026-03-10', 'pending', null, now()),
                   ('class_session', 'C3', 'run_sheet', '2026-03-09', 'done', now(), now()),
                   ('class_session', 'C4', 'performance_report_90d', '2026-03-09', 'pending', null, now())"""
        )
    told = CliRunner().invoke(app, ["metrics"])
    assert told.exit_code == 0, told.output
    samples = [line for line in told.output.splitlines() if not line.startswith("#")]
    assert all(SAMPLE.match(line) for line in samples), samples
    assert samples == [
        'trainloop_due_not_done{step="run_sheet"} 1',
        "trainloop_outbox_waiting 0",
        "trainloop_outbox_age_seconds 0",
        "trainloop_may_send 1",
    ]


def test_every_gauge_has_its_help_and_type(warehouse: str) -> None:
    """The format's own lines, once each."""
    text = exposition()
    for gauge in GAUGES:
        assert text.count(f"# HELP {PREFIX}{gauge} ") == 1
        assert text.count(f"# TYPE {PREFIX}{gauge} gauge\n") == 1


@pytest.mark.parametrize("rule", RULES, ids=lambda rule: rule["alert"])
def test_an_alert_rule_names_gauges_that_exist_and_reads_as_promql(rule: dict[str, Any]) -> None:
    """A renamed gauge would make an alarm silent for ever."""
    for term in re.split(r" (?:or|and) ", rule["expr"]):
        found = TERM.match(term)
        assert found, term
        (name,) = set(re.findall(r"trainloop_\w+", term))
        gauge = name.removeprefix(PREFIX)
        assert gauge in GAUGES, name
        if found["by"]:
            assert found["by"] == GAUGES[gauge][0]
    assert re.fullmatch(r"\d+[mhd]", rule["for"])
    (number,) = re.findall(r"RUNBOOK (\d+)", rule["annotations"]["summary"])
    assert f"\n## {number}. " in (PROJECT_DIR / "RUNBOOK.md").read_text("utf-8")


def test_due_but_not_done_has_an_alarm() -> None:
    """The one that matters most."""
    assert any("trainloop_due_not_done" in rule["expr"] for rule in RULES)


@pytest.mark.parametrize("broken", ["trainloop_may_send = 0", "sum(trainloop_may_send > 0", "trainloop_may_send"])
def test_a_broken_expression_is_noticed(broken: str) -> None:
    """The test itself can fail."""
    assert TERM.match(broken) is None


@pytest.mark.parametrize("page", ["README.md", "README.zh-CN.md"])
def test_every_gauge_is_documented_in_both_languages(page: str) -> None:
    """Names as they are scraped."""
    text = (PROJECT_DIR / page).read_text("utf-8")
    assert [gauge for gauge in GAUGES if f"`{PREFIX}{gauge}`" not in text] == []

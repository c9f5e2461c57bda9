"""What readers of the needs analysis cannot learn: about whom, from how few, in whose words."""

from __future__ import annotations

import json

import pytest
from tests.needs import world

from trainloop.needs.analysis import analyze_year
from trainloop.needs.published import PublishedNeeds, load_needs
from trainloop.warehouse import engine

YEAR = world.YEAR
PUBLISHED = (
    "needs",
    "need_layers",
    "need_evidence",
    "needs_trace",
    "needs_cells",
    "needs_sensitivity",
    "needs_labels",
    "figures",
    "verbatims",
)


def analyzed(forms: list[dict[str, object]] | None = None) -> PublishedNeeds:
    world.make_wave(world.usual_forms() if forms is None else forms)
    analyze_year(YEAR)
    with engine.connect("reporter") as connection:
        return load_needs(connection, YEAR)


def test_no_person_stands_in_anything_published(company: None) -> None:
    """Neither ids nor names nor mail addresses, of employees or interviewers."""
    world.interview(1, "D20", "T-QUIET", quote="SERVICE003 said so")
    analyzed()
    text = json.dumps([world.read(f"select to_jsonb(t) as row from published.{table} t") for table in PUBLISHED])
    assert "T-QUIET" in text
    assert not any(each in text for family in world.FAMILIES for each in world.people(family))


def test_a_small_department_shows_no_gap_and_is_not_given_away(company: None) -> None:
    """Four people of service work in D21: their gap is hidden, and nobody subtracts D20 from the whole."""
    world.write(
        """insert into core.departments (department_code, name_zh, name_en, file_id, row_number)
           values ('D21', '小组', 'Team', 1, 1)"""
    )
    world.write(
        "update core.employees set department_code = 'D21' where employee_id < 'SERVICE004' and job_family = 'service'"
    )
    world.confirm("T-QUIET", "D21", cause="skill")
    found = analyzed()
    first = found.needs[0]
    gaps = {
        piece.code: (piece.value, piece.reason)
        for piece in first.layer("business").evidence
        if piece.kind == "department" and piece.statistic == "gap_pct"
    }
    assert gaps == {"D20": (None, "protects_other_figure"), "D21": (None, "below_minimum_mean")}
    assert first.layer("business").value is not None
    cells = {cell.column_code: cell for cell in found.cells["performance_department"] if cell.row_code == "defects"}
    assert cells["D21"].is_hidden
    assert cells["D20"].is_hidden
    assert cells["D21"].respondent_count is None


@pytest.mark.parametrize(("count", "is_share_shown"), [(4, False), (9, False), (10, True)])
def test_a_share_needs_ten_answers_and_a_verdict_five(company: None, count: int, is_share_shown: bool) -> None:
    """From five to nine the layer passes or fails, and nobody reads by how much."""
    forms = [form for form in world.usual_forms() if form["job_family"] == "service"][:count]
    layer = analyzed(forms).needs[0].layer("individual")
    assert layer.is_passed == (count >= 5)
    assert (layer.value is not None) == is_share_shown
    assert layer.is_hidden == (not is_share_shown and count >= 5)
    assert layer.is_evidence_missing == (count < 5)


def test_the_table_of_who_asks_hides_small_crossings(company: None) -> None:
    """Level × family is a crossing of two attributes: ten people, and no hidden one by subtraction."""
    found = analyzed()
    for code in world.TOPICS:
        cells = found.cells[f"demand:{code}"]
        shown = [cell for cell in cells if not cell.is_hidden]
        assert all((cell.respondent_count or 0) >= 10 for cell in shown)
        assert all(cell.value is None and cell.respondent_count is None for cell in cells if cell.is_hidden)
    assert any(cell.row_code == "total" and not cell.is_hidden for cell in found.cells["demand:T-QUIET"])


def test_a_target_group_that_is_everybody_but_a_few_keeps_its_share_and_the_whole_gives_way(company: None) -> None:
    """The verdict's number comes first; all minus target would be the three answers of finance."""
    forms = [form for form in world.usual_forms() if form["job_family"] != "finance"]
    forms += [{"job_level": "P4", "job_family": "finance", "weak_topics": ["T-QUIET"]}] * 3
    world.write("update core.training_topics set target_families = 'service, sales' where topic_code = 'T-QUIET'")
    found = analyzed(forms)
    layer = next(each for each in found.needs if each.topic_code == "T-QUIET").layer("individual")
    assert (layer.value, layer.respondent_count) == (20, 40)
    whole = found.figures["demand", "T-QUIET", "all_pct"]
    assert (whole.value, whole.is_hidden, whole.reason) == (None, True, "protects_other_figure")


def test_quotes_stand_only_where_several_departments_could_have_said_them(company: None) -> None:
    """Ten interviews in the year, the topic named by three departments; names and numbers masked, no department."""
    for number, department in enumerate(["D10", "D20", "D30"] * 3):
        world.interview(number, department, "T-QUIET", quote=f"Person SERVICE001 让价太多 {number}")
    world.interview(10, "D10", "T-POP", quote="only we say this")
    found = analyzed()
    assert set(found.quotes) == {"T-QUIET"}
    assert len(found.quotes["T-QUIET"]) == 9
    assert all("SERVICE001" not in quote and "让价太多" in quote for quote in found.quotes["T-QUIET"])


def test_with_few_interviews_there_are_no_quotes(company: None) -> None:
    """Three heads, three quotes: everybody knows who said what."""
    for number, department in enumerate(["D10", "D20", "D30"]):
        world.interview(number, department, "T-QUIET", quote="我们总是先让价")
    found = analyzed()
    assert found.quotes == {}
    heat = {
        (cell.row_code, cell.column_code): cell.value
        for cell in found.cells["interviews"]
        if cell.statistic == "mentions_count"
    }
    assert heat == {("T-QUIET", department): 1 for department in ("D10", "D20", "D30")}


def test_other_roles_cannot_read_what_is_not_suppressed(company: None) -> None:
    """Reports, mails and the board see published only."""
    import psycopg

    analyzed()
    for role in ("reporter", "sender", "board"):
        with pytest.raises(psycopg.errors.InsufficientPrivilege), engine.connect(role) as connection:
            connection.execute("select from marts.needs_figures")

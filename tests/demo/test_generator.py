"""The sample company: the same bytes from the same seed, and files that contain exactly the truth that is planted."""

from __future__ import annotations

import csv
import hashlib
import io
import itertools
from collections import Counter
from datetime import date, timedelta

import pytest

from trainloop.contracts import Contract, load_contract
from trainloop.demo.answers import answer_sheets, expected_score, position_of, pre_post_scores
from trainloop.demo.company import Company, build_company
from trainloop.demo.exports import WAVES
from trainloop.demo.files import year_files
from trainloop.demo.learners import answering_order
from trainloop.demo.tables import PlantedFile
from trainloop.demo.timeline import steps
from trainloop.intake.source import open_source
from trainloop.surveys.instrument import load_instrument


@pytest.fixture(scope="module")
def company() -> Company:
    return build_company()


@pytest.fixture(scope="module")
def files(company: Company) -> list[tuple[date, PlantedFile]]:
    return [(day, file) for day, found in year_files(company).items() for file in found]


def test_the_same_seed_gives_the_same_bytes_and_another_seed_others() -> None:
    """Deterministic by seed, workbooks included: their zip entries carry no moment of their making."""

    def hashes(seed: int) -> list[str]:
        found = year_files(build_company(seed)).values()
        return [hashlib.sha256(file.content).hexdigest() for arrived in found for file in arrived]

    assert hashes(1) == hashes(1)
    assert hashes(1) != hashes(2)


def test_the_company_is_as_large_and_as_mixed_as_promised(company: Company) -> None:
    """About 300 people, two subsidiaries, six courses, twelve class sessions; rare characters; only @example.com."""
    assert len(company.employees) == 300
    assert Counter(one.calendar_code for one in company.employees) == {"CN": 210, "SG": 90}
    assert (len(company.courses), len(company.trainers), len(company.sessions)) == (6, 5, 12)
    names = "".join(one.name for one in company.employees)
    assert all(rare in names for rare in "喆堃玥镕赟祎翀")
    assert all(one.email.endswith("@example.com") for one in (*company.employees, *company.trainers))
    assert len({one.employee_id for one in company.employees}) == len({one.name for one in company.employees}) == 300
    ids = {one.employee_id for one in company.employees}
    assert {one.manager_id for one in company.employees} - {""} <= ids
    assert all(one.manager_id != one.employee_id for one in company.employees)


def test_nobody_with_planted_faults_takes_part_in_a_class(company: Company) -> None:
    """The dirt must not move the statistics: spare people sit in no class."""
    learners = {person for people in company.learners.values() for person in people}
    assert not learners & set(company.spare)
    assert all(len(set(people)) == len(people) for people in company.learners.values())


@pytest.mark.parametrize("mean", [1.5, 2.3, 3.0, 4.2, 4.6])
def test_an_items_expected_score_is_its_planted_mean(mean: float) -> None:
    """The position of an item is solved so that rounding and clipping leave the planted mean."""
    assert expected_score(position_of(mean)) == pytest.approx(mean, abs=1e-6)


def test_answers_tell_the_planted_means_even_in_small_classes(company: Company) -> None:
    """Evenly spaced draws: no class's dimension strays more than a quarter point from its truth."""
    items = [item.code for item in load_instrument("course_evaluation").items if item.kind == "scale"]
    for session in company.sessions:
        if session.is_cancelled or session.complete_count < 5:
            continue
        sheets = [one for one in answer_sheets(company, session) if one.is_complete and not session.straight_lined]
        for code in items:
            if sheets:
                mean = sum(int(one.values[code]) for one in sheets) / len(sheets)
                assert mean == pytest.approx(session.item_mean(code), abs=0.3), (session.code, code)


def test_answers_and_scores_are_as_many_as_planted(company: Company) -> None:
    """Complete, partial, straight-lined and unlinked ones are counted by the class session's truth."""
    for session in company.sessions:
        if session.is_cancelled:
            continue
        sheets = answer_sheets(company, session)
        assert sum(one.is_complete for one in sheets) == session.complete_count
        assert sum(not one.is_complete for one in sheets) == session.partial
        items = [item.code for item in load_instrument("course_evaluation").items if item.kind == "scale"]
        lined = sum({one.values[code] for code in items} == {4} for one in sheets if one.is_complete)
        assert lined >= session.straight_lined
        assert len(answering_order(company, session)) == session.invited_count >= session.complete_count
        if session.test is not None:
            scores = pre_post_scores(session)
            assert sum(one.pre is None or one.post is None for one in scores) == 2
            assert all(0 <= value <= 100 for one in scores for value in (one.pre, one.post) if value is not None)


def test_every_promise_of_the_year_is_planted(company: Company) -> None:
    """Tiny, small, unrepresentative, weak, improved, moved, cancelled, online, same day: each has its class."""
    held = [one for one in company.sessions if not one.is_cancelled]
    assert [one.code for one in held if one.complete_count < 5] == ["2026-C006"]
    assert [one.code for one in held if 5 <= one.complete_count < 10] == ["2026-C011"]
    assert [one.code for one in held if one.response_pct < 40] == ["2026-C003"]
    assert [one.code for one in held if one.announced_for] == ["2026-C007"]
    assert [one.code for one in held if one.mode == "online"] == ["2026-C008"]
    assert [one.code for one in company.sessions if one.is_cancelled] == ["2026-C009"]
    assert {one.held_on.month for one in held} == {1, 2, 4, 6, 9}
    same_day = Counter((one.course_code, one.held_on) for one in held)
    assert [key for key, count in same_day.items() if count == 2] == [("C-CUST", date(2026, 4, 16))]


def test_the_timeline_visits_every_day_on_which_a_file_arrives_or_a_wave_moves(
    files: list[tuple[date, PlantedFile]],
) -> None:
    """No file waits for a day that never comes; waves open the day after class and close before their report.

    A day has two steps where people answer after that day's reminder.
    """
    days = [step.on for step in steps()]
    assert days == sorted(days)
    assert {day for day, _ in files} <= set(days)
    for code, (opened, last, arrives) in WAVES.items():
        on = {step.on: step for step in steps()}
        company_day = next(one.held_on for one in build_company().sessions if one.code == code)
        assert date.fromisoformat(f"2026-{opened}") == company_day + timedelta(days=1)
        assert last <= arrives
        assert "evaluate" in on[date.fromisoformat(f"2026-{opened}")].work
    moments = [step.moment for step in steps()]
    assert all(late - early >= timedelta(minutes=1) for early, late in itertools.pairwise(moments))


def test_each_rounds_answers_are_told_on_a_day_of_their_own(company: Company) -> None:
    """Every class's rounds 1…n have a step, in order, so that all planted answers arrive."""
    told: dict[str, list[int]] = {}
    for step in steps():
        for code, number in step.answers.items():
            told.setdefault(code, []).append(number)
    for session in company.sessions:
        expected = [] if session.is_cancelled else list(range(1, len(session.rounds) + 1))
        assert told.get(session.code, []) == expected


def test_csv_files_hold_as_many_rows_as_planted(files: list[tuple[date, PlantedFile]]) -> None:
    """`rows` is what a reader of the file counts below its header."""
    for _, file in files:
        if file.kind == "data" and file.name.endswith(".csv"):
            encoding = "utf-16" if file.content[:2] == b"\xff\xfe" else "utf-8-sig"
            try:
                text = file.content.decode(encoding)
            except UnicodeDecodeError:
                text = file.content.decode("gb18030")
            assert len(list(csv.reader(io.StringIO(text)))) == file.rows + 1, file.name


def test_planted_faults_stand_where_they_are_said_to_stand(
    files: list[tuple[date, PlantedFile]], tmp_path_factory: pytest.TempPathFactory
) -> None:
    """Read by the product's own reader, each planted row number is a row, and headers name every required column."""
    folder = tmp_path_factory.mktemp("files")
    for number, (_, file) in enumerate(files):
        if file.kind != "data" or file.refused == "missing_column" or file.dataset == "survey_exports":
            continue
        path = folder / f"{number}{file.name[-5:]}"
        path.write_bytes(file.content)
        contract: Contract = load_contract(file.dataset)
        source = open_source(path, file.name, contract)
        numbers = [at for at, cells in source.rows().cells if any(cells)]
        assert len(numbers) == file.rows, file.name
        assert {cell.row_number for cell in file.bad} <= set(numbers), file.name
        columns = {column.name for column in contract.columns}
        assert {cell.column for cell in file.bad} - {""} <= columns, file.name


def test_every_encoding_and_shape_that_companies_send_occurs(files: list[tuple[date, PlantedFile]]) -> None:
    """GB18030, UTF-16, a mark, semicolons, titles above merged headers, both date epochs, a half-written file."""
    contents = {f"{file.dataset}/{file.name}": file.content for _, file in files}
    assert any(content[:2] == b"\xff\xfe" for content in contents.values())
    assert any(content[:3] == b"\xef\xbb\xbf" for content in contents.values())
    gb18030 = contents["departments/部门_2026-01-05.csv"]
    with pytest.raises(UnicodeDecodeError):
        gb18030.decode()
    assert "上海公司" in gb18030.decode("gb18030")
    assert b";" in contents["trainers/讲师库.csv"].splitlines()[0]
    assert [file.name for _, file in files if file.kind == "temporary"] == ["成绩_六月.xlsx.part"]
    assert {file.refused for _, file in files} == {None, "missing_column", "disappearing"}

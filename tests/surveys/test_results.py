"""Results of one class session: the same data give the same release, changed numbers a revision, small changes none."""

from __future__ import annotations

import hashlib
import json
import os
import signal
import subprocess
import sys
from decimal import Decimal

import pytest
from tests.surveys import results_world as world

from trainloop.config import get_site
from trainloop.statistics.figures import Column
from trainloop.statistics.refusal import Refusal
from trainloop.surveys.results import EvaluationBusyError, evaluate_session, make_marts, open_response_rate
from trainloop.surveys.results_arrays import FigureTwiceError, array_rows, names_of
from trainloop.surveys.results_inputs import WaveNotClosedError, WaveUnknownError, read_inputs
from trainloop.surveys.results_marts import evaluate, replace_marts
from trainloop.warehouse import engine
from trainloop.warehouse.statements import statement

LEVELS = [5, 4, 4, 3, 5, 2, 4, 4, 5, 3, 4, 5]


@pytest.fixture
def company(warehouse: str) -> None:
    """A company of forty people with one course and one trainer."""
    world.make_company()


def count(table: str) -> int:
    found: int = world.execute(f"select count(*) as n from {table}")[0]["n"]
    return found


def test_the_same_data_are_the_same_release(company: None) -> None:
    """A cleared task, a repeated event: no second release, nothing written twice."""
    world.make_class("S1", world.forms(LEVELS))
    first, again = evaluate_session("S1"), evaluate_session("S1")
    assert (first["revision_number"], first["is_withheld"], first["is_new"]) == (1, False, True)
    assert again == first | {"is_new": False}
    assert count("published.releases") == 1


def test_changed_numbers_are_the_next_revision_and_the_first_stays(company: None) -> None:
    """A corrected attendance list: revision 2; what readers saw before is kept as it was."""
    world.make_class("S1", world.forms(LEVELS))
    first = evaluate_session("S1")
    before = world.figures(int(first["release_id"]))
    world.execute("update core.attendance set status = 'absent' where employee_id = 'E0012'")
    second = evaluate_session("S1")
    assert (second["revision_number"], second["is_withheld"]) == (2, False)
    attended = world.figures(int(second["release_id"]))["attendance", "class", "attended_count"]
    assert attended["value"] == 11
    assert world.figures(int(first["release_id"])) == before


def test_a_late_file_that_changes_no_number_makes_no_revision(company: None) -> None:
    """The file came again under other row ids, or says the same in other words: nothing new for a reader."""
    world.make_class("S1", world.forms(LEVELS))
    first = evaluate_session("S1")
    world.execute("delete from confidential.responses")
    world.add_answers("S1", world.forms(LEVELS))
    world.execute("update core.attendance set method = 'badge'")
    # A test without a post-test is new data and no new number.
    world.execute(
        """insert into core.test_results (session_code, employee_id, pre_score, maximum_score, file_id, row_number)
           values ('S1', 'E0001', 50, 100, 1, 1)"""
    )
    assert evaluate_session("S1") == first | {"is_new": False}


@pytest.mark.parametrize("late", [1, 4])
def test_one_to_four_more_answers_are_withheld_and_the_first_release_stays_valid(company: None, late: int) -> None:
    """Subtraction would show what the late ones said: a withheld revision has a reason and no figures."""
    world.make_class("S1", world.forms(LEVELS), invited=20)
    first = evaluate_session("S1")
    world.add_answers("S1", world.forms([1] * late), start=12)
    second = evaluate_session("S1")
    assert second["is_withheld"]
    assert world.figures(int(second["release_id"])) == {}
    row = world.execute("select withheld_reason from published.releases where revision_number = 2")[0]
    assert row["withheld_reason"] == "too_close_to_earlier_release"
    assert evaluate_session("S1") == second | {"is_new": False}
    assert world.figures(int(first["release_id"]))


def test_five_more_answers_are_a_revision_of_means(company: None) -> None:
    """Their mean may be known, their distribution not; ten more are shown in full."""
    world.make_class("S1", world.forms(LEVELS), invited=30)
    evaluate_session("S1")
    world.add_answers("S1", world.forms([5, 4, 3, 4, 5]), start=12)
    second = evaluate_session("S1")
    found = world.figures(int(second["release_id"]))
    assert not second["is_withheld"]
    assert found["item", "practice_tools", "mean"]["value"] is not None
    assert found["item", "practice_tools", "share_5"]["reason"] == "too_close_to_earlier_release"
    world.add_answers("S1", world.forms([5, 4, 3, 4, 5]), start=17)
    third = world.figures(int(evaluate_session("S1")["release_id"]))
    assert third["item", "practice_tools", "share_5"]["value"] is not None


def test_data_that_went_back_are_the_release_they_were(company: None) -> None:
    """The late answer was a mistake and is withdrawn: the first release speaks again, without a third one."""
    world.make_class("S1", world.forms(LEVELS), invited=20)
    first = evaluate_session("S1")
    world.add_answers("S1", [world.form(1)], start=12)
    evaluate_session("S1")
    world.execute("delete from confidential.responses where external_id_hash = 'form-12'")
    assert evaluate_session("S1") == first | {"is_new": False}
    assert count("published.releases") == 2


def test_an_open_or_unknown_wave_has_no_results(company: None) -> None:
    """While people answer, only the response rate is shown, in steps of ten percent."""
    world.make_class("S1", world.forms(LEVELS), invited=15, state="open")
    with pytest.raises(WaveNotClosedError, match="EVAL-S1 is open"):
        evaluate_session("S1")
    with pytest.raises(WaveUnknownError, match="S9"):
        evaluate_session("S9")
    with engine.connect("statistics") as connection:
        assert open_response_rate(connection, "EVAL-S1") == 80
        assert open_response_rate(connection, "EVAL-S9") is None
    world.execute("update ops.survey_waves set has_completions = false")
    with engine.connect("statistics") as connection:
        assert open_response_rate(connection, "EVAL-S1") is None


def test_two_runs_at_once_make_one_release(company: None) -> None:
    """One advisory lock per class session: the second run comes back later."""
    world.make_class("S1", world.forms(LEVELS))
    with engine.connect("statistics") as connection:
        assert engine.try_lock(connection, "evaluation:S1")
        with pytest.raises(EvaluationBusyError, match="S1"):
            evaluate_session("S1")
    assert evaluate_session("S1")["is_new"]


@pytest.mark.parametrize(
    "point", ["results.read", "results.marts", "results.published", "results.before_commit", "results.after_commit"]
)
def test_killed_anywhere_and_run_again_gives_the_same_warehouse(company: None, point: str) -> None:
    """One transaction: a kill leaves all or nothing, and the rerun ends where an undisturbed run does."""
    world.make_class("S1", world.forms(LEVELS, to_improve="案例太少"))
    code = "from trainloop.surveys.results import evaluate_session as e; e('S1')"
    killed = subprocess.run(
        [sys.executable, "-c", code], env=os.environ | {"TRAINLOOP_FAULT_POINT": point}, check=False
    )
    assert killed.returncode == -signal.SIGKILL
    assert count("published.releases") == (point == "results.after_commit")
    evaluate_session("S1")
    disturbed = world.contents()
    world.execute("truncate published.releases, marts.evaluation_waves, marts.evaluation_arrays cascade")
    evaluate_session("S1")
    assert world.contents() == disturbed


def test_figures_made_anew_for_all_classes_are_those_of_each_alone(company: None) -> None:
    """One reading and one writing for many classes mix nothing up: comparisons, tests, a small class, no texts."""
    world.make_class("S1", world.forms(LEVELS, to_improve="案例太少"), number=1)
    world.make_class("S2", world.forms([2, *LEVELS, 1], content_depth="not_applicable"), number=2, invited=20)
    world.make_class("S3", world.forms(LEVELS[:4]), number=3)
    world.execute(
        """insert into core.test_results (session_code, employee_id, pre_score, post_score, maximum_score, file_id,
               row_number)
           select session_code, employee_id, 40 + right(employee_id, 2)::integer, 80, 100, 1, 1
           from core.enrollments where session_code = 'S2'"""
    )
    for code in ("S1", "S2", "S3"):
        evaluate_session(code)
    alone = world.contents()
    world.execute("update marts.evaluation_arrays set numbers = '{}' where kind = 'number'")
    world.execute("delete from marts.evaluation_arrays where kind = 'refusal'")
    assert world.contents() != alone
    assert make_marts() == {"classes": 3}
    assert world.contents() == alone


def test_a_class_that_is_being_evaluated_is_not_made_anew_meanwhile(company: None) -> None:
    """Two writers of one class would wait for each other; the error is one that comes back after it."""
    world.make_class("S1", world.forms(LEVELS))
    evaluate_session("S1")
    with engine.connect("owner") as connection:
        assert engine.try_lock(connection, "evaluation:S1")
        with pytest.raises(EvaluationBusyError):
            make_marts()
    assert make_marts(["S1"]) == {"classes": 1}


def test_a_kill_while_figures_are_made_anew_leaves_the_old_ones(company: None) -> None:
    """A batch is one transaction."""
    world.make_class("S1", world.forms(LEVELS))
    evaluate_session("S1")
    before = world.contents()
    code = "from trainloop.surveys.results import make_marts as m; m()"
    environment = os.environ | {"TRAINLOOP_FAULT_POINT": "results.batch.before_commit"}
    assert subprocess.run([sys.executable, "-c", code], env=environment, check=False).returncode == -signal.SIGKILL
    assert world.contents() == before


def test_asking_for_results_imports_nothing_heavy() -> None:
    """DAG files and the command line import this module: numpy and pandas stay inside the task."""
    code = "import sys, trainloop.surveys.results; print({'numpy', 'pandas', 'scipy', 'jieba'} & set(sys.modules))"
    assert subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout == "set()\n"


def test_the_audit_trail_names_releases_by_ids_and_counts(company: None) -> None:
    """Somebody may ask when a release was made or withheld."""
    world.make_class("S1", world.forms(LEVELS), invited=20)
    evaluate_session("S1")
    world.add_answers("S1", [world.form(1)], start=12)
    evaluate_session("S1")
    rows = world.execute("select action, subject_id from ops.audit_entries order by audit_entry_id")
    assert rows == [
        {"action": "release_published", "subject_id": "S1"},
        {"action": "release_withheld", "subject_id": "S1"},
    ]


def test_a_figure_is_never_written_twice() -> None:
    """The table has no key that would refuse it: two things of one code are found before a row is written."""
    column = Column("item", "pace", "mean", [4.0], [12])
    with pytest.raises(FigureTwiceError, match="item pace mean"):
        names_of([column, column._replace(values=[3.0])])


def test_figures_reach_readers_as_they_are(company: None) -> None:
    """Numbers to the last digit, words with any sign, refusals; a class has no row of a figure that it has not."""
    word = 'a\tb\\c\nd\re{},"'
    columns = [
        Column("theme", "code", "name_en", [word, None], [None, None]),
        Column("item", "pace", "mean", [4.35, Refusal("no_answers")], [12, 0]),
        Column("item", "pace", "n", [12.0, None], [12, 0]),
    ]
    with engine.connect("statistics") as connection:
        figure_ids = [
            connection.execute(
                """insert into marts.figure_names (family, code, statistic) values (%s, %s, %s)
                   returning figure_id""",
                name,
            ).fetchone()["figure_id"]
            for name in names_of(columns)
        ]
        with connection.cursor().copy(statement("results", "copy_arrays")) as copy:
            for row in array_rows(["EVAL-S1", "EVAL\\S2"], columns, figure_ids):
                copy.write_row(row)
    rows = world.execute("select * from marts.evaluation_figures order by wave_code, family, statistic")
    assert [(row["wave_code"], row["code"], row["value"], row["text_value"], row["refusal"]) for row in rows] == [
        ("EVAL-S1", "pace", Decimal("4.35"), None, None),
        ("EVAL-S1", "pace", Decimal(12), None, None),
        ("EVAL-S1", "code", None, word, None),
        ("EVAL\\S2", "pace", None, None, "no_answers"),
    ]
    assert [row["respondent_count"] for row in rows] == [12, 12, None, 0]


def test_two_runs_that_meet_new_names_at_once_number_each_once(company: None) -> None:
    """One began before the other had ended: it does not see the other's numbers, and uses them all the same."""
    for code in ("S1", "S2"):
        world.make_class(code, world.forms(LEVELS))
    with engine.connect("statistics") as connection:
        connection.execute("set transaction isolation level repeatable read")
        (inputs,) = read_inputs(connection, ["S1"])
        evaluate_session("S2")
        assert connection.execute("select count(*)::int as names from marts.figure_names").fetchone() == {"names": 0}
        replace_marts(connection, evaluate(connection, [inputs], get_site().statistics))
    twice = "select family from marts.figure_names group by family, code, statistic having count(*) > 1"
    assert world.execute(twice) == []
    rows = world.execute("select count(*)::int as figures from marts.evaluation_figures group by wave_code")
    assert [row["figures"] > 300 for row in rows] == [True, True]


def test_the_release_before_goes_on_writing_rows(company: None) -> None:
    """During a rollout its processes delete a class's rows and copy new ones; readers find them and nothing else."""
    world.make_class("S1", world.forms(LEVELS))
    evaluate_session("S1")
    lines = [
        ["EVAL-S1", "item", "pace", "mean", "12", "4.35", r"\N", r"\N"],
        ["EVAL-S1", "item", "pace", "n", "12", "12.0", r"\N", r"\N"],
        ["EVAL-S1", "theme", "new", "name_en", r"\N", r"\N", "new", r"\N"],
        ["EVAL-S1", "test", "class", "gain", "0", r"\N", r"\N", "no_linked_tests"],
    ]
    with engine.connect("statistics") as connection:
        connection.execute("delete from marts.evaluation_figures where wave_code = any(%s)", (["EVAL-S1"],))
        copying = """copy marts.evaluation_figures
            (wave_code, family, code, statistic, respondent_count, value, text_value, refusal) from stdin"""
        with connection.cursor().copy(copying) as copy:
            copy.write("".join("\t".join(line) + "\n" for line in lines))
    rows = world.execute("select * from marts.evaluation_figures order by family, statistic")
    assert [tuple(row.values())[1:] for row in rows] == [
        ("item", "pace", "mean", Decimal("4.35"), None, 12, None),
        ("item", "pace", "n", Decimal(12), None, 12, None),
        ("test", "class", "gain", None, None, 0, "no_linked_tests"),
        ("theme", "new", "name_en", None, "new", None, None),
    ]


def test_the_hash_of_the_data_is_that_of_their_json(company: None) -> None:
    """Releases keep it for ever: it must stay whatever makes it fast."""
    choices = {"content_depth": "not_applicable", "performance_focus": "sales"}
    world.make_class("S1", world.forms(LEVELS, to_improve='说"够"了\\\n it\'s', **choices))
    with engine.connect("statistics") as connection:
        (inputs,) = read_inputs(connection, ["S1"])
    answers = sorted(zip(*inputs.answers[:2], map(repr, zip(*inputs.answers[2:], strict=True)), strict=True))
    told = json.dumps(inputs.canonical() | {"answers": answers}, ensure_ascii=False, sort_keys=True)
    assert inputs.sha256 == hashlib.sha256(told.encode()).hexdigest()
    assert len(answers) > 100

"""An attacker at the end of the sample year: everything published, every PDF with its attached data, every mail.

They subtract and solve across figures, families, releases and editions, and know whom each figure is made of. 0 answers
and 0 small groups may be recovered; the unsuppressed marts fall to the same attack.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Mapping
from decimal import Decimal
from functools import cache
from typing import Any

import pytest
from tests.demo import attack
from tests.demo.attack import Artefact, Group
from tests.demo.conftest import LivedYear

from trainloop.config import get_site
from trainloop.statistics.disclosure import with_margins
from trainloop.surveys.instrument import load_instrument

pytestmark = [pytest.mark.slow, pytest.mark.timeout(1200)]
# What tells no more of a group than its mean does.
AS_A_MEAN = {"n", "mean", "earlier_n", "earlier_mean", "difference", "earlier_sessions_count", "verdict", "both_n"}
OF_PEOPLE = {"item", "dimension", "nps", "choice", "theme", "number", "self_other", "agreement"}
# (release, key of the ledger) → people; measure → the groups whose sums of it somebody can read.
Ledger = Mapping[tuple[int, str], Group]
Sums = Mapping[str, list[Group]]


@pytest.fixture
def ledger(lived: LivedYear) -> Ledger:
    rows = lived.rows(
        """select release_id, figure_key, array_agg(respondent_id::text) as people
           from confidential.release_respondents group by release_id, figure_key"""
    )
    return {(row["release_id"], row["figure_key"]): frozenset(row["people"]) for row in rows}


@pytest.fixture
def artefacts(lived: LivedYear) -> list[Artefact]:
    """Every PDF and every mail of the year; read once, they are many."""
    return _artefacts(lived.url)


@cache
def _artefacts(url: str) -> list[Artefact]:
    from tests.demo.conftest import engine

    with engine.connect("owner") as connection:
        reports = connection.execute("select * from ops.reports where state = 'rendered'").fetchall()
        mails = connection.execute("select mime_bytes from ops.messages").fetchall()
    return [*map(attack.read_pdf, reports), *(attack.read_mail(row["mime_bytes"]) for row in mails)]


def key_of(family: str, code: str) -> str:
    """The ledger's key of a figure of answers."""
    if family == "theme":
        return "wave"
    return f"dimension:{code}" if family == "dimension" else code


def shown_figures(lived: LivedYear) -> list[dict[str, Any]]:
    """Every number of people's answers that stands in published.figures, with its release."""
    return lived.rows(
        """select release_id, product, subject_id, revision_number, family, code, statistic, value, respondent_count
           from published.figures join published.releases using (release_id)
           where not is_withheld and not is_hidden and value is not null and respondent_count is not null"""
    )


def shown_cells(lived: LivedYear) -> list[dict[str, Any]]:
    return lived.rows(
        """select release_id, table_code, row_code, column_code, statistic, value, respondent_count
           from published.needs_cells where not is_hidden and value is not null and respondent_count > 0"""
    )


def needs_key(cell: Mapping[str, Any]) -> tuple[str, str]:
    """Measure and ledger key of one cell of a needs table."""
    table, row, column = cell["table_code"], cell["row_code"], cell["column_code"]
    if table == "performance_department":
        return f"performance:{row}", f"performance:{row}/department:{column}" if column != "total" else (
            f"performance:{row}/all"
        )
    measure = "demand" if table.startswith("demand:") else table
    inner = "demand" if measure == "demand" else table
    return measure, f"{measure}/cell:{inner}:{row}|{column}" if measure != "demand" else f"demand/cell:{row}|{column}"


def pools(lived: LivedYear, ledger: Ledger) -> Iterator[tuple[str, Group]]:
    """What a class or a quarter is compared with, as one group of people: earlier classes of its course or trainer, or
    the quarter before.
    """
    sessions = lived.rows(
        """select subject_id, release_id, course_code, trainer_id, starts_at from published.releases
           join core.class_sessions on session_code = subject_id where product = 'course_evaluation'"""
    )
    quarters = lived.rows("select subject_id, release_id from published.releases where product = 'quarterly_pulse'")
    by_code = {row["subject_id"]: row for row in sessions}
    for figure in shown_figures(lived):
        if figure["statistic"] != "earlier_mean" or not figure["family"].startswith("comparison"):
            continue
        own = by_code.get(figure["subject_id"])
        side = "course_code" if figure["family"] == "comparison" else "trainer_id"
        if own is None:
            earlier = [max((row for row in quarters if row["subject_id"] < figure["subject_id"]), key=str)]
        else:
            earlier = [row for row in sessions if row[side] == own[side] and row["starts_at"] < own["starts_at"]]
        keys = (figure["code"], f"dimension:{figure['code']}")
        found = [
            (key, ledger[one["release_id"], key])
            for one in earlier
            for key in keys
            if (one["release_id"], key) in ledger
        ]
        many = [group for _, group in found if len(group) >= get_site().suppression.distribution_min]
        candidates = {frozenset[str]().union(*many), frozenset[str]().union(*(group for _, group in found))}
        (pool,) = {group for group in candidates if len(group) == figure["respondent_count"]}
        yield f"{figure['product']}/{found[0][0]}", pool


def all_sums(lived: LivedYear, ledger: Ledger) -> Sums:
    """Measure → every group of people whose sum stands anywhere, in any release; checked by the n that is printed."""
    sums: dict[str, list[Group]] = defaultdict(list)
    for figure in shown_figures(lived):
        family, product = figure["family"], figure["product"]
        if product == "annual_needs" or family not in OF_PEOPLE or figure["statistic"] == "n":
            continue
        key = key_of(family, figure["code"])
        group = ledger[figure["release_id"], key]
        assert len(group) == figure["respondent_count"], figure
        least = get_site().suppression.distribution_min if figure["statistic"] not in AS_A_MEAN else 5
        assert len(group) >= least or (family == "nps" and len(group) >= 5), figure
        sums[f"{product}/{key}"].append(group)
    for measure, pool in pools(lived, ledger):
        sums[measure].append(pool)
    for cell in shown_cells(lived):
        if cell["table_code"] in {"people", "interviews"}:
            continue
        measure, key = needs_key(cell)
        assert len(ledger[cell["release_id"], key]) == cell["respondent_count"], cell
    for (_, key), group in ledger.items():
        # Everything the needs releases admitted, the target groups of verdicts and evidence included.
        measure = key.partition("/")[0]
        if measure.startswith(("performance:", "competency:")):
            sums[measure].append(group)
        elif measure.startswith("demand"):
            for topic in topics(lived) if measure == "demand" else [measure.partition(":")[2]]:
                sums[f"demand:{topic}"].append(group)
    return sums


def topics(lived: LivedYear) -> list[str]:
    return [row["topic_code"] for row in lived.rows("select distinct topic_code from published.needs order by 1")]


def least_of(measure: str) -> int:
    """How few people a sum may speak of: shares of topics are counts and need ten, means five."""
    rules = get_site().suppression
    return rules.distribution_min if measure.startswith("demand:") else rules.mean_min


def test_no_combination_of_the_years_figures_gives_an_answer_or_a_small_group(lived: LivedYear, ledger: Ledger) -> None:
    """All releases of all products, classes and their comparisons, cells and margins, both revisions: nothing."""
    sums = all_sums(lived, ledger)
    assert len(sums) > 60
    assert max(len(set(groups)) for groups in sums.values()) >= 15, "there is much to combine"
    assert {measure: attack.answers_recovered(groups) for measure, groups in sums.items()} == dict.fromkeys(sums, 0)
    few = {measure: attack.smallest_group(groups, least_of(measure)) for measure, groups in sums.items()}
    assert {measure: size for measure, size in few.items() if size < least_of(measure)} == {}


def test_the_unsuppressed_marts_fall_to_the_same_attack(lived: LivedYear) -> None:
    """Were marts what people read: answers of single people, and groups below the minimum, in every kind of product."""
    said = lived.rows(
        """select wave_code, item_code, array_agg(response_id::text) as people
           from confidential.answers join confidential.responses using (response_id)
           where state = 'complete' and score is not null group by wave_code, item_code"""
    )
    known = {(row["wave_code"], row["item_code"]): frozenset(row["people"]) for row in said}
    evaluated = lived.rows("select * from marts.evaluation_figures where family = 'item' and statistic = 'mean'")
    classes = [known[row["wave_code"], row["code"]] for row in evaluated if row["value"] is not None]
    assert min(map(len, classes)) < get_site().suppression.mean_min
    assessed = lived.rows(
        """select distinct employee_id, past.job_level, past.job_family from core.competency_assessments
           join core.employees_as_of('2026-11-23') as past using (employee_id)
           join core.employees using (employee_id) where left_on is null and removed_on is null"""
    )
    places: dict[tuple[str, str], set[str]] = defaultdict(set)
    for one in assessed:
        places[one["job_level"], one["job_family"]].add(one["employee_id"])
    crossings = with_margins({place: frozenset(people) for place, people in places.items()})
    cells = lived.rows("select * from marts.needs_cells where table_code like 'competency:%%' and respondent_count > 0")
    assert all(len(crossings[cell["row_code"], cell["column_code"]]) == cell["respondent_count"] for cell in cells)
    assert attack.smallest_group([*crossings.values()], get_site().suppression.mean_min) == 1
    assert attack.answers_recovered([*crossings.values()]) > 0
    margins = [group for (row, column), group in crossings.items() if row == "total" or len(group) != 1]
    assert attack.answers_recovered(margins) > 0, "hiding single people alone is no protection: their margins tell them"
    shares = lived.rows("select * from marts.needs_cells where table_code like 'demand:%%' and respondent_count > 0")
    assert any(cell["respondent_count"] < get_site().suppression.distribution_min for cell in shares)


def test_the_ledger_tells_the_truth_about_whom_a_figure_speaks_of(lived: LivedYear, ledger: Ledger) -> None:
    """The groups above are those of the stored answers, not what the product believes them to be."""
    said = lived.rows(
        """select wave_code, item_code, array_agg(md5(wave_code || ':' || external_id_hash)::uuid::text) as people
           from confidential.answers join confidential.responses using (response_id)
           where state = 'complete' and score is not null group by wave_code, item_code"""
    )
    known = {(row["wave_code"], row["item_code"]): frozenset(row["people"]) for row in said}
    wave_of = {"course_evaluation": "EVAL-", "quarterly_pulse": "PULSE-"}
    checked = 0
    for figure in shown_figures(lived):
        if figure["product"] in wave_of and (figure["family"], figure["statistic"]) == ("item", "mean"):
            wave = wave_of[figure["product"]] + figure["subject_id"]
            assert ledger[figure["release_id"], figure["code"]] == known[wave, figure["code"]]
            checked += 1
    assert checked > 100


def test_hidden_counts_stay_in_doubt(lived: LivedYear) -> None:
    """Who answered, by level and family: margins and the known headcount leave every hidden small cell open."""
    rows = lived.rows("select * from published.needs_cells where table_code = 'people' order by release_id")
    kept = lived.rows("select * from marts.needs_cells where table_code = 'people' and statistic = 'answered_count'")
    truth: dict[tuple[str, str], float | None] = {
        (row["row_code"], row["column_code"]): float(row["value"] or 0) for row in kept
    }
    for release_id in {row["release_id"] for row in rows}:
        own = [row for row in rows if row["release_id"] == release_id]
        counts = {
            (row["row_code"], row["column_code"]): None if row["is_hidden"] else float(row["value"])
            for row in own
            if row["statistic"] == "answered_count"
        }
        heads = {
            (row["row_code"], row["column_code"]): float(row["value"]) for row in own if row["statistic"] == "headcount"
        }
        assert any(value is None for value in counts.values())
        doubt = attack.bounds(counts, heads)
        assert {place: left for place, left in doubt.items() if left < 1 - attack.ZERO} == {}
        # Were only the smallest cell hidden, its margins would tell it: the attacker can solve tables.
        alone = min(doubt, key=lambda place: truth[place] or 0)
        assert attack.bounds(truth | {alone: None}, heads)[alone] < attack.ZERO


def published_numbers(lived: LivedYear) -> set[tuple[str, str, int, str, str, str, Decimal]]:
    """(report, subject, revision, family, code, statistic, value) of everything that may be seen."""
    figures = lived.rows(
        """select product, subject_id, revision_number, family, code, statistic, value from published.figures
           join published.releases using (release_id) where not is_hidden and value is not null"""
    )
    cells = lived.rows(
        """select product, subject_id, revision_number, 'table:' || table_code as family,
               row_code || '/' || column_code as code, statistic, value
           from published.needs_cells join published.releases using (release_id)
           where not is_hidden and value is not null"""
    )
    private = lived.rows(
        """select 'assessment_feedback' as product, wave_code as subject_id, 1 as revision_number,
               group_code || ':' || family as family, code, statistic, value
           from confidential.assessment_figures where value is not null"""
    )
    return {tuple(row.values()) for row in (*figures, *cells, *private)}  # type: ignore[misc]


# They name people to whoever has to act, and hold no answer of anybody: a class's seats and sign-ins to who runs it,
# the candidates of a promotion list and what each lacks to the HRBP alone.
WORK_DOCUMENTS = {"run_sheet", "class_log", "promotion_list"}
# Extracts of a release, one a department: their subject is the release's, a colon and whose it is.
EXTRACTS = {"department_review": "training_review"}


def test_no_edition_says_more_than_was_published(lived: LivedYear, artefacts: list[Artefact]) -> None:
    """HR's, trainers' and executives' editions, extracts, private PDFs: each attached number is a released one."""
    allowed = published_numbers(lived)
    reports = [one for one in artefacts if one.kind not in {"mail", *WORK_DOCUMENTS}]
    assert {(one.kind, one.audience) for one in reports} >= {
        ("course_evaluation", "hr"),
        ("course_evaluation", "trainer"),
        ("annual_needs", "hr"),
        ("annual_needs", "business"),
        ("trainer_needs", "trainer"),
        ("assessment_feedback", "subject"),
        ("training_review", "hr"),
        ("training_review", "business"),
        ("department_review", "business"),
    }
    count, beyond = 0, []
    for report in reports:
        for row in report.figures:
            # Verdicts, ranks and amounts of needs are about topics, not about people.
            if row["family"] == "need" or row["is_hidden"] or not is_number(row["value"]):
                continue
            count += 1
            product, subject_id = EXTRACTS.get(report.kind, report.kind), report.subject_id
            if report.kind in EXTRACTS:
                subject_id = subject_id.partition(":")[0]
            key = (product, subject_id, report.revision_number, row["family"], row["code"], row["statistic"])
            if (*key, Decimal(row["value"])) not in allowed:
                beyond.append((report.name, *key[3:], row["value"]))
    assert count > 10_000
    assert beyond == []


def is_number(text: str) -> bool:
    try:
        Decimal(text)
    except ArithmeticError:
        return False
    return True


def hidden_means(lived: LivedYear) -> list[tuple[str, tuple[str, ...], str]]:
    """Of every hidden mean: class, how it is labelled, and how it would be printed."""
    instrument = load_instrument("course_evaluation")
    labels = {code: (name.zh, name.en) for code, name in instrument.dimensions.items()}
    labels |= {item.code: (item.text("zh-CN"), item.text("en")) for item in instrument.items}
    rows = lived.rows(
        """select release.subject_id, shown.code, truth.value, shown.is_hidden
           from published.figures as shown
           join published.releases as release using (release_id)
           join marts.evaluation_figures as truth
               on truth.wave_code = 'EVAL-' || release.subject_id
               and (truth.family, truth.code, truth.statistic) = (shown.family, shown.code, shown.statistic)
           where shown.family in ('item', 'dimension') and shown.statistic = 'mean'
               and release.product = 'course_evaluation' and truth.value is not null and shown.is_hidden"""
    )
    return [(row["subject_id"], labels[row["code"]], f"{row['value']:.{digits}f}") for row in rows for digits in (1, 2)]


def test_no_page_and_no_mail_says_a_hidden_mean(lived: LivedYear, artefacts: list[Artefact]) -> None:
    """In no words about that class does a label stand before its hidden value; shown means are found that way."""
    hidden = hidden_means(lived)
    assert len(hidden) > 20
    told = [
        (one.name, subject, labels[0], value)
        for subject, labels, value in hidden
        for one in artefacts
        if subject in (one.subject_id, *([subject] if one.kind == "mail" and subject in one.text else []))
        if attack.says(one.text, labels, value)
    ]
    assert told == []
    report = next(one for one in artefacts if (one.subject_id, one.audience) == ("2026-C001", "hr"))
    means = [row for row in report.figures if (row["family"], row["statistic"]) == ("dimension", "mean")]
    found = [row["code"] for row in means if attack.says(report.text, (row["label"],), row["value"])]
    assert len(found) == len(means) > 0, "the attacker reads pages"


def test_private_feedback_shows_no_sum_of_fewer_raters_than_allowed(
    lived: LivedYear, artefacts: list[Artefact]
) -> None:
    """360: whatever groups a private PDF shows, added and subtracted, the declared manager taken out: three raters."""
    ratings = lived.rows("select * from confidential.assessment_answers where score is not null")
    raters: dict[tuple[str, str, str], set[str]] = defaultdict(set)
    for row in ratings:
        raters[row["wave_code"], row["rater_group"], row["item_code"]].add(str(row["rater_key"]))
    private = [one for one in artefacts if one.kind == "assessment_feedback"]
    assert len({one.subject_id for one in private}) == 6
    checked = 0
    for report in private:
        groups: dict[str, list[Group]] = defaultdict(list)
        for row in report.figures:
            shown, _, family = row["family"].partition(":")
            if family != "item" or row["statistic"] != "mean" or row["is_hidden"] or shown in {"self", "manager"}:
                continue
            parts = ("peer", "report", "other") if shown == "others" else shown.split("+")
            people = frozenset().union(*(raters[report.subject_id, part, row["code"]] for part in parts))
            groups[row["code"]].append(people)
        for seen in groups.values():
            assert attack.smallest_group(seen, get_site().suppression.feedback_360_min) == float("inf")
            checked += 1
    assert checked > 50


def test_levels_of_90_day_reports_tell_of_no_small_group(lived: LivedYear, ledger: Ledger) -> None:
    """Whoever subtracts groups of any classes over the same months, of both arms, meets five people at least."""
    shown = lived.rows(
        """select release_id, code, statistic, respondent_count from published.figures
           join published.releases using (release_id)
           where product = 'performance_90d' and family = 'arm' and statistic like '%%_post' and value is not null"""
    )
    assert len(shown) >= 5
    for figure in shown:
        arm = figure["statistic"].removesuffix("_post")
        (group,) = (
            group
            for (release_id, key), group in ledger.items()
            if release_id == figure["release_id"] and key.startswith("performance_90d:") and key.endswith(f":{arm}")
        )
        assert len(group) == figure["respondent_count"] >= get_site().suppression.mean_min
    sums: dict[str, list[Group]] = defaultdict(list)
    for (_, key), group in ledger.items():
        if key.startswith("performance_90d:"):
            sums[key.rpartition(":")[0]].append(group)
    few = {measure: attack.smallest_group(groups, get_site().suppression.mean_min) for measure, groups in sums.items()}
    assert {measure: size for measure, size in few.items() if size < get_site().suppression.mean_min} == {}

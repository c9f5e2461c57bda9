"""Every number that stands in the review is the one of the tables behind it, counted here by other statements."""

from __future__ import annotations

from decimal import ROUND_HALF_UP, Decimal

from tests.resources.conftest import Company
from tests.review.test_review_report import read, two_departments

from trainloop.config import get_site
from trainloop.reporting.review_view import ReviewView, build_view

CLASSES = "(select session_code from core.class_sessions where course_code = %s)"


def plant(company: Company) -> None:
    """A cancelled class and one still ahead, blockers of a month, what was promised, plans that were verified."""
    two_departments(company)
    company.do(
        """insert into core.class_sessions (session_code, course_code, trainer_id, starts_at, ends_at, timezone, mode,
        status, file_id, row_number) values
            ('X-1', 'C-KEEP', 'T1', '2026-07-01 09:00+08', '2026-07-01 17:00+08', 'Asia/Shanghai', 'classroom',
                'cancelled', 1, 1),
            ('X-2', 'C-KEEP', 'T1', '2026-12-29 09:00+08', '2026-12-29 17:00+08', 'Asia/Shanghai', 'classroom',
                'confirmed', 1, 1)"""
    )
    company.do(
        """insert into published.figures (release_id, family, code, statistic, value, respondent_count)
        select release_id, 'blocker', 'all', 'count:' || cause, n, 20 from published.releases,
            (values ('none', 8), ('tool', 7), ('time', 5)) as said (cause, n) where product = 'monthly_results'"""
    )
    company.do("update published.figures set value = 45 where family = 'plan' and statistic = 'verified_pct'")
    company.do(
        """insert into ops.commitments (kind, subject_kind, subject_id, person_kind, person_id, due_on, state, done_at,
        asked_at) select 'joint_review', 'class_session', session_code, 'trainer', 'T1', '2026-06-01',
            (case when course_code = 'C-KEEP' then 'done' else 'open' end)::ops.commitment_state,
            case when course_code = 'C-KEEP' then timestamptz '2026-06-01' end, '2026-05-01'
        from core.class_sessions where trainer_id = 'T1' and session_code like 'C-%%-1'"""
    )


def tables(view: ReviewView) -> dict[str, list[tuple[str, ...]]]:
    return {sheet.title: [line.cells for line in sheet.lines] for sheet in view.sheets}


def test_every_number_of_the_year_is_that_of_the_tables_behind_it(company: Company) -> None:
    """Classes, hours, people, answers, money, barriers, promises, trainers: counted again from core and ops."""
    plant(company)
    said = build_view(read(1), get_site(), "hr", "en")
    one = company.rows(
        """with held as (select * from core.class_sessions where status <> 'cancelled' and ends_at < '2026-12-21'),
        came as (select distinct session_code, employee_id from core.attendance join held using (session_code))
        select (select count(*) from core.class_sessions) as planned, (select count(*) from held) as held,
            (select count(*) from core.class_sessions where status = 'cancelled') as cancelled,
            (select count(distinct employee_id) from came) as people, (select count(*) from came) as seats,
            (select sum(value) from published.figures where family = 'response' and statistic = 'complete_count')
                as answers,
            (select sum(value) from published.figures where family = 'response' and statistic = 'eligible_count')
                as eligible,
            (select sum(planned_amount) from core.budgets) as budget,
            (select sum(actual_amount) from core.budgets) as spent"""
    )[0]
    ahead = one["planned"] - one["held"] - one["cancelled"]
    found = tables(said)
    assert [cells[1] for cells in found["Plan and done"]] == [
        *(str(one[name]) for name in ("planned", "held", "cancelled")),
        *(str(ahead), str(6 * one["planned"]), str(6 * one["held"]), str(one["people"]), str(one["seats"])),
        *(f"{one['answers']:f}", f"{one['budget']:,.0f}", "0", f"{one['spent']:,.0f}", "Payroll not given"),
    ]
    assert [fact.text for fact in said.facts] == [
        f"{one['held']} / {one['planned']}",
        f"{6 * one['held']} / {6 * one['planned']}",
        str(one["people"]),
        f"{100 * one['answers'] / one['eligible']:.0f}%",
    ]
    assert found["People reached by department"] == [("D1", "10"), ("D2", "10")]
    assert found["People reached by level"] == [("P1", "20")]
    assert found["Barriers to application"] == [
        ("Tool or system missing", "7"),
        ("No time", "5"),
        ("Nothing", "8"),
    ]
    asked, closed = company.rows("select count(*) as n, count(done_at) as done from ops.commitments")[0].values()
    assert found["You said, we did"] == [("Joint reviews", str(asked), str(closed))]
    means = company.rows("select avg(value) as mean from published.figures where code = 'instructor_professionalism'")
    verified = company.rows(
        "select sum(value * respondent_count / 100) as n from published.figures where code = 'class'"
        " and statistic = 'verified_pct'"
    )[0]["n"]
    trainer = ("韩梅梅", str(one["held"]), str(6 * one["held"]), str(18 * one["held"]), printed(means[0]["mean"]))
    assert found["Trainers"] == [(*trainer, str(round(verified)))]


def test_every_number_of_a_course_is_that_of_its_classes(company: Company) -> None:
    """Classes, learners, L1 to L3 of each row, the headline's counts; L4 says grade and outcome of its finding."""
    plant(company)
    said = build_view(read(1), get_site(), "hr", "en")
    assert len(said.courses) == 5
    for row in said.courses:
        code = row.name
        classes = company.rows(
            """select count(*) as n from core.class_sessions
            where course_code = %s and status <> 'cancelled' and ends_at < '2026-12-21'""",
            code,
        )[0]["n"]
        assert row.classes == f"Classes: {classes} · learners: {20 * classes}"
        means, gains, plans = (
            company.rows(
                f"""select avg(value) as value from published.figures join published.releases using (release_id)
                where subject_id in {CLASSES} and {which}""",
                code,
            )[0]["value"]
            for which in ("family = 'dimension'", "statistic = 'gain'", "statistic = 'done_pct' and code = 'class'")
        )
        finding = company.rows(
            f"select grade, outcome from marts.performance_findings where session_code in {CLASSES}", code
        )
        outcome = {"D": "No verdict (D)", "B": "Improved (B)", "C": "Worsened (C)"}
        assert [level.text for level in row.levels] == [
            # Classes with as many answers each weigh the same.
            printed(means),
            "Unknown" if gains is None else printed(gains, 2),
            "Unknown" if plans is None else f"{plans:.0f}%",
            outcome[finding[0]["grade"]] if finding else "Unknown",
            "Unknown",
        ]
    badges = [row.suggestion for row in said.courses]
    assert badges == ["Stop", "Fix", "Scale", "Keep", "Undecided"]
    assert said.headline == "5 courses were held: stop 1, fix 1, scale 1, keep 1; 1 without a suggestion"


def printed(value: Decimal, places: int = 1) -> str:
    """A value with halves away from zero, as it is printed."""
    return f"{Decimal(value).quantize(Decimal(1).scaleb(-places), ROUND_HALF_UP):f}"

"""A class of fake people with planted answers: as evidence in memory and as rows in the warehouse."""

from __future__ import annotations

import math
import random
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from decimal import ROUND_HALF_EVEN, Decimal
from typing import Any

import psycopg
import pytest

from trainloop.config import Locale, get_site
from trainloop.reporting.course_view import build_view
from trainloop.reporting.document import Audience
from trainloop.reporting.evidence import (
    CheckedFile,
    ClassSession,
    Evidence,
    Figures,
    Release,
    Row,
    Suggestion,
    Wave,
)
from trainloop.reporting.view import ReportView
from trainloop.surveys.instrument import load_instrument
from trainloop.warehouse import engine

SESSION = "2026-C001"
RELEASED_AT = datetime(2026, 3, 20, 1, 0, tzinfo=UTC)
WEAK_ITEM = "practice_enough"
# How a class answers, by dimension: weights of the points 1 to 5.
WEIGHTS = {
    "content_practicality": (0, 1, 2, 9, 10),
    "instructor_professionalism": (0, 0, 1, 6, 14),
    "organisation": (0, 1, 5, 9, 6),
    "case_practice": (2, 4, 6, 6, 3),
}
THEMES = {"cases": ("案例", "Cases"), "pace": ("节奏", "Pace"), "tools": ("工具模板", "Tools")}
VERBATIMS = {
    "most_useful": ("案例讨论很有启发。", "工具模板可以直接用。", "王█老师讲解清楚，结合了我们的业务。"),
    "to_improve": ("练习时间太短，希望多一些实操。", "More time for the role play, please.", "下午节奏有点快。"),
}


class Published:
    """Collects rows as the release of `complete` answers would hold them, small-group rule included."""

    def __init__(self, complete: int, eligible: int) -> None:
        self.complete, self.eligible = complete, eligible
        self.rows: list[Row] = []
        self.places = 1 if complete < 20 else 2

    def put(self, family: str, code: str, statistic: str, value: Any, n: int | None, minimum: int = 0) -> None:
        reason, decimal, text = None, None, None
        if n is not None and n < minimum:
            reason = "below_minimum_mean" if minimum == 5 else "below_minimum_distribution"
        elif isinstance(value, str):
            text = value
        else:
            decimal = value
        self.rows.append(Row(family, code, statistic, decimal, text, n, reason is not None, reason))

    def refuse(self, family: str, code: str, statistic: str, reason: str) -> None:
        self.rows.append(Row(family, code, statistic, None, None, None, False, reason))

    def means(self, family: str, code: str, scores: list[float], places: int | None = None) -> None:
        n = len(scores)
        mean = sum(scores) / n if n else 0.0
        spread = math.sqrt(sum((score - mean) ** 2 for score in scores) / max(n - 1, 1))
        half = 2.1 * spread / math.sqrt(max(n, 1))
        digits = self.places if places is None else places
        self.put(family, code, "n", Decimal(n), n)
        self.put(family, code, "mean" if family != "nps" else "nps", _round(mean, digits), n, 5)
        self.put(family, code, "ci_low", _round(mean - half, digits), n, 10)
        self.put(family, code, "ci_high", _round(mean + half, digits), n, 10)


def _round(value: float, places: int) -> Decimal:
    return Decimal(repr(value)).quantize(Decimal(1).scaleb(-places), ROUND_HALF_EVEN)


def _share(count: float, n: int) -> Decimal:
    return _round(100 * count / n if n else 0.0, 1)


def published_rows(complete: int, eligible: int, *, seed: int = 7, with_history: bool = True) -> tuple[Row, ...]:
    """Return the figures of a release with `complete` answers out of `eligible` people."""
    rng = random.Random(seed)
    out = Published(complete, eligible)
    _put_response(out)
    codes = _put_ratings(out, rng)
    _put_other_questions(out, rng)
    _put_test(out, complete)
    for family in ("comparison", "comparison_trainer"):
        _put_comparison(out, family, codes, with_history=with_history and complete >= 5)
    counts = {"enrolled": eligible + 3, "attended": eligible, "absent": 2, "excused": 1, "late": 3, "early": 0}
    for name, count in counts.items():
        out.put("attendance", "class", f"{name}_count", Decimal(count), None)
    out.put("attendance", "class", "rate_pct", _share(eligible, eligible + 3), None)
    return tuple(out.rows)


def _put_response(out: Published) -> None:
    rate = 100 * out.complete / out.eligible if out.eligible else 0.0
    counts = {
        "invited_count": out.eligible + 2,
        "eligible_count": out.eligible,
        "complete_count": out.complete,
        "partial_count": min(1, out.eligible - out.complete),
    }
    out.put("response", "wave", "straight_lined_count", Decimal(min(1, out.complete)), out.complete, 10)
    for name, count in counts.items():
        out.put("response", "wave", name, Decimal(count), None)
    out.put("response", "wave", "rr1_pct", _round(rate, 1), None)
    out.put("response", "wave", "rr2_pct", _round(min(100.0, rate + 3), 1), None)
    band = "fine" if rate >= 70 else "caution" if rate >= 40 else "not_representative"
    out.put("response", "wave", "band", band, None)


def _put_ratings(out: Published, rng: random.Random) -> list[str]:
    by_dimension: dict[str, list[list[int]]] = {}
    for item in load_instrument("course_evaluation").items:
        if item.kind != "scale" or item.dimension is None:
            continue
        n = out.complete
        scores = rng.choices(range(1, 6), WEIGHTS[item.dimension], k=n)
        by_dimension.setdefault(item.dimension, []).append(scores)
        out.means("item", item.code, [float(score) for score in scores])
        for point in range(1, 6):
            out.put("item", item.code, f"share_{point}", _share(scores.count(point), n), n, 10)
        out.put("item", item.code, "top2_pct", _share(sum(score >= 4 for score in scores), n), n, 10)
        out.put("item", item.code, "bottom2_pct", _share(sum(score <= 2 for score in scores), n), n, 10)
    for code, columns in by_dimension.items():
        out.means("dimension", code, [sum(row) / len(row) for row in zip(*columns, strict=True)], 1)
        for statistic, value in {"alpha": 0.81, "alpha_low": 0.64, "alpha_high": 0.91}.items():
            out.put("dimension", code, statistic, _round(value, 2), out.complete, 10)
        out.put("dimension", code, "item_rest_negative", "none", out.complete, 10)
    return list(by_dimension)


def _put_other_questions(out: Published, rng: random.Random) -> None:
    n = out.complete
    camps = rng.choices([-100.0, 0.0, 100.0], (3, 7, 11), k=n)
    out.means("nps", "recommend", camps, 0 if n < 20 else 1)
    for camp, value in (("detractors", -100.0), ("passives", 0.0), ("promoters", 100.0)):
        out.put("nps", "recommend", f"{camp}_pct", _share(camps.count(value), n), n, 10)
    options = ["sales", "quality", "efficiency", "teamwork", "none"]
    picks = rng.choices(options, (7, 4, 8, 3, 1), k=n)
    for option in options:
        out.put("choice", "performance_focus", f"share:{option}", _share(picks.count(option), n), n, 10)
        out.put("choice", "performance_focus", f"count:{option}", Decimal(picks.count(option)), n, 10)
    for position, (code, (zh, en)) in enumerate(THEMES.items()):
        out.put("theme", code, "name_zh", zh, None)
        out.put("theme", code, "name_en", en, None)
        for item in ("most_useful", "to_improve"):
            out.put("theme", code, f"count:{item}", Decimal(6 - 2 * position), n, 10)


def _put_test(out: Published, complete: int) -> None:
    values = {"pre_mean": "58.4", "post_mean": "76.9", "difference": "18.5"}
    for statistic, value in values.items():
        out.put("test", "class", statistic, _round(float(value), out.places), complete, 5)
    for statistic, value in {"ci_low": "13.2", "ci_high": "23.8"}.items():
        out.put("test", "class", statistic, _round(float(value), out.places), complete, 10)
    out.put("test", "class", "p_t", Decimal("0.0002"), complete, 10)
    out.put("test", "class", "p_wilcoxon", Decimal("0.0031"), complete, 10)
    out.put("test", "class", "gain", Decimal("0.44"), complete, 5)


def _put_comparison(out: Published, family: str, codes: list[str], *, with_history: bool) -> None:
    for position, code in enumerate(codes):
        if not with_history:
            out.put(family, code, "earlier_sessions_count", Decimal(0), None)
            out.refuse(family, code, "verdict", "no_earlier_sessions")
            continue
        difference = (0.31, 0.05, -0.12, -0.74)[position]
        out.put(family, code, "earlier_sessions_count", Decimal(4), None)
        out.put(family, code, "earlier_n", Decimal(88), None)
        out.put(family, code, "difference", _round(difference, out.places), out.complete, 5)
        out.put(family, code, "ci_low", _round(difference - 0.35, out.places), out.complete, 10)
        out.put(family, code, "ci_high", _round(difference + 0.35, out.places), out.complete, 10)
        out.put(family, code, "verdict", "lower" if difference < -0.5 else "no_clear_difference", out.complete, 5)


def make_evidence(complete: int = 21, eligible: int = 26, **changes: Any) -> Evidence:
    """Return the evidence of one class; keyword arguments replace fields of its class session."""
    strength = "finding" if complete >= 10 else "worth_talking_about"
    names = {
        "course_name_zh": "业务谈判：从报价到签约",
        "course_name_en": "Business Negotiation: from Quote to Contract",
        "trainer_name": "王喆堃",
    }
    return Evidence(
        release=Release(1, 1, RELEASED_AT, "2026.1"),
        session=ClassSession(
            session_code=SESSION,
            trainer_id="T001",
            starts_at=datetime(2026, 3, 12, 1, 0, tzinfo=UTC),
            ends_at=datetime(2026, 3, 12, 9, 0, tzinfo=UTC),
            timezone="Asia/Shanghai",
            mode="classroom",
            **(names | changes),
        ),
        wave=Wave(
            f"EVAL-{SESSION}",
            "course_evaluation",
            RELEASED_AT - timedelta(days=7),
            RELEASED_AT,
            is_without_attendance=False,
            has_completions=True,
        ),
        figures=Figures(1, published_rows(complete, eligible)),
        verbatims=VERBATIMS if complete >= 10 else {},
        suggestions=(
            Suggestion(
                "low_box",
                WEAK_ITEM,
                strength,
                "增加工作坊时间：至少三分之一课时用于实操，并提供可带走的模板。",
                "Give workshops more time: at least a third of the hours for practice, with templates to take away.",
            ),
        )
        if complete >= 5
        else (),
        files=tuple(
            CheckedFile(dataset, position, f"{dataset}.xlsx", rows, rows - bad, 0, bad, 0, 0, RELEASED_AT, decision)
            for position, (dataset, rows, bad, decision) in enumerate(
                [
                    ("attendance", 29, 0, "pass"),
                    ("class_sessions", 12, 0, "pass"),
                    ("enrollments", 31, 2, "quarantine"),
                    ("survey_exports", max(complete + 1, 1), 0, "pass"),
                ],
                start=1,
            )
        ),
    )


def make_view(audience: Audience = "hr", locale: Locale = "zh-CN", evidence: Evidence | None = None) -> ReportView:
    return build_view(evidence or make_evidence(), load_instrument("course_evaluation"), get_site(), audience, locale)


@pytest.fixture
def evidence_of() -> Callable[..., Evidence]:
    return make_evidence


@pytest.fixture
def view_of() -> Callable[..., ReportView]:
    return make_view


def seed_evidence(evidence: Evidence) -> None:
    """Write evidence into the warehouse as its owner, as intake, surveys and statistics would leave it."""
    with engine.connect("owner") as connection:
        _seed_files(connection, evidence)
        _seed_class(connection, evidence)
        seed_release(connection, evidence)


def _seed_files(connection: psycopg.Connection[Any], evidence: Evidence) -> None:
    for file in evidence.files:
        connection.execute(
            """insert into ops.inbox_files (file_id, dataset, name, source_uri, archive_uri, content_sha256, size_bytes,
                   state, found_at, finished_at, row_count, accepted_count, quarantined_count)
               overriding system value
               values (%s, %s, %s, 'file:///in', 'file:///archive', %s, 1, 'merged', %s, %s, %s, %s, %s)""",
            (file.file_id, file.dataset, file.name, str(file.file_id), RELEASED_AT, RELEASED_AT,
             file.row_count, file.accepted_count, file.quarantined_count),
        )  # fmt: skip
        connection.execute(
            "insert into ops.check_runs (suite, file_id, checked_at, row_count, is_passed, gate_decision)"
            " values (%s, %s, %s, %s, true, %s)",
            (file.dataset, file.file_id, RELEASED_AT, file.row_count, file.gate_decision),
        )


def _seed_class(connection: psycopg.Connection[Any], evidence: Evidence) -> None:
    session, wave = evidence.session, evidence.wave
    connection.execute(
        "insert into core.courses (course_code, name_zh, name_en, mode, hours, file_id, row_number)"
        " values ('C001', %s, %s, 'classroom', 6, 2, 1)",
        (session.course_name_zh, session.course_name_en),
    )
    connection.execute(
        "insert into core.trainers (trainer_id, name, email, kind, file_id, row_number)"
        " values ('T001', %s, 'trainer@example.com', 'internal', 2, 1)",
        (session.trainer_name,),
    )
    connection.execute(
        "insert into core.class_sessions (session_code, course_code, trainer_id, starts_at, ends_at, mode, file_id,"
        " row_number) values (%s, 'C001', 'T001', %s, %s, 'classroom', 2, 1)",
        (session.session_code, session.starts_at, session.ends_at),
    )
    connection.execute(
        "insert into core.employees (employee_id, name, department_code, job_family, job_level, file_id, row_number)"
        " values ('E1', '李四', 'D1', 'sales', 'P5', 2, 1)"
    )
    connection.execute(
        "insert into core.enrollments (session_code, employee_id, status, file_id, row_number)"
        " values (%s, 'E1', 'confirmed', 3, 1)",
        (session.session_code,),
    )
    connection.execute(
        "insert into core.attendance (session_code, employee_id, status, file_id, row_number)"
        " values (%s, 'E1', 'present', 1, 1)",
        (session.session_code,),
    )
    connection.execute(
        "insert into ops.survey_waves (wave_code, instrument_code, instrument_version, subject_kind, subject_id,"
        " anonymity, state, opened_at, closes_at, closed_at, has_completions, minimum_count)"
        " values (%s, 'course_evaluation', '1', 'class_session', %s, 'anonymous', 'closed', %s, %s, %s, true, 5)",
        (wave.wave_code, session.session_code, wave.opened_at, wave.closes_at, wave.closes_at),
    )
    connection.execute("insert into ops.survey_wave_files values (%s, 4)", (wave.wave_code,))
    connection.execute(
        "insert into ops.milestones (subject_kind, subject_id, step, due_on, not_after, planned_at)"
        " values ('class_session', %s, 'evaluation_report', '2026-03-20', '2026-04-03T00:00Z', %s)",
        (session.session_code, RELEASED_AT),
    )


def seed_release(connection: psycopg.Connection[Any], evidence: Evidence, *, is_withheld: bool = False) -> None:
    release = evidence.release
    connection.execute(
        """insert into published.releases (release_id, product, subject_kind, subject_id, revision_number, data_sha256,
               site_version, released_at, is_withheld, withheld_reason) overriding system value
           values (%s, 'course_evaluation', 'class_session', %s, %s, %s, %s, %s, %s, %s)""",
        (release.release_id, evidence.session.session_code, release.revision_number, str(release.release_id),
         release.site_version, release.released_at, is_withheld,
         "too_close_to_earlier_release" if is_withheld else None),
    )  # fmt: skip
    if is_withheld:
        return
    for row in evidence.figures.rows:
        connection.execute(
            "insert into published.figures values (%s, %s, %s, %s, %s, %s, %s, %s, %s)",
            (release.release_id, row.family, row.code, row.statistic, row.value, row.text_value,
             row.respondent_count, row.is_hidden, row.reason),
        )  # fmt: skip
    for item, texts in evidence.verbatims.items():
        for position, text in enumerate(texts):
            connection.execute(
                "insert into published.verbatims values (%s, %s, %s, %s)", (release.release_id, item, position, text)
            )
    for one in evidence.suggestions:
        connection.execute(
            "insert into published.suggestions values (%s, %s, %s, %s, %s, %s)",
            (release.release_id, one.rule_code, one.item_code, one.strength, one.suggestion_zh, one.suggestion_en),
        )


@pytest.fixture
def seed(warehouse: str) -> Callable[[Evidence], None]:
    return seed_evidence

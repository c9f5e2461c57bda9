"""The extract of the approved training review for one department's head: its own figures and no other department's."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC
from typing import ClassVar

from trainloop.config import Locale, Site
from trainloop.domain.plan_result import CAUSES, leading_cause, month_days
from trainloop.reporting import glyphs
from trainloop.reporting.catalogue import catalogue
from trainloop.reporting.document import Document, Tone
from trainloop.reporting.pages import layout_sha256
from trainloop.reporting.review_desk import OF_DEPARTMENTS, ORDER, Line, Review, ReviewDesk, Sheet, cells
from trainloop.reporting.view import Fact


class DepartmentReviewView(Document):
    """The review of one training year, as far as it is about one department."""

    kind: ClassVar[str] = "department_review"
    template: ClassVar[str] = "department_review.html.j2"

    year: str
    department_code: str
    name: str
    facts: tuple[Fact, ...]
    headline: str
    evidence: str
    decisions: tuple[str, ...]
    sheets: tuple[Sheet, ...]
    quality_sentence: str
    quality_tone: Tone
    quality_notes: tuple[str, ...]

    def about(self) -> dict[str, str]:
        return {"year": self.year, "department_code": self.department_code}


def departments(review: Review) -> list[str]:
    """Return the departments whose number of people may be shown: their heads get an extract."""
    shown = review.figures
    return [code for code in shown.codes("department") if shown.value("department", code, "people_count") is not None]


def build_extract(review: Review, site: Site, department_code: str, locale: Locale) -> DepartmentReviewView:
    """Return the extract for one department in one language."""
    words = catalogue(locale)
    desk = ReviewDesk(review, words, site)
    courses, needs = _parts(desk, "department_course", department_code), _needs(desk, department_code)
    in_plan = [code for code in needs if desk.text("need", code, "funding") == "funded"]
    numbers = {
        "people": desk.text("department", department_code, "people_count"),
        "courses": words.number(len(courses)),
        "needs": words.number(len(needs)),
        "in_plan": words.number(len(in_plan)),
    }
    department = desk.name("department", department_code)
    released_on = words.day(review.released_at, site.company.zone)
    sentence, tone, notes = desk.quality()
    return DepartmentReviewView(
        layout_sha256=layout_sha256(),
        locale=locale,
        audience="business",
        colour=site.company.colour,
        company=glyphs.tidy(site.company.name(locale)),
        title=words("review.extract.title"),
        audience_label=words("review.extract.audience"),
        released_at=review.released_at.astimezone(UTC).isoformat(timespec="seconds"),
        site_version=review.site_version,
        revision=words("revision", number=review.revision_number, date=released_on),
        data_rows=tuple(
            desk.data_row(row) for row in review.figures.rows if _is_own(row.family, row.code, department_code)
        ),
        year=review.year,
        department_code=department_code,
        name=words("review.extract.name", year=review.year, department=department),
        facts=(
            Fact(label=words("review.fact.people"), text=numbers["people"]),
            Fact(label=words("review.extract.courses"), text=numbers["courses"]),
            Fact(label=words("review.extract.needs"), text=f"{numbers['in_plan']} / {numbers['needs']}"),
            Fact(label=words("review.extract.money", currency=site.needs.currency), text=_money(desk, department_code)),
        ),
        headline=words("review.extract.headline" if needs else "review.extract.headline_without", **numbers),
        evidence=words("review.extract.evidence", minimum=site.suppression.distribution_min),
        decisions=tuple(_decisions(desk, courses)),
        sheets=(
            desk.sheet("own_courses", _courses(desk, courses), minimum=site.suppression.distribution_min),
            desk.sheet("own_needs", map(desk.need, needs)),
            desk.sheet("own_plans", _months(desk, department_code)),
        ),
        quality_sentence=sentence,
        quality_tone=tone,
        quality_notes=(
            *notes,
            words("review.extract.own"),
            words("review.note.small", mean_min=site.suppression.mean_min),
        ),
    )


def _is_own(family: str, code: str, department_code: str) -> bool:
    own = code == department_code if family == "department" else code.startswith(f"{department_code}|")
    return own and family in ("department", *OF_DEPARTMENTS)


def _parts(desk: ReviewDesk, family: str, department_code: str) -> list[str]:
    """Return what a department's codes of a family end with: courses, topics or months."""
    pairs = (code.partition("|") for code in desk.codes(family))
    return [part for own, _, part in pairs if own == department_code]


def _needs(desk: ReviewDesk, department_code: str) -> list[str]:
    """Return the topics that the head confirmed, in the rank order of the plan."""
    confirmed = _parts(desk, "department_need", department_code)
    return [code for code in desk.codes("need") if code in confirmed]


def _money(desk: ReviewDesk, department_code: str) -> str:
    spent, planned = (desk.amount("department", department_code, f"{name}_amount") for name in ("actual", "planned"))
    return "–" if planned == "–" else f"{spent} / {planned}"


def _decisions(desk: ReviewDesk, courses: list[str]) -> Iterator[str]:
    for name in ("stop", "fix", "scale"):
        chosen = [desk.name("course", code) for code in courses if desk.text("course", code, "suggestion") == name]
        if chosen:
            yield desk.words(f"review.extract.decide.{name}", courses=desk.words("format.list_separator").join(chosen))


def _courses(desk: ReviewDesk, courses: list[str]) -> Iterator[Line]:
    suggested = {code: desk.text("course", code, "suggestion") for code in courses}
    for code in sorted(courses, key=lambda one: (ORDER.index(suggested[one]), one)):
        yield cells(
            desk.name("course", code),
            desk.words(f"review.suggestion.{suggested[code]}"),
            desk.text("course", code, "class_count"),
        )


def _months(desk: ReviewDesk, department_code: str) -> Iterator[Line]:
    figures = desk.release.figures
    for month in _parts(desk, "department_plan", department_code):
        code = f"{department_code}|{month}"
        if not figures.has("department_plan", code, "done_pct"):
            continue
        shares = [
            (cause, float(figures.value("department_blocker", code, f"share:{cause}") or 0))
            for cause in CAUSES
            if figures.has("department_blocker", code, f"share:{cause}")
        ]
        cause = leading_cause(shares, desk.site.plan_results.cause_from_pct)
        yield cells(
            desk.words.month(month_days(month)[0]),
            desk.text("department_plan", code, "n"),
            desk.percent("department_plan", code, "done_pct"),
            desk.percent("department_plan", code, "verified_pct"),
            desk.words(f"review.barrier.{cause}") if cause else "–",
        )

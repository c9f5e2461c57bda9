"""View models → HTML: a questionnaire, an action, the mail switch, and the pages that only say something."""

from __future__ import annotations

import functools
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from importlib import resources
from typing import TYPE_CHECKING, Any, Literal

from jinja2 import Environment, PackageLoader, StrictUndefined
from starlette.responses import HTMLResponse

from trainloop.config import Locale, get_site
from trainloop.domain import calendar
from trainloop.domain.survey import NOT_APPLICABLE, anonymity_promise
from trainloop.forms.answers import Problem, Question, Typed, answered_count
from trainloop.forms.words import ActionWords, Words, words, zone_of
from trainloop.surveys.instrument import Instrument

if TYPE_CHECKING:  # it makes its page here
    from trainloop.forms.result_pages import PersonView

Tone = Literal["good", "plain", "bad"]
# A machine without Chinese fonts shows the ones our PDFs are set in; a browser asks for them only where it has none.
_FONT_FACES = "".join(
    f"@font-face{{font-family:'Noto Sans SC';font-weight:{weight};src:local('Noto Sans SC'),local('Noto Sans CJK SC'),"
    f"url('/fonts/NotoSansSC-{face}.ttf');unicode-range:U+2000-206F,U+2E80-9FFF,U+FF00-FFEF}}\n"
    for weight, face in ((400, "Regular"), (700, "Bold"))
)
# Up to so many points stand beside each other, even on a phone of 390 px.
_POINTS_IN_A_ROW = 7


@dataclass(frozen=True, slots=True)
class Option:
    """One answer to click on."""

    value: str
    label: str
    note: str
    is_chosen: bool


@dataclass(frozen=True, slots=True)
class QuestionView:
    """One question as the page shows it."""

    number: int
    field: str
    kind: str
    text: str
    hints: tuple[str, ...]
    is_required: bool
    options: tuple[Option, ...]
    points: tuple[Option, ...]
    is_wide: bool
    value: str
    max_length: int
    problem: str

    @property
    def described_by(self) -> str:
        """Ids of what a screen reader reads after the question."""
        ids = [f"{self.field}-hint"] * bool(self.hints) + [f"{self.field}-problem"] * bool(self.problem)
        return " ".join(ids)


@dataclass(frozen=True, slots=True)
class Part:
    """The questions of one dimension, in their order; without a title where they have none."""

    title: str
    questions: tuple[QuestionView, ...]


def form_page(
    row: Mapping[str, Any],
    instrument: Instrument,
    questions: Sequence[Question],
    typed: Typed,
    locale: Locale,
    *,
    form_token: str,
    due_on: date | None = None,
    problems: Mapping[str, Problem] | None = None,
    notice: str = "",
    status: int = 200,
) -> HTMLResponse:
    """Return a questionnaire with what was typed and what is wrong with it; `due_on`: asked for before it closes."""
    text = words(locale)
    zone = zone_of(row["timezone"])
    shown = [
        question_view(number, question, typed, (problems or {}).get(question.item.code), text)
        for number, question in enumerate(questions, start=1)
    ]
    deadline = text.until(row["closes_at"], zone)
    notices = {"saved": text.say("saved", deadline=deadline), "stale": text.say("stale")}
    facts = {"count": len(questions), "minutes": instrument.minutes, "deadline": deadline}
    return render(
        "form.html.j2",
        locale,
        status=status,
        title=instrument.title(locale),
        about=text.about(row["subject"]),
        intro=instrument.intro.text(locale) if instrument.intro else "",
        facts=text.say("facts_due", **facts, due=text.day(due_on)) if due_on else text.say("facts", **facts),
        promise=anonymity_promise(row["anonymity"], locale, row["minimum_count"]),
        person=text.say("named_person", person=row["employee_name"]) if row["employee_name"] else "",
        parts=_parts(questions, shown, instrument, locale),
        problems=[question for question in shown if question.problem],
        has_optional=not all(question.item.is_required for question in questions),
        done=answered_count(questions, typed),
        count=len(questions),
        notice=notices.get(notice, ""),
        form_token=form_token,
    )


def action_page(
    row: Mapping[str, Any],
    action: ActionWords,
    locale: Locale,
    *,
    form_token: str,
    chosen: str = "",
    comment: str = "",
    problem: str = "",
    max_comment: int,
    lines: Sequence[tuple[str, str]] = (),
    status: int = 200,
) -> HTMLResponse:
    """Return the page of something owed or to be decided; `lines` say more about it, as (label, text)."""
    text = words(locale)
    separator = "、" if locale == "zh-CN" else ", "
    needing = separator.join(choice.label for choice in action.choices if choice.needs_comment)
    return render(
        "action.html.j2",
        locale,
        status=status,
        title=action.title,
        about=text.about(row["subject"]),
        lines=lines,
        person=text.say("named_person", person=row["person_name"]) if row["person_name"] else "",
        due=text.say("action_due", day=text.day(row["due_on"])) if row["due_on"] else "",
        action=action,
        comment_hint=_comment_hint(action, needing, max_comment, text),
        max_comment=max_comment,
        chosen=chosen,
        comment=comment,
        problem=problem,
        form_token=form_token,
    )


def _comment_hint(action: ActionWords, needing: str, most: int, text: Words) -> str:
    if not needing:
        return text.say("letters_at_most", most=most)
    if all(choice.needs_comment for choice in action.choices):
        return text.say("action_comment_required", most=most)
    return text.say("action_comment_hint", choices=needing, most=most)


def results_page(row: Mapping[str, Any], people: Sequence[PersonView], locale: Locale) -> HTMLResponse:
    """Return the page of competency results: the reader's own, or those of a team, one section a person."""
    text = words(locale)
    kind = "team" if row["is_team"] else "own"
    return render(
        "results.html.j2",
        locale,
        title=text.say(f"results_title_{kind}"),
        about=text.say("results_about", day=text.day(row["assessed_on"])),
        intro=text.say(f"results_intro_{kind}", person=row["reader_name"]),
        promise=text.say(f"results_promise_{kind}"),
        until=text.say(
            "results_until",
            moment=text.day(calendar.last_day(row["expires_at"], zone_of(row["timezone"]))),
        ),
        is_team=row["is_team"],
        people=people,
    )


def materials_page(
    row: Mapping[str, Any],
    locale: Locale,
    *,
    form_token: str,
    notice: str = "",
    problem: str = "",
    question: str = "",
    may_ask: bool = False,
    max_length: int,
    status: int = 200,
) -> HTMLResponse:
    """Return the page of a class's materials: what to open, what to finish, what to ask."""
    text = words(locale)
    zone = zone_of(row["session_timezone"])
    place = row["venue"] or text.say("materials_online" if row["mode"] == "online" else "materials_place_open")
    return render(
        "materials.html.j2",
        locale,
        status=status,
        title=row["subject"]["course_zh" if locale == "zh-CN" else "course_en"],
        facts=text.say(
            "materials_facts",
            starts=text.moment(row["starts_at"], zone),
            place=place,
            trainer=row["subject"].get("trainer", ""),
        ),
        person=text.say("materials_person", person=row["person_name"]) if row["person_name"] else "",
        intro=text.say("materials_intro_trainer" if row["person_kind"] == "trainer" else "materials_intro"),
        assets=[_asset(asset, text) for asset in row["assets"]],
        is_learner=row["person_kind"] == "employee",
        notice=notice,
        problem=problem,
        question=question,
        may_ask=may_ask,
        max_length=max_length,
        form_token=form_token,
    )


def _asset(asset: Mapping[str, Any], text: Words) -> dict[str, Any]:
    title = asset["title_zh"] if text.locale == "zh-CN" else asset["title_en"] or asset["title_zh"]
    return {
        "code": asset["code"],
        "title": title,
        "kind": text.say(f"material_kind_{asset['kind']}"),
        "version": text.say("material_version", version=asset["version"]),
        "is_prework": asset["kind"] == "prework",
        "is_opened": asset["is_opened"],
        "is_finished": asset["is_finished"],
    }


def mail_page(locale: Locale, *, is_wanted: bool) -> HTMLResponse:
    """Return the page of the optional mail's switch."""
    return render("mail.html.j2", locale, title=words(locale).say("mail_title"), is_wanted=is_wanted)


def message_page(
    locale: Locale, title: str, text: str, *, tone: Tone = "plain", status: int = 200, retry_after: int | None = None
) -> HTMLResponse:
    """Return a page that only says something."""
    page = render("message.html.j2", locale, status=status, title=title, text=text, tone=tone)
    if retry_after is not None:
        page.headers["Retry-After"] = str(retry_after)
    return page


@functools.cache
def style() -> str:
    """Return the style sheet in the company's colour."""
    text = resources.files(__package__).joinpath("templates", "style.css").read_text("utf-8")
    return _FONT_FACES + text.replace("#1f5fa8", get_site().company.colour)


def icon() -> str:
    """Return the tab's icon: a ticked sheet in the company's colour."""
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 32 32"><rect width="32" height="32" rx="7" '
        f'fill="{get_site().company.colour}"/><path d="M9 17l5 5 10-12" fill="none" stroke="#fff" stroke-width="4" '
        f'stroke-linecap="round" stroke-linejoin="round"/></svg>'
    )


def font(face: str) -> bytes:
    """Return one of the shipped faces."""
    return resources.files("trainloop.reporting").joinpath("fonts", face).read_bytes()


def question_view(number: int, question: Question, typed: Typed, problem: Problem | None, text: Words) -> QuestionView:
    item, values = question.item, typed.get(question.item.code, ())
    points = _points(question, values, text)
    return QuestionView(
        number=number,
        field=question.field,
        kind=item.kind,
        text=item.text(text.locale),
        hints=_hints(question, text),
        is_required=item.is_required,
        options=_options(question, values, text),
        points=points,
        is_wide=len(points) > _POINTS_IN_A_ROW,
        value=values[0] if values else "",
        max_length=question.max_length,
        problem=text.say(f"problem_{problem.key}", **problem.facts) if problem else "",
    )


def _points(question: Question, values: Sequence[str], text: Words) -> tuple[Option, ...]:
    if question.scale is None:
        return ()
    anchors = question.scale.anchors(text.locale)
    return tuple(
        Option(str(score), str(score), anchors.get(score, ""), str(score) in values) for score in question.scale.scores
    )


def _options(question: Question, values: Sequence[str], text: Words) -> tuple[Option, ...]:
    options = [Option(choice.code, choice.text(text.locale), "", choice.code in values) for choice in question.choices]
    if question.scale is not None and question.scale.is_not_applicable_allowed:
        options.append(Option(NOT_APPLICABLE, text.say("not_applicable"), "", NOT_APPLICABLE in values))
    # A radio button once chosen cannot be taken back without a script.
    if question.item.kind in {"scale", "nps", "choice"} and not question.item.is_required:
        options.append(Option("", text.say("no_answer"), "", False))
    return tuple(options)


def _hints(question: Question, text: Words) -> tuple[str, ...]:
    item = question.item
    hints = [item.hint.text(text.locale)] if item.hint else []
    if item.max_choices is not None and not item.hint:
        hints.append(text.say("chosen_at_most", most=item.max_choices))
    if item.kind == "text":
        hints.append(text.say("letters_at_most", most=question.max_length))
    if item.minimum is not None and item.maximum is not None:
        hints.append(text.say("between", lowest=item.minimum, highest=item.maximum))
    return tuple(hints)


def _parts(
    questions: Sequence[Question], shown: Sequence[QuestionView], instrument: Instrument, locale: Locale
) -> list[Part]:
    parts: list[tuple[str | None, list[QuestionView]]] = []
    for question, view in zip(questions, shown, strict=True):
        dimension = question.item.dimension
        if not parts or parts[-1][0] != dimension:
            parts.append((dimension, []))
        parts[-1][1].append(view)
    return [
        Part(instrument.dimensions[dimension].text(locale) if dimension else "", tuple(views))
        for dimension, views in parts
    ]


@functools.cache
def _environment() -> Environment:
    return Environment(
        loader=PackageLoader("trainloop.forms"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )


def render(template: str, locale: Locale, *, status: int = 200, **facts: Any) -> HTMLResponse:
    content = (
        _environment()
        .get_template(template)
        .render(
            **facts,
            t=words(locale).say,
            locale=locale,
            other_locale="zh-CN" if locale == "en" else "en",
            company=get_site().company.name(locale),
            has_logo=get_site().company.logo is not None,
        )
    )
    return HTMLResponse(content, status_code=status)

"""View models → HTML of a dispute: one party's step, what was sent, the door."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date
from typing import Any, Final

from starlette.responses import HTMLResponse

from trainloop.config import Locale
from trainloop.domain.performance_words import difference_unit
from trainloop.forms.answers import Question, typed_values
from trainloop.forms.http import Fields, first
from trainloop.forms.pages import question_view, render
from trainloop.forms.words import Words, words
from trainloop.surveys.instrument import Instrument

REASONS: Final = ("content", "level", "practice", "results", "time", "other")


@dataclass(frozen=True, slots=True)
class Pick:
    """One list of the warehouse to choose from."""

    field: str
    label: str
    options: tuple[tuple[str, str], ...]
    chosen: str


def step_page(
    row: Mapping[str, Any],
    form: Instrument,
    questions: Sequence[Question],
    fields: Fields,
    locale: Locale,
    *,
    picks: Mapping[str, str],
    is_signature: bool,
    problems: Mapping[str, str],
    notice: str,
    form_token: str,
    status: int = 200,
) -> HTMLResponse:
    """Return the page of one step with what was typed, or what was registered before; `problems` by field, in words."""
    text = words(locale)
    typed = dict(typed_values(questions, fields))
    known = row["registration"] if picks and not fields else None
    if known:
        typed |= {"threshold": (f"{known['threshold']:g}",), "window_days": (str(known["window_days"]),)}
    views = [
        replace(question_view(number, question, typed, None, text), problem=problems.get(question.field, ""))
        for number, question in enumerate(questions, start=1)
    ]
    shown = [_pick(name, row[listed], str((known or {}).get(name) or first(fields, name)), text)
             for name, listed in picks.items()]  # fmt: skip
    return render(
        "dispute.html.j2",
        locale,
        status=status,
        title=form.title(locale),
        about=about(row, text),
        intro=form.intro.text(locale) if form.intro else "",
        due=text.say("action_due", day=text.day(row["due_on"])),
        person=text.say("named_person", person=row["person_name"]) if row["person_name"] else "",
        facts=facts_of(row, text),
        locked=text.say("dispute_locked") if picks and row["registration"] and row["arrived"] else "",
        questions=views,
        picks=shown,
        is_signature=is_signature,
        identity=first(fields, "identity"),
        identity_label=text.say(f"dispute_identity_{row['person_kind']}"),
        problems=problems,
        labels={view.field: f"{view.number}. {view.text}" for view in views}
        | {pick.field: pick.label for pick in shown}
        | {"identity": text.say(f"dispute_identity_{row['person_kind']}")},
        button=text.say("dispute_sign" if is_signature else "dispute_send"),
        notice=notice,
        form_token=form_token,
    )


def about(row: Mapping[str, Any], text: Words) -> str:
    """Return what a dispute is about, in one line."""
    return text.say(
        "dispute_about",
        dispute=row["dispute_id"],
        course=row["course_zh" if text.locale == "zh-CN" else "course_en"],
        trainer=row["trainer"] or "–",
        head=row["business_head"] or "–",
    )


def facts_of(row: Mapping[str, Any], text: Words) -> tuple[tuple[str, str], ...]:
    """Return what is known so far, as label and text."""
    facts = []
    if row["kind"] == "dispute_design" and row["meeting_on"]:
        facts.append((text.say("dispute_meeting"), text.day(row["meeting_on"])))
    if row["kind"] not in {"dispute_statement", "dispute_design"} and row["core_target"]:
        facts.append((text.say("dispute_target"), row["core_target"]))
        shares = {name: f"{row[name].normalize():f}" for name in ("framework_pct", "tools_pct", "simulation_pct")}
        facts.append((text.say("dispute_shares"), text.say("dispute_shares_are", **shares)))
    if known := row["registration"]:
        facts += [
            (text.say("dispute_pilot_class"), f"{known['session_code']} · {_indicator(known, text.locale)}"),
            (text.say("dispute_criterion"), _criterion(known, text.locale)),
            (
                text.say("dispute_windows"),
                " / ".join(
                    f"{text.day(date.fromisoformat(known[f'{name}_starts_on']))} – "
                    f"{text.day(date.fromisoformat(known[f'{name}_ends_on']))}"
                    for name in ("pre", "post")
                ),
            ),
            (text.say("dispute_hash"), known["registration_sha256"]),
        ]
    if row["decision"]:
        facts.append((text.say("dispute_decision"), text.say(f"dispute_decision_{row['decision']}")))
    return tuple(facts)


def _indicator(known: Mapping[str, Any], locale: Locale) -> str:
    name = known["kpi_zh" if locale == "zh-CN" else "kpi_en"]
    return str(name or known["kpi_code"])


def _criterion(known: Mapping[str, Any], locale: Locale) -> str:
    """Return the smallest improvement that counts, in the unit of a change."""
    unit = difference_unit(known["unit"], locale, is_one=known["threshold"] == 1)
    return f"≥ {known['threshold']:g} {unit}".strip()


def done_page(
    row: Mapping[str, Any], locale: Locale, facts: Sequence[tuple[str, str]], *, just_sent: bool
) -> HTMLResponse:
    """Return the page of a step that is done."""
    text = words(locale)
    return render(
        "dispute_done.html.j2",
        locale,
        title=text.say("action_sent_title" if just_sent else "action_done_title"),
        about=about(row, text),
        said=text.say("dispute_done"),
        facts=facts,
    )


def door_page(
    row: Mapping[str, Any],
    locale: Locale,
    *,
    form_token: str,
    chosen: tuple[str, str] = ("", ""),
    problem: str = "",
    status: int = 200,
) -> HTMLResponse:
    """Return the page by which a dispute is opened."""
    text = words(locale)
    is_zh = locale == "zh-CN"
    return render(
        "dispute_door.html.j2",
        locale,
        status=status,
        title=text.say("dispute_door_title"),
        about=text.say(
            "dispute_door_about",
            course=row["course_zh" if is_zh else "course_en"],
            session=row["session_code"],
            trainer=row["trainer"],
        ),
        person=text.say("named_person", person=row["person_name"]),
        heads=[(one["id"], f"{one['name']} · {one['zh' if is_zh else 'en']}") for one in row["heads"]],
        reasons=[(code, text.say(f"dispute_reason_{code}")) for code in REASONS],
        chosen_head=chosen[0] or (row["heads"][0]["id"] if len(row["heads"]) == 1 else ""),
        chosen_reason=chosen[1],
        problem=problem,
        form_token=form_token,
    )


def _pick(name: str, listed: Sequence[Mapping[str, Any]], chosen: str, text: Words) -> Pick:
    options = []
    for one in listed:
        if "ends_on" in one:
            label = f"{one['code']} · {text.day(date.fromisoformat(one['ends_on']))}"
        else:
            label = f"{one['zh' if text.locale == 'zh-CN' else 'en']} ({one['code']})"
            if "direction" in one:
                label += f" · {text.say('dispute_better_' + one['direction'])}"
        options.append((one["code"], label))
    return Pick(name, text.say(f"dispute_pick_{name}"), tuple(options), chosen)

"""R51, R52: the pilot report and the agreed plan as views. The verdict is the sentence that the grade allows."""

from __future__ import annotations

from collections.abc import Iterator
from decimal import Decimal
from typing import Any

from trainloop.domain.performance_words import difference_unit
from trainloop.reporting.catalogue import opened
from trainloop.reporting.dispute_desk import Desk, cell, decimals_of, document
from trainloop.reporting.dispute_view import AgreedPlanView, PilotReportView, Section
from trainloop.reporting.document import Tone
from trainloop.reporting.view import Fact
from trainloop.surveys.instrument import load_instrument

_TONES: dict[str, Tone] = {"adopt": "good", "adjust": "caution", "drop": "bad"}
_TEAMS = ("pilot", "comparison")
_TEST = ("pre_mean", "post_mean", "difference")


def pilot_report(desk: Desk) -> PilotReportView:
    """Return the pilot report of one dispute."""
    words, content = desk.words, desk.content
    kpi, registered = content["kpi"], content["registration"]
    suggestion = words(f"dispute.decision.{content['suggestion']}")
    facts = [
        Fact(label=words("dispute.fact.suggestion"), text=suggestion, tone=_TONES[content["suggestion"]]),
        Fact(label=words("dispute.fact.grade"), text=kpi["grade"]),
        Fact(label=words("dispute.fact.team"), text=desk.name(registered, "pilot")),
        Fact(label=words("dispute.fact.comparison"), text=desk.name(registered, "comparison")),
    ]
    headline = words(
        "dispute.report_headline",
        suggestion=suggestion,
        reason=words(f"dispute.suggested.{content['suggestion_reason']}"),
    )
    notes = [words(f"dispute.note_{name}") for name in ("small_sample", "grade", "suggestion", "reaction")]
    detail = desk.text(kpi["verdict"][desk.locale])
    return document(desk, PilotReportView, headline, detail, facts, _sections(desk), notes)


def _sections(desk: Desk) -> Iterator[Section]:
    yield _registration(desk)
    yield _indicator(desk)
    yield _reaction(desk)
    yield _learning(desk)
    yield desk.shares(desk.content["shares"])


def _registration(desk: Desk) -> Section:
    words, registered = desk.words, desk.content["registration"]

    def window(name: str) -> str:
        return words(
            "format.range",
            first=desk.day(registered[f"{name}_starts_on"]),
            last=desk.day(registered[f"{name}_ends_on"]),
        )

    pairs = [
        ("kpi", words(f"dispute.kpi_{registered['direction']}", kpi=desk.name(registered, "kpi"))),
        ("threshold", desk.number(registered["threshold"]) + _unit_of_change(desk, registered["threshold"])),
        ("class", registered["session_code"]),
        ("before", window("pre")),
        ("after", window("post")),
        ("registered", desk.moment(registered["registered_at"])),
        ("hash", registered["registration_sha256"]),
    ]
    return Section(
        title=words("dispute.section.registration"),
        lead=words("dispute.registration_lead"),
        pairs=tuple(Fact(label=words(f"dispute.registered.{name}"), text=text) for name, text in pairs),
    )


def _indicator(desk: Desk) -> Section:
    words, content, kpi = desk.words, desk.content, desk.content["kpi"]
    decimals = decimals_of(*(kpi["arms"][team][name] for team in _TEAMS for name in ("pre", "post")))
    rows = [
        (
            cell(words(f"dispute.team.{team}")),
            cell(desk.number(kpi["arms"][team]["n"]), is_number=True),
            cell(desk.number(kpi["arms"][team]["pre"], decimals), is_number=True),
            cell(desk.number(kpi["arms"][team]["post"], decimals), is_number=True),
        )
        for team in _TEAMS
    ]
    met = {None: "unknown", True: "met", False: "missed"}[content["is_met"]]
    interval = (
        words("dispute.interval", low=desk.number(kpi["low"]), high=desk.number(kpi["high"]))
        if kpi["low"] is not None and kpi["high"] is not None
        else words("dispute.no_interval")
    )
    effect = desk.number(kpi["effect"], is_signed=True)
    effect += _unit_of_change(desk, kpi["effect"]) if kpi["effect"] is not None else ""
    pairs = [
        ("effect", f"{effect} · {interval}"),
        ("criterion", words(f"dispute.criterion.{met}")),
        ("excluded", desk.number(sum(kpi["excluded"].values()))),
    ]
    weak = [
        words("dispute.weakness", what=opened(desk.text(what)), mend=desk.text(mend))
        for what, mend in kpi["weaknesses"][desk.locale]
    ]
    return Section(
        title=words("dispute.section.indicator"),
        pairs=tuple(Fact(label=words(f"dispute.measured.{name}"), text=text) for name, text in pairs),
        columns=tuple(words(f"dispute.column.{name}") for name in ("team", "n", "before", "after")),
        rows=tuple(rows),
        notes_title=words("dispute.limits"),
        notes=(*weak, *(opened(desk.text(one)) for one in kpi["cautions"][desk.locale])),
    )


def _unit_of_change(desk: Desk, value: Any) -> str:
    unit = difference_unit(desk.content["registration"]["unit"], desk.locale, is_one=abs(Decimal(str(value))) == 1)
    return f" {unit}" if unit else ""


def _reaction(desk: Desk) -> Section:
    words, instrument = desk.words, load_instrument("pilot_feedback")
    found = {line["code"]: line for line in desk.content["reaction"]}
    rows = [
        (
            cell(item.text(desk.locale)),
            *(
                cell(
                    words("dispute.hidden")
                    if found[item.code].get(team) is None
                    else desk.number(found[item.code][team]),
                    is_number=True,
                )
                for team in _TEAMS
            ),
            *(cell(desk.number(found[item.code].get(f"{team}_n")), is_number=True) for team in _TEAMS),
        )
        for item in instrument.items
        if item.code in found
    ]
    columns = ("question", "pilot_mean", "comparison_mean", "pilot_n", "comparison_n")
    return Section(
        title=words("dispute.section.reaction"),
        lead=words("dispute.reaction_lead" if rows else "dispute.no_reaction"),
        columns=tuple(words(f"dispute.column.{name}") for name in columns),
        rows=tuple(rows),
    )


def _learning(desk: Desk) -> Section:
    words, test = desk.words, desk.content["learning"]
    if "pre_mean" not in test or "post_mean" not in test:
        return Section(title=words("dispute.section.learning"), notes=(words("dispute.no_test"),))
    shown = [
        desk.number(test.get("n")),
        *(desk.number(test.get(name), 1, is_signed=name == "difference") for name in _TEST),
    ]
    row = tuple(cell(text, is_number=True) for text in shown)
    return Section(
        title=words("dispute.section.learning"),
        lead=words("dispute.learning_lead"),
        columns=tuple(words(f"dispute.column.{name}") for name in ("n", "pre_test", "post_test", "difference")),
        rows=(row,),
    )


def agreed_plan(desk: Desk) -> AgreedPlanView:
    """Return the plan that the three signed."""
    words, content = desk.words, desk.content
    decision = words(f"dispute.decision.{content['decision']}")
    facts = [
        Fact(label=words("dispute.fact.decision"), text=decision, tone=_TONES[content["decision"]]),
        Fact(label=words("dispute.fact.class"), text=desk.text(content["session_code"])),
        Fact(label=words("dispute.fact.signed"), text=desk.moment(content["signatures"][-1]["answered_at"])),
    ]
    sections = [desk.shares(content["shares"]), _decision(desk), _signatures(desk), _trail(desk)]
    notes = [words("dispute.note_signature"), words("dispute.note_readers")]
    headline = words("dispute.plan_headline", decision=decision)
    return document(desk, AgreedPlanView, headline, desk.text(content["core_target"]), facts, sections, notes)


def _decision(desk: Desk) -> Section:
    words, content = desk.words, desk.content
    return Section(
        title=words("dispute.section.decision"),
        pairs=(
            Fact(label=words("dispute.fact.decision"), text=words(f"dispute.decision.{content['decision']}")),
            Fact(label=words("dispute.why"), text=desk.text(content["decision_reason"])),
            Fact(label=words("dispute.registered.hash"), text=desk.text(content["registration_sha256"])),
        ),
    )


def _signatures(desk: Desk) -> Section:
    words = desk.words
    rows = [
        (
            cell(words(f"dispute.party.{row['party']}")),
            cell(desk.moment(row["answered_at"])),
            cell(words("dispute.has_signed"), "good"),
        )
        for row in desk.content["signatures"]
    ]
    return Section(
        title=words("dispute.section.signatures"),
        columns=tuple(words(f"dispute.column.{name}") for name in ("party", "day", "verdict")),
        rows=tuple(rows),
    )


def _trail(desk: Desk) -> Section:
    words = desk.words
    rows = [
        (
            cell(desk.moment(row["recorded_at"])),
            cell(words(f"dispute.trail.{row['action']}")),
            cell(words(f"dispute.party.{row['party'] or 'hr'}")),
        )
        for row in desk.content["trail"]
    ]
    return Section(
        title=words("dispute.section.trail"),
        columns=tuple(words(f"dispute.column.{name}") for name in ("day", "what", "party")),
        rows=tuple(rows),
    )

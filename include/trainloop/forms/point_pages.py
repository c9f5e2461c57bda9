"""`/g/<token>`: a person's own promotion points (R45), every entry with its reason, and the appeal.

GET shows and changes nothing; the button opens an appeal, which the HRBP answers with reasons. Sums and worths are
worked out by the rules of `domain.promotion` when the page is opened.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from decimal import Decimal, InvalidOperation
from typing import Any

from fastapi import FastAPI, Request
from fastapi.responses import HTMLResponse, Response

from trainloop import faults
from trainloop.config import Locale, get_site
from trainloop.domain.plain_number import plain_number
from trainloop.domain.promotion import points_of, rate_on
from trainloop.forms import links, pages
from trainloop.forms.answers import clean_text
from trainloop.forms.desk import Desk, Sent, Turned, again, language
from trainloop.forms.http import Fields, first
from trainloop.forms.words import Words, words

PURPOSE = "points"
MAX_WORDS = 1000
MAX_QUANTITY = Decimal(1000)


class RefusedError(ValueError):
    """What was typed cannot be sent; the message says what to mend, in the reader's language."""


@dataclass(frozen=True, slots=True)
class EntryLine:
    """One entry of the ledger as the person reads it."""

    label: str
    about: str
    day: str
    points: str
    note: str
    is_standing: bool


@dataclass(frozen=True, slots=True)
class Typed:
    """An appeal as it was typed."""

    about: str = ""
    day: str = ""
    quantity: str = ""
    words: str = ""


def add_point_pages(app: FastAPI, desk: Desk) -> None:
    @app.get("/g/{token}")
    def show(request: Request, token: str) -> HTMLResponse:
        _, row, locale = _open(desk, request, token)
        notice = "points_appeal_sent" if "appealed" in request.query_params else ""
        return _page(token, row, locale, notice=notice)

    @app.post("/g/{token}")
    def appeal(request: Request, token: str, fields: Sent) -> Response:
        link, row, locale = _open(desk, request, token)
        typed = _typed(fields)
        text = words(locale)
        if not links.is_own_page(token, first(fields, "form_token"), PURPOSE):
            return _page(token, row, locale, typed=typed, problem=text.say("stale"), status=422)
        try:
            found = _appeal(row, typed, text)
        except RefusedError as refused:
            return _page(token, row, locale, typed=typed, problem=str(refused), status=422)
        faults.point("forms.appeal.before_commit")
        is_taken = desk.store.appeal_points(link, found, get_site().talent.max_open_appeals)
        faults.point("forms.appeal.after_commit")
        if not is_taken:
            most = get_site().talent.max_open_appeals
            return _page(token, row, locale, typed=typed, problem=text.say("points_refused", most=most), status=422)
        return again(request, "appealed")


def _open(desk: Desk, request: Request, token: str) -> tuple[bytes, Mapping[str, Any], Locale]:
    link = desk.admit(request, token)
    row = desk.store.open_points(link)
    if row is None:
        raise desk.unknown(request)
    locale = language(request, row)
    if row["state"] != "open":
        raise Turned(desk.say(request, "points_expired", locale=locale, status=410))
    return link, row, locale


def _typed(fields: Fields) -> Typed:
    return Typed(*(clean_text(first(fields, name)) for name in ("about", "day", "quantity", "words")))


def _appeal(row: Mapping[str, Any], typed: Typed, text: Words) -> dict[str, Any]:
    """Return what is to be opened; raise RefusedError with what has to be mended first."""
    kind, _, code = typed.about.partition(":")
    entries = {str(entry["entry_id"]): entry for entry in row["entries"] if entry["is_standing"]}
    rule_code = entries[code]["rule_code"] if kind == "entry" and code in entries else code
    rules = get_site().talent.points
    if kind not in {"entry", "missing"} or rule_code not in rules or (kind == "entry" and code not in entries):
        raise RefusedError(text.say("problem_choose"))
    day, quantity = _day(typed.day, text), _quantity(typed.quantity, text)
    if not typed.words:
        raise RefusedError(text.say("points_words_missing"))
    if len(typed.words) > MAX_WORDS:
        raise RefusedError(text.say("problem_too_long", most=MAX_WORDS, count=len(typed.words)))
    if rate_on(rules[rule_code].rates, day) is None:
        raise RefusedError(text.say("points_no_rate", day=text.day(day)))
    return {
        "rule_code": rule_code,
        "entry_id": int(code) if kind == "entry" else None,
        "happened_on": day,
        "quantity": quantity,
        "words": typed.words,
    }


def _day(typed: str, text: Words) -> date:
    try:
        return date.fromisoformat(typed)
    except ValueError:
        raise RefusedError(text.say("problem_no_date")) from None


def _quantity(typed: str, text: Words) -> Decimal:
    try:
        quantity = Decimal(typed or "1")
    except InvalidOperation:
        raise RefusedError(text.say("problem_no_number")) from None
    if not quantity.is_finite() or not 0 < quantity <= MAX_QUANTITY or quantity != round(quantity, 2):
        raise RefusedError(text.say("problem_out_of_range", lowest="0.01", highest=MAX_QUANTITY))
    return quantity


def _page(
    token: str,
    row: Mapping[str, Any],
    locale: Locale,
    *,
    typed: Typed | None = None,
    notice: str = "",
    problem: str = "",
    status: int = 200,
) -> HTMLResponse:
    text, rules = words(locale), get_site().talent.points
    standing = [entry for entry in row["entries"] if entry["is_standing"]]
    promoted = row["promoted_on"]
    counted = [e for e in standing if promoted is None or date.fromisoformat(e["earned_on"]) > promoted]
    total = sum((Decimal(str(entry["points"])) for entry in counted), Decimal(0))
    lines = [(entry, entry_line(entry, text)) for entry in row["entries"]]
    choices = [
        (f"entry:{entry['entry_id']}", " · ".join(filter(None, (line.label, line.about, line.day))))
        for entry, line in lines
        if entry["is_standing"]
    ]
    choices += [(f"missing:{code}", rule.text(locale)) for code, rule in rules.items()]
    return pages.render(
        "points.html.j2",
        locale,
        status=status,
        title=text.say("points_title"),
        person=text.say("points_person", person=row["person_name"]),
        total=number(total),
        since=text.say("points_since", day=text.day(promoted)) if promoted else text.say("points_since_ever"),
        lines=[line for _, line in lines],
        rules=[_rule_line(code, text) for code in rules],
        appeals=[_appeal_line(one, text) for one in row["appeals"]],
        choices=choices,
        typed=typed or Typed(),
        notice=text.say(notice, days=get_site().commitments["answer_appeal"].due_working_days) if notice else "",
        problem=problem,
        max_words=MAX_WORDS,
        form_token=links.sign_page(token, PURPOSE),
    )


def entry_line(entry: Mapping[str, Any], text: Words) -> EntryLine:
    rule = get_site().talent.points.get(entry["rule_code"])
    quantity = Decimal(str(entry["quantity"]))
    unit = (rule.unit_zh if text.locale == "zh-CN" else rule.unit_en) if rule else ""
    about = entry["about_zh" if text.locale == "zh-CN" else "about_en"] or ""
    if quantity != 1 and unit:
        about = " · ".join(filter(None, (about, f"{number(quantity)} {unit}")))
    note = ""
    if entry["reason"] != "earned":
        note = text.say(f"points_reason_{entry['reason']}")
    elif not entry["is_standing"]:
        note = text.say("points_taken_back")
    return EntryLine(
        label=rule.text(text.locale) if rule else entry["rule_code"],
        about=about,
        day=text.day(date.fromisoformat(entry["earned_on"])),
        points=number(Decimal(str(entry["points"])), is_signed=True),
        note=note,
        is_standing=entry["is_standing"],
    )


def _rule_line(code: str, text: Words) -> str:
    rule = get_site().talent.points[code]
    rates = "；" if text.locale == "zh-CN" else "; "
    said = [
        text.say("points_rate", day=text.day(day), points=number(points)) for day, points in sorted(rule.rates.items())
    ]
    unit = rule.unit_zh if text.locale == "zh-CN" else rule.unit_en
    return text.say("points_rule", rule=rule.text(text.locale), unit=unit, rates=rates.join(said))


def _appeal_line(one: Mapping[str, Any], text: Words) -> dict[str, str]:
    rule = get_site().talent.points.get(one["rule_code"])
    label = rule.text(text.locale) if rule else one["rule_code"]
    return {
        "label": f"{label} · {text.day(date.fromisoformat(one['happened_on']))}",
        "state": text.say(f"points_appeal_{one['state']}"),
        "answer": one["answer"] or "",
    }


def appeal_lines(found: Mapping[str, Any], text: Words) -> list[tuple[str, str]]:
    """Return what an appeal says, labelled, for the page of whoever answers it."""
    rule = get_site().talent.points.get(found["rule_code"])
    label = rule.text(text.locale) if rule else found["rule_code"]
    day, quantity = date.fromisoformat(found["happened_on"]), Decimal(str(found["quantity"]))
    rate = rate_on(rule.rates, day) if rule else None
    worth = number(points_of(rate, quantity)) if rate else "0"
    lines = [
        (text.say("appeal_person"), found["person"]),
        (text.say("appeal_about"), label),
        (
            text.say("appeal_right"),
            text.say("appeal_claim", day=text.day(day), quantity=number(quantity), points=worth),
        ),
    ]
    if found["entry_points"] is not None:
        earned = text.day(date.fromisoformat(found["entry_earned_on"]))
        booked = text.say("appeal_entry", day=earned, points=number(Decimal(str(found["entry_points"]))))
        lines.append((text.say("appeal_booked"), booked))
    return [*lines, (text.say("appeal_words"), found["words"])]


def number(value: Decimal, *, is_signed: bool = False) -> str:
    """Return a number without zeros at its end, with a real minus."""
    sign = "−" if value < 0 else "+" if is_signed else ""
    return sign + plain_number(abs(value))

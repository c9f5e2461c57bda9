"""LimeSurvey as a survey source: a survey for each wave, tokens in, completion and answers out.

LimeSurvey never learns who somebody is: participants are tokens, mails are ours. For an anonymous wave the survey is in
LimeSurvey's anonymised mode, without dates, addresses and timings; that is read back before the first link goes out.
Answers become a file of the inbox (`limesurvey-rpc-<survey>-<hash>.csv`, rows in the order of hashed ids, no time, no
token for anonymous waves) and take the way of every export: gate, quarantine, owner's mail.
"""

from __future__ import annotations

import csv
import hashlib
import hmac
import io
import logging
from datetime import datetime, timedelta
from typing import Any

import fsspec
from psycopg.types.json import Jsonb

from trainloop import faults
from trainloop.config import get_site
from trainloop.errors import PermanentError, TransientError
from trainloop.settings import get_settings
from trainloop.surveys.instrument import Instrument
from trainloop.surveys.limesurvey_form import (
    COMPLETE,
    ID,
    SENT_BY,
    TOKEN,
    codes_of,
    file_name,
    structure,
)
from trainloop.surveys.limesurvey_server import Server, connect
from trainloop.surveys.options import instrument_now
from trainloop.warehouse import engine
from trainloop.warehouse.statements import statement

log = logging.getLogger(__name__)
# LimeSurvey's clock and ours differ a little: the last answers are fetched when even its own day is over.
LAST_PULL_AFTER = timedelta(minutes=10)
# Set before a survey is activated; LimeSurvey keeps some of them fixed from then on.
DISCREET = {"ipaddr": "N", "refurl": "N", "datestamp": "N", "savetimings": "N"}
SETTINGS = {"listpublic": "N", "allowregister": "N", "usecookie": "N", "tokenanswerspersistence": "N",
            "alloweditaftercompletion": "N", "sendconfirmation": "N"}  # fmt: skip


class QuestionsChangedError(PermanentError):
    """The LimeSurvey survey {survey_id} of wave {wave_code} lacks the questions {codes}.

    Put them back there, or choose another survey to copy in the site file. Its answers stay in LimeSurvey until then.
    """


class PromiseBrokenError(PermanentError):
    """The LimeSurvey survey {survey_id} of anonymous wave {wave_code} keeps {kept}: nobody is asked with it.

    Deactivate it there, switch that off, and let the next run activate it.
    """


class WavesFailedError(PermanentError):
    """{count} waves could not be served by LimeSurvey ({detail}); the others were. They are tried again."""


def collect() -> dict[str, Any]:
    """Serve every wave that is asked in LimeSurvey; return counts. One wave that fails stops no other."""
    waves = _read("waves", {})
    counts = {"limesurvey_waves": 0, "limesurvey_made": 0, "completions_marked": 0, "limesurvey_pulled": 0}
    if not waves:
        return counts
    failures: list[Exception] = []
    with connect() as server:
        for wave in waves:
            try:
                for key, value in _serve(server, wave).items():
                    counts[key] += value
            except (PermanentError, TransientError) as error:
                log.error("wave %s: %s", wave["wave_code"], type(error).__name__)  # noqa: TRY400 - raised below
                failures.append(error)
    for failure in failures:
        if isinstance(failure, TransientError):
            raise failure
    if failures:
        names = ", ".join(sorted({type(failure).__name__ for failure in failures}))
        raise WavesFailedError(count=len(failures), detail=names) from failures[0]
    return counts


def _serve(server: Server, wave: dict[str, Any]) -> dict[str, int]:
    counts = {"limesurvey_waves": 1}
    if wave["state"] == "cancelled":
        server.set_properties(wave["survey_id"], {"expires": _server_time(wave["now"])})
        _write("note_pull", {**wave, "is_finished": True})
        return counts
    if wave["survey_id"] is None:
        wave["survey_id"] = _make(server, wave)
        wave["survey_closes_at"] = wave["closes_at"]
        counts["limesurvey_made"] = 1
    if wave["survey_closes_at"] != wave["closes_at"]:
        server.set_properties(wave["survey_id"], {"expires": _server_time(wave["closes_at"])})
        _write("note_end", wave)
    if wave["state"] == "planned":
        return counts
    if wave["state"] == "open":
        counts["completions_marked"] = _exchange_tokens(server, wave)
    counts["limesurvey_pulled"] = _pull(server, wave)
    return counts


def _make(server: Server, wave: dict[str, Any]) -> int:
    """Make, adopt or copy the survey of a wave, see that it keeps what was promised, activate it and note it."""
    instrument = instrument_now(wave["instrument_code"])
    codes = codes_of(instrument)
    # A run that was killed between making and noting finds its survey again by this ending.
    ending = f" [{wave['wave_code']}#{wave['opening_number']}]"
    template = get_site().surveys.limesurvey_surveys.get(instrument.code)
    survey_id = server.survey_titled(ending)
    if survey_id is None and template is not None:
        survey_id = server.copy(template, f"{instrument.title_zh}{ending}")
    elif survey_id is None:
        survey_id = server.make(structure(instrument, ending))
    faults.point("limesurvey.survey.made")
    missing = sorted(set(codes.items.values()) - server.question_codes(survey_id))
    if missing:
        raise QuestionsChangedError(survey_id=survey_id, wave_code=wave["wave_code"], codes=", ".join(missing))
    is_anonymous = wave["anonymity"] == "anonymous"
    wanted = {"anonymized": "Y" if is_anonymous else "N", **DISCREET}
    if server.properties(survey_id, ["active"])["active"] != "Y":
        server.set_properties(survey_id, wanted)
    server.set_properties(survey_id, {**SETTINGS, "expires": _server_time(wave["closes_at"])})
    found = server.properties(survey_id, [*wanted])
    kept = sorted(name for name, value in wanted.items() if str(found.get(name)) != value)
    if is_anonymous and kept:
        raise PromiseBrokenError(survey_id=survey_id, wave_code=wave["wave_code"], kept=", ".join(kept))
    server.activate(survey_id)
    _write("keep_survey", {**wave, "survey_id": survey_id, "questions": Jsonb(codes.as_json())})
    faults.point("limesurvey.survey.noted")
    return survey_id


def _exchange_tokens(server: Server, wave: dict[str, Any]) -> int:
    """Let those answer who are invited, nobody else; mark who has. Return how many were marked."""
    there = server.participants(wave["survey_id"])
    ours = _read("tokens", wave)
    invited = {row["token"] for row in ours if row["state"] == "invited"}
    server.remove(
        wave["survey_id"],
        [tid for token, (tid, has_answered) in there.items() if token not in invited and not has_answered],
    )
    server.add_tokens(wave["survey_id"], sorted(invited - there.keys()))
    answered = sorted(token for token, (_, has_answered) in there.items() if has_answered)
    with engine.connect("intake") as connection:
        marked = connection.execute(
            statement("limesurvey", "mark_used"), {"wave_code": wave["wave_code"], "tokens": answered}
        ).rowcount
        # From now on invitations are mailed: their links work, and reminders know whom to leave alone.
        connection.execute(statement("limesurvey", "note_completions"), {"wave_code": wave["wave_code"]})
    return marked


def _pull(server: Server, wave: dict[str, Any]) -> int:
    """Put the answers into the inbox when there are enough new ones, and all of them at the end; return how many."""
    is_last = wave["state"] != "open" or wave["now"] >= wave["closes_at"] + LAST_PULL_AFTER
    count = server.completed_count(wave["survey_id"])
    fresh = count - wave["pulled_count"]
    # A portion of an anonymous wave hides each new answer among others; links between files tell nothing then.
    portion = max(wave["minimum_count"], wave["pulled_count"] / 4) if wave["anonymity"] == "anonymous" else 1
    if fresh < portion and not is_last:
        return 0
    rows = server.responses(wave["survey_id"], with_partial=is_last)
    if rows:
        _place(wave, instrument_now(wave["instrument_code"]), rows)
        faults.point("limesurvey.answers.placed")
    _write("note_pull", {**wave, "pulled_count": count, "is_finished": is_last})
    return len(rows)


def _place(wave: dict[str, Any], instrument: Instrument, rows: list[dict[str, Any]]) -> None:
    """Write the file: the same answers make the same bytes, so a pull that brought nothing new is no new file."""
    codes = _read("survey", {"survey_id": wave["survey_id"]})[0]["questions"]["items"]
    kinds = {codes[item.code]: item.kind for item in instrument.items if item.code in codes}
    asked = [name for name in rows[0] if name.split("[")[0] in kinds]
    heads = [ID, SENT_BY, COMPLETE, *([TOKEN] if wave["anonymity"] == "confidential" else []), *asked]
    key = hmac.new(get_settings().secret().encode(), b"limesurvey-response", hashlib.sha256).digest()
    lines = []
    for row in rows:
        said = {name: _text(kinds[name.split("[")[0]], row.get(name)) for name in asked}
        # LimeSurvey refuses answers after the end itself, so each was sent in time; when, is told nowhere.
        own = {ID: hmac.new(key, f"{wave['survey_id']}/{row['id']}".encode(), hashlib.sha256).hexdigest(),
               SENT_BY: wave["closes_at"].isoformat(), COMPLETE: "Y" if row.get("submitdate") else "",
               TOKEN: row.get("token") or ""}  # fmt: skip
        lines.append([{**said, **own}[head] for head in heads])
    buffer = io.StringIO()
    csv.writer(buffer).writerows([heads, *sorted(lines)])
    content = buffer.getvalue().encode("utf-8")
    _put(file_name(wave["survey_id"], hashlib.sha256(content).hexdigest()[:8]), content)


def _put(name: str, content: bytes) -> None:
    """Put a file into the inbox of exports; a half-written one has a name that nobody reads."""
    system, folder = fsspec.core.url_to_fs(f"{get_settings().folder_uri('inbox')}/survey_exports")
    system.makedirs(folder, exist_ok=True)
    system.pipe_file(f"{folder}/.{name}.part", content)
    system.mv(f"{folder}/.{name}.part", f"{folder}/{name}")


def _text(kind: str, value: object) -> str:
    text = "" if value is None else str(value)
    if kind == "number" and "." in text:
        return text.rstrip("0").rstrip(".")  # LimeSurvey writes 8 as 8.0000000000
    return text[:10] if kind == "date" else text


def _server_time(moment: datetime) -> str:
    """Return a moment as LimeSurvey keeps it: without a zone, in that of the server, which is the site's."""
    return moment.astimezone(get_site().company.zone).strftime("%Y-%m-%d %H:%M:%S")


def _read(name: str, values: dict[str, Any]) -> list[dict[str, Any]]:
    with engine.connect("intake") as connection:
        return connection.execute(statement("limesurvey", name), values).fetchall()


def _write(name: str, values: dict[str, Any]) -> None:
    with engine.connect("intake") as connection:
        connection.execute(statement("limesurvey", name), values)

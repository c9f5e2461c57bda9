"""LimeSurvey as a survey source: a survey for each wave, tokens in, completion and answers out.

LimeSurvey never learns who somebody is: participants are tokens, mails are ours. For an anonymous wave the survey is in
LimeSurvey's anonymised mode, without dates, addresses and timings; that is read back before the first link goes out.
Answers become a file of the inbox (`limesurvey-rpc-<survey>-<hash>.csv`, rows in the order of hashed ids, no time, no
token for anonymous waves) and take the way of every export: gate, quarantine, owner's mail.
"""

from __future__ import annotations

import logging
from datetime import datetime, timedelta
from typing import Any

from psycopg.types.json import Jsonb

from trainloop import faults
from trainloop.config import get_site
from trainloop.errors import PermanentError, TransientError
from trainloop.surveys.limesurvey_answers import place, sheets
from trainloop.surveys.limesurvey_form import codes_of, structure
from trainloop.surveys.limesurvey_server import Server, connect
from trainloop.surveys.options import instrument_now
from trainloop.warehouse import engine
from trainloop.warehouse.statements import statement

log = logging.getLogger(__name__)
# LimeSurvey's clock and ours differ a little: the last answers are fetched when even its own day is over.
LAST_PULL_AFTER = timedelta(minutes=10)
# Set before a survey is activated; LimeSurvey keeps some of them fixed from then on.
DISCREET = {"ipaddr": "N", "refurl": "N", "datestamp": "N", "savetimings": "N"}
# To resume later LimeSurvey would ask for a name and an address; with a link that is known it needs neither.
SETTINGS = {"listpublic": "N", "allowregister": "N", "usecookie": "N", "allowsave": "N",
            "alloweditaftercompletion": "N", "sendconfirmation": "N"}  # fmt: skip


class QuestionsChangedError(PermanentError):
    """The LimeSurvey survey {survey_id} of wave {wave_code} lacks the questions {codes}.

    Put them back there, or choose another survey to copy in the site file. Its answers stay in LimeSurvey until then.
    """


class PromiseBrokenError(PermanentError):
    """The LimeSurvey survey {survey_id} of anonymous wave {wave_code} keeps {kept}: nobody is asked with it.

    Deactivate it there, switch that off, and let the next run activate it.
    """


class ClocksDifferError(PermanentError):
    """It is {ours} for us and {theirs} for LimeSurvey, which would end wave {wave_code} at another hour.

    Set the time zone of its PHP (date.timezone) to {zone}. The time difference in its global settings stays at 0.
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
    """Make, copy or adopt the survey of a wave, see that it keeps what was promised, activate it and note it."""
    instrument = instrument_now(wave["instrument_code"])
    codes = codes_of(instrument)
    # A run that was killed between making and noting finds its survey again by this ending.
    ending = f" [{wave['wave_code']}#{wave['opening_number']}]"
    template = get_site().surveys.limesurvey_surveys.get(instrument.code)
    survey_id = server.survey_titled(ending)
    if survey_id is not None and server.properties(survey_id, ["active", "expires"]) == {
        "active": "N",
        "expires": None,
    }:
        # Stopped before it got its end: nobody ever could answer it, and what it was copied from may be mended by now.
        server.delete(survey_id)
        survey_id = None
    if survey_id is None:
        survey_id = (
            server.make(structure(instrument, wave["minimum_count"], ending))
            if template is None
            else server.copy(template, f"{instrument.title_zh}{ending}")
        )
        faults.point("limesurvey.survey.made")
        _compare_clocks(server, survey_id, wave)
    missing = sorted(set(codes.items.values()) - server.question_codes(survey_id))
    if missing:
        raise QuestionsChangedError(survey_id=survey_id, wave_code=wave["wave_code"], codes=", ".join(missing))
    is_anonymous = wave["anonymity"] == "anonymous"
    wanted = {"anonymized": "Y" if is_anonymous else "N", **DISCREET}
    if server.properties(survey_id, ["active"])["active"] != "Y":
        server.set_properties(survey_id, wanted)
    # A person whose answers carry the link goes on where it was left; an anonymous sheet cannot be found again.
    resumes = {"tokenanswerspersistence": "N" if is_anonymous else "Y"}
    server.set_properties(survey_id, {**SETTINGS, **resumes, "expires": _server_time(wave["closes_at"])})
    found = server.properties(survey_id, [*wanted])
    kept = sorted(name for name, value in wanted.items() if str(found.get(name)) != value)
    if is_anonymous and kept:
        raise PromiseBrokenError(survey_id=survey_id, wave_code=wave["wave_code"], kept=", ".join(kept))
    server.activate(survey_id)
    _write("keep_survey", {**wave, "survey_id": survey_id, "questions": Jsonb(codes.as_json())})
    faults.point("limesurvey.survey.noted")
    return survey_id


def _compare_clocks(server: Server, survey_id: int, wave: dict[str, Any]) -> None:
    """Raise ClocksDifferError unless LimeSurvey made the survey at the hour that it is here: it keeps no zones."""
    zone = get_site().company.zone
    ours, theirs = datetime.now(zone).replace(tzinfo=None), server.made_at(survey_id)
    if abs(ours - theirs) > LAST_PULL_AFTER:
        raise ClocksDifferError(ours=f"{ours:%H:%M}", theirs=f"{theirs:%H:%M}", wave_code=wave["wave_code"], zone=zone)


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
    codes = _read("survey", {"survey_id": wave["survey_id"]})[0]["questions"]["items"]
    heads, lines = sheets(wave, instrument_now(wave["instrument_code"]), codes, rows)
    gone = place(wave["survey_id"], heads, lines) if lines else "merged"
    # A file that was refused can be mended in LimeSurvey as long as the wave waits for it.
    is_over = wave["now"] >= wave["closes_at"] + get_site().surveys.limesurvey_patience
    is_finished = is_last and (gone == "merged" or is_over)
    _write("note_pull", {**wave, "pulled_count": count, "is_finished": is_finished})
    return len(lines) if gone is None else 0


def _server_time(moment: datetime) -> str:
    """Return a moment as LimeSurvey keeps it: without a zone, in that of the server, which is the site's."""
    return moment.astimezone(get_site().company.zone).strftime("%Y-%m-%d %H:%M:%S")


def _read(name: str, values: dict[str, Any]) -> list[dict[str, Any]]:
    with engine.connect("intake") as connection:
        return connection.execute(statement("limesurvey", name), values).fetchall()


def _write(name: str, values: dict[str, Any]) -> None:
    with engine.connect("intake") as connection:
        connection.execute(statement("limesurvey", name), values)

"""Results of one class session's evaluation: computed, suppressed, released (R27, R30; methods §3 and §7).

Reads core, confidential and counts of ops as role `statistics`; replaces the session's rows in marts; adds a release
to published when a reader would see something new. Safe to run at any time and again: the same data give the same
release; one transaction and an advisory lock per session. A release is never changed: changed numbers are the next
revision, and one that differs from an earlier one by a few people is recorded as withheld, the earlier stays valid.

Figures are rows (family, code, statistic); the closed list, in the units of the column "unit":

| family | code | statistics | unit |
|---|---|---|---|
| response | wave | invited_count eligible_count complete_count partial_count straight_lined_count | people |
| response | wave | rr1_pct rr2_pct; band (text fine, caution, not_representative) | percent |
| item | item | n mean ci_low ci_high se_class median | people; scale points |
| item | item | share_<point> share_na top2_pct top2_low top2_high bottom2_pct bottom2_low bottom2_high | percent |
| dimension | dimension | n mean ci_low ci_high | people; scale points |
| dimension | dimension | alpha alpha_low alpha_high alpha_n alpha_if_dropped:<item> item_rest_negative (text) | – |
| nps | item | n nps ci_low ci_high promoters_pct passives_pct detractors_pct | −100…100; percent |
| choice | item | n count:<option> share:<option> | people; percent |
| theme | theme | name_zh name_en (texts) count count:<text item> | people |
| test | class | n pre_mean post_mean difference ci_low ci_high p_t p_wilcoxon gain | percent of the maximum |
| comparison | item, dimension | n earlier_sessions_count earlier_n earlier_mean difference ci_low ci_high | points |
| comparison | item, dimension | p_adjusted; verdict (text higher, lower, no_clear_difference) | – |
| comparison_trainer | item, dimension | the same against the trainer's earlier sessions | |
| verification | item | n earlier_session_code earlier_mean difference ci_low ci_high | points |
| verification | item | verdict (text improved, worse, no_clear_change) | – |
| attendance | class | enrolled_count attended_count absent_count excused_count late_count early_count | people |
| attendance | class | rate_pct | percent |
| interaction, quiz, cost | class or item | see `trainloop.surveys.results_class` | |

Without an earlier session a comparison has n, earlier_sessions_count (0) and a refused verdict only; verification has
rows only for the findings of the course's previous session.
"""

from __future__ import annotations

import gc
from collections.abc import Iterator, Sequence
from contextlib import contextmanager

from trainloop import clock, faults
from trainloop.config import get_site
from trainloop.errors import TransientError
from trainloop.statistics.figures import figures_at
from trainloop.statistics.response import rate_in_steps
from trainloop.surveys.results_inputs import read_inputs
from trainloop.surveys.results_release import Release, audit, is_news, prepare, read_releases, release_of, write
from trainloop.warehouse import engine
from trainloop.warehouse.engine import Connection
from trainloop.warehouse.statements import statement

BATCH_SIZE = 250


class EvaluationBusyError(TransientError):
    """Another run evaluates class session {session_code} at this moment; this one comes back after it."""


def evaluate_session(session_code: str) -> dict[str, int | bool]:
    """Evaluate one class session whose wave is closed.

    Returns `release_id`, `revision_number`, `is_withheld` and `is_new` of the release that speaks for the present
    data: the existing one when nothing changed. Raises WaveUnknownError, WaveNotClosedError, EvaluationBusyError.
    """
    busy = EvaluationBusyError(session_code=session_code)
    with engine.alone("statistics", f"evaluation:{session_code}", busy) as connection:
        release, is_new = _evaluate(connection, session_code)
        faults.point("results.before_commit")
    faults.point("results.after_commit")
    return {
        "release_id": release.release_id,
        "revision_number": release.revision_number,
        "is_withheld": release.is_withheld,
        "is_new": is_new,
    }


def make_marts(session_codes: Sequence[str] | None = None) -> dict[str, int]:
    """Make the figures of evaluated class sessions in marts anew, of all without codes; what was released stays.

    For after an upgrade or a change of the site's rules, which change no released report: analysts then find all
    classes computed alike. One transaction a batch. Returns counts: classes. Raises what `evaluate_session` raises.
    """
    from trainloop.surveys.results_marts import evaluate, replace_marts

    rules = get_site().statistics
    with engine.connect("statistics", autocommit=True) as connection:
        if session_codes is None:
            rows = connection.execute(statement("results", "evaluated_sessions"))
            session_codes = [row["session_code"] for row in rows]
        for start in range(0, len(session_codes), BATCH_SIZE):
            batch = session_codes[start : start + BATCH_SIZE]
            with connection.transaction(), _collector_at_rest():
                connection.execute("set transaction isolation level repeatable read")
                busy = engine.try_locks(connection, [f"evaluation:{session_code}" for session_code in batch])
                if busy:
                    raise EvaluationBusyError(session_code=busy[0].partition(":")[2])
                inputs = read_inputs(connection, batch)
                replace_marts(connection, evaluate(connection, inputs, rules))
                faults.point("results.batch.before_commit")
    return {"classes": len(session_codes)}


@contextmanager
def _collector_at_rest() -> Iterator[None]:
    """Let Python's collector rest: a batch makes no cycles, and each look visits all that the process holds."""
    was_on = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if was_on:
            gc.enable()


def open_response_rate(connection: Connection, wave_code: str) -> int | None:
    """Return the response rate (RR1) of a wave in steps of 10 %: all that is shown while it is open.

    Percent, rounded down. None when the survey tool does not tell who has answered. Role: statistics.
    """
    row = connection.execute(statement("results", "population"), {"wave_codes": [wave_code]}).fetchone()
    if row is None or not row["has_completions"]:
        return None
    return rate_in_steps(row["used_count"], row["eligible_count"], get_site().suppression.open_rate_step_pct)


def _evaluate(connection: Connection, session_code: str) -> tuple[Release, bool]:
    (inputs,) = read_inputs(connection, [session_code])
    faults.point("results.read")
    releases = read_releases(connection, inputs.subject)
    if known := release_of(releases, inputs.sha256):
        return known, False
    # numpy and the estimators take a second to import: not before it is certain that there is something to compute.
    from trainloop.surveys.results_marts import evaluate, replace_marts

    site = get_site()
    (evaluated,) = evaluate(connection, [inputs], site.statistics)
    replace_marts(connection, [evaluated])
    faults.point("results.marts")
    computed = evaluated.computed[0]
    content = prepare(connection, inputs, computed, figures_at(evaluated.columns, 0), site)
    valid = [release for release in releases if not release.is_withheld]
    if valid and not content.suppressed.is_withheld and not is_news(connection, content, valid[-1]):
        return valid[-1], False
    revision_number = releases[-1].revision_number + 1 if releases else 1
    release = write(
        connection,
        inputs,
        computed,
        content,
        revision_number=revision_number,
        site_version=site.version,
        moment=clock.now(connection),
    )
    audit(connection, inputs.subject, release)
    faults.point("results.published")
    return release, True

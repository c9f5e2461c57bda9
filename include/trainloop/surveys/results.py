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

from trainloop import clock, faults
from trainloop.config import Site, get_site
from trainloop.errors import TransientError
from trainloop.statistics.figures import Figure
from trainloop.statistics.response import rate_in_steps
from trainloop.surveys.results_inputs import Inputs, read_earlier, read_inputs
from trainloop.surveys.results_release import Release, audit, is_news, prepare, read_releases, release_of, write
from trainloop.warehouse import engine
from trainloop.warehouse.engine import Connection
from trainloop.warehouse.statements import statement


class EvaluationBusyError(TransientError):
    """Another run evaluates class session {session_code} at this moment; this one comes back after it."""


def evaluate_session(session_code: str) -> dict[str, int | bool]:
    """Evaluate one class session whose wave is closed.

    Returns `release_id`, `revision_number`, `is_withheld` and `is_new` of the release that speaks for the present
    data: the existing one when nothing changed. Raises WaveUnknownError, WaveNotClosedError, EvaluationBusyError.
    """
    import psycopg

    try:
        with engine.connect("statistics") as connection:
            # One snapshot for all reads: a file merged meanwhile is seen by the next run, wholly.
            connection.execute("set transaction isolation level repeatable read")
            if not engine.try_lock(connection, f"evaluation:{session_code}"):
                raise EvaluationBusyError(session_code=session_code)
            release, is_new = _evaluate(connection, session_code)
            faults.point("results.before_commit")
    except (psycopg.errors.SerializationFailure, psycopg.errors.UniqueViolation) as error:
        raise EvaluationBusyError(session_code=session_code) from error
    faults.point("results.after_commit")
    return {
        "release_id": release.release_id,
        "revision_number": release.revision_number,
        "is_withheld": release.is_withheld,
        "is_new": is_new,
    }


def open_response_rate(connection: Connection, wave_code: str) -> int | None:
    """Return the response rate (RR1) of a wave in steps of 10 %: all that is shown while it is open.

    Percent, rounded down. None when the survey tool does not tell who has answered. Role: statistics.
    """
    row = connection.execute(statement("results", "population"), {"wave_code": wave_code}).fetchone()
    if row is None or not row["has_completions"]:
        return None
    return rate_in_steps(row["used_count"], row["eligible_count"], get_site().suppression.open_rate_step_pct)


def _evaluate(connection: Connection, session_code: str) -> tuple[Release, bool]:
    inputs = read_inputs(connection, session_code)
    faults.point("results.read")
    releases = read_releases(connection, inputs.subject)
    if known := release_of(releases, inputs.sha256()):
        return known, False
    site = get_site()
    return _release(connection, inputs, releases, site)


def _release(connection: Connection, inputs: Inputs, releases: list[Release], site: Site) -> tuple[Release, bool]:
    # pandas and the estimators take a second to import: not before it is certain that there is something to compute.
    from trainloop.surveys.results_comparison import compare, verify_findings
    from trainloop.surveys.results_figures import compute
    from trainloop.surveys.results_texts import theme_figures

    computed = compute(inputs, site.statistics)
    earlier, previous = read_earlier(connection, inputs)
    figures = [
        *computed.figures,
        *theme_figures(inputs),
        *compare(computed, earlier, site.statistics),
        *verify_findings(computed, previous, site.statistics),
    ]
    _replace_marts(connection, inputs, figures)
    faults.point("results.marts")
    content = prepare(connection, inputs, computed, figures, site)
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


def _replace_marts(connection: Connection, inputs: Inputs, figures: list[Figure]) -> None:
    connection.execute(statement("results", "delete_marts"), {"wave_code": inputs.wave_code})
    connection.execute(
        statement("results", "insert_wave"),
        {
            "wave_code": inputs.wave_code,
            "session_code": inputs.session_code,
            "invited_count": inputs.invited_count,
            "eligible_count": inputs.eligible_count,
            "complete_count": len(inputs.complete_ids),
            "partial_count": inputs.partial_count,
            "straight_lined_count": inputs.straight_lined_count,
            "attendee_count": inputs.attendance["attended_count"] if inputs.is_attendance_recorded else None,
            "enrolled_count": inputs.attendance["enrolled_count"],
            "data_sha256": inputs.sha256(),
            "computed_at": clock.now(connection),
        },
    )
    columns = ("family", "code", "statistic", "value", "text_value", "respondent_count", "refusal")
    connection.execute(
        statement("results", "insert_marts"),
        {"wave_code": inputs.wave_code} | {name: [getattr(item, name) for item in figures] for name in columns},
    )

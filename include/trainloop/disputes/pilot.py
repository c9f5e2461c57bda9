"""R50–R51: what a registered pilot showed: reaction, learning, and the indicator by the estimators of `impact`.

Both teams, the windows and the criterion are those of the registration, whatever was planned since. A team is one unit:
a pilot in one team is evidence of grade C at best, and of grade E with too few people.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from datetime import date, timedelta
from decimal import Decimal
from typing import TYPE_CHECKING, Any

from trainloop import clock
from trainloop.config import Locale, get_site
from trainloop.disputes.evidence import files_behind
from trainloop.domain import calendar
from trainloop.domain.dispute import PilotResult, suggestion, window_months
from trainloop.statistics.refusal import Refusal
from trainloop.surveys.results_inputs import Subject, WaveInputs, wave_values
from trainloop.surveys.results_release import audit, is_news, prepare, read_releases, release_of, write
from trainloop.warehouse.engine import Connection
from trainloop.warehouse.statements import statement

if TYPE_CHECKING:  # pandas stays out of whoever only looks whether a pilot is over
    import pandas as pd

    from trainloop.impact.finding import Finding

PRODUCT = "pilot_feedback"
ROLL_OUT = "roll_out"
LOCALES: tuple[Locale, ...] = ("zh-CN", "en")
# Six cells before the class are read for the trend.
_HISTORY = timedelta(days=200)


def report(connection: Connection, dispute: Mapping[str, Any]) -> dict[str, Any] | None:
    """Return the content of a pilot report; None while its window, its figures or its feedback are still open.

    Role: statistics. Figures that do not come within the site's days are reported as missing.
    """
    found = connection.execute(statement("disputes", "registration"), dispute).fetchone()
    if found is None:
        return None
    site = get_site()
    today = calendar.local_date(clock.now(connection), site.company.zone)
    waves = connection.execute(statement("disputes", "team_waves"), dispute).fetchall()
    if today <= found["post_ends_on"] or not waves or any(wave["state"] in {"planned", "open"} for wave in waves):
        return None
    keys = {"kpi_code": found["kpi_code"], "last_on": found["post_ends_on"]}
    row = connection.execute(statement("disputes", "known_until"), keys).fetchone()
    known_until: date | None = row["known_until"] if row else None
    is_late = today > found["post_ends_on"] + timedelta(days=site.disputes.figures_wait_days)
    if (known_until is None or known_until < found["post_ends_on"]) and not is_late:
        return None
    for wave in waves:
        if wave["state"] == "closed":
            _release_feedback(connection, wave)
    reaction = _reaction(connection, dispute)
    finding = _measure(connection, found, known_until or found["post_starts_on"])
    result = PilotResult(
        finding.graded.grade,
        None if isinstance(finding.effect, Refusal) else Decimal(repr(finding.effect.estimate)),
        found["direction"],
        found["threshold"],
        next((one["pilot"] for one in reaction if one["code"] == ROLL_OUT), None),
    )
    advice, reason = suggestion(result)
    return {
        "registration": {name: value for name, value in found.items() if name != "registered_by"},
        "kpi": _kpi(finding, site.suppression.mean_min),
        "gain": result.gain,
        "is_met": result.is_met,
        "suggestion": advice,
        "suggestion_reason": reason,
        "reaction": reaction,
        "learning": _learning(connection, found),
        "core_target": dispute["core_target"],
        "shares": {name: dispute[name] for name in ("framework_pct", "tools_pct", "simulation_pct")},
        "files": files_behind(
            connection, dispute, found["kpi_code"], found["pre_starts_on"] - _HISTORY, found["post_ends_on"]
        ),
    }


def _release_feedback(connection: Connection, wave: Mapping[str, Any]) -> None:
    """Release what one team answered, after suppression and once per state of its data."""
    from trainloop.surveys.results_figures import compute_answers
    from trainloop.surveys.results_texts import theme_figures

    site, subject = get_site(), Subject(PRODUCT, "pilot_team", wave["subject_id"])
    inputs = WaveInputs(subject=subject, **wave_values(connection, [wave])[wave["wave_code"]])
    releases = read_releases(connection, subject)
    if release_of(releases, inputs.sha256):
        return
    computed = compute_answers(inputs, site.statistics)
    content = prepare(connection, inputs, computed, [*computed.figures, *theme_figures(inputs)], site)
    valid = [release for release in releases if not release.is_withheld]
    if valid and not content.suppressed.is_withheld and not is_news(connection, content, valid[-1]):
        return
    release = write(
        connection,
        inputs,
        computed,
        content,
        revision_number=releases[-1].revision_number + 1 if releases else 1,
        site_version=site.version,
        moment=clock.now(connection),
    )
    audit(connection, subject, release)


def _reaction(connection: Connection, dispute: Mapping[str, Any]) -> list[dict[str, Any]]:
    found: dict[str, dict[str, Any]] = {}
    for row in connection.execute(statement("disputes", "team_figures"), dispute):
        team = row["subject_id"].rpartition(".")[2]
        line = found.setdefault(row["code"], {"code": row["code"], "pilot": None, "comparison": None})
        line[team] = None if row["is_hidden"] else row["value"]
        line[f"{team}_n"] = row["respondent_count"]
    return list(found.values())


def _learning(connection: Connection, found: Mapping[str, Any]) -> dict[str, Any]:
    rows = connection.execute(statement("disputes", "learning"), found).fetchall()
    shown: dict[str, Any] = {}
    for row in rows:
        if row["statistic"] not in shown and not row["is_hidden"]:
            shown[row["statistic"]] = row["value"]
    return shown


def _measure(connection: Connection, found: Mapping[str, Any], known_until: date) -> Finding:
    import pandas as pd

    from trainloop.impact.analysis import Study, analyse
    from trainloop.impact.finding import Indicator
    from trainloop.impact.rules import Rules
    from trainloop.statistics.windows import WindowRules

    site = get_site()
    keys = {
        "session_code": found["session_code"],
        "pilot": found["pilot_department_code"],
        "comparison": found["comparison_department_code"],
        "ends_on": found["class_ends_on"],
    }
    columns = ["unit_id", "role", "team_code", "job_family", "job_level", "left_on"]
    people = pd.DataFrame(connection.execute(statement("disputes", "pilot_units"), keys).fetchall(), columns=columns)
    people["left_on"] = pd.to_datetime(people["left_on"])
    people["class_ends_on"] = pd.Timestamp(found["class_ends_on"])
    rules = replace(
        Rules.of(site),
        windows=WindowRules(found["window_days"], window_months(found["window_days"]), site.impact.min_coverage),
    )
    indicator = Indicator(
        found["kpi_code"],
        found["kpi_zh"],
        found["kpi_en"],
        found["direction"],
        found["grain"],
        found["unit"],
        None if found["rate_per"] is None else float(found["rate_per"]),
        found["redefined_on"],
    )
    study = Study(known_until, is_selected_on_results=found["is_selected_on_results"])
    return analyse(indicator, _facts(connection, found, people), people, study, rules)


def _facts(connection: Connection, found: Mapping[str, Any], people: pd.DataFrame) -> pd.DataFrame:
    import pandas as pd

    keys = {
        "kpi_code": found["kpi_code"],
        "unit_ids": list(people["unit_id"]),
        "first_on": found["pre_starts_on"] - _HISTORY,
        "last_on": found["post_ends_on"],
    }
    columns = ["unit_id", "starts_on", "numerator", "denominator", "value", "unit"]
    facts = pd.DataFrame(connection.execute(statement("disputes", "pilot_facts"), keys).fetchall(), columns=columns)
    for name in ("numerator", "denominator", "value"):
        facts[name] = facts[name].astype("float64")
    return facts.assign(starts_on=pd.to_datetime(facts["starts_on"]))


def _kpi(finding: Finding, least: int) -> dict[str, Any]:
    """Return what the report prints of a finding, in both languages; levels of fewer people than `least` stay out."""
    arms = {}
    for name, arm in (("pilot", finding.learners), ("comparison", finding.comparison_arm)):
        count = 0 if arm is None else arm.people_count
        is_shown = arm is not None and count >= least
        arms[name] = {
            "n": count,
            "pre": arm.pre if is_shown and arm is not None else None,
            "post": arm.post if is_shown and arm is not None else None,
        }
    effect = None if isinstance(finding.effect, Refusal) else finding.effect
    bounds = (None, None) if effect is None else (effect.low, effect.high)
    is_shown = min(arm.people_count if arm else 0 for arm in (finding.learners, finding.comparison_arm)) >= least
    return {
        "grade": finding.graded.grade,
        "outcome": finding.outcome,
        "arms": arms,
        "effect": effect.estimate if effect is not None and is_shown else None,
        "low": None if isinstance(bounds[0], Refusal) else bounds[0],
        "high": None if isinstance(bounds[1], Refusal) else bounds[1],
        "detectable": None if isinstance(finding.detectable, Refusal) else finding.detectable,
        "verdict": {locale: finding.verdict(locale) for locale in LOCALES},
        "weaknesses": {locale: finding.weaknesses(locale) for locale in LOCALES},
        "cautions": {locale: finding.cautions(locale) for locale in LOCALES},
        "excluded": {role: sum(reasons.values()) for role, reasons in finding.exclusions.items()},
    }

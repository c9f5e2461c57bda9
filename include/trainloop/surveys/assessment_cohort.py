"""What several new managers find hard: 360 results pooled over a rolling year, for the trainers of their courses (R07).

A release has product `new_manager_360`, subject_kind `cohort` and the month as subject. Every assessed person counts
once and the same, whatever the number of raters, and is one respondent of the ledger. It is made only when enough
people and raters are in the pool and the pool differs from every earlier brief by enough people, over all months:
nobody's own result can be worked out from two briefs. Until then the pool waits. Figures:

| family | code | statistics | unit |
|---|---|---|---|
| cohort | wave | subjects_count raters_count | people |
| item, dimension | item, dimension | n mean ci_low ci_high | assessed people; scale points |
| self_other | self:<dimension> | n mean (own view minus others') | assessed people; scale points |
| agreement | dimension | n icc_single icc_average | assessed people; – |
"""

from __future__ import annotations

import hashlib
import hmac
import json
import uuid
from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from datetime import date, timedelta
from typing import Any

from trainloop import faults
from trainloop.config import Site, get_site
from trainloop.domain.survey import FEEDBACK_360_INSTRUMENT
from trainloop.errors import TransientError
from trainloop.outbox.notices import Notice, RecipientKind, plan
from trainloop.settings import get_settings
from trainloop.statistics.figures import Figure, figure
from trainloop.statistics.refusal import Refusal
from trainloop.statistics.suppression import WAVE, LedgerEntry, Minimums, Suppressed, suppress
from trainloop.surveys.results_inputs import Question, Subject, questions_of
from trainloop.surveys.results_release import Release, audit, read_releases
from trainloop.surveys.scan import Scan
from trainloop.warehouse import engine
from trainloop.warehouse.engine import Connection
from trainloop.warehouse.statements import statement

PRODUCT = "new_manager_360"
# (rater group, family, code) → assessed person → mean over the raters.
Pool = Mapping[tuple[str, str, str], Mapping[str, float]]


class CohortBusyError(TransientError):
    """Another run pools the 360 results at this moment; this one comes back after it."""


def publish_cohort(as_of: date | None = None, *, allow_send: bool = False) -> dict[str, int]:
    """Release a brief when the pool allows one; tell the trainers of courses for new managers, and HR.

    Returns counts: pooled_people, briefs_released, notices_planned. With a date in the past nobody is mailed unless
    `allow_send`; the next ordinary run tells them.
    """
    site = get_site()
    with engine.alone("statistics", "assessment_cohort", CohortBusyError()) as connection:
        scan = Scan.start(connection, as_of, allow_send=allow_send)
        since = scan.now - timedelta(days=site.assessments.pooled_days)
        people = connection.execute(
            statement("assessments", "pool"), {"pooled_since": since, "now": scan.now}
        ).fetchall()
        is_released = _release(connection, scan, people, site)
        notices = _tell(connection, scan, site) if scan.may_mail else 0
        faults.point("assessments.cohort.before_commit")
    faults.point("assessments.cohort.after_commit")
    return {"pooled_people": len(people), "briefs_released": int(is_released), "notices_planned": notices}


def _release(connection: Connection, scan: Scan, people: Sequence[Mapping[str, Any]], site: Site) -> bool:
    rules = site.assessments
    raters_count = sum(row["rater_count"] for row in people)
    if len(people) < rules.cohort_min or raters_count < rules.cohort_raters_min:
        return False
    people_of = {row["wave_code"]: _ledger_id(row["employee_id"]) for row in people}
    ledger, everybody = _ledger(connection), frozenset(people_of.values())
    # The same people again say nothing new, and where one was assessed anew the change would be that one's.
    if any(entry.key == WAVE and entry.respondents == everybody for entry in ledger):
        return False
    wave_codes = list(people_of)
    pool = _read_pool(connection, wave_codes)
    questions = [one for one in questions_of(FEEDBACK_360_INSTRUMENT) if one.kind == "scale"]
    figures = [
        figure("cohort", WAVE, "subjects_count", len(people), len(people)),
        figure("cohort", WAVE, "raters_count", raters_count, len(people)),
        *cohort_figures(pool, questions, site.statistics.confidence),
        *_agreement(connection, wave_codes, questions, site),
    ]
    suppressed = suppress(figures, _groups(pool, people_of), _dimensions(questions), ledger, _least(site))
    # Too close to an earlier brief: the pool waits, nothing is written, nobody learns that it was tried.
    if suppressed.visibility[WAVE].level == "hidden":
        return False
    _write(connection, scan, suppressed, _sha256(pool), site)
    return True


def _read_pool(connection: Connection, wave_codes: Sequence[str]) -> Pool:
    pool: dict[tuple[str, str, str], dict[str, float]] = defaultdict(dict)
    for row in connection.execute(statement("assessments", "pool_scores"), {"wave_codes": list(wave_codes)}):
        pool[row["rater_group"], row["family"], row["code"]][row["wave_code"]] = row["mean"]
    return dict(pool)


def cohort_figures(pool: Pool, questions: Sequence[Question], confidence: float) -> Iterator[Figure]:
    """Yield the means over assessed people: items, dimensions, and how much higher they see themselves."""
    import numpy as np

    from trainloop.statistics.moments import t_interval

    dimensions = list(dict.fromkeys(one.dimension for one in questions if one.dimension is not None))
    for family, codes in (("item", [one.code for one in questions]), ("dimension", dimensions)):
        for code in codes:
            values = np.array(list(pool.get(("others", family, code), {}).values()))
            low, high = t_interval(values, confidence)
            yield figure(family, code, "n", len(values), len(values))
            mean = float(values.mean()) if len(values) else Refusal("no_answers")
            for statistic, value in (("mean", mean), ("ci_low", low), ("ci_high", high)):
                yield figure(family, code, statistic, value, len(values))
    for code in dimensions:
        gaps = list(_gaps(pool, code).values())
        yield figure("self_other", f"self:{code}", "n", len(gaps), len(gaps))
        mean = float(np.mean(gaps)) if gaps else Refusal("no_self_rating")
        yield figure("self_other", f"self:{code}", "mean", mean, len(gaps))


def _gaps(pool: Pool, dimension: str) -> dict[str, float]:
    others = pool.get(("others", "dimension", dimension), {})
    own = pool.get(("self", "dimension", dimension), {})
    return {person: own[person] - others[person] for person in own if person in others}


def _agreement(
    connection: Connection, wave_codes: Sequence[str], questions: Sequence[Question], site: Site
) -> Iterator[Figure]:
    """Yield how reliable the ratings are: each assessed person has raters of their own, so ICC(1)."""
    import pandas as pd

    from trainloop.statistics.agreement import icc_one_way
    from trainloop.statistics.dimensions import respondent_means

    rows = connection.execute(statement("assessments", "pool_ratings"), {"wave_codes": list(wave_codes)}).fetchall()
    ratings = pd.DataFrame(rows, columns=["wave_code", "rater_key", "item_code", "score"]).astype({"score": "float64"})
    table = ratings.pivot_table(index=["wave_code", "rater_key"], columns="item_code", values="score")
    for dimension, items in _dimensions(questions).items():
        rated = table.reindex(columns=list(items)).to_numpy(dtype="float64")
        means = pd.Series(respondent_means(rated, site.statistics.min_answered_share_of_dimension), table.index)
        groups = [values.dropna().to_numpy() for _, values in means.groupby(level="wave_code")]
        found = icc_one_way(groups)
        n = sum(len(values) > 0 for values in groups)
        yield figure("agreement", dimension, "n", n, n)
        for statistic in ("single", "average"):
            value = found if isinstance(found, Refusal) else getattr(found, statistic)
            yield figure("agreement", dimension, f"icc_{statistic}", value, n)


def _dimensions(questions: Sequence[Question]) -> dict[str, tuple[str, ...]]:
    found: dict[str, tuple[str, ...]] = {}
    for one in questions:
        if one.dimension is not None:
            found[one.dimension] = (*found.get(one.dimension, ()), one.code)
    return found


def _groups(pool: Pool, people_of: Mapping[str, str]) -> dict[str, frozenset[str]]:
    """Return the assessed people behind each figure, under the ids the ledger keeps."""

    def people(assessed: Mapping[str, float]) -> frozenset[str]:
        return frozenset(people_of[wave_code] for wave_code in assessed)

    groups = {WAVE: frozenset(people_of.values())}
    for one in questions_of(FEEDBACK_360_INSTRUMENT):
        if one.kind == "scale":
            dimension = one.dimension or ""
            groups[one.code] = people(pool.get(("others", "item", one.code), {}))
            groups[f"dimension:{dimension}"] = people(pool.get(("others", "dimension", dimension), {}))
            groups[f"self:{dimension}"] = people(_gaps(pool, dimension))
    return groups


def _ledger_id(employee_id: str) -> str:
    """The ledger knows assessed people by a keyed hash: the same person promoted twice is one person."""
    digest = hmac.new(get_settings().secret().encode(), f"assessment:{employee_id}".encode(), hashlib.sha256)
    return str(uuid.UUID(bytes=digest.digest()[:16]))


def _ledger(connection: Connection) -> list[LedgerEntry]:
    return [
        LedgerEntry(row["figure_key"], row["shown_level"], frozenset(row["respondent_ids"]))
        for row in connection.execute(statement("assessments", "cohort_ledger"))
    ]


def _least(site: Site) -> Minimums:
    rules = site.suppression
    mean = max(rules.mean_min, site.assessments.cohort_min)
    return Minimums(
        mean, max(mean, rules.distribution_min), rules.feedback_360_min, one_decimal_below=rules.one_decimal_below
    )


def _sha256(pool: Pool) -> str:
    lines = sorted([*key, person, round(mean, 9)] for key, people in pool.items() for person, mean in people.items())
    return hashlib.sha256(json.dumps(lines).encode()).hexdigest()


def _write(connection: Connection, scan: Scan, suppressed: Suppressed, data_sha256: str, site: Site) -> None:
    subject = Subject(PRODUCT, "cohort", f"{scan.today:%Y-%m}")
    revision_number = len(read_releases(connection, subject)) + 1
    row = connection.execute(
        statement("results", "insert_release"),
        subject.keys()
        | {
            "revision_number": revision_number,
            "data_sha256": data_sha256,
            "site_version": site.version,
            "released_at": scan.real_now,
            "is_withheld": False,
            "withheld_reason": None,
        },
    ).fetchone()
    assert row is not None
    release = Release(row["release_id"], revision_number, data_sha256, is_withheld=False)
    columns = ("family", "code", "statistic", "value", "text_value", "respondent_count", "is_hidden", "reason")
    connection.execute(
        statement("results", "insert_figures"),
        {"release_id": release.release_id}
        | {name: [getattr(item, name) for item in suppressed.figures] for name in columns},
    )
    people = [(entry.key, entry.level, person) for entry in suppressed.ledger for person in sorted(entry.respondents)]
    connection.execute(
        statement("results", "insert_ledger"),
        {
            "release_id": release.release_id,
            "figure_key": [key for key, _, _ in people],
            "shown_level": [level for _, level, _ in people],
            "respondent_id": [person for _, _, person in people],
        },
    )
    audit(connection, subject, release)


def _tell(connection: Connection, scan: Scan, site: Site) -> int:
    """Plan the mails about the newest brief; whoever was told about it is not told again."""
    row = connection.execute(
        statement("assessments", "latest_cohort"), {"released_since": scan.now - timedelta(days=30)}
    ).fetchone()
    if row is None:
        return 0
    trainers = connection.execute(
        statement("assessments", "brief_trainers"),
        {
            "taught_since": scan.now - timedelta(days=site.assessments.pooled_days),
            "audiences": [audience.lower() for audience in site.assessments.brief_audiences],
        },
    )
    recipients: list[tuple[RecipientKind, str]] = [("trainer", trainer["trainer_id"]) for trainer in trainers]
    recipients += [("contact", key) for key in site.contacts_of("hr")]
    return plan(
        connection,
        [
            Notice(
                "cohort_brief",
                "cohort",
                row["subject_id"],
                kind,
                key,
                sequence_number=row["revision_number"],
                facts={"release_id": row["release_id"]},
            )
            for kind, key in recipients
        ],
    )

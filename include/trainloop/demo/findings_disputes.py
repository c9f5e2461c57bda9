"""The year's dispute: what divides the two, the design, a pilot nobody could change, its result, three signatures."""

from __future__ import annotations

from collections.abc import Iterator
from decimal import Decimal
from typing import Any

from trainloop.config import get_site
from trainloop.demo.disputes_truth import dispute
from trainloop.demo.findings import Check, same
from trainloop.domain.dispute import PARTIES
from trainloop.warehouse.engine import Connection
from trainloop.warehouse.statements import statement

PAPERS = ("agreed_plan", "dispute_pack", "pilot_report")
# How far the mean of a dozen people may stray from what was planted in each of them.
NOISE = 0.6


def check_disputes(connection: Connection) -> Iterator[Check]:
    """Yield the checks of the dispute from its statements to its signatures."""
    truth, number = dispute(), dispute().number
    keys = {"dispute_id": number}
    row: dict[str, Any] = connection.execute(statement("demo", "dispute"), keys).fetchone() or {}
    papers = {one["kind"]: one for one in connection.execute(statement("demo", "dispute_papers"), keys)}
    pack: dict[str, Any] = papers.get("dispute_pack", {}).get("content", {})
    found = [topic["code"] for topic in pack.get("divergences", ()) if topic["is_divergent"]]
    yield same("divergent", number, ", ".join(truth.divergent), ", ".join(found))
    shares = tuple(row.get(name) for name in truth.shares)
    planted_shares = tuple(map(Decimal, truth.shares.values()))
    yield same("blended", number, (*planted_shares, 100), (*shares, sum(filter(None, shares))))
    yield from _check_pilot(row, papers.get("pilot_report", {}).get("content", {}))
    yield same("wrong_signer", number, "business", ", ".join(row.get("signature_refusals") or ()))
    signed = ("signed", truth.decision, ", ".join(sorted(PARTIES)))
    yield same(
        "three_signed", number, signed, (row.get("state"), row.get("decision"), ", ".join(row.get("signers") or ()))
    )
    locales = len(get_site().company.report_locales)
    for kind in PAPERS:
        made = papers.get(kind, {})
        yield same("dispute_papers", kind, (locales, len(PARTIES)), (made.get("pdf_count"), made.get("mail_count")))


def _check_pilot(row: dict[str, Any], report: dict[str, Any]) -> Iterator[Check]:
    truth, pilot = dispute(), dispute().pilot
    registration, kpi = report.get("registration", {}), report.get("kpi", {})
    locked = (row.get("is_locked_before"), registration.get("registration_sha256") == row.get("registration_sha256"))
    yield Check("pilot_locked", pilot.session, "before the class, one hash", str(locked), locked == (True, True))
    thresholds = [f"{one:g}" for one in row.get("thresholds") or ()]
    refused = (pilot.threshold, "class_began")
    yield same("pilot_unchanged", pilot.session, refused,
               (", ".join(thresholds), ", ".join(row.get("pilot_refusals") or ())))  # fmt: skip
    effect = kpi.get("effect")
    is_near = effect is not None and abs(effect - pilot.change) <= NOISE
    yield Check(
        "pilot_effect", pilot.session, f"{pilot.change:+g}", "–" if effect is None else f"{effect:+.2f}", is_near
    )
    suggested = (truth.grade, truth.suggestion, True)
    yield same("pilot_suggestion", pilot.session, suggested,
               (kpi.get("grade"), report.get("suggestion"), report.get("is_met")))  # fmt: skip
    reaction = {line["code"]: line for line in report.get("reaction", ())}.get("roll_out", {})
    for team, mean in truth.feedback.items():
        said = reaction.get(team)
        is_told = said is not None and abs(float(said) - mean) <= NOISE
        yield Check("pilot_reaction", team, f"{mean:g}", "–" if said is None else f"{float(said):.1f}", is_told)

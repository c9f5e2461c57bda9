"""Rewards and growth of trainers: paid what is owed and once, by two people; ranked, thanked, sent to a workshop."""

from __future__ import annotations

from collections.abc import Iterator

from trainloop.demo.findings import Check, same
from trainloop.demo.rewards_truth import rewards
from trainloop.warehouse.engine import Connection
from trainloop.warehouse.statements import statement


def check_rewards(connection: Connection) -> Iterator[Check]:
    """Yield the checks of allowances, the award and workshops."""
    yield from _check_allowances(connection)
    yield from _check_award(connection)
    yield from _check_growth(connection)


def _check_allowances(connection: Connection) -> Iterator[Check]:
    truth = rewards()
    paid: dict[str, list[str]] = {}
    for row in connection.execute(statement("demo", "paid_classes")):
        paid.setdefault(row["session_code"], []).append(f"{row['amount']:f}")
    for code, worth in truth.worth.items():
        lines = paid.pop(code, [])
        yield same("allowance", code, worth, f"{sum(map(float, lines)):.2f}")
        if code == truth.corrected.session:
            yield same("allowance_delta", code, (truth.corrected.first, truth.corrected.difference), tuple(lines))
    yield same("allowance_others", "2026", "", ", ".join(sorted(paid)))
    batches = {row["month"]: row["line_count"] for row in connection.execute(statement("demo", "sent_batches"))}
    yield same("payroll_files", "2026", _pairs(truth.batches), _pairs(batches))
    counted = connection.execute(statement("demo", "signatures")).fetchone()
    assert counted is not None
    yield same("two_logins", "2026", 2 * len(truth.batches), counted["signed_count"])
    yield same("own_allowance", "2026", truth.own_money_refused, counted["refused_count"])


def _check_award(connection: Connection) -> Iterator[Check]:
    truth = rewards().award
    rows = connection.execute(statement("demo", "award_ranks")).fetchall()
    ranked = [row["code"] for row in rows if row["value"] is not None]
    yield same("award_ranking", "2026", ", ".join(truth.ranked), ", ".join(ranked))
    refused = {row["code"]: row["reason"] for row in rows if row["value"] is None}
    yield same("award_not_ranked", "2026", _pairs(truth.not_ranked), _pairs(refused))
    given = [row["trainer_id"] for row in connection.execute(statement("demo", "awards"))]
    yield same("award_decided", "2026", truth.ranked[0], ", ".join(given))
    row = connection.execute(statement("demo", "thanks")).fetchone()
    assert row is not None
    yield same("thanked", "2026", len(truth.ranked) + len(truth.not_ranked), row["thanks_count"])


def _check_growth(connection: Connection) -> Iterator[Check]:
    truth = rewards().workshop
    found = {
        (row["trainer_id"], row["workshop_code"])
        for row in connection.execute(statement("demo", "workshop_suggestions"))
    }
    trainers = ", ".join(sorted({trainer for trainer, _ in found}))
    yield Check(
        "workshop", truth.trainer, truth.code, ", ".join(sorted(code for _, code in found)) or "–",
        trainers == truth.trainer and (truth.trainer, truth.code) in found,
    )  # fmt: skip


def _pairs(found: dict[str, int] | dict[str, str]) -> str:
    return ", ".join(f"{code} {value}" for code, value in sorted(found.items()))

"""Learners' questions (R20): alike ones together, masked, without names, to the trainer two working days before.

What is asked after the digest goes out with the next day's scan, once. A question that was told is never told again.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date
from typing import Any

from trainloop import faults
from trainloop.delivery import steps
from trainloop.domain.milestone import MilestoneState
from trainloop.outbox.notices import Notice, plan
from trainloop.settings import get_settings
from trainloop.statistics.alike_texts import cluster
from trainloop.statistics.masking import mask_text
from trainloop.surveys.scan import Scan
from trainloop.warehouse import engine
from trainloop.warehouse.engine import Connection
from trainloop.warehouse.statements import statement

STEP = "question_digest"
_Row = Mapping[str, Any]


def digest_questions(as_of: date | None = None, *, allow_send: bool = False) -> dict[str, int]:
    """Plan one mail for each trainer whose class has questions that were not told. Returns counts: sessions,
    questions, notices_planned.

    With a date in the past nothing is settled and nobody mailed unless `allow_send`.
    """
    counts = {"sessions": 0, "questions": 0, "notices_planned": 0}
    with engine.connect("planner") as connection:
        scan = Scan.start(connection, as_of, allow_send=allow_send)
        if not scan.may_mail:
            return counts
        engine.lock(connection, "digest_questions")
        wanted = {"today": scan.today, "now": scan.real_now}
        rows = connection.execute(statement("materials", "sessions_with_questions"), wanted)
        sessions = {row["session_code"]: row for row in rows}
        asked: dict[str, list[_Row]] = {}
        for row in connection.execute(statement("materials", "new_questions"), {"session_codes": list(sessions)}):
            asked.setdefault(row["session_code"], []).append(row)
        _keep(connection, scan, sessions, asked)
        counts["notices_planned"] = plan(
            connection,
            [
                Notice(
                    "question_digest",
                    "class_session",
                    code,
                    "trainer",
                    sessions[code]["trainer_id"],
                    sequence_number=sessions[code]["digest_number"] + 1,
                    not_after=sessions[code]["starts_at"],
                )
                for code in asked
            ],
        )
        due = [code for code, row in sessions.items() if row["state"] == MilestoneState.PENDING]
        told = [code for code in due if code in asked]
        steps.finish(connection, scan, STEP, told, MilestoneState.DONE, None)
        steps.finish(
            connection, scan, STEP, [code for code in due if code not in asked], MilestoneState.DONE, "nothing_asked"
        )
        counts["sessions"], counts["questions"] = len(due), sum(map(len, asked.values()))
        faults.point("questions.before_commit")
    faults.point("questions.after_commit")
    return counts


def _keep(
    connection: Connection, scan: Scan, sessions: Mapping[str, _Row], asked: Mapping[str, Sequence[_Row]]
) -> None:
    """Mask and group what is told now; only this, never the raw words, goes on from here."""
    if not asked:
        return
    words = "\n".join(row["question"] for rows in asked.values() for row in rows)
    names = [row["name"] for row in connection.execute(statement("materials", "names_in_words"), {"words": words})]
    lines = []
    for code, rows in asked.items():
        masked = [mask_text(row["question"], names) for row in rows]
        for number, places in enumerate(cluster(masked, str(get_settings().home)), start=1):
            lines += [
                {
                    "source": rows[place]["source"],
                    "question_id": rows[place]["question_id"],
                    "session_code": code,
                    "digest_number": sessions[code]["digest_number"] + 1,
                    "cluster_number": number,
                    "masked_text": masked[place],
                }
                for place in places
            ]
    columns = {name: [line[name] for line in lines] for name in lines[0]}
    connection.execute(statement("materials", "keep_digest"), columns | {"now": scan.real_now})

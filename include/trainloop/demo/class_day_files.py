"""What a class day leaves behind: the learning platform's xAPI statements and the class manager's list of incidents."""

from __future__ import annotations

import json
import random
import uuid
from collections.abc import Iterator
from datetime import date, datetime, timedelta
from typing import Any

from trainloop.demo.company import Company
from trainloop.demo.delivery_truth import delivery
from trainloop.demo.tables import BadCell, PlantedFile, Table, csv_bytes
from trainloop.demo.truth import ClassSession

HOME = "https://learn.example.com"
VERBS = "http://adlnet.gov/expapi/verbs"


def files(company: Company) -> Iterator[tuple[date, PlantedFile]]:
    """Yield the files with the day each arrives."""
    session = company.session(delivery().moved)
    arrives_on = session.held_on + timedelta(days=1)
    yield arrives_on, _statements(company, session)
    yield arrives_on, _incidents(session)


def speakers(session: ClassSession) -> int:
    """Return how many attendees spoke."""
    return round(session.attendee_count * delivery().speaking)


def right_answers(session: ClassSession, item_code: str) -> int:
    """Return how many attendees answered an item right."""
    return round(session.attendee_count * delivery().quiz[item_code])


def _statements(company: Company, session: ClassSession) -> PlantedFile:
    """Turns and quiz answers; one statement twice, one that is voided, one without its learner."""
    draw = random.Random(f"xapi {session.code}")
    people = list(company.learners[session.code][: session.attendee_count])
    found: list[dict[str, Any]] = []

    def say(person: str | None, verb: str, item: str, **result: Any) -> dict[str, Any]:
        moment = datetime(2026, 6, 11, 10) + timedelta(seconds=37 * len(found))  # noqa: DTZ001 - offset is written
        one = {
            "id": str(uuid.UUID(int=draw.getrandbits(128), version=4)),
            "actor": {"account": {"homePage": HOME, "name": person}}
            if person
            else {"mbox": "mailto:guest@example.com"},
            "verb": {"id": f"{VERBS}/{verb}"},
            "object": {"id": f"{HOME}/{item}", "objectType": "Activity"},
            "context": {"extensions": {f"{HOME}/xapi/session_code": session.code}},
            "timestamp": f"{moment.isoformat()}+08:00",
        }
        found.append(one | ({"result": result} if result else {}))
        return found[-1]

    for person in draw.sample(people, speakers(session)):
        say(person, "commented", "discussion/1")
    for item in delivery().quiz:
        right = set(draw.sample(people, right_answers(session, item)))
        for person in people:
            say(person, "answered", f"quiz/{item}", success=person in right)
    found.append(dict(found[0]))
    wrong = say(people[0], "commented", "discussion/2")
    void = say(people[0], "voided", "")
    void["object"] = {"objectType": "StatementRef", "id": wrong["id"]}
    say(None, "commented", "discussion/3")
    content = json.dumps({"statements": found}, ensure_ascii=False, indent=1).encode()
    bad = (BadCell(len(found), "employee_id", "row_rule:names_learner"),)
    return PlantedFile("interactions", "lrs_C007.json", content, len(found), bad, unchanged=1)


def _incidents(session: ClassSession) -> PlantedFile:
    table = Table({
        "session_code": "班次",
        "reported_at": "上报时间",
        "kind": "事件类型",
        "severity": "严重程度",
        "action": "处理措施",
        "closed_at": "解决时间",
    })
    table.add(
        session_code=session.code,
        reported_at=datetime(2026, 6, 11, 9, 10),  # noqa: DTZ001 - local time of the class
        kind="设备故障",
        severity="较大",
        action="更换投影仪",
        closed_at=datetime(2026, 6, 11, 9, 35),  # noqa: DTZ001
    )
    return PlantedFile("incidents", "事件_C007.csv", csv_bytes(table, "gb18030"), len(table.rows))

"""What is kept about one person, handed over as one ZIP of JSON files (subject access).

In it: every row that is the person's own, the own answers to confidential surveys, the own 360 results as told, the
mails of the last weeks. Not in it: anonymous answers (nobody can tell whose they are), single ratings by others, other
people's ids, keys of links.
"""

from __future__ import annotations

import json
import os
import zipfile
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Literal

from psycopg import sql

from trainloop import clock
from trainloop.domain.survey import pseudonym
from trainloop.retention.erasure import PersonUnknownError, check_trainer
from trainloop.retention.holdings import Holding, holdings
from trainloop.settings import get_settings
from trainloop.warehouse.engine import Connection, connect
from trainloop.warehouse.statements import statement

_HIDDEN = {"file_id", "row_number"}
_READ_ME = """\
个人数据副本 / Copy of personal data

每个 JSON 文件是一张表中属于本人的记录；mails 文件夹是近期发给本人的邮件。
不包含：匿名问卷的答案（无法对应到个人）、他人给出的单份评价、其他人的编号。
Each JSON file holds the person's own rows of one table; the folder mails holds recent mails to the person.
Not included: answers to anonymous surveys (nobody can tell whose they are), single ratings by others, ids of others.
"""


def export_person(employee_id: str, target: Path) -> dict[str, int]:
    """Write what is kept about a person to `target` (mode 0600); return rows per file. Raises PersonUnknownError."""
    with connect("purge") as connection:
        connection.execute("set transaction isolation level repeatable read read only")
        person = connection.execute("select from core.employees where employee_id = %s", (employee_id,)).fetchone()
        if person is None:
            raise PersonUnknownError
        found = _places(connection, holdings().people, employee_id)
        values = {
            "employee_id": employee_id,
            "pseudonym": pseudonym(employee_id, get_settings().pseudonym_key()),
        }
        for name in ("own_answers", "own_results"):
            found[name] = connection.execute(statement("retention", name), values).fetchall()
        return _write(connection, "employee", employee_id, found, target)


def export_trainer(trainer_id: str, target: Path) -> dict[str, int]:
    """Write what is kept about a trainer who is no employee, as `export_person` does.

    Raises TrainerUnknownError, TrainerIsEmployeeError.
    """
    with connect("purge") as connection:
        connection.execute("set transaction isolation level repeatable read read only")
        check_trainer(connection, trainer_id)
        found = _places(connection, holdings().trainers, trainer_id)
        return _write(connection, "trainer", trainer_id, found, target)


def _places(connection: Connection, places: Mapping[str, Holding], person_id: str) -> dict[str, list[dict[str, Any]]]:
    return {
        table: _own_rows(connection, table, holding, person_id)
        for table, holding in places.items()
        if holding.own is not None
    }


def _write(
    connection: Connection,
    kind: Literal["employee", "trainer"],
    person_id: str,
    found: Mapping[str, list[dict[str, Any]]],
    target: Path,
) -> dict[str, int]:
    mails = connection.execute(
        "select message_id, mime_bytes from ops.messages"
        " where recipient_kind = %s and recipient_id = %s and mime_bytes <> '' order by message_id",
        (kind, person_id),
    ).fetchall()
    made_on = clock.today(connection)
    counts = {name: len(rows) for name, rows in found.items() if rows} | {"mails": len(mails)}
    draft = target.with_name(f".{target.name}.part")
    with (
        os.fdopen(os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "wb") as file,
        zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED) as archive,
    ):
        archive.writestr("README.txt", f"{_READ_ME}\n{made_on}\n")
        for name, rows in found.items():
            if rows:
                text = json.dumps(rows, ensure_ascii=False, indent=1, default=str)
                archive.writestr(f"{name}.json", text)
        for row in mails:
            archive.writestr(f"mails/{row['message_id']}.eml", bytes(row["mime_bytes"]))
    draft.replace(target)
    return counts


def _own_rows(connection: Connection, table: str, holding: Holding, person_id: str) -> list[dict[str, Any]]:
    assert holding.own is not None
    conditions = [sql.SQL("{} = {}").format(sql.Identifier(holding.own), sql.Literal(person_id))]
    conditions += [
        sql.SQL("{} = {}").format(sql.Identifier(column), sql.Literal(text)) for column, text in holding.when.items()
    ]
    query = sql.SQL("select * from {} where {}").format(
        sql.Identifier(*table.split(".")), sql.SQL(" and ").join(conditions)
    )
    hidden = {*_HIDDEN, *holding.named, *holding.lists, *holding.documents, *holding.hidden}
    # Who led the person is the person's own record, too.
    hidden -= {"manager_id"}
    return [{name: value for name, value in row.items() if name not in hidden} for row in connection.execute(query)]

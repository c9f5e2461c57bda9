"""No table with people in it is forgotten: `holdings.yaml` is compared with the database and the contracts."""

from __future__ import annotations

import re

from trainloop.contracts import all_contracts
from trainloop.retention.holdings import holdings
from trainloop.warehouse import engine

LAYERS = ("core", "confidential", "marts", "published", "forms", "ops")
# A column of such a name holds somebody's id.
PERSON = re.compile(
    r"(?:^|_)(employee|person|recipient|reader|rater|mentor|assessor|owner|class_manager|manager|holder|interviewer"
    r"|interviewee|learner|trainer_employee|author|approver|signer)_ids?$"
)


def tables() -> dict[str, dict[str, str]]:
    with engine.connect("owner") as connection:
        rows = connection.execute(
            """select c.table_schema || '.' || c.table_name as name, c.column_name, c.data_type
            from information_schema.columns as c
            join information_schema.tables as t using (table_schema, table_name)
            where t.table_type = 'BASE TABLE' and c.table_schema = any (%s)""",
            (list(LAYERS),),
        ).fetchall()
    found: dict[str, dict[str, str]] = {}
    for row in rows:
        found.setdefault(row["name"], {})[row["column_name"]] = row["data_type"]
    return found


def test_every_table_is_classified_once_and_nothing_else_is(warehouse: str) -> None:
    """A new table is a decision: people, found indirectly, or nobody."""
    said = holdings()
    listed = [*said.people, *said.indirect, *said.nobody]
    assert len(listed) == len(set(listed))
    assert set(listed) == set(tables())


def test_every_column_that_names_a_person_is_treated(warehouse: str) -> None:
    """An id that erasure does not know would survive it."""
    said = holdings()
    missed = []
    for table, columns in tables().items():
        holding = said.people.get(table)
        known = set() if holding is None else {holding.own, *holding.named, *holding.lists}
        missed += [
            f"{table}.{column}"
            for column in columns
            if PERSON.search(column) and column not in known and table not in said.indirect
        ]
    assert missed == []


def test_every_place_of_trainers_is_treated(warehouse: str) -> None:
    """A trainer who is no employee stands under the own code, or beside a kind that may say trainer."""
    said = holdings().trainers
    pairs = ({"trainer_id"}, {"recipient_kind", "recipient_id"}, {"person_kind", "person_id"})
    missed = [
        table
        for table, columns in tables().items()
        if table not in said and any(pair <= columns.keys() for pair in pairs)
    ]
    assert missed == []


def test_every_identifier_of_a_contract_is_treated(warehouse: str) -> None:
    """A contract says which columns hold people's ids; trainers' own codes lead to core.trainers."""
    said, here = holdings(), tables()
    missed = [
        f"{contract.dataset}.{column.name}"
        for contract in all_contracts()
        if (table := f"core.{contract.dataset}") in here
        for column in contract.columns
        if column.personal_data == "identifier"
        and column.name != "trainer_id"
        and column.name not in {said.people[table].own, *said.people[table].named}
    ]
    assert missed == []


def test_every_column_that_is_named_exists_and_the_role_may_do_what_is_said(warehouse: str) -> None:
    """A misspelt column would fail in the middle of an erasure."""
    here = tables()
    with engine.connect("owner") as connection:
        for table, holding in (*holdings().people.items(), *holdings().trainers.items()):
            columns = {holding.own, *holding.named, *holding.lists, *holding.documents, *holding.empty, *holding.when}
            assert (columns | set(holding.hidden)) - {None} <= here[table].keys(), table
            row = connection.execute(
                "select has_table_privilege('trainloop_purge', %(table)s, 'select') and "
                "(%(keeps)s or has_any_column_privilege('trainloop_purge', %(table)s, 'update')) and "
                "(not %(deletes)s or has_table_privilege('trainloop_purge', %(table)s, 'delete')) as may",
                {"table": table, "deletes": holding.erase == "delete", "keeps": holding.erase == "keep"},
            ).fetchone()
            assert row == {"may": True}, table

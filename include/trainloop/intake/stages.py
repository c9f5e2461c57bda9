"""Stages: did a row's subject reach, before the stage it names, one from which it may be reached?

What came before is in core or in the very file, so it is found here, set-based, and weighed by the gate. A stage that
follows a refused one of the same file is refused, too: taken in alone it would stand on nothing.
"""

from __future__ import annotations

from psycopg import sql

from trainloop.contracts import Column
from trainloop.intake.references import table_of
from trainloop.intake.work import Work
from trainloop.warehouse.engine import Connection


def note_stages(connection: Connection, work: Work) -> None:
    """Write a finding for each row whose stage does not follow from what its subject reached last before."""
    for column in work.contract.columns:
        if column.order is not None and column.name in work.headers:
            connection.execute(_note(work, column))


def _note(work: Work, column: Column) -> sql.Composed:
    assert column.order is not None
    subject = [name for name in work.contract.key if name != column.name]
    pairs = [(stage, before) for stage, befores in column.order.after.items() for before in befores]
    return sql.SQL(
        """insert into {findings}
        with reached as (
            select row_number, {subject}, {stage} as stage, {day} as day
            from {staging}
            where {stage} is not null and {day} is not null
            union all
            select null, {subject}, {stage}, {day}
            from {target}
            where ({subject}) in (select {subject} from {staging})
                and ({subject}, {stage}) not in (
                    select {subject}, {stage} from {staging}
                    where num_nulls({subject}, {stage}) = 0
                )
        ),
        ordered as (
            select *,
                coalesce(lag(stage) over in_order, 'none') as before,
                row_number() over in_order as place
            from reached
            window in_order as (
                partition by {subject} order by day, array_position({stages}, stage), row_number nulls first
            )
        ),
        judged as (
            select *, not exists (
                select from unnest({reachable}::text[], {befores}::text[]) as legal (stage, before)
                where legal.stage = ordered.stage and legal.before = ordered.before
            ) and row_number is not null as is_wrong
            from ordered
        )
        select row_number, {label}, 'wrong_order'
        from (
            select row_number, bool_or(is_wrong) over (partition by {subject} order by place) as is_on_nothing
            from judged
        ) as weighed
        where row_number is not null and is_on_nothing"""
    ).format(
        findings=work.table("findings"),
        staging=work.table(),
        target=table_of(work.contract),
        subject=sql.SQL(", ").join(map(sql.Identifier, subject)),
        stage=sql.Identifier(column.name),
        day=sql.Identifier(column.order.by),
        stages=sql.Literal([choice.code for choice in column.allowed]),
        reachable=sql.Literal([stage for stage, _ in pairs]),
        befores=sql.Literal([before for _, before in pairs]),
        label=sql.Literal(column.name),
    )

"""Airflow's side of a task: its business date, its Connections, its incident, what it announces."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, date, datetime
from types import SimpleNamespace
from typing import Any

import pytest

from trainloop.errors import PermanentError, WarehouseUnreachableError
from trainloop.warehouse import engine

pytestmark = pytest.mark.slow


@pytest.fixture(autouse=True)
def own_resolver() -> Iterator[None]:
    """A task has a process of its own; here the next test must find its own warehouse again."""
    yield
    from trainloop.orchestration.warehouse import connection_url

    connection_url.cache_clear()
    engine.set_resolver(engine.settings_resolver)


def incident(dag_id: str = "ingest_inbox", error: BaseException | None = None, map_index: int = -1) -> dict[str, Any]:
    """The context of a failed task."""
    return {
        "task_instance": SimpleNamespace(dag_id=dag_id, task_id="ingest", map_index=map_index),
        "dag_run": SimpleNamespace(run_id="scheduled__1"),
        "exception": error or ValueError("员工 张三 zhang.san@example.com"),
    }


def planned_incidents() -> list[dict[str, Any]]:
    with engine.connect("owner") as connection:
        return connection.execute("select * from ops.notices where kind = 'incident_digest'").fetchall()


@pytest.mark.parametrize(
    ("params", "run", "expected"),
    [
        ({}, ("scheduled", datetime(2026, 3, 1, tzinfo=UTC)), None),
        ({"as_of": None}, ("asset_triggered", None), None),
        ({"as_of": "2026-03-01"}, ("manual", None), date(2026, 3, 1)),
        ({"as_of": None}, ("backfill", datetime(2026, 2, 28, 22, tzinfo=UTC)), date(2026, 3, 1)),
    ],
)
def test_business_date_of_a_run(
    params: dict[str, Any], run: tuple[str, datetime | None], expected: date | None
) -> None:
    """A typed date wins; a backfill stands for its own day in site time (and so sends nothing to employees)."""
    from trainloop.orchestration import runs

    assert runs._as_of(params, SimpleNamespace(run_type=run[0], logical_date=run[1])) == expected


def test_a_storm_of_failures_is_one_notice_per_engineer(warehouse: str) -> None:
    """A hundred mapped tasks that fail alike are one incident; the engineers are told, nobody else."""
    from trainloop.orchestration.callbacks import report_incident

    for index in range(100):
        report_incident(incident(map_index=index))
    report_incident(incident(dag_id="deliver_mail"))
    planned = planned_incidents()
    assert len(planned) == 2
    assert {(row["recipient_kind"], row["recipient_id"]) for row in planned} == {("contact", "engineers")}


def test_an_incident_tells_no_value_of_a_row(warehouse: str) -> None:
    """The message of a foreign error may hold a person's data: only its type is told."""
    from trainloop.orchestration.callbacks import report_incident

    report_incident(incident())
    [row] = planned_incidents()
    assert row["facts"] == {
        "dag_id": "ingest_inbox",
        "task_id": "ingest",
        "run_id": "scheduled__1",
        "error_type": "ValueError",
        "nature": "foreign",
        "remedy": "",
        "log_url": "",
    }
    assert "zhang" not in str(row)


def test_an_incident_of_ours_brings_its_remedy(warehouse: str) -> None:
    """What to do stands in the docstring of the type; its facts stay behind."""
    from trainloop.orchestration.callbacks import report_incident

    report_incident(incident(error=WarehouseUnreachableError(role="intake", detail="员工 张三")))
    [row] = planned_incidents()
    assert row["facts"]["nature"] == "transient"
    assert row["facts"]["remedy"] == "Start it with `trainloop up`, or check TRAINLOOP_WAREHOUSE_URL."
    assert "张三" not in str(row)


def test_an_alarm_that_cannot_be_raised_hides_no_failure(monkeypatch: pytest.MonkeyPatch) -> None:
    """The warehouse is down, which may be why the task failed: the callback logs and returns."""
    from trainloop.orchestration import callbacks

    def refuse(_: dict[str, str]) -> None:
        raise WarehouseUnreachableError(role="planner", detail="refused")

    monkeypatch.setattr(callbacks, "_plan", refuse)
    callbacks.report_incident(incident())


def test_the_warehouse_is_the_connection_of_the_role_else_the_settings(monkeypatch: pytest.MonkeyPatch) -> None:
    """Companies keep addresses in Airflow's Connections; the local stack has none."""
    from airflow.sdk import BaseHook, Connection
    from airflow.sdk.exceptions import AirflowNotFoundException

    from trainloop.orchestration import warehouse as resolver

    def get(conn_id: str) -> Connection:
        if conn_id != "trainloop_warehouse_sender":
            raise AirflowNotFoundException
        return Connection(conn_id=conn_id, conn_type="postgres", host="db", login="s", password="p@ss", schema="tl")

    monkeypatch.setattr(BaseHook, "get_connection", get)
    monkeypatch.setenv("TRAINLOOP_WAREHOUSE_URL", "postgresql://owner@elsewhere:5432/trainloop")
    from trainloop.settings import get_settings

    get_settings.cache_clear()
    assert resolver.connection_url("sender") == "postgresql://s:p%40ss@db/tl"
    assert "@elsewhere:5432" in resolver.connection_url("intake")
    get_settings.cache_clear()


def test_a_connection_of_another_type_is_named_instead_of_passed_over(monkeypatch: pytest.MonkeyPatch) -> None:
    """Whoever made it meant it to be used: the settings' address is no answer."""
    from airflow.sdk import BaseHook, Connection

    from trainloop.errors import WarehouseConnectionTypeError
    from trainloop.orchestration import warehouse as resolver

    made = Connection(conn_id="trainloop_warehouse_sender", conn_type="mysql", host="db", login="s", password="p@ss")
    monkeypatch.setattr(BaseHook, "get_connection", lambda _: made)
    with pytest.raises(WarehouseConnectionTypeError, match="trainloop_warehouse_sender is of type mysql") as told:
        resolver.connection_url("sender")
    assert "p@ss" not in str(told.value)


@pytest.mark.parametrize(
    ("extra", "port", "expected"),
    [
        ({}, None, ("tls", 465)),
        ({"disable_ssl": True}, None, ("starttls", 587)),
        ({"disable_ssl": True, "disable_tls": True}, 1025, ("none", 1025)),
    ],
)
def test_transport_follows_the_extras_of_the_smtp_provider(
    extra: dict[str, Any], port: int | None, expected: tuple[str, int], monkeypatch: pytest.MonkeyPatch
) -> None:
    """The form in the UI means what it says: implicit TLS by default, STARTTLS, or a plain relay."""
    import json

    from airflow.sdk import BaseHook, Connection

    from trainloop.orchestration.mail import smtp_transport

    made = Connection(conn_id="smtp_default", conn_type="smtp", host="mail", port=port, extra=json.dumps(extra))
    monkeypatch.setattr(BaseHook, "get_connection", lambda _: made)
    transport = smtp_transport()
    assert (transport.security, transport.port) == expected


def test_permanent_errors_fail_at_once_and_transient_ones_retry() -> None:
    """One policy keyed on the type; what is of neither type follows Airflow's ordinary retries."""
    from airflow.sdk import RetryAction

    from trainloop.errors import SettingMissingError
    from trainloop.orchestration.retries import RETRY_POLICY

    def action(error: BaseException) -> RetryAction:
        return RETRY_POLICY.evaluate(error, 1, 3).action

    assert action(SettingMissingError(name="x", remedy="y")) is RetryAction.FAIL
    assert issubclass(SettingMissingError, PermanentError)
    assert action(WarehouseUnreachableError(role="intake", detail="x")) is RetryAction.RETRY
    assert action(KeyError("x")) is RetryAction.DEFAULT

"""Who is signed in to Airflow, for the lifecycle board: the only place where the board meets an auth manager.

Works with every auth manager, since it asks the public questions only. What HR may see and do is the resource
`Lifecycle Board` of `trainloop/config/hr_role.yaml`; engineers are whoever may change Airflow's Connections. The simple
auth manager knows no resources: there everybody with a role sees the board, `user` and above may act.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

from trainloop.board.guard import Right, Visitor

if TYPE_CHECKING:
    from starlette.requests import Request

RESOURCE = "Lifecycle Board"
# Whoever may answer what waits for a decision may also decide about mails.
DECIDING_DAG = "ask_approvals"


async def doorman(request: Request) -> Visitor | None:
    """Return who sent a request, by bearer token or Airflow's cookie; None for nobody or a token that is not valid."""
    from airflow.api_fastapi.app import get_auth_manager
    from airflow.api_fastapi.core_api.security import bearer_scheme, get_user
    from fastapi import HTTPException
    from starlette.concurrency import run_in_threadpool

    try:
        user = await get_user(request, None, await bearer_scheme(request))
    except HTTPException:
        return None
    return await run_in_threadpool(visitor_of, get_auth_manager(), user)


def visitor_of(manager: Any, user: Any) -> Visitor:
    """Return a person with the rights an auth manager gives them."""
    return Visitor(str(user.get_id()), str(user.get_name()), frozenset(_rights(manager, user)))


def _rights(manager: Any, user: Any) -> Iterator[Right]:
    from airflow.api_fastapi.auth.managers.models.resource_details import DagDetails

    is_engineer = manager.is_authorized_connection(method="PUT", user=user)
    if is_engineer or manager.is_authorized_custom_view(method="GET", resource_name=RESOURCE, user=user):
        yield "see"
    if is_engineer:
        yield "engineer"
    if (
        is_engineer or manager.is_authorized_custom_view(method="PUT", resource_name=RESOURCE, user=user)
    ) and manager.is_authorized_dag(method="PUT", details=DagDetails(id=DECIDING_DAG), user=user):
        yield "act"


def make_board() -> Any:
    """Return the board's application over Airflow's logins and the Connection of role board."""
    from trainloop.board.app import create_app
    from trainloop.orchestration.warehouse import use_connections

    use_connections()
    return create_app(doorman)


def class_of_run(dag_id: str, run_id: str) -> str | None:
    """Return the class session a run is about: its partition key. Asked in the API server only."""
    from airflow.models.dagrun import DagRun
    from airflow.utils.session import create_session
    from sqlalchemy import select

    with create_session() as session:
        asked = select(DagRun.partition_key).where(DagRun.dag_id == dag_id, DagRun.run_id == run_id)
        key: str | None = session.scalar(asked)
        return key

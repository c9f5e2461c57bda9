"""Registers the lifecycle board in Airflow: its pages, its entry in the navigation, the links from a class's runs.

Every Airflow process loads this file, the API server alone serves the board: the application is made at its first
request.
"""

from __future__ import annotations

import threading
from typing import Any, ClassVar
from urllib.parse import quote

from airflow.plugins_manager import AirflowPlugin
from airflow.sdk import BaseOperatorLink

PREFIX = "/lifecycle-board"


class LateBoard:
    """The board as an ASGI application that is built when somebody asks for it."""

    def __init__(self) -> None:
        self._app: Any = None
        self._building = threading.Lock()

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        await self._built()(scope, receive, send)

    def _built(self) -> Any:
        with self._building:
            if self._app is None:
                from trainloop.orchestration.board_access import make_board

                self._app = make_board()
            return self._app


class BoardLink(BaseOperatorLink):
    """On every task: the way back to the board, to the page of its class where the run is about one."""

    name = "Lifecycle board 看板"

    def get_link(self, operator: Any, *, ti_key: Any) -> str:  # noqa: ARG002 - the signature is Airflow's
        from trainloop.orchestration.board_access import class_of_run

        session_code = class_of_run(ti_key.dag_id, ti_key.run_id)
        return f"{PREFIX}/sessions/{quote(session_code, safe='')}" if session_code else f"{PREFIX}/"


class ReportLink(BaseOperatorLink):
    """On every task of a run about one class: the PDFs of that class. Elsewhere it is not shown."""

    name = "Reports 报告"

    def get_link(self, operator: Any, *, ti_key: Any) -> str:  # noqa: ARG002 - the signature is Airflow's
        from trainloop.orchestration.board_access import class_of_run

        session_code = class_of_run(ti_key.dag_id, ti_key.run_id)
        return f"{PREFIX}/sessions/{quote(session_code, safe='')}#documents" if session_code else ""


class LifecycleBoard(AirflowPlugin):
    name = "lifecycle_board"
    fastapi_apps: ClassVar[list[Any]] = [{"app": LateBoard(), "url_prefix": PREFIX, "name": "Lifecycle board"}]
    external_views: ClassVar[list[Any]] = [
        {
            # Airflow cuts longer ones.
            "name": "Board 看板",
            "href": f"{PREFIX}/",
            "destination": "nav",
            "url_route": "lifecycle-board",
            "icon": f"{PREFIX}/static/icon.svg",
        }
    ]
    global_operator_extra_links: ClassVar[list[Any]] = [BoardLink(), ReportLink()]

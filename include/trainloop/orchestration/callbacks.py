"""What happens when a task fails for good: the engineers are told once per incident, by the outbox."""

from __future__ import annotations

import logging
from typing import Any

from trainloop.errors import TrainLoopError, TransientError

log = logging.getLogger(__name__)


def report_incident(context: Any) -> None:
    """Plan one incident notice to every engineer contact.

    An incident is one kind of error of one task on one business day: a hundred mapped tasks that fail alike are one
    notice, and the composer puts all notices of a person into one digest. Only names of ours, ids and what the type's
    docstring advises are told: the message of a foreign error may hold a row's values.
    """
    from trainloop.orchestration.warehouse import use_connections

    instance = context["task_instance"]
    error = context.get("exception")
    facts = {
        "dag_id": instance.dag_id,
        "task_id": instance.task_id,
        "run_id": context["dag_run"].run_id,
        "error_type": "TaskKilled" if error is None else type(error).__name__,
        "nature": _nature(error),
        "remedy": type(error).remedy() if isinstance(error, TrainLoopError) else "",
        "log_url": str(getattr(instance, "log_url", "")),
    }
    try:
        use_connections()
        _plan(facts)
    except Exception:  # an alarm that cannot be raised must not hide the failure it is about
        log.exception("incident notice not planned: dag_id=%s task_id=%s", facts["dag_id"], facts["task_id"])


def _nature(error: BaseException | None) -> str:
    """Return whether waiting or a person mends it; `foreign` for what is no error of ours."""
    if isinstance(error, TransientError):
        return "transient"
    return "permanent" if isinstance(error, TrainLoopError) else "foreign"


def _plan(facts: dict[str, str]) -> None:
    from trainloop import clock
    from trainloop.config import get_site
    from trainloop.outbox.notices import Notice, plan
    from trainloop.warehouse import engine

    with engine.connect("planner") as connection:
        incident = f"{facts['dag_id']}.{facts['task_id']}.{facts['error_type']}.{clock.today(connection):%Y-%m-%d}"
        notices = [
            Notice(
                kind="incident_digest",
                subject_kind="incident",
                subject_id=incident,
                recipient_kind="contact",
                recipient_id=key,
                facts=facts,
            )
            for key in get_site().contacts_of("engineer")
        ]
        plan(connection, notices)

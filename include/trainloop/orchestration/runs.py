"""What a task asks of its own run: the business date, the permission to send, the class session."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from typing import Any, TypedDict

from airflow.sdk import get_current_context

from trainloop.config import get_site
from trainloop.errors import PermanentError


class SessionCodeMissingError(PermanentError):
    """This run has no partition key, so it is about no class session.

    Trigger the DAG with the session's code as partition key: `trainloop report <session_code>`.
    """


class MailingOptions(TypedDict):
    as_of: date | None
    allow_send: bool


def as_of() -> date | None:
    """Return the business date of this run; None means "today by the warehouse's clock".

    A date typed into the form wins. A backfill stands for the days it repeats: it takes the date of its run, so that
    it lies in the past and sends nothing to employees.
    """
    context = get_current_context()
    return _as_of(context["params"], context["dag_run"])


def mailing_options() -> MailingOptions:
    """Return `as_of` and `allow_send` of this run, as every entry point takes them that plans mails to employees."""
    return {"as_of": as_of(), "allow_send": bool(get_current_context()["params"].get("allow_send"))}


def opens_on() -> date | None:
    """Return the opening day that was typed into the form of a launch; None means the site's own day."""
    day = get_current_context()["params"].get("opens_on")
    return date.fromisoformat(day) if day else None


def year() -> int | None:
    """Return the year that was typed into the form; None means that of the business date."""
    found = get_current_context()["params"].get("year")
    return int(found) if found else None


def session_code() -> str:
    """Return the class session this partitioned run is about; raise SessionCodeMissingError when there is none."""
    key = get_current_context()["dag_run"].partition_key
    if not key:
        raise SessionCodeMissingError
    return str(key)


def _as_of(params: Mapping[str, Any], dag_run: Any) -> date | None:
    if params.get("as_of"):
        return date.fromisoformat(params["as_of"])
    if dag_run.run_type == "backfill" and dag_run.logical_date is not None:
        moment: date = dag_run.logical_date.astimezone(get_site().company.zone).date()
        return moment
    return None

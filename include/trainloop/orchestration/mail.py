"""The mail transport of tasks, built from the Airflow Connection `smtp_default`.

The SMTP provider's hook builds its own MIME message and cannot send given bytes, so only its Connection is used.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal

from airflow.sdk import BaseHook
from airflow.sdk.exceptions import AirflowNotFoundException

from trainloop.errors import PermanentError

if TYPE_CHECKING:
    from trainloop.outbox.transport import SmtpTransport

CONNECTION_ID = "smtp_default"


class MailConnectionMissingError(PermanentError):
    """The Airflow Connection smtp_default is not defined.

    Create it (type SMTP: host, port, login, password) under Admin → Connections, or set AIRFLOW_CONN_SMTP_DEFAULT.
    """


def smtp_transport() -> SmtpTransport:
    """Return the transport the Connection describes.

    The extras are the provider's: `disable_ssl`, `disable_tls`, `timeout`. As there, the default is implicit TLS;
    without it STARTTLS; a plain relay disables both.
    """
    from trainloop.outbox.transport import SmtpTransport

    try:
        connection = BaseHook.get_connection(CONNECTION_ID)
    except AirflowNotFoundException as error:
        raise MailConnectionMissingError from error
    extra = connection.extra_dejson
    security: Literal["none", "starttls", "tls"] = (
        "tls" if not extra.get("disable_ssl") else "starttls" if not extra.get("disable_tls") else "none"
    )
    return SmtpTransport(
        host=connection.host or "localhost",
        port=connection.port or {"tls": 465, "starttls": 587, "none": 25}[security],
        user=connection.login or None,
        password=connection.password or None,
        security=security,
        timeout_seconds=float(extra.get("timeout", 30)),
    )

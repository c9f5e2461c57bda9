"""The broker between the scheduler and Celery's workers: asked once at a worker's start and by `trainloop doctor`."""

from __future__ import annotations

from trainloop.errors import TransientError

PATIENCE_SECONDS = 5.0


class BrokerUnreachableError(TransientError):
    """The broker {place} does not answer: {detail}. No task reaches a worker before it does; what was queued is kept.

    Start it, or correct AIRFLOW__CELERY__BROKER_URL (address and password).
    """


def require_broker() -> str:
    """Return the broker's address, its password hidden. Raises BrokerUnreachableError."""
    from airflow.configuration import conf
    from kombu.connection import Connection
    from kombu.exceptions import KombuError

    waits = {"socket_connect_timeout": PATIENCE_SECONDS, "socket_timeout": PATIENCE_SECONDS}
    url = conf.get_mandatory_value("celery", "broker_url")
    with Connection(url, connect_timeout=PATIENCE_SECONDS, transport_options=waits) as connection:  # type: ignore[no-untyped-call]
        place = str(connection.as_uri())
        try:
            connection.connect()
        except (OSError, KombuError, *connection.connection_errors, *connection.channel_errors) as error:
            raise BrokerUnreachableError(place=place, detail=str(error) or type(error).__name__) from None
    return place

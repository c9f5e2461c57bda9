"""A Celery worker with the heavy libraries loaded before its pool forks: `python -m trainloop.orchestration.worker`.

Arguments go to `airflow celery worker`. As in the local scheduler, a library imported here is in every task at once.
Without its broker a worker ends and says so; the restart policy starts it again.
"""

from __future__ import annotations

import sys

from trainloop.orchestration.broker import BrokerUnreachableError, require_broker
from trainloop.orchestration.scheduler import preload


def main() -> None:
    """Run `airflow celery worker` until it is asked to end; a warm shutdown lets running tasks finish."""
    try:
        require_broker()
    except BrokerUnreachableError as error:
        sys.exit(str(error))
    preload()
    from airflow.__main__ import main as airflow

    sys.argv = ["airflow", "celery", "worker", *sys.argv[1:]]
    airflow()  # type: ignore[no-untyped-call]


if __name__ == "__main__":
    main()

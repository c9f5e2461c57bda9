"""Start the forms service: one process, its own database role, until it is asked to end."""

from __future__ import annotations

import argparse
import sys

import uvicorn

from trainloop.errors import TrainLoopError
from trainloop.forms.app import create_app
from trainloop.forms.store import Store
from trainloop.settings import Settings, get_settings
from trainloop.warehouse import engine


def main(arguments: list[str] | None = None) -> None:
    """Serve; what runs finishes before the process ends. Without its key or address it says so and ends at once."""
    try:
        settings = get_settings()
        chosen = _chosen(settings, arguments)
        _require_ready(settings)
    except TrainLoopError as error:
        sys.exit(str(error))
    # Access lines would hold the links.
    uvicorn.run(
        create_app(Store()),
        host=chosen.host,
        port=chosen.port,
        log_level="warning",
        access_log=False,
        server_header=False,
        proxy_headers=True,
        forwarded_allow_ips=settings.forms_trusted_proxies,
        # A browser that reads for a while keeps its connection; five seconds cut it in the middle of a click.
        timeout_keep_alive=75,
        timeout_graceful_shutdown=10,
    )


def _chosen(settings: Settings, arguments: list[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="trainloop.forms", description=__doc__)
    parser.add_argument("--host", default=settings.forms_host, help="address to listen on")
    parser.add_argument("--port", type=int, default=settings.forms_port, help="port to listen on")
    return parser.parse_args(arguments)


def _require_ready(settings: Settings) -> None:
    """Refuse settings without what a page needs; a server that does not answer yet may come later."""
    settings.forms_secret()
    engine.checked_url("forms")


if __name__ == "__main__":
    main()

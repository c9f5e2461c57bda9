"""Start the dev mailbox: SMTP in a thread, pages in the foreground, both on loopback unless told otherwise."""

from __future__ import annotations

import argparse
from pathlib import Path

import uvicorn
from aiosmtpd.controller import Controller

from trainloop.outbox.mailbox.pages import create_app
from trainloop.outbox.mailbox.store import Catcher, Store

LOOPBACK = "127.0.0.1"
# A report mail with its PDFs is under 1 MB; the limit only keeps a mistake from filling the disk.
MAX_MAIL_BYTES = 50_000_000


def main(arguments: list[str] | None = None) -> None:
    """Serve until the process is asked to end."""
    parser = argparse.ArgumentParser(prog="trainloop.outbox.mailbox", description=__doc__)
    parser.add_argument("--host", default=LOOPBACK, help="address to listen on; a container listens on 0.0.0.0")
    parser.add_argument("--smtp-port", type=int, required=True, help="port that takes mails")
    parser.add_argument("--web-port", "--http-port", type=int, required=True, help="port of the pages")
    parser.add_argument("--folder", type=Path, required=True, help="folder of the .eml files")
    chosen = parser.parse_args(arguments)
    store = Store(chosen.folder)
    smtp = Controller(
        Catcher(store), hostname=chosen.host, port=chosen.smtp_port, data_size_limit=MAX_MAIL_BYTES, ident="TrainLoop"
    )
    smtp.start()
    try:
        uvicorn.run(create_app(store), host=chosen.host, port=chosen.web_port, log_level="warning", access_log=False)
    finally:
        smtp.stop()


if __name__ == "__main__":
    main()

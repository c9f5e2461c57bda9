"""Write the dump of a release that `test_upgrade.py` migrates: `python tests/warehouse/make_release_dump.py 0170`.

Run it at a release (or with the number of its last migration while the code still serves that schema); it makes a
server of its own, lives a small company through intake, evaluation and outbox, and keeps the dump beside this file.
The one of the release before stays until nobody upgrades from it any more.
"""

from __future__ import annotations

import gzip
import os
import sys
import tempfile
from datetime import UTC, datetime
from pathlib import Path

RELEASES = Path(__file__).with_name("releases")


def main(last: str) -> None:
    """Make, fill and dump a warehouse that ends with migration `last`."""
    with tempfile.TemporaryDirectory() as folder:
        os.environ |= {
            "TRAINLOOP_HOME": folder,
            "TRAINLOOP_SECRET_KEY": "a key of the test suite, forty characters",
            "TRAINLOOP_SITE_FILE": str(Path(__file__).parents[1] / "site.yaml"),
        }
        from trainloop.recovery.backup import WAREHOUSE_SCHEMAS
        from trainloop.recovery.dumps import dump
        from trainloop.settings import get_settings
        from trainloop.warehouse import engine, migrations
        from trainloop.warehouse.embedded import EmbeddedServer

        known = [path for path in migrations.files() if path.stem[:4] <= last]
        migrations.files = lambda: known
        server = EmbeddedServer.from_settings(get_settings())
        try:
            migrations.migrate()
            live()
            RELEASES.mkdir(exist_ok=True)
            whole = Path(folder) / "warehouse.dump"
            with whole.open("wb") as file:
                dump(engine.url("owner"), WAREHOUSE_SCHEMAS, file)
            # Compressed once, as a whole and without a date: half of a small dump is its table of contents.
            (RELEASES / f"{last}.dump.gz").write_bytes(gzip.compress(whole.read_bytes(), 9, mtime=0))
        finally:
            server.stop()


def live() -> None:
    """Files with a wrong row through the gate, two evaluated classes with a revision, mails decided and written."""
    from tests.acceptance.company import files
    from tests.surveys import results_world as world

    from trainloop import clock
    from trainloop.intake.pipeline import ingest_dataset, waiting_datasets
    from trainloop.outbox.composer import compose_due
    from trainloop.outbox.leases import grant_first_lease
    from trainloop.settings import get_settings
    from trainloop.surveys.results import evaluate_session
    from trainloop.warehouse import engine

    with engine.connect("owner") as connection:
        clock.freeze(connection, datetime(2026, 3, 10, 2, tzinfo=UTC))
    inbox = get_settings().home / "inbox"
    for name, text in files().items():
        (inbox / name).parent.mkdir(parents=True, exist_ok=True)
        (inbox / name).write_text(text)
        os.utime(inbox / name, (1e9, 1e9))
    for dataset in waiting_datasets():
        ingest_dataset(dataset)
    world.make_company()
    levels = [5, 4, 4, 3, 5, 2, 4, 4, 5, 3, 4, 5]
    for code in ("S1", "S2"):
        world.make_class(code, world.forms(levels))
        evaluate_session(code)
    world.execute("update core.attendance set status = 'absent' where employee_id = 'E0012' and session_code = 'S1'")
    evaluate_session("S1")
    grant_first_lease("development", "a release")
    compose_due()


if __name__ == "__main__":
    sys.path.insert(0, str(Path(__file__).parents[2]))
    main(sys.argv[1])

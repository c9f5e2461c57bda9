"""The generated pages: each is a function of the code, so a stale one is a fault that a test can see."""

from __future__ import annotations

import os
import tempfile
from pathlib import Path

from trainloop.settings import PROJECT_DIR


def stale_pages() -> dict[Path, str]:
    """Return the pages that differ from what the code says, with the text they should have."""
    pages = {
        PROJECT_DIR / "dags" / "README.md": _catalogue(),
        PROJECT_DIR / "include" / "trainloop" / "contracts" / "README.md": _dictionary(),
    }
    return {path: text for path, text in pages.items() if not path.exists() or path.read_text("utf-8") != text}


def _catalogue() -> str:
    # Airflow makes its home at import; the catalogue needs none, so it gets one that goes away.
    with tempfile.TemporaryDirectory(prefix="trainloop-docs-") as home:
        os.environ.setdefault("AIRFLOW_HOME", home)
        os.environ.setdefault("AIRFLOW__CORE__LOAD_EXAMPLES", "False")
        from trainloop.orchestration.catalogue import catalogue_markdown

        return catalogue_markdown(PROJECT_DIR / "dags")


def _dictionary() -> str:
    from trainloop.contracts import dictionary_markdown

    return dictionary_markdown()

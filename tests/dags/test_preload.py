"""What workers have loaded before they fork: all of ours that a task imports; a broken DAG file costs nothing."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from trainloop.orchestration.scheduler import named_in_dags
from trainloop.settings import PROJECT_DIR

PROGRAM = """
import importlib, runpy, sys
from pathlib import Path
from trainloop.orchestration.scheduler import named_in_dags, preload

preload()
loaded = set(sys.modules)
folder = Path("dags")
for path in sorted(folder.glob("*.py")):
    runpy.run_path(str(path))
for name in named_in_dags(folder):
    try:
        importlib.import_module(name)
    except ModuleNotFoundError:
        pass  # a function of its module
print(sorted(name for name in set(sys.modules) - loaded if name.startswith("trainloop.")))
from trainloop.config import get_site
print(get_site.cache_info().misses)
"""


@pytest.mark.slow
def test_a_task_finds_the_modules_of_its_dag_loaded_and_reads_the_site_file_itself(home: Path) -> None:
    """A site file that was read before the fork would be an old one after the next change."""
    done = subprocess.run([sys.executable, "-c", PROGRAM], capture_output=True, text=True, check=True, cwd=PROJECT_DIR)
    assert done.stdout.splitlines()[-2:] == ["[]", "1"]


def test_modules_are_found_at_the_top_and_in_tasks_and_a_broken_file_names_none(tmp_path: Path) -> None:
    (tmp_path / "broken.py").write_text("def (:\n", encoding="utf-8")
    (tmp_path / "sound.py").write_text(
        "from airflow.sdk import dag\nfrom trainloop.config import get_site\n"
        "def task():\n    from trainloop.outbox import delivery\n",
        encoding="utf-8",
    )
    assert list(named_in_dags(tmp_path)) == [
        "trainloop.config",
        "trainloop.config.get_site",
        "trainloop.outbox",
        "trainloop.outbox.delivery",
    ]

"""One cluster for the module: started on free ports of loopback, stopped by process ids at the end."""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest
from tests.cluster.topology import Topology

from trainloop.config import get_site
from trainloop.settings import get_settings


@pytest.fixture(scope="module")
def cluster(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Topology]:
    """The compose file's services; this process stands outside with the owner's address."""
    assert shutil.which("redis-server"), "`make cluster-test` installs what is needed"
    topology = Topology(Path(os.environ.get("CLUSTER_FOLDER") or tmp_path_factory.mktemp("cluster")))
    with pytest.MonkeyPatch.context() as patch:
        for name in [name for name in os.environ if name.startswith(("AIRFLOW", "TRAINLOOP_"))]:
            patch.delenv(name)
        try:
            topology.start()
            for name, value in topology.settings().items():
                patch.setenv(name, value)
            get_settings.cache_clear()
            get_site.cache_clear()
            yield topology
        finally:
            topology.stop()
    get_settings.cache_clear()
    get_site.cache_clear()

"""A real S3 server on loopback, its own process: moto's, with one bucket for each test."""

from __future__ import annotations

import socket
import subprocess
import sys
import time
import uuid
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

import httpx
import pytest

from trainloop.config import get_site
from trainloop.intake import inbox
from trainloop.settings import get_settings

FOLDERS = ("inbox", "archive", "reports", "materials", "data_docs", "backups")


@dataclass
class Bucket:
    """One bucket, and the client by which people and other programs reach it."""

    name: str
    client: Any

    def put(self, key: str, content: bytes) -> None:
        self.client.put_object(Bucket=self.name, Key=key, Body=content)

    def get(self, key: str) -> bytes:
        content: bytes = self.client.get_object(Bucket=self.name, Key=key)["Body"].read()
        return content

    def keys(self, prefix: str = "") -> list[str]:
        found = self.client.list_objects_v2(Bucket=self.name, Prefix=prefix)
        return [one["Key"] for one in found.get("Contents", [])]


@pytest.fixture(scope="session")
def s3_server() -> Iterator[str]:
    """The address of the server, stopped at the end of the session."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    command = [sys.executable, "-m", "moto.server", "--host", "127.0.0.1", "--port", str(port)]
    process = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    address = f"http://127.0.0.1:{port}"
    try:
        until = time.monotonic() + 60
        while True:
            assert process.poll() is None
            assert time.monotonic() < until
            try:
                httpx.get(f"{address}/moto-api/", trust_env=False)
                break
            except httpx.HTTPError:
                time.sleep(0.1)
        yield address
    finally:
        process.terminate()
        process.wait(timeout=20)


@pytest.fixture
def bucket(s3_server: str, monkeypatch: pytest.MonkeyPatch) -> Iterator[Bucket]:
    """A bucket in which all folders lie, reached as a deployment reaches its store: by the environment."""
    import boto3
    import fsspec

    access = {
        "AWS_ENDPOINT_URL": s3_server, "AWS_ACCESS_KEY_ID": "test", "AWS_SECRET_ACCESS_KEY": "test",
        "AWS_DEFAULT_REGION": "us-east-1", "NO_PROXY": "127.0.0.1",
    }  # fmt: skip
    for name, value in access.items():
        monkeypatch.setenv(name, value)
    name = f"trainloop-{uuid.uuid4().hex[:8]}"
    client = boto3.client("s3")
    client.create_bucket(Bucket=name)
    fsspec.get_filesystem_class("s3").clear_instance_cache()
    for folder in FOLDERS:
        monkeypatch.setenv(f"TRAINLOOP_{folder.upper()}_URI", f"s3://{name}/{folder.replace('_', '-')}")
    get_settings.cache_clear()
    yield Bucket(name, client)
    get_settings.cache_clear()
    fsspec.get_filesystem_class("s3").clear_instance_cache()


@pytest.fixture
def lost(bucket: Bucket, monkeypatch: pytest.MonkeyPatch) -> Callable[[str], None]:
    """Let the store be lost: nobody listens at its `address`, or its `bucket` does not exist."""
    import fsspec

    def lose(what: str) -> None:
        if what == "address":
            with socket.socket() as probe:
                probe.bind(("127.0.0.1", 0))
                monkeypatch.setenv("AWS_ENDPOINT_URL", f"http://127.0.0.1:{probe.getsockname()[1]}")
        else:
            for folder in FOLDERS:
                monkeypatch.setenv(f"TRAINLOOP_{folder.upper()}_URI", f"s3://no-such-bucket/{folder}")
        get_settings.cache_clear()
        fsspec.get_filesystem_class("s3").clear_instance_cache()

    return lose


@pytest.fixture
def files_at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    """A file counts as stable as soon as it is there: a test does not wait for it."""
    site = get_site()
    impatient = site.model_copy(update={"intake": site.intake.model_copy(update={"stable_after_seconds": 0})})
    monkeypatch.setattr(inbox, "get_site", lambda: impatient)

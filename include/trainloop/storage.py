"""Files of the inbox, the archive, the reports and whatever else lies at a URI: on this disk or in an object store.

A file is there whole or not at all: on a disk it is written beside its place, flushed and renamed; an object store
takes whole objects. A store that does not answer is an error, never an empty folder.
"""

from __future__ import annotations

import hashlib
import io
import os
import re
import secrets
import tempfile
from collections.abc import Iterable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path, PurePosixPath
from typing import Any, BinaryIO, Final

from trainloop import faults
from trainloop.errors import PermanentError, TrainLoopError, TransientError

BLOCK: Final = 1 << 20
_UNSAFE: Final = re.compile(r"[^\w.-]+", re.ASCII)
# Their addresses begin with a bucket that a person makes; nothing of ours may make one by writing into it.
_BUCKETS: Final = frozenset({"s3", "s3a", "gs", "gcs", "abfs", "abfss", "az"})
# botocore waits a minute for a connection and asks five times; a task that is told soon is tried again soon.
_S3: Final = {"config_kwargs": {"connect_timeout": 10, "read_timeout": 60, "retries": {"max_attempts": 2}}}
_OPTIONS: Final[dict[str, dict[str, Any]]] = {"s3": _S3, "s3a": _S3}

# What an object store means by an error that has no number.
_IN_WORDS: Final = {FileNotFoundError: "no such bucket or folder", PermissionError: "this login may not do that"}


class StoreFailedError(TransientError):
    """The files below {place} cannot be reached: {detail}. Nothing was left half-written.

    Check the disk's space and rights, or the store's address, login and bucket (`trainloop doctor` tries it).
    """


class StoreUnknownError(PermanentError):
    """No program of this installation reaches {place}: {detail}. Correct the TRAINLOOP_…_URI, or install its driver."""


class Draft:
    """A file that has no place yet: written, then kept under a name or dropped."""

    def __init__(self, folder: str, system: Any, path: str, name: str, file: BinaryIO) -> None:
        self._folder, self._system, self._path, self._name, self._file = folder, system, path, name, file

    def write(self, content: bytes) -> None:
        """Add to the file. Raises StoreFailedError, on a full disk for one."""
        left = memoryview(content)
        with reaching(self._folder, reads=False):
            # A disk with room for a part takes that part and says nothing.
            while left:
                left = left[self._file.write(left) :]

    def keep_as(self, name: str) -> str:
        """Give the file its name in the folder, replacing what has it; return its URI."""
        final = f"{self._path}/{name}"
        with reaching(self._folder, reads=False):
            flush(self._file)
            faults.point("storage.before_rename")
            if is_local(self._system):
                Path(self._name).replace(final)
            else:
                self._system.put_file(self._name, final)
        uri: str = self._system.unstrip_protocol(final)
        return uri


@contextmanager
def drafted(folder: str) -> Iterator[Draft]:
    """Yield a draft for a folder; without `keep_as` nothing of it stays.

    Beside an object store the bytes wait on this machine: what is broken off must not become an object.
    """
    with reaching(folder, reads=False):
        system, path = open_store(folder)
        if is_local(system):
            Path(path).mkdir(parents=True, exist_ok=True)
            name = f"{path}/.{secrets.token_hex(8)}.part"
            handle = os.open(name, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o666)
        else:
            handle, name = tempfile.mkstemp(prefix="trainloop-")
    try:
        # Unbuffered: what a full disk refuses is heard where it is written, and nothing is left to write at the end.
        with os.fdopen(handle, "wb", buffering=0) as file:
            yield Draft(folder, system, path, name, file)
    finally:
        Path(name).unlink(missing_ok=True)


def keep(uri: str, content: bytes) -> None:
    """Write a file so that nobody ever sees half of it. Raises StoreFailedError."""
    folder, _, name = uri.rpartition("/")
    system, path = open_store(uri)
    if not is_local(system):
        with reaching(folder, reads=False):
            faults.point("storage.before_rename")
            system.pipe_file(path, content)
        return
    with drafted(folder) as draft:
        draft.write(content)
        draft.keep_as(name)


def read(uri: str) -> bytes:
    """Return a file's bytes. Raises FileNotFoundError, StoreFailedError."""
    system, path = open_store(uri)
    with reaching(uri.rpartition("/")[0]):
        content: bytes = system.cat_file(path)
        return content


def pieces(uri: str) -> Iterator[bytes]:
    """Yield a file's bytes in pieces of a megabyte. Raises FileNotFoundError, StoreFailedError."""
    system, path = open_store(uri)
    with reaching(uri.rpartition("/")[0]):
        file = system.open(path, "rb")
    with file:
        while True:
            with reaching(uri.rpartition("/")[0]):
                piece: bytes = file.read(BLOCK)
            if not piece:
                return
            yield piece


def has_content(uri: str, sha256: str) -> bool:
    """Say whether the file at `uri` is there with exactly this content. Raises StoreFailedError."""
    try:
        return hashlib.sha256(read(uri)).hexdigest() == sha256
    except FileNotFoundError:
        return False


def info(uri: str) -> dict[str, Any] | None:
    """Return what the store says about a file now, None where there is none. Raises StoreFailedError."""
    system, path = open_store(uri)
    system.invalidate_cache()
    with reaching(uri.rpartition("/")[0]), suppress(FileNotFoundError):
        told: dict[str, Any] = system.info(path)
        return told
    return None


def listing(folder: str) -> list[dict[str, Any]]:
    """Return what lies in a folder by name, with `uri`; nothing where no file was put there yet.

    Raises StoreFailedError: a store or bucket that does not answer has not told that it is empty.
    """
    system, path = open_store(folder)
    system.invalidate_cache()
    with reaching(folder, reads=False):
        try:
            found = system.ls(path, detail=True)
        except FileNotFoundError:
            if _protocol(system) in _BUCKETS:
                system.ls(path.partition("/")[0], detail=False)
            return []
    entries = [
        one | {"name": PurePosixPath(one["name"]).name, "uri": system.unstrip_protocol(one["name"].rstrip("/"))}
        for one in found
        # A console that makes a "folder" puts an empty object of its name into it.
        if one["name"].rstrip("/") != path.rstrip("/")
    ]
    return sorted(entries, key=lambda one: str(one["name"]))


def remove(uris: Iterable[str]) -> None:
    """Delete files; one that is not there any more is no error. Raises StoreFailedError."""
    for uri in uris:
        system, path = open_store(uri)
        with reaching(uri.rpartition("/")[0]), suppress(FileNotFoundError):
            system.rm_file(path)


def safe_name(text: str) -> str:
    """Return a business key as one path segment: ASCII letters, digits, dot, dash; a hash keeps changed keys apart."""
    plain = _UNSAFE.sub("-", text).strip("-.")[:80]
    return plain if plain == text else f"{plain or 'x'}-{hashlib.sha256(text.encode()).hexdigest()[:8]}"


def is_same_store(one: str, other: str) -> bool:
    """Say whether a file could move from one URI to the other without its bytes passing through this machine."""
    return type(open_store(one)[0]) is type(open_store(other)[0])


def move(source: str, target: str) -> None:
    """Give a file another place in its store. Raises FileNotFoundError, StoreFailedError."""
    system, path = open_store(target)
    with reaching(target.rpartition("/")[0]):
        if is_local(system):
            Path(path).parent.mkdir(parents=True, exist_ok=True)
        system.mv(open_store(source)[1], path)


def make_private(folder: str) -> None:
    """Make a folder of this disk that only its owner reads; in an object store the bucket's rights count."""
    system, path = open_store(folder)
    with reaching(folder, reads=False):
        if is_local(system):
            Path(path).mkdir(parents=True, exist_ok=True)
            Path(path).chmod(0o700)


def remove_folder(folder: str) -> None:
    """Delete a folder and all that is in it. Raises StoreFailedError."""
    system, path = open_store(folder)
    with reaching(folder), suppress(FileNotFoundError):
        system.rm(path, recursive=True)


@contextmanager
def local_copy(uri: str) -> Iterator[Path]:
    """Yield a path on this machine with the bytes of `uri`: the file itself where it is local, else a copy."""
    system, path = open_store(uri)
    if is_local(system):
        yield Path(path)
        return
    with tempfile.TemporaryDirectory(prefix="trainloop-") as folder:
        copy = Path(folder) / "content"
        with reaching(uri.rpartition("/")[0]):
            system.get_file(path, str(copy))
        yield copy


def flush(file: BinaryIO) -> None:
    """Let a file reach the disk; a disk that fails is heard (OSError), an object store has nothing to wait for."""
    file.flush()
    with suppress(io.UnsupportedOperation, AttributeError):
        os.fsync(file.fileno())


def open_store(uri: str) -> tuple[Any, str]:
    """Return the file system of a URI and the path in it. Raises StoreUnknownError."""
    import fsspec

    try:
        system, path = fsspec.core.url_to_fs(uri, **_OPTIONS.get(uri.partition("://")[0], {}))
    except (ValueError, ImportError) as error:
        raise StoreUnknownError(place=uri.rpartition("/")[0], detail=type(error).__name__) from error
    return system, str(path)


def is_local(system: Any) -> bool:
    """Say whether a file system is this machine's."""
    return _protocol(system) in {"file", "local"}


def _protocol(system: Any) -> str:
    protocol = system.protocol
    return str(protocol if isinstance(protocol, str) else protocol[0])


@contextmanager
def reaching(place: str, *, reads: bool = True) -> Iterator[None]:
    """Name whatever a store raises; while something is read, a file that is not there is the caller's business."""
    try:
        yield
    except TrainLoopError:
        raise
    except Exception as error:
        if reads and isinstance(error, FileNotFoundError):
            raise
        # Each store has errors of its own: botocore's are no OSError. A store's own words may hold the name of a file.
        number = error.errno if isinstance(error, OSError) else None
        told = next((words for kind, words in _IN_WORDS.items() if isinstance(error, kind)), type(error).__name__)
        detail = os.strerror(number) if number else told
        raise StoreFailedError(place=place, detail=detail) from error

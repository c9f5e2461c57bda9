"""Ports on the loopback interface: the wanted one when it is free, else the next free one."""

from __future__ import annotations

import socket

from trainloop.errors import PermanentError

TRIES = 200


class NoFreePortError(PermanentError):
    """No free port on 127.0.0.1 from {first} to {last}. Stop a program that holds one or set another port in .env."""


def is_free(port: int) -> bool:
    """Whether a server could listen on 127.0.0.1:port now."""
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind(("127.0.0.1", port))
        except OSError:
            return False
    return True


def choose(wanted: int, taken: set[int]) -> int:
    """Return the first port from `wanted` on that is free and not in `taken` (ports promised to our own servers)."""
    for port in range(wanted, min(wanted + TRIES, 65536)):
        if port not in taken and is_free(port):
            return port
    raise NoFreePortError(first=wanted, last=wanted + TRIES - 1)

"""HMAC-SHA256 inside PostgreSQL (RFC 2104), so that SQL can hash a million ids by itself and never sees the key.

HMAC(message) = sha256(outer || sha256(inner || message)); the two blocks are made here and bound as parameters.
"""

from __future__ import annotations


def key_blocks(key: bytes) -> tuple[bytes, bytes]:
    """Return the inner and outer block of a key of at most 64 bytes."""
    block = key.ljust(64, b"\0")
    return bytes(byte ^ 0x36 for byte in block), bytes(byte ^ 0x5C for byte in block)

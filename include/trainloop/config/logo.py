"""The company's logo: one small PNG that is read with the site file and shown by mails, forms, PDFs and the board."""

from __future__ import annotations

import base64
import struct
from pathlib import Path

from trainloop.config.base import Rules

# It travels in every mail.
MAX_BYTES = 40_000
_SIGNATURE = b"\x89PNG\r\n\x1a\n"


class Logo(Rules):
    """The bytes of a PNG and its size in pixels."""

    content: bytes
    width: int
    height: int

    def width_at(self, height: int) -> int:
        """Return how wide it is when it is `height` high."""
        return max(1, round(self.width * height / self.height))

    def data_uri(self) -> str:
        return f"data:image/png;base64,{base64.b64encode(self.content).decode()}"


def read_logo(value: object) -> object:
    """Return the logo at a path; ValueError says what is wrong with it. What is no path is left to the model."""
    if not isinstance(value, str):
        return value
    if not value:
        return None
    content = Path(value).read_bytes()
    if len(content) > MAX_BYTES:
        raise ValueError(f"a logo has at most {MAX_BYTES // 1000} kB: it travels in every mail; this one has more")
    if content[:8] != _SIGNATURE or content[12:16] != b"IHDR":
        raise ValueError("a logo is a PNG file: mail programs show no SVG")
    width, height = struct.unpack(">II", content[16:24])
    if not width or not height:
        raise ValueError("the logo is empty")
    return Logo(content=content, width=width, height=height)

"""What kind of file this is, and whether it is safe to open: judged by its bytes, never by its name.

A workbook is a ZIP of XML. Before anything unpacks it, the directory of the ZIP is held against the caps of the site
file (entries, ratio, size) and the head of each XML part is parsed with DTDs forbidden: entities can be declared
nowhere else, so an XML bomb has no other place to hide.
"""

from __future__ import annotations

import re
import zipfile
from collections.abc import Iterable
from pathlib import Path
from typing import Literal
from xml.sax import SAXParseException
from xml.sax.handler import ContentHandler

from defusedxml.common import DefusedXmlException
from defusedxml.expatreader import create_parser

from trainloop.config import get_site
from trainloop.intake.refusal import FileRefusedError

_HEAD = 1 << 16
# The parts that any reader of values opens; pictures and settings are never touched.
_READ = (
    "[Content_Types].xml",
    "_rels/",
    "xl/workbook.xml",
    "xl/_rels/",
    "xl/worksheets/",
    "xl/sharedStrings.xml",
    "xl/styles.xml",
    "xl/theme/",
    "docProps/",
)


def kind_of(path: Path, name: str) -> Literal["csv", "xlsx"]:
    """Return how the file is to be read; refuse what is neither a text table nor a workbook."""
    with path.open("rb") as file:
        head = file.read(_HEAD)
    if not head.strip(b"\x00 \t\r\n\xef\xbb\xbf"):
        raise FileRefusedError("empty", file=name)
    if head.startswith(b"PK\x03\x04"):
        return "xlsx"
    if head.startswith(b"\xd0\xcf\x11\xe0"):
        raise FileRefusedError(
            "wrong_format",
            file=name,
            detail_zh="旧版 .xls 或带密码的工作簿",
            detail_en="an old .xls or a protected workbook",
        )
    for magic, zh, en in _FOREIGN:
        if head.lstrip(b"\xef\xbb\xbf \t\r\n")[:64].lower().startswith(magic):
            raise FileRefusedError("wrong_format", file=name, detail_zh=zh, detail_en=en)
    if b"\x00" in head and not head.startswith((b"\xff\xfe", b"\xfe\xff")) and not looks_like_utf16(head):
        raise FileRefusedError("wrong_format", file=name, detail_zh="二进制内容", detail_en="binary content")
    return "csv"


_FOREIGN = (
    (b"%pdf", "PDF 文档", "a PDF document"),
    (b"<!doctype", "网页", "a web page"),
    (b"<html", "网页", "a web page"),
    (b"<table", "网页", "a web page"),
    (b"<?xml", "XML 文档", "an XML document"),
    (b"{\\rtf", "RTF 文档", "an RTF document"),
    (b"\x89png", "图片", "a picture"),
    (b"\xff\xd8\xff", "图片", "a picture"),
    (b"\x1f\x8b", "压缩包", "a compressed archive"),
    (b"7z\xbc\xaf", "压缩包", "a compressed archive"),
    (b"rar!", "压缩包", "a compressed archive"),
)


def is_json(path: Path) -> bool:
    """Whether a file begins like a JSON document; asked only where a contract takes statements."""
    with path.open("rb") as file:
        return file.read(_HEAD).lstrip(b"\xef\xbb\xbf \t\r\n")[:1] in {b"{", b"["}


def check_json(path: Path, name: str) -> None:
    """Refuse a document that is too large or nested too deeply, before anything parses it."""
    rules = get_site().intake
    if (size := path.stat().st_size) > rules.max_json_mb << 20:
        raise FileRefusedError("too_large", file=name, size_mb=size >> 20, limit_mb=rules.max_json_mb)
    depth = 0
    # Brackets in strings do not count; a string that never ends leaves its brackets to the parser, which refuses it.
    for found in re.finditer(rb'"(?:[^"\\]|\\.)*"|[\[{]|[\]}]', path.read_bytes()):
        mark = found[0]
        depth += (mark in b"[{") - (mark in b"]}") if len(mark) == 1 else 0
        if depth > rules.max_json_depth:
            raise FileRefusedError("too_deep", file=name, limit=rules.max_json_depth)


def looks_like_utf16(head: bytes) -> str:
    """Return the codec when every other byte is mostly zero (UTF-16 without a mark), else an empty string."""
    even, odd = head[0:2000:2].count(0), head[1:2000:2].count(0)
    pairs = max(len(head[:2000]) // 2, 1)
    if odd > 0.3 * pairs and even < 0.05 * pairs:
        return "utf-16-le"
    return "utf-16-be" if even > 0.3 * pairs and odd < 0.05 * pairs else ""


def check_workbook(path: Path, name: str) -> None:
    """Refuse a workbook that would unpack to too much or carries entity definitions; open nothing else."""
    rules = get_site().intake
    try:
        with zipfile.ZipFile(path) as book:
            parts = book.infolist()
            if len(parts) > rules.max_entries:
                raise _bomb(name, f"{len(parts)} 个条目", f"{len(parts)} entries, limit {rules.max_entries}")
            packed = max(path.stat().st_size, 1)
            unpacked = sum(part.file_size for part in parts)
            if unpacked > packed * rules.max_unpacked_ratio:
                times = unpacked // packed
                raise _bomb(name, f"{times} 倍", f"{times} times its size, limit {rules.max_unpacked_ratio}")
            # Four times the cap of a file: XML is that much longer than the values in it.
            if (largest := max((part.file_size for part in parts), default=0)) > 4 * rules.max_file_mb << 20:
                raise _bomb(name, f"{largest >> 20} MB", f"one part of {largest >> 20} MB")
            if any(part.flag_bits & 1 for part in parts):
                raise FileRefusedError(
                    "unreadable", file=name, detail_zh="文件有密码", detail_en="protected by a password"
                )
            if "xl/workbook.xml" not in book.namelist():
                raise FileRefusedError(
                    "wrong_format",
                    file=name,
                    detail_zh="压缩包，但不是 Excel 工作簿",
                    detail_en="a ZIP, but no Excel workbook",
                )
            _forbid_definitions(book, (part for part in parts if part.filename.startswith(_READ)), name)
    except zipfile.BadZipFile as error:
        raise FileRefusedError(
            "unreadable", file=name, detail_zh="文件不完整或已损坏", detail_en="damaged or incomplete"
        ) from error
    except (NotImplementedError, RuntimeError, EOFError, OSError) as error:
        raise FileRefusedError(
            "unreadable", file=name, detail_zh="压缩方式不支持或已损坏", detail_en="damaged"
        ) from error


def _bomb(name: str, zh: str, en: str) -> FileRefusedError:
    return FileRefusedError("zip_bomb", file=name, detail_zh=zh, detail_en=en)


class _RootReached(Exception):  # noqa: N818 - a signal, not an error
    """The root element has begun: no definition can follow."""


class _StopAtRoot(ContentHandler):
    def startElement(self, name: str, attrs: object) -> None:  # noqa: ARG002, N802 - SAX names it
        raise _RootReached


def _forbid_definitions(book: zipfile.ZipFile, parts: Iterable[zipfile.ZipInfo], name: str) -> None:
    for part in parts:
        if not part.filename.endswith((".xml", ".rels")):
            continue
        parser = create_parser(forbid_dtd=True)
        parser.setContentHandler(_StopAtRoot())
        try:
            with book.open(part) as file:
                while block := file.read(_HEAD):
                    parser.feed(block)
        except _RootReached:
            continue
        except DefusedXmlException as error:
            raise FileRefusedError("xml_bomb", file=name, part=part.filename) from error
        except SAXParseException as error:
            raise FileRefusedError(
                "unreadable", file=name, detail_zh=f"{part.filename} 已损坏", detail_en=f"{part.filename} is damaged"
            ) from error

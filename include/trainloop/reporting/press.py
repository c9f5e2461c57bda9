"""HTML → PDF/A-3a by WeasyPrint, with the bundled assets only.

One `Press` per process: it keeps the fonts and the parsed style sheet, which is what makes the second document six
times cheaper than the first (a new FontConfiguration each time also leaks 0.25 MB).
"""

from __future__ import annotations

import gc
import logging
import warnings
import zlib
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from importlib import resources
from typing import Any
from xml.etree import ElementTree as ET

import cssselect2  # type: ignore[import-untyped]  # the library WeasyPrint matches its rules with
import pydyf  # type: ignore[import-untyped]  # the library WeasyPrint writes PDF with

from trainloop.reporting import attachments, glyphs, pages
from trainloop.reporting.errors import RenderWarningError
from trainloop.reporting.view import ReportView

with warnings.catch_warnings():
    # Our fontconfig file lists no system fonts on purpose; WeasyPrint warns of that at import.
    warnings.simplefilter("ignore", UserWarning)
    import weasyprint
    from weasyprint.text.fonts import FontConfiguration
    from weasyprint.urls import URLFetcher, URLFetcherResponse

_SCHEME = "bundled:"
_ASSETS = resources.files(__package__)
_ZLIB_LEVEL = 6  # level 9 saves 1.5 % of the bytes and takes 2.6 times as long


@dataclass(frozen=True)
class Printed:
    """One PDF in memory."""

    pdf: bytes
    page_count: int


class BundledFetcher(URLFetcher):  # type: ignore[misc]
    """Opens the bundled faces and the charts of one page; refuses every other address: no network, no other file."""

    def __init__(self, charts: Mapping[str, bytes] | None = None) -> None:
        super().__init__(allowed_protocols=[])
        self._charts = charts or {}

    def fetch(self, url: str, headers: dict[str, str] | None = None) -> Any:  # noqa: ARG002  (the library's signature)
        if url in self._charts:
            return URLFetcherResponse(url, self._charts[url], {"Content-Type": "image/svg+xml"})
        name = url.removeprefix(_SCHEME)
        if not url.startswith(_SCHEME) or name not in {f"fonts/{face}" for face in glyphs.FACES}:
            raise ValueError("only bundled assets are opened")
        return URLFetcherResponse(url, _ASSETS.joinpath(name).read_bytes(), {"Content-Type": "font/ttf"})


class WellFormed(weasyprint.HTML):  # type: ignore[misc]
    """A page of our templates: XML already, so expat reads it in a tenth of the time of a parser for all of HTML."""

    def __init__(self, page: pages.Page) -> None:
        self.base_url = _SCHEME
        self.url_fetcher = BundledFetcher(page.charts)
        self.media_type = "print"
        root = ET.fromstring(page.html)  # noqa: S314  (our template with every value escaped, no entities)
        self.wrapper_element = cssselect2.ElementWrapper.from_html_root(root, content_language=None)
        self.etree_element = self.wrapper_element.etree_element


class _Written(pydyf.Object):  # type: ignore[misc]
    """An object of a PDF whose bytes are settled."""

    compressible = True
    data = b""

    def __init__(self, source: pydyf.Object) -> None:
        super().__init__()
        self.number, self.generation, self.free = source.number, source.generation, source.free
        self.compressible = source.compressible
        self.data = _packed(source) if isinstance(source, pydyf.Stream) and source.compress else source.data


def _packed(stream: pydyf.Stream) -> bytes:
    stream.compress = False
    _head, content = stream.data.split(b"\nstream\n", 1)
    packed = zlib.compress(content.removesuffix(b"\nendstream"), _ZLIB_LEVEL)
    stream.extra["Filter"], stream.extra["Length"] = "/FlateDecode", len(packed)
    return b"\n".join((pydyf.Dictionary(stream.extra).data, b"stream", packed, b"endstream"))


def _settle(_document: object, pdf: pydyf.PDF) -> None:
    """Serialise and compress each object once: the writer asks for them twice, for the file and for its identifier."""
    pdf.objects[:] = [one if one.free == "f" else _Written(one) for one in pdf.objects]


class Press:
    """Draws views; not thread-safe."""

    def __init__(self) -> None:
        self._fonts = FontConfiguration()
        with _warnings_fail():
            self._style = weasyprint.CSS(
                string=_ASSETS.joinpath("styles/report.css").read_text("utf-8"),
                font_config=self._fonts,
                url_fetcher=BundledFetcher(),
                base_url=_SCHEME,
            )

    def draw(self, view: ReportView) -> Printed:
        """Return the PDF of a view: the same bytes for the same view.

        Raises GlyphMissingError before anything is drawn, RenderWarningError when WeasyPrint logged a warning.
        """
        glyphs.check(view.model_dump(mode="json", exclude={"data_rows"}))
        moment = datetime.fromisoformat(view.released_at).astimezone(UTC)
        page = pages.page(view)
        with _warnings_fail(), _no_collection():
            document = WellFormed(page).render(stylesheets=[self._style], font_config=self._fonts)
            pdf = document.write_pdf(
                finisher=_settle,
                pdf_variant="pdf/a-3a",
                pdf_identifier=view.sha256().encode()[:32],
                attachments=[
                    weasyprint.Attachment(
                        string=content,
                        name=name,
                        description=description,
                        relationship="Data",
                        created=moment,
                        modified=moment,
                    )
                    for name, content, description in attachments.files(view)
                ],
            )
        return Printed(pdf=pdf, page_count=len(document.pages))


@contextmanager
def _no_collection() -> Iterator[None]:
    """Let the garbage collector wait for the end of a document: its pauses are a sixth of the time."""
    was_enabled = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if was_enabled:
            gc.enable()


class _Collector(logging.Handler):
    def __init__(self) -> None:
        super().__init__(logging.WARNING)
        self.messages: list[str] = []

    def emit(self, record: logging.LogRecord) -> None:
        self.messages.append(record.getMessage())


@contextmanager
def _warnings_fail() -> Iterator[None]:
    """Raise RenderWarningError when WeasyPrint logged a warning: an ignored rule is a page that nobody designed."""
    logger = logging.getLogger("weasyprint")
    collector = _Collector()
    logger.addHandler(collector)
    try:
        yield
    finally:
        logger.removeHandler(collector)
    if collector.messages:
        raise RenderWarningError(warnings="; ".join(dict.fromkeys(collector.messages)))

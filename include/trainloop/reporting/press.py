"""HTML → PDF/A-3a by WeasyPrint, with the bundled assets only.

One `Press` per process: it keeps the fonts and the parsed style sheet, which is what makes the second document six
times cheaper than the first (a new FontConfiguration each time also leaks 0.25 MB).
"""

from __future__ import annotations

import base64
import gc
import logging
import warnings
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from importlib import resources
from typing import Any
from xml.etree import ElementTree as ET

import cssselect2  # type: ignore[import-untyped]  # the library WeasyPrint matches its rules with
import pydyf  # type: ignore[import-untyped]  # the library WeasyPrint writes PDF with

from trainloop.reporting import attachments, fitting, glyphs, pages
from trainloop.reporting.cascade import Cascade, Layout
from trainloop.reporting.document import Document
from trainloop.reporting.errors import RenderWarningError

with warnings.catch_warnings():
    # Our fontconfig file lists no system fonts on purpose; WeasyPrint warns of that at import.
    warnings.simplefilter("ignore", UserWarning)
    import weasyprint
    from weasyprint.html import UA_STYLESHEET
    from weasyprint.text.fonts import FontConfiguration
    from weasyprint.urls import URLFetcher, URLFetcherResponse

_SCHEME = "bundled:"
_PNG = "data:image/png;base64,"
_ASSETS = resources.files(__package__)
_VARIANT = "pdf/a-3a"
_ZLIB_LEVEL = 6  # level 9 saves 1.5 % of the bytes and takes 2.6 times as long


@dataclass(frozen=True)
class Printed:
    """One PDF in memory."""

    pdf: bytes
    page_count: int


class BundledFetcher(URLFetcher):  # type: ignore[misc]
    """Opens the bundled faces and the logo that the view holds; refuses every other address: no network, no file."""

    def __init__(self) -> None:
        super().__init__(allowed_protocols=[])

    def fetch(self, url: str, headers: dict[str, str] | None = None) -> Any:  # noqa: ARG002  (the library's signature)
        faces = {f"{_SCHEME}fonts/{face}": face for face in glyphs.FACES}
        common_faces = {f"{_SCHEME}fonts/common/{face}": face for face in glyphs.FACES}
        if url.startswith(_PNG):
            return URLFetcherResponse(url, base64.b64decode(url.removeprefix(_PNG)), {"Content-Type": "image/png"})
        if url in faces:
            content = _ASSETS.joinpath("fonts", faces[url]).read_bytes()
        elif url in common_faces:
            content = glyphs.common_face(common_faces[url])
        else:
            raise ValueError("only bundled assets are opened")
        return URLFetcherResponse(url, content, {"Content-Type": "font/ttf"})


class WellFormed(weasyprint.HTML):  # type: ignore[misc]
    """A page of our templates: XML already, so expat reads it in a tenth of the time of a parser for all of HTML."""

    def __init__(self, page: pages.Page, cascade: Cascade, fit: str = fitting.PLAIN) -> None:
        self.cascade = cascade
        self.charts = page.charts
        self.options = {**weasyprint.DEFAULT_OPTIONS, "pdf_variant": _VARIANT}
        self.base_url = _SCHEME
        self.url_fetcher = BundledFetcher()
        self.media_type = "print"
        root = ET.fromstring(page.html)  # noqa: S314  (our template with every value escaped, no entities)
        if fit:
            root.set("class", fit)
        self.wrapper_element = cssselect2.ElementWrapper.from_html_root(root, content_language=None)
        self.etree_element = self.wrapper_element.etree_element

    def laid_out(self) -> Layout:
        """Return the pages, with the styles of earlier documents."""
        document: Layout = Layout._render(self, self.cascade.font_config, None, None, self.options)
        return document


class _Written(pydyf.Object):  # type: ignore[misc]
    """An object of a PDF whose bytes are settled."""

    compressible = True
    data = b""

    def __init__(self, source: pydyf.Object) -> None:
        super().__init__()
        self.number, self.generation, self.free = source.number, source.generation, source.free
        self.compressible, self.data = source.compressible, source.data


class _Packed(pydyf.PDF):  # type: ignore[misc]
    """A PDF that serialises and compresses each object once.

    The writer asks for every object twice, for the file and for its identifier, and packs what it adds at level 9.
    """

    def add_object(self, object_: pydyf.Object) -> None:
        if isinstance(object_, pydyf.Stream):
            _pack(object_)
        super().add_object(object_)

    def settle(self) -> None:
        for one in self.objects:
            if isinstance(one, pydyf.Stream):
                _pack(one)
        self.objects[:] = [one if one.free == "f" else _Written(one) for one in self.objects]


def _pack(stream: pydyf.Stream) -> None:
    if not stream.compress:
        return
    stream.compress = False
    _head, content = stream.data.split(b"\nstream\n", 1)
    stream.stream = [zlib.compress(content.removesuffix(b"\nendstream"), _ZLIB_LEVEL)]
    stream.extra["Filter"] = "/FlateDecode"


def _settle(_document: object, pdf: pydyf.PDF) -> None:
    pdf.__class__ = _Packed
    pdf.settle()


class Press:
    """Draws views; not thread-safe."""

    def __init__(self) -> None:
        self._fonts = FontConfiguration()
        with _warnings_fail():
            style = weasyprint.CSS(
                string=pages.style(),
                font_config=self._fonts,
                url_fetcher=BundledFetcher(),
                base_url=_SCHEME,
            )
        self._cascade = Cascade([(UA_STYLESHEET, "user agent", None), (style, "user", None)], self._fonts)
        # Modules, fonts and styles stay as long as the process: the collector need not walk them after each document.
        gc.freeze()

    def draw(self, view: Document) -> Printed:
        """Return the PDF of a view: the same bytes for the same view.

        Raises GlyphMissingError before anything is drawn, RenderWarningError when WeasyPrint logged a warning.
        """
        glyphs.check(view.model_dump(mode="json", exclude={"data_rows"}))
        # What a document was made of goes with the frame of `_print`, before the collector looks.
        with _warnings_fail(), _no_collection():
            return self._print(view)

    def _print(self, view: Document) -> Printed:
        moment = datetime.fromisoformat(view.released_at).astimezone(UTC)
        page = pages.page(view)
        document = fitting.fitted(lambda fit: WellFormed(page, self._cascade, fit).laid_out())
        pdf = document.write_pdf(
            finisher=_settle,
            pdf_variant=_VARIANT,
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

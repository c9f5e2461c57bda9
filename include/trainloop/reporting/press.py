"""HTML → PDF/A-3a by WeasyPrint, with the bundled assets only.

One `Press` per process: it keeps the fonts and the parsed style sheet, which is what makes the second document six
times cheaper than the first (a new FontConfiguration each time also leaks 0.25 MB).
"""

from __future__ import annotations

import gc
import logging
import warnings
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from importlib import resources
from typing import Any

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
            document = weasyprint.HTML(
                string=page.html, url_fetcher=BundledFetcher(page.charts), base_url=_SCHEME
            ).render(stylesheets=[self._style], font_config=self._fonts)
            pdf = document.write_pdf(
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

"""HTML → PDF/A-3a by WeasyPrint, with the bundled assets only.

One `Press` per process: it keeps the fonts and the parsed style sheet, which is what makes the second document six
times cheaper than the first (a new FontConfiguration each time also leaks 0.25 MB).
"""

from __future__ import annotations

import logging
import warnings
from collections.abc import Iterator
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
    """Opens `bundled:fonts/<name>.ttf` and refuses every other address: no network, no file outside the package."""

    def fetch(self, url: str, headers: dict[str, str] | None = None) -> Any:  # noqa: ARG002  (the library's signature)
        name = url.removeprefix(_SCHEME)
        if not url.startswith(_SCHEME) or name not in {f"fonts/{face}" for face in glyphs.FACES}:
            raise ValueError("only bundled assets are opened")
        return URLFetcherResponse(url, _ASSETS.joinpath(name).read_bytes(), {"Content-Type": "font/ttf"})


class Press:
    """Draws views; not thread-safe."""

    def __init__(self) -> None:
        self._fetcher = BundledFetcher()
        self._fonts = FontConfiguration()
        with _warnings_fail():
            self._style = weasyprint.CSS(
                string=_ASSETS.joinpath("styles/report.css").read_text("utf-8"),
                font_config=self._fonts,
                url_fetcher=self._fetcher,
                base_url=_SCHEME,
            )

    def draw(self, view: ReportView) -> Printed:
        """Return the PDF of a view: the same bytes for the same view.

        Raises GlyphMissingError before anything is drawn, RenderWarningError when WeasyPrint logged a warning.
        """
        glyphs.check(view.model_dump(mode="json", exclude={"data_rows"}))
        moment = datetime.fromisoformat(view.released_at).astimezone(UTC)
        with _warnings_fail():
            document = weasyprint.HTML(string=pages.html(view), url_fetcher=self._fetcher, base_url=_SCHEME).render(
                stylesheets=[self._style], font_config=self._fonts
            )
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

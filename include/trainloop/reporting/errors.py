"""Why a report was not made. Each reason is a type, so that HR reads a sentence and the retry policy a class."""

from __future__ import annotations

from trainloop.errors import PermanentError, TransientError


class NothingToReportError(PermanentError):
    """Class session {session_code} has no released evaluation yet. Run the evaluation first, then the report."""


class SessionLockedError(TransientError):
    """Another run is making the reports of class session {session_code}; this one comes back later."""


class ReportBusyError(TransientError):
    """Another run is making the {kind} reports about {subject}; this one comes back later."""


class DataQualityMissingError(PermanentError):
    """No data-quality verdict exists for {datasets} behind class session {session_code}.

    A report without its verdict is not made. Let the file pass the gate again, then run the report.
    """


class VerdictMissingError(PermanentError):
    """No data-quality verdict exists for {datasets} behind {subject}.

    A report without its verdict is not made. Let the file pass the gate again, then run the report.
    """


class FigureMissingError(PermanentError):
    """Release {release_id} has no figure {figure}; a report cannot say who answered without it. Evaluate again."""


class ReportsFailedError(PermanentError):
    """{failed_count} of {report_count} reports about {subject} were not made: {reasons}.

    The others were. The reasons stand in ops.reports; mend them and run again: only these are made then.
    """


class GlyphMissingError(PermanentError):
    """The report fonts have no glyph for {characters} (in {places}). Correct the text in its source and run again."""


class RenderWarningError(PermanentError):
    """The PDF was drawn with warnings and is not used: {warnings}. This is a fault of template or style."""


class RenderFailedError(PermanentError):
    """The renderer refused this report: {detail}. This is a fault of the view or its template."""


class RendererCrashedError(PermanentError):
    """The renderer's process ended by {how} while drawing this report. Only this report failed."""


class RendererOutOfMemoryError(PermanentError):
    """Drawing this report needs more than {limit_mb} MB of memory. Only this report failed."""


class RendererEndlessError(PermanentError):
    """Drawing this report took longer than {limit_seconds} seconds. Only this report failed."""


RENDER_ERRORS: dict[str, type[PermanentError]] = {
    kind.__name__: kind for kind in (GlyphMissingError, RenderWarningError, RenderFailedError, RendererOutOfMemoryError)
}

"""The process that draws: `python -m trainloop.reporting.renderer '<limits>'`.

Reads one view a line (JSON) from standard input and answers one line each: the PDF in base64, or the error's type and
facts. It has no database, no secrets, no network and no system fonts; its memory, processor time and file sizes are
limited before the heavy libraries are loaded. The parent is `trainloop.reporting.sandbox`.
"""

from __future__ import annotations

import base64
import contextlib
import json
import os
import resource
import sys
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from trainloop.reporting.press import Press

_FORBIDDEN = (
    "socket.",
    "subprocess.",
    "os.system",
    "os.exec",
    "os.fork",
    "os.posix_spawn",
    "os.spawn",
    "ctypes.dlopen",
)
_MAX_FILE_BYTES = 64 * 1024 * 1024


def _limit(memory_mb: int) -> None:
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    resource.setrlimit(resource.RLIMIT_FSIZE, (_MAX_FILE_BYTES, _MAX_FILE_BYTES))
    if sys.platform == "linux":  # elsewhere the address space of a fresh process may exceed the limit already
        resource.setrlimit(resource.RLIMIT_AS, (memory_mb * 1024 * 1024,) * 2)
    if sys.version_info >= (3, 12) and sys.platform == "linux":
        # An empty network namespace where the kernel allows one; the audit hook below stands everywhere.
        with contextlib.suppress(OSError):
            os.unshare(os.CLONE_NEWUSER | os.CLONE_NEWNET)


def _limit_processor(seconds: int) -> None:
    """Give the next document `seconds` of processor time; past them the kernel ends this process by SIGXCPU."""
    usage = resource.getrusage(resource.RUSAGE_SELF)
    used = int(usage.ru_utime + usage.ru_stime) + 1
    resource.setrlimit(resource.RLIMIT_CPU, (used + seconds, resource.RLIM_INFINITY))


def _forbid(event: str, _arguments: tuple[object, ...]) -> None:
    if event.startswith(_FORBIDDEN):
        raise PermissionError(f"{event} is not allowed in the renderer")


def _answer(press: Press, line: bytes, memory_mb: int) -> dict[str, Any]:
    from trainloop.errors import TrainLoopError
    from trainloop.reporting.kinds import read_document

    try:
        printed = press.draw(read_document(line))
        return {"pdf": base64.b64encode(printed.pdf).decode(), "page_count": printed.page_count}
    except TrainLoopError as error:
        return {"error": type(error).__name__, "facts": {key: str(value) for key, value in error.facts.items()}}
    except MemoryError:
        return {"error": "RendererOutOfMemoryError", "facts": {"limit_mb": memory_mb}}
    except Exception as error:  # noqa: BLE001  (whatever the library raises, only this report fails)
        # The type and place of a fault, never its message: that may quote the text of the report.
        return {"error": "RenderFailedError", "facts": {"detail": f"{type(error).__name__} {_place(error)}"}}


def _place(error: BaseException) -> str:
    trace = error.__traceback__
    while trace is not None and trace.tb_next is not None:
        trace = trace.tb_next
    if trace is None:
        return ""
    return f"at {os.path.basename(trace.tb_frame.f_code.co_filename)}:{trace.tb_lineno}"  # noqa: PTH119


def main(limits: dict[str, int]) -> int:
    """Answer every line of standard input; return 0, or 1 after running out of memory (nothing here is sound then)."""
    _limit(limits["memory_mb"])
    _limit_processor(limits["cpu_seconds"])
    answers = os.fdopen(os.dup(1), "w", encoding="ascii")
    os.dup2(2, 1)  # a library that prints must not garble the answers
    from trainloop.reporting.press import Press

    press = Press()
    sys.addaudithook(_forbid)
    for line in sys.stdin.buffer:
        _limit_processor(limits["cpu_seconds"])
        answer = _answer(press, line, limits["memory_mb"])
        answers.write(json.dumps(answer) + "\n")
        answers.flush()
        if answer.get("error") == "RendererOutOfMemoryError":
            return 1
    return 0


if __name__ == "__main__":
    raise SystemExit(main(json.loads(sys.argv[1])))

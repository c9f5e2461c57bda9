"""Detached processes of ours: started once, known by pid and birth, stopped by pid and never by name."""

from __future__ import annotations

import contextlib
import json
import os
import signal
import subprocess
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import psutil

from trainloop.errors import PermanentError
from trainloop.stack.layout import write_private

# psutil derives the birth from the boot time, which the kernel corrects by a second or so when it sets the clock.
SAME_BIRTH_SECONDS = 3.0
LOG_TAIL_LINES = 15
# Held until this process ends: a Popen that is forgotten takes the exit code of a dead child with it.
_CHILDREN: dict[int, subprocess.Popen[bytes]] = {}


class ComponentDiedError(PermanentError):
    """{name} ended while it was starting (exit code {code}). Mend the cause and run `trainloop up` again.

    The end of {log}:
    {tail}
    """


@dataclass(frozen=True)
class Component:
    """One process of the stack: `pid_file` remembers it between commands, `log` has what it prints."""

    name: str
    pid_file: Path
    log: Path

    def running(self) -> psutil.Process | None:
        """Return our process when it still runs; a pid that another program got since is not ours."""
        kept = self._kept()
        if kept is None:
            return None
        pid, born_at = kept
        try:
            process = psutil.Process(pid)
            is_same = abs(process.create_time() - born_at) <= SAME_BIRTH_SECONDS
            return process if is_same and process.status() != psutil.STATUS_ZOMBIE else None
        except psutil.Error:
            return None

    def start(self, command: Sequence[str], environment: Mapping[str, str], folder: Path) -> bool:
        """Start the process in a session of its own unless it runs; return whether it was started."""
        if self.running() is not None:
            return False
        # A killed scheduler leaves its workers behind; beside the new one's they would run tasks twice.
        self.finish(self.family(), seconds=0)
        with self.log.open("ab") as log:
            child = subprocess.Popen(
                command,
                env=dict(environment),
                cwd=folder,
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=subprocess.STDOUT,
                start_new_session=True,
            )
        _CHILDREN[child.pid] = child
        born_at = psutil.Process(child.pid).create_time()
        write_private(self.pid_file, json.dumps({"name": self.name, "pid": child.pid, "born_at": born_at}))
        return True

    def require_alive(self) -> None:
        """Raise ComponentDiedError with the end of its log when the process is gone."""
        if self.running() is None:
            lines = self.log.read_text(errors="replace").splitlines()[-LOG_TAIL_LINES:] if self.log.exists() else []
            raise ComponentDiedError(name=self.name, code=self._exit_code(), log=self.log, tail="\n".join(lines))

    def family(self) -> list[psutil.Process]:
        """Return the process and all that it started, also when it is dead itself.

        They share the session that `start` made. Its number is the first process' pid, which the kernel gives to
        nobody else while the session has a member; descendants that made a session of their own are found by parent.
        """
        kept = self._kept()
        if kept is None:
            return []
        pid, born_at = kept
        leader = self.running()
        found = {process.pid: process for process in (leader.children(recursive=True) if leader else [])}
        for process in psutil.process_iter():
            try:
                if os.getsid(process.pid) == pid and process.create_time() >= born_at - SAME_BIRTH_SECONDS:
                    found[process.pid] = process
            except (ProcessLookupError, PermissionError, psutil.Error):
                continue
        return list(found.values())

    def request_stop(self) -> list[psutil.Process]:
        """Ask the process to end; return its family, to be waited for by `finish`."""
        family = self.family()
        leader = self.running()
        # The leader ends its children in order; what lost its leader is asked one by one.
        for process in [leader] if leader else family:
            with contextlib.suppress(psutil.NoSuchProcess):
                process.send_signal(signal.SIGTERM)
        return family

    def finish(self, family: list[psutil.Process], seconds: float) -> None:
        """Wait until the family has ended; kill what is left after `seconds`."""
        # A child of ours stays a zombie until it is waited for; of a former command it is nobody's problem.
        _reap(family)
        _, alive = psutil.wait_procs(family, timeout=seconds)
        for process in alive:
            with contextlib.suppress(psutil.NoSuchProcess):
                process.kill()
        psutil.wait_procs(alive, timeout=5)
        self.pid_file.unlink(missing_ok=True)

    def _kept(self) -> tuple[int, float] | None:
        try:
            kept = json.loads(self.pid_file.read_text())
            return int(kept["pid"]), float(kept["born_at"])
        except (OSError, ValueError, KeyError, TypeError):
            return None

    def _exit_code(self) -> str:
        kept = self._kept()
        child = _CHILDREN.get(kept[0]) if kept else None
        code = child.poll() if child else None
        return "unknown" if code is None else str(code)


def stop_all(components: Sequence[Component], seconds: float = 15.0) -> list[str]:
    """Stop the components, all at once; return the names of those that were running."""
    families = [(component, component.request_stop()) for component in components]
    deadline = time.monotonic() + seconds
    for component, family in families:
        component.finish(family, max(0.1, deadline - time.monotonic()))
    return [component.name for component, family in families if family]


def _reap(family: list[psutil.Process]) -> None:
    for process in family:
        try:
            os.waitpid(process.pid, os.WNOHANG)
        except ChildProcessError:
            continue

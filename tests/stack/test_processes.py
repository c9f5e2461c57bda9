"""Processes of the stack: one of each, known by pid and birth, stopped whole."""

from __future__ import annotations

import json
import os
import signal
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import psutil
import pytest

from trainloop.stack import processes
from trainloop.stack.layout import write_private
from trainloop.stack.processes import Component, ComponentDiedError, stop_all

SLEEPER = (sys.executable, "-c", "import time; time.sleep(600)")
# A parent that refuses SIGTERM and has a child: only a kill of both ends it.
STUBBORN_CODE = """
import signal, subprocess, sys, time
signal.signal(signal.SIGTERM, signal.SIG_IGN)
subprocess.Popen([sys.executable, "-c", "import time; time.sleep(600)"])
print("ready", flush=True)
time.sleep(600)
"""
STUBBORN = (sys.executable, "-c", STUBBORN_CODE)


def wait_for(condition: Callable[[], bool]) -> None:
    """Processes start and end in their own time."""
    deadline = time.monotonic() + 10
    while not condition():
        assert time.monotonic() < deadline
        time.sleep(0.01)


def is_alive(process: psutil.Process) -> bool:
    return process.is_running() and process.status() != psutil.STATUS_ZOMBIE


@pytest.fixture
def component(tmp_path: Path) -> Iterator[Component]:
    """One component of an empty home, stopped after the test."""
    made = Component("sleeper", tmp_path / "sleeper.json", tmp_path / "sleeper.log")
    yield made
    stop_all([made], seconds=0.5)


def test_starting_twice_gives_one_process(component: Component, tmp_path: Path) -> None:
    """`up` is safe to run again."""
    assert component.start(SLEEPER, os.environ, tmp_path)
    first = component.running()
    assert not component.start(SLEEPER, os.environ, tmp_path)
    assert component.running() == first


def test_a_pid_that_another_program_got_is_left_alone(component: Component, tmp_path: Path) -> None:
    """After a restart of the machine the number may belong to anybody."""
    component.pid_file.write_text(json.dumps({"name": "sleeper", "pid": os.getpid(), "born_at": 1.0}))
    assert component.running() is None
    assert stop_all([component]) == []
    assert psutil.pid_exists(os.getpid())
    assert component.start(SLEEPER, os.environ, tmp_path)


@pytest.mark.parametrize("content", ["", "{", '{"pid": "x"}', '{"pid": 999999999, "born_at": 1}'])
def test_a_broken_pid_file_means_not_running(component: Component, content: str) -> None:
    """A kill while it was written must not stop the next `up`."""
    component.pid_file.write_text(content)
    assert component.running() is None


def test_a_killed_process_is_started_again(component: Component, tmp_path: Path) -> None:
    """A stale pid file is no running process."""
    component.start(SLEEPER, os.environ, tmp_path)
    process = component.running()
    assert process is not None
    process.send_signal(signal.SIGKILL)
    wait_for(lambda: component.running() is None)
    assert component.start(SLEEPER, os.environ, tmp_path)
    assert component.running() != process


def test_stop_ends_the_whole_family(component: Component, tmp_path: Path) -> None:
    """A process that does not listen is killed after the grace time, its children with it."""
    component.start(STUBBORN, os.environ, tmp_path)
    wait_for(lambda: "ready" in component.log.read_text())
    parent = component.running()
    assert parent is not None
    family = [parent, *parent.children(recursive=True)]
    assert len(family) == 2
    assert stop_all([component], seconds=0.5) == ["sleeper"]
    assert not any(is_alive(process) for process in family)
    assert not component.pid_file.exists()


@pytest.mark.parametrize("by", ["start", "stop"])
def test_what_a_killed_process_left_behind_is_ended(component: Component, tmp_path: Path, by: str) -> None:
    """A scheduler killed with -9 leaves its workers; a second scheduler beside them would run tasks twice."""
    component.start(STUBBORN, os.environ, tmp_path)
    wait_for(lambda: "ready" in component.log.read_text())
    parent = component.running()
    assert parent is not None
    [child] = parent.children()
    parent.kill()
    wait_for(lambda: component.running() is None)
    assert child.is_running()
    if by == "start":
        component.start(SLEEPER, os.environ, tmp_path)
    else:
        stop_all([component], seconds=0.5)
    wait_for(lambda: not is_alive(child))


def test_a_process_that_dies_at_start_is_told_with_the_end_of_its_log(component: Component, tmp_path: Path) -> None:
    """Waiting for minutes for what is dead helps nobody."""
    with pytest.MonkeyPatch.context() as patch:
        # Dead before its pid is even written down, as on a slow disk.
        patch.setattr(processes, "write_private", lambda *given: (time.sleep(0.3), write_private(*given)))
        component.start((sys.executable, "-c", "print('port is taken'); raise SystemExit(3)"), os.environ, tmp_path)
    wait_for(lambda: component.running() is None)
    with pytest.raises(ComponentDiedError, match="port is taken") as told:
        component.require_alive()
    assert "exit code 3" in str(told.value)

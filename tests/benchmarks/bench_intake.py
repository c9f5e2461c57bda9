"""How fast a million rows become checked rows of core, against plain COPY of the same file.

Run: `python tests/benchmarks/bench_intake.py [--rows 1000000] [--rounds 3]`. Both sides run in one process against one
embedded server, alternating; the medians are compared. Prints one JSON line: seconds of each side, their ratio, the
seconds of each step of the last round, the peak memory of this process (the server's is its own), and the one-time
import of Great Expectations, which is not part of the ratio: it is paid once by a process.
"""

from __future__ import annotations

import argparse
import json
import os
import random
import resource
import statistics
import sys
import tempfile
import time
from pathlib import Path

os.environ.setdefault("TRAINLOOP_SECRET_KEY", "a key of the benchmark, forty characters")
os.environ["GX_ANALYTICS_ENABLED"] = "false"

CONTRACT = """
title_zh: 指标事实
title_en: KPI facts
purpose_zh: 基准测试
purpose_en: A benchmark's dataset with ten columns of every common type.
owner: training_ops
key: [unit_code, kpi_code, period_on]
load_mode: upsert
expected_volume: {minimum: 1, maximum: 5000000}
columns:
  - {name: unit_code, zh: 单位, en: Unit, type: code, is_required: true, max_length: 50, example: U000001}
  - {name: kpi_code, zh: 指标, en: KPI, type: code, is_required: true, max_length: 50, pattern: "^[a-z_]+$",
     pattern_zh: 小写字母, pattern_en: lower-case letters, example: sales}
  - {name: period_on, zh: 日期, en: Date, type: date, is_required: true, earliest: 2000-01-01, latest: 2100-01-01,
     example: "2026-01-01"}
  - {name: numerator, zh: 分子, en: Numerator, type: decimal, decimals: 2, is_required: true, minimum: 0,
     example: "12.50"}
  - {name: denominator, zh: 分母, en: Denominator, type: integer, is_required: true, minimum: 1, example: "100"}
  - {name: recorded_at, zh: 记录时间, en: Recorded at, type: timestamp, example: "2026-01-01 09:00:00"}
  - name: status
    zh: 状态
    en: Status
    type: choice
    is_required: true
    allowed:
      - {code: final, zh: 确定, en: Final}
      - {code: draft, zh: 暂定, en: Draft}
    example: 确定
  - {name: is_estimated, zh: 是否估算, en: Estimated, type: boolean, example: 否}
  - {name: source, zh: 来源, en: Source, type: text, max_length: 100, example: ERP}
  - {name: note, zh: 备注, en: Note, type: text, max_length: 500, example: 无}
row_rules:
  - {code: part_of_whole, left: numerator, operator: "<=", right: denominator, severity: warn,
     zh: 分子大于分母, en: Too large}
"""
TABLE = """
create table core.bench_facts (
    unit_code text, kpi_code text, period_on date, numerator numeric not null, denominator integer not null,
    recorded_at timestamptz, status text not null, is_estimated boolean, source text, note text,
    file_id bigint not null, row_number bigint not null,
    primary key (unit_code, kpi_code, period_on)
);
grant select, insert, update, delete on core.bench_facts to trainloop_intake;
create table public.plain (
    unit_code text, kpi_code text, period_on text, numerator text, denominator text,
    recorded_at text, status text, is_estimated text, source text, note text
)
"""


def write_file(path: Path, rows: int, seed: int) -> None:
    """Write a neat UTF-8 file, as a system exports it, with some empty cells."""
    chance = random.Random(seed)
    with path.open("w", encoding="utf-8", newline="") as file:
        file.write("单位,指标,日期,分子,分母,记录时间,状态,是否估算,来源,备注\n")
        for number in range(rows):
            cells = (
                f"U{number // 20:06}",
                ("sales", "complaints")[number % 2],
                f"2026-{number % 12 + 1:02}-{number // 2 % 10 + 11}",
                f"{chance.randrange(10000) / 100:.2f}",
                str(chance.randrange(100, 1000)),
                f"2026-01-{chance.randrange(10, 28)} 09:{chance.randrange(10, 59)}:00",
                ("确定", "暂定")[chance.random() < 0.1],
                ("否", "是")[chance.random() < 0.2],
                ("ERP", "手工录入")[chance.random() < 0.3],
                "" if chance.random() < 0.5 else "季度末调整",
            )
            file.write(",".join(cells) + "\n")


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("--rows", type=int, default=1_000_000)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--steps", action="store_true", help="print the server's slowest statements of a round")
    arguments = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="trainloop-bench-") as folder:
        os.environ["TRAINLOOP_HOME"] = folder
        print(json.dumps(measure(Path(folder), arguments.rows, arguments.rounds, arguments.steps)))


def measure(folder: Path, rows: int, rounds: int, shows_steps: bool) -> dict[str, object]:
    from trainloop.settings import get_settings
    from trainloop.warehouse import engine
    from trainloop.warehouse.embedded import EmbeddedServer
    from trainloop.warehouse.migrations import migrate

    server = EmbeddedServer.from_settings(get_settings())
    try:
        migrate()
        with engine.connect("owner") as connection:
            connection.execute(TABLE)
        started = time.perf_counter()
        import great_expectations  # noqa: F401

        from trainloop import contracts
        from trainloop.intake import pipeline

        import_seconds = time.perf_counter() - started
        (folder / "bench_facts.yaml").write_text(CONTRACT, encoding="utf-8")
        contract = contracts.read_contract(folder / "bench_facts.yaml")
        route = pipeline.Route(lambda _: contract)
        pipeline.load_contract = lambda _: contract  # type: ignore[attr-defined, assignment]
        write_file(folder / "warm.csv", 1000, 0)
        take_in(folder / "warm.csv", route)
        copies, intakes = [], []
        before = peak_mb()
        for number in range(rounds):
            path = folder / f"facts_{number}.csv"
            write_file(path, rows, number + 1)
            copies.append(plain_copy(path))
            with engine.connect("owner") as connection:
                connection.execute("truncate core.bench_facts")
            if shows_steps:
                trace(True)
            intakes.append(take_in(path, route))
            trace(False)
            with engine.connect("owner") as connection:
                row = connection.execute("select count(*) as kept from core.bench_facts").fetchone()
            assert row == {"kept": rows}, row
        copy_seconds, intake_seconds = statistics.median(copies), statistics.median(intakes)
        return {
            "rows": rows,
            "copy_seconds": round(copy_seconds, 2),
            "intake_seconds": round(intake_seconds, 2),
            "ratio": round(copy_seconds / intake_seconds, 3),
            "ratio_with_import": round(copy_seconds / (intake_seconds + import_seconds), 3),
            "import_seconds": round(import_seconds, 2),
            "copies": [round(one, 2) for one in copies],
            "intakes": [round(one, 2) for one in intakes],
            "peak_mb": round(peak_mb()),
            "peak_mb_before": round(before),
        }
    finally:
        server.stop()


def plain_copy(path: Path) -> float:
    """psycopg COPY of the whole file into a plain logged table, all text, committed."""
    from trainloop.warehouse import engine

    with engine.connect("owner") as connection:
        connection.execute("truncate public.plain")
    started = time.perf_counter()
    statement = "copy public.plain from stdin (format csv, header)"
    with (
        engine.connect("owner") as connection,
        connection.cursor() as cursor,
        cursor.copy(statement) as copy,
        path.open("rb") as file,
    ):
        while block := file.read(1 << 18):
            copy.write(block)
    return time.perf_counter() - started


def take_in(path: Path, route: object) -> float:
    """The whole of intake: archive, register, land, cast, judge by Great Expectations, merge, commit, clear up."""
    from trainloop.intake import inbox, pipeline
    from trainloop.settings import get_settings

    target = get_settings().home / "inbox" / "bench_facts" / path.name
    target.parent.mkdir(parents=True, exist_ok=True)
    target.write_bytes(path.read_bytes())
    os.utime(target, (time.time() - 60, time.time() - 60))
    found = inbox.find_files("bench_facts")
    started = time.perf_counter()
    result = pipeline.ingest_file(found[0], route)  # type: ignore[arg-type]
    seconds = time.perf_counter() - started
    assert result is not None
    assert result.state == "merged", result
    return seconds


def trace(is_on: bool) -> None:
    """Print how long each statement takes from now on."""
    import psycopg

    original = getattr(psycopg.Cursor, "_untraced", psycopg.Cursor.execute)
    if not is_on:
        psycopg.Cursor.execute = original  # type: ignore[method-assign]
        return

    def execute(self: psycopg.Cursor, query: object, *values: object, **options: object) -> object:
        started = time.perf_counter()
        done = original(self, query, *values, **options)
        seconds = time.perf_counter() - started
        if seconds > 0.02:
            text = query if isinstance(query, str) else query.as_string(self)  # type: ignore[attr-defined]
            print(f"{seconds:6.2f} s  {' '.join(str(text).split())[:150]}", file=sys.stderr)
        return done

    psycopg.Cursor._untraced = original  # type: ignore[attr-defined]
    psycopg.Cursor.execute = execute  # type: ignore[method-assign, assignment]


def peak_mb() -> float:
    """Peak resident memory of this process and of the largest child it has waited for."""
    own = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    children = resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss
    return (own + children) / 1024


if __name__ == "__main__":
    main()

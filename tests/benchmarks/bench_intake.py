"""P1: how fast a file becomes checked rows of core, against plain COPY of the same file.

Ours is the whole of intake: archive, register, land, cast, judge by Great Expectations, merge, commit, clear up. COPY
puts the bytes into a table of texts. Both end on disk. What COPY kept, cast by the contract's rules, must be what core
holds. The import of Great Expectations is paid once by a process and is not part of the ratio.
`TRAINLOOP_BENCH_STEPS=1` prints the slow statements of each intake.
"""

from __future__ import annotations

import os
import random
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import psycopg
import pytest
from tests.benchmarks.harness import Journal, Side, alternate

from trainloop import contracts
from trainloop.intake import inbox, pipeline
from trainloop.warehouse import engine

ROWS_A_PERSON, MOST_ROWS = 100, 1_000_000
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


# The same digest of both tables: count, and a sum of hashes that no order changes.
DIGEST = """
select count(*)::bigint as count, sum(hashtextextended(concat_ws('|', {columns}), 0))::text as digest from {table}
"""
OURS = DIGEST.format(
    columns="""unit_code, kpi_code, period_on, trim_scale(numerator), denominator,
        extract(epoch from recorded_at)::bigint, status, is_estimated, source, coalesce(note, '')""",
    table="core.bench_facts",
)
THEIRS = DIGEST.format(
    columns="""unit_code, kpi_code, period_on::date, trim_scale(numerator::numeric), denominator::integer,
        extract(epoch from recorded_at::timestamp at time zone 'Asia/Shanghai')::bigint,
        case status when '确定' then 'final' else 'draft' end, is_estimated = '是', source, coalesce(note, '')""",
    table="public.plain",
)


class Facts:
    """Both sides over one file, another one each round: the same bytes again would be no work for us."""

    def __init__(self, folder: Path, rows: int) -> None:
        (folder / "bench_facts.yaml").write_text(CONTRACT, encoding="utf-8")
        self.contract = contracts.read_contract(folder / "bench_facts.yaml")
        self.route = pipeline.Route(lambda _: self.contract)
        self.inbox = folder / "inbox" / "bench_facts"
        self.inbox.mkdir(parents=True)
        self.plain = folder / "facts.csv"
        self.rows = rows
        self.found: list[inbox.FoundFile] = []
        self.written = {"ours": 0, "theirs": 0}

    def write(self, side: str) -> Path:
        """Write the side's next file: the first of both sides is alike, and so on."""
        self.written[side] += 1
        write_file(self.plain, self.rows, self.written[side])
        return self.plain

    def prepare_intake(self) -> None:
        with engine.connect("owner") as connection:
            connection.execute("truncate core.bench_facts")
        target = self.write("ours").replace(self.inbox / f"facts_{self.written['ours']}.csv")
        os.utime(target, (time.time() - 60, time.time() - 60))
        self.found = inbox.find_files("bench_facts")

    def take_in(self) -> None:
        with shown_steps():
            result = pipeline.ingest_file(self.found[0], self.route)
        assert result is not None
        assert result.state == "merged", result

    def prepare_copy(self) -> None:
        self.write("theirs")
        with engine.connect("owner") as connection:
            connection.execute("truncate public.plain")

    def copy(self) -> None:
        """Put the whole file into a plain logged table by psycopg, all text, committed."""
        statement = "copy public.plain from stdin (format csv, header)"
        with (
            engine.connect("owner") as connection,
            connection.cursor() as cursor,
            cursor.copy(statement) as copy,
            self.plain.open("rb") as file,
        ):
            while block := file.read(1 << 18):
                copy.write(block)

    @staticmethod
    def digest(query: str) -> object:
        with engine.connect("owner") as connection:
            return connection.execute(query.encode()).fetchone()


@contextmanager
def shown_steps() -> Iterator[None]:
    """Print how long each slow statement takes, when asked by the environment."""
    if not os.environ.get("TRAINLOOP_BENCH_STEPS"):
        yield
        return
    plain = psycopg.Cursor.execute

    def execute(self: psycopg.Cursor, query: object, *values: object, **options: object) -> object:
        started = time.perf_counter()
        done = plain(self, query, *values, **options)
        seconds = time.perf_counter() - started
        if seconds > 0.02:
            text = query if isinstance(query, str | bytes) else query.as_string(self)  # type: ignore[attr-defined]
            print(f"{seconds:6.2f} s  {' '.join(str(text).split())[:150]}", file=sys.stderr)
        return done

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(psycopg.Cursor, "execute", execute)
        yield


@pytest.mark.benchmark
@pytest.mark.timeout(3600)
def test_intake_beside_plain_copy(
    journal: Journal,
    warehouse: str,
    home: Path,
    durable: None,
    processor: Callable[[], float],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """The same rows arrive; at least a fifth of COPY's speed."""
    with engine.connect("owner") as connection:
        connection.execute(TABLE)
    facts = Facts(home, min(journal.people * ROWS_A_PERSON, MOST_ROWS))
    monkeypatch.setattr(pipeline, "load_contract", lambda _: facts.contract)
    ours = Side("trainloop", facts.take_in, lambda: facts.digest(OURS), facts.prepare_intake)
    theirs = Side("plain COPY", facts.copy, lambda: facts.digest(THEIRS), facts.prepare_copy)
    pair = alternate(ours, theirs, journal.rounds, processor=processor)
    journal.note_pair("P1", ours, theirs, pair, rows=facts.rows)
    assert facts.written["ours"] == facts.written["theirs"] == journal.rounds + 1

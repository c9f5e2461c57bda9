"""A company of any size, the same every time: fake people, classes that ended and classes to come, what they answered.

Everything is a function of a row's number (`roll`), so two machines get the same rows and a larger company contains the
smaller one's. Twenty learners a class; everybody is in one class that ended; four of five answer. What follows a class
is there where a benchmark asks for it (`with_transfer`): action plans of the classes of the last seven weeks, and two
indicators of everybody over half a year.
"""

from __future__ import annotations

from pathlib import Path

import psycopg

from trainloop.contracts import load_contract
from trainloop.surveys.instrument import load_instrument
from trainloop.warehouse import engine

LEARNERS, ANSWERING = 20, 16
EMPTY = Path(__file__).parents[1] / "empty.sql"
INSTRUMENT = load_instrument("course_evaluation")
SCALE_ITEMS = [item.code for item in INSTRUMENT.items if item.kind == "scale"]
COMPANY = (
    # 0 … modulus − 1, the same for the same number in every run.
    """create function pg_temp.roll(number bigint, salt integer, modulus integer) returns integer
       language sql immutable as $$
           select (('x' || substr(md5(number || ':' || salt), 1, 7))::bit(28)::integer % modulus)::integer
       $$""",
    """insert into ops.inbox_files (dataset, name, source_uri, archive_uri, content_sha256, size_bytes, state, found_at,
           finished_at) values ('attendance', 'bench.csv', '', '', 'bench', 1, 'merged', '2026-10-30', '2026-10-30')""",
    """insert into ops.check_runs (suite, file_id, checked_at, row_count, is_passed, gate_decision)
       values ('attendance', 1, '2026-10-30', 1, true, 'pass')""",
    """insert into core.departments (department_code, name_zh, name_en, head_employee_id, file_id, row_number)
       select 'D' || n, '部门' || n, 'Department ' || n, 'E' || lpad((n * 50)::text, 6, '0'), 1, n + 1
       from generate_series(0, greatest({people} / 50 - 1, 0)) as n""",
    """insert into core.employees (employee_id, name, email, department_code, job_family, job_level, manager_id,
           hired_on, file_id, row_number)
       select 'E' || lpad(n::text, 6, '0'), '员工' || n, 'e' || n || '@example.com', 'D' || n / 50, 'family' || n % 5,
           'P' || n % 7, case when n % 50 > 0 then 'E' || lpad((n / 50 * 50)::text, 6, '0') end, '2020-01-01', 1, n + 1
       from generate_series(0, {people} - 1) as n""",
    """insert into core.employee_history (employee_id, valid_from, department_code, job_family, job_level, file_id)
       select employee_id, '2020-01-01', department_code, job_family, job_level, 1 from core.employees""",
    """insert into core.courses (course_code, name_zh, name_en, mode, hours, file_id, row_number)
       select 'C' || n, '课程' || n, 'Course ' || n, 'classroom', 6, 1, n from generate_series(0, 19) as n""",
    """insert into core.trainers (trainer_id, name, email, kind, file_id, row_number)
       select 'T' || n, '讲师' || n, 't' || n || '@example.com', 'internal', 1, n
       from generate_series(0, greatest({people} / 500, 3)) as n""",
)
CLASSES = (
    # Classes 0 … ended − 1 ended in the year before 2026-11-01; a fifth as many begin in the two months after.
    """insert into core.class_sessions (session_code, course_code, trainer_id, class_manager_id, starts_at, ends_at,
           mode, status, file_id, row_number)
       select 'S' || lpad(n::text, 6, '0'), 'C' || n % 20, 'T' || n % greatest({people} / 500, 3),
           'E' || lpad((n * 7 % {people})::text, 6, '0'), starts_at, starts_at + interval '8 hours', 'classroom',
           'confirmed', 1, n
       from generate_series(0, {ended} + {ahead} - 1) as n,
           lateral (select case when n < {ended}
               then timestamptz '2025-11-01 01:00+00' + n * interval '350 days' / {ended}
               else timestamptz '2026-11-03 01:00+00' + (n - {ended}) * interval '58 days' / {ahead}
           end as starts_at) as planned""",
    """insert into core.enrollments (session_code, employee_id, status, file_id, row_number)
       select 'S' || lpad(n::text, 6, '0'), 'E' || lpad(((n::bigint * {learners} + l) % {people})::text, 6, '0'),
           'confirmed', 1, 1
       from generate_series(0, {ended} + {ahead} - 1) as n, generate_series(0, {learners} - 1) as l""",
    """insert into core.attendance (session_code, employee_id, status, file_id, row_number)
       select session_code, employee_id,
           case when pg_temp.roll(row_number() over (order by session_code, employee_id), 1, 25) = 0 then 'late'
               else 'present' end, 1, 1
       from core.enrollments where session_code < 'S' || lpad({ended}::text, 6, '0')""",
    """insert into core.test_results (session_code, employee_id, pre_score, post_score, maximum_score, file_id,
           row_number)
       select session_code, employee_id, 40 + pg_temp.roll(n, 2, 30), 55 + pg_temp.roll(n, 3, 40), 100, 1, n
       from (select session_code, employee_id, row_number() over (order by session_code, employee_id) as n
             from core.attendance) as learners""",
)
ANSWERS = (
    """insert into ops.survey_waves (wave_code, instrument_code, instrument_version, subject_kind, subject_id,
           anonymity, state, opened_at, closes_at, closed_at, has_completions, minimum_count, source)
       select 'EVAL-' || session_code, 'course_evaluation', '1', 'class_session', session_code, 'anonymous', 'closed',
           ends_at, ends_at + interval '7 days', ends_at + interval '7 days', true, 5, 'forms'
       from core.class_sessions where session_code < 'S' || lpad({ended}::text, 6, '0')""",
    """insert into ops.invitations (wave_code, employee_id, token, is_used, invited_on)
       select 'EVAL-' || session_code, employee_id, md5(session_code || employee_id),
           row_number() over (partition by session_code order by employee_id) <= {answering}, '2026-01-01'
       from core.attendance""",
    """insert into confidential.responses (response_id, wave_code, state, external_id_hash)
       select md5(wave_code || n)::uuid, wave_code, 'complete', md5(wave_code || n)
       from ops.survey_waves, generate_series(1, {answering}) as n""",
    """insert into confidential.answers (response_id, item_code, score)
       select response_id, item, case
               when item = 'recommend' then 3 + pg_temp.roll(number, 4, 8) else 2 + pg_temp.roll(number, 5, 4) end
       from (select response_id, item, row_number() over (order by response_id, item) as number
             from confidential.responses, unnest('{{{items}}}'::text[]) as item) as asked""",
    """insert into confidential.answers (response_id, item_code, choice)
       select response_id, 'performance_focus',
           (array['sales', 'quality', 'efficiency', 'teamwork', 'none'])[1 + pg_temp.roll(number, 6, 5)]
       from (select response_id, row_number() over (order by response_id) as number
             from confidential.responses) as asked""",
    """insert into confidential.answers (response_id, item_code, free_text)
       select response_id, 'to_improve',
           (array['希望增加案例练习的时间', '工具模板很实用', '节奏可以再慢一点'])[1 + number % 3]
       from (select response_id, row_number() over (order by response_id) as number
             from confidential.responses) as asked
       where number % 3 = 0""",
)

# Classes `planned` … ended − 1 ended in the last seven weeks. Plans looked back on have a result; others are open.
TRANSFER = (
    """insert into core.kpi_definitions (kpi_code, name_zh, name_en, direction, file_id, row_number)
       select 'kpi_' || n, '指标' || n, 'KPI ' || n, 'higher', 1, n from generate_series(1, 2) as n""",
    "update core.courses set key_kpi_code = 'kpi_1'",
    "insert into core.course_kpis select course_code, 'kpi_2', 1, row_number from core.courses",
    """insert into core.kpi_facts (unit_kind, unit_id, kpi_code, period, value, file_id, row_number)
       select 'employee', 'E' || lpad(n::text, 6, '0'), 'kpi_' || kpi, '2026-' || lpad(month::text, 2, '0'),
           100 + pg_temp.roll(n, 7, 20) + pg_temp.roll(n * 100 + month * 2 + kpi, 8, 10), 1, 1
       from generate_series(0, {people} - 1) as n, generate_series(1, 2) as kpi, generate_series(5, 10) as month""",
    """insert into ops.survey_waves (wave_code, instrument_code, instrument_version, subject_kind, subject_id,
           anonymity, state, opened_at, closes_at, minimum_count, source, population)
       select 'action_plan-' || session_code, 'action_plan', '1', 'class_session', session_code, 'named', 'open',
           ends_at, ends_at + interval '60 days', 1, 'forms', 'attendees'
       from core.class_sessions
       where substr(session_code, 2)::integer between {planned} and {ended} - 1""",
    """insert into ops.invitations (wave_code, employee_id, token, is_used, invited_on)
       select wave_code, employee_id, md5(wave_code || employee_id),
           row_number() over (partition by wave_code order by employee_id) <= {answering}, wave.opened_at::date
       from ops.survey_waves as wave
       inner join core.attendance as seat on seat.session_code = wave.subject_id
       where wave.instrument_code = 'action_plan'""",
    """insert into ops.action_plans (plan_id, session_code, employee_id, manager_id, goal, metric, target_value, due_on,
           first_step, state, made_at, updated_at, blocker, check_in_due_on, checked_in_at, evidence, confirmation)
       select 'P-' || made.session_code || '-' || made.employee_id, made.session_code, made.employee_id, who.manager_id,
           '每周用新方法拜访两位客户', '拜访数', 8, made.due_on, '列名单', made.state, made.ends_at + interval '1 day',
           case when made.has_looked_back then made.due_on + time '10:00' else made.ends_at + interval '1 day' end,
           case when made.has_looked_back
               then (array['none', 'time', 'manager_support', 'tool'])[1 + made.luck % 4] end,
           made.due_on, case when made.has_looked_back then made.due_on + time '10:00' end,
           case when made.state in ('done', 'verified') then '报表' end,
           case when made.state = 'verified' then 'confirmed' end
       from (
           select wave.subject_id as session_code, asked.employee_id, class.ends_at, due_on, luck, has_looked_back,
               case when has_looked_back
                   then (array['done', 'verified', 'verified', 'late', 'withdrawn'])[1 + luck % 5]
                   else (array['on_track', 'on_track', 'at_risk'])[1 + luck % 3] end::ops.plan_state as state
           from ops.invitations as asked
           inner join ops.survey_waves as wave on wave.wave_code = asked.wave_code
           inner join core.class_sessions as class on class.session_code = wave.subject_id,
               lateral (select class.ends_at::date + 30 as due_on) as ahead,
               lateral (select due_on < date '2026-11-02' as has_looked_back) as now,
               lateral (select pg_temp.roll(asked.invitation_id, 9, 60) as luck) as dice
           where wave.instrument_code = 'action_plan' and asked.is_used
       ) as made
       inner join core.employees as who on who.employee_id = made.employee_id""",
)
# What other systems export every night, a file each, as large as it is in core: of figures the last month's.
EXPORTS = {
    "courses": "true",
    "departments": "true",
    "class_sessions": "true",
    "enrollments": "true",
    "attendance": "true",
    "test_results": "true",
    "kpi_facts": "period = '2026-10'",
}


def ended_classes(people: int) -> int:
    """Return how many classes of a company of this size have ended."""
    return max(people // LEARNERS, 5)


def evaluated_on_a_day(people: int) -> list[str]:
    """Return the classes whose evaluations close on a heavy day: one in fifty of the year's."""
    return [f"S{number:06}" for number in range(0, ended_classes(people), 50)]


def looked_back_on_a_day(people: int) -> list[str]:
    """Return the classes whose 30-day report falls due on a heavy day, as many as are evaluated: five weeks old."""
    return _as_many(people, 0.93)


def measured_on_a_day(people: int) -> list[str]:
    """Return the classes whose 90-day report falls due on a heavy day, as many as are evaluated: 100 days old."""
    return _as_many(people, 0.765)


def _as_many(people: int, share_of_year: float) -> list[str]:
    last = int(ended_classes(people) * share_of_year)
    return [f"S{number:06}" for number in range(last + 1 - len(evaluated_on_a_day(people)), last + 1)]


def found(people: int, *, with_answers: bool = True, with_transfer: bool = False) -> None:
    """Write a company of `people` employees into an empty warehouse, as intake and the forms would have left it."""
    sizes = {
        "people": people,
        "ended": ended_classes(people),
        "ahead": max(ended_classes(people) // 5, 5),
        "planned": int(ended_classes(people) * 0.86),
        "learners": LEARNERS,
        "answering": ANSWERING,
        "items": ",".join([*SCALE_ITEMS, "recommend"]),
    }
    with engine.connect("owner") as connection:
        for query in (*COMPANY, *CLASSES, *(ANSWERS if with_answers else ()), *(TRANSFER if with_transfer else ())):
            connection.execute(query.format(**sizes).encode())
    with engine.connect("owner") as connection:
        connection.execute("analyze")


def clear(url: str) -> None:
    """Empty the warehouse of the test, for a company of another size."""
    with psycopg.connect(url, autocommit=True) as connection:
        connection.execute(EMPTY.read_text("utf-8").encode())


def write_employees(path: Path, people: int) -> None:
    """Write the company's staff list as HR exports it."""
    path.parent.mkdir(parents=True, exist_ok=True)
    with path.open("w", encoding="utf-8", newline="") as file:
        file.write("工号,姓名,邮箱,部门编码,序列,层级,直属上级工号,入职日期\n")
        for n in range(people):
            manager = f"E{n // 50 * 50:06}" if n % 50 else ""
            file.write(f"E{n:06},员工{n},e{n}@example.com,D{n // 50},family{n % 5},P{n % 7},{manager},2020-01-01\n")


def write_exports(inbox: Path) -> list[Path]:
    """Write the tables of core that other systems keep as these export them; return the files."""
    written = []
    for dataset, which in EXPORTS.items():
        contract = load_contract(dataset)
        cells = ", ".join(
            (
                f"to_char({column.name} at time zone 'Asia/Shanghai', 'YYYY-MM-DD HH24:MI')"
                if column.type == "timestamp"
                else f"{column.name}::text"
            )
            + f' as "{column.zh}"'
            for column in contract.columns
        )
        path = inbox / dataset / f"{dataset}.csv"
        path.parent.mkdir(parents=True, exist_ok=True)
        query = f"copy (select {cells} from core.{dataset} where {which}) to stdout (format csv, header)"
        with (
            engine.connect("owner") as connection,
            connection.cursor() as cursor,
            cursor.copy(query.encode()) as copy,
            path.open("wb") as file,
        ):
            for block in copy:
                file.write(block)
        written.append(path)
    return written

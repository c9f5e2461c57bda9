"""P7: how the processor time of a day's work grows with the company, and the largest memory of one task.

For companies of 1,000, 10,000, 100,000 … up to the run's size, each task of a heavy day runs in a process of its own,
as a worker runs it: the staff list and the nightly exports of other systems come in, milestones are planned, readiness,
materials and surveys are scanned, the annual survey opens to everybody, Monday's digests of action plans are planned,
the mails are composed and sent, one in fifty of the year's classes is evaluated, as many are told about after 30 and
after 90 days, each with its reports, the month's results are told, the warehouse is audited, what is old is purged.
Seconds are the processor's, the database's and
the renderer's included, from after the libraries that a worker has loaded before it forks. A company of twenty runs
before: what a day takes beyond it grows, and P5 counts only that. The exponent is that of the whole day; since a day
of 1,000 is hardly more than one of twenty, that of the last decade without what does not grow is told beside it.
Memory is the peak of the process, libraries included.
"""

from __future__ import annotations

import itertools
import json
import os
import subprocess
import sys
import time
from collections.abc import Callable
from datetime import date, datetime
from pathlib import Path

import pytest
from tests.benchmarks import workload
from tests.benchmarks.bench_outbox import Sink, sink  # noqa: F401 - sink is a fixture
from tests.benchmarks.harness import GOALS, Journal, growth_exponent, own_processor

from trainloop.outbox.leases import grant_lease
from trainloop.settings import get_settings
from trainloop.surveys.scan import Scan
from trainloop.surveys.waves import plan_wave
from trainloop.warehouse import engine

TINY, SMALLEST = 20, 1_000
TASKS = {
    "take in the staff list": "from trainloop.intake import pipeline; done = pipeline.ingest_dataset('employees')",
    "take in the other files": """
from trainloop.intake import pipeline
done = {{one: pipeline.ingest_dataset(one)["unchanged_count"] for one in pipeline.waiting_datasets()}}""",
    "plan milestones": "from trainloop.surveys import milestones; done = milestones.plan_milestones()",
    "check readiness": "from trainloop.delivery import readiness; done = readiness.check_readiness()",
    "send materials": "from trainloop.delivery import materials; done = materials.send_materials()",
    "make run sheets": "from trainloop.delivery import run_sheets; done = run_sheets.make_run_sheets()",
    "open evaluations": "from trainloop.surveys import evaluation; done = evaluation.open_due_waves()",
    "open the annual survey": "from trainloop.surveys import rounds; done = rounds.open_due()",
    "scan it again": "from trainloop.surveys import rounds; done = rounds.open_due()",
    "check in action plans": """
from trainloop.plans import calls, due, taking
done = [taking.take_in(), calls.ask_managers(), calls.plan_digests(), calls.call_check_ins(), due.sessions_to_report()]
done = [*done[:-1], len(done[-1])]""",
    "compose the mails": "from trainloop.outbox import composer; done = composer.compose_due()",
    "evaluate classes": """
from trainloop.surveys import results
done = len([results.evaluate_session(code) for code in {codes}])""",
    "draw their reports": """
from trainloop.reporting import course_evaluation
done = sum(course_evaluation.render_reports(code)["rendered"] for code in {codes})""",
    "tell 30-day results": """
from trainloop.plans import class_results
done = len([class_results.evaluate_session(code) for code in {looked_back}])""",
    "draw 30-day reports": """
from trainloop.reporting import action_plans
done = sum(action_plans.render_reports(code)["rendered"] for code in {looked_back})""",
    "track performance": """
from trainloop.impact import tracking
from trainloop.surveys import follow_up
done = [follow_up.publish_follow_ups(), len(tracking.sessions_to_report())]""",
    "measure performance": """
from trainloop.impact import measuring
done = len([measuring.measure_session(code) for code in {measured}])""",
    "draw 90-day reports": """
from trainloop.reporting import performance
done = sum(performance.render_reports(code)["rendered"] for code in {measured})""",
    "tell the month's results": """
from trainloop.plans import monthly
from trainloop.reporting import monthly_results
done = [monthly.evaluate_month(), monthly_results.render_month()]""",
    "send the mails": """
from trainloop.outbox.mailer import deliver_due
from trainloop.outbox.transport import SmtpTransport
done = deliver_due(SmtpTransport("127.0.0.1", {port}))""",
    "watch the class day": "from trainloop.delivery import class_watch; done = class_watch.open_desks()",
    "chase commitments": "from trainloop.requests import commitments; done = commitments.remind_due()",
    "audit the warehouse": "from trainloop.quality import audit; done = audit.audit_warehouse()",
    "purge": "from trainloop.retention.purge import purge_expired; done = purge_expired()",
}
LIBRARIES = {
    "take in the staff list": "great_expectations",
    "audit the warehouse": "great_expectations",
    "take in the other files": "great_expectations",
    "evaluate classes": "scipy.stats, statsmodels.stats.proportion, pandas",
    "measure performance": "scipy.stats, statsmodels.stats.proportion, pandas",
}
# Not ru_maxrss: after fork and exec it begins with the peak of the parent.
CHILD = """
import json, re, resource, time
from pathlib import Path
import {libraries}

def used():
    children = resource.getrusage(resource.RUSAGE_CHILDREN)
    return time.process_time() + children.ru_utime + children.ru_stime

before = used()
{task}
seconds = used() - before
peak = int(re.search(r"VmHWM:\\s+(\\d+)", Path("/proc/self/status").read_text())[1]) // 1024
print(json.dumps({{"seconds": seconds, "peak_mb": peak, "done": done}}, default=str))
"""


def work_of_a_day(people: int, home: Path, port: int, processor: Callable[[], float]) -> dict[str, tuple[float, int]]:
    """Found the company in an empty warehouse and return, by task, processor seconds and peak MB."""
    workload.found(people, with_transfer=True)
    grant_lease(get_settings().environment, "bench")
    path = home / "inbox" / "employees" / f"staff_{people}.csv"
    workload.write_employees(path, people)
    for one in (path, *workload.write_exports(home / "inbox")):
        os.utime(one, (time.time() - 60, time.time() - 60))
    with engine.connect("planner") as connection:
        plan_wave(connection, Scan.start(connection), "annual_needs", "subject", "2026", date(2026, 11, 2))
    facts = {
        "codes": workload.evaluated_on_a_day(people),
        "looked_back": workload.looked_back_on_a_day(people),
        "measured": workload.measured_on_a_day(people),
        "port": port,
    }
    found = {}
    for name, task in TASKS.items():
        before = processor() - own_processor()
        script = CHILD.format(task=task.format(**facts), libraries=LIBRARIES.get(name, "psycopg"))
        done = subprocess.run(
            [sys.executable, "-c", script], env=os.environ, capture_output=True, text=True, check=False
        )
        assert done.returncode == 0, done.stderr[-2000:]
        told = json.loads(done.stdout.splitlines()[-1])
        found[name] = (told["seconds"] + processor() - own_processor() - before, told["peak_mb"])
        seconds, peak_mb = found[name]
        print(f"{people:>9,} {name:24} {seconds:7.2f} s {peak_mb:5} MB  {str(told['done'])[:100]}")
    with engine.connect("owner") as connection:
        row = connection.execute("select count(*)::int as invited from ops.invitations where wave_code like 'NEEDS%'")
        assert row.fetchone() == {"invited": people}
    return found


def grown_over(tiny: dict[str, tuple[float, int]], day: dict[str, tuple[float, int]]) -> dict[str, float]:
    """Return the seconds of each task over those of a tiny company: what grows."""
    return {name: day[name][0] - tiny[name][0] for name in TASKS}


@pytest.mark.benchmark
@pytest.mark.timeout(4 * 3600)
def test_a_day_grows_no_faster_than_the_company(
    journal: Journal,
    warehouse: str,
    home: Path,
    sink: Sink,  # noqa: F811
    durable: None,
    processor: Callable[[], float],
    set_clock: Callable[..., datetime],
) -> None:
    """Exponent of processor time over company sizes; no task above 512 MB."""
    powers = itertools.takewhile(lambda size: size < journal.people, (SMALLEST * 10**power for power in range(9)))
    sizes = [*powers, max(journal.people, SMALLEST)]
    days = {}
    for people in (TINY, *sizes):
        workload.clear(warehouse)
        set_clock(2026, 11, 2, 10)
        days[people] = work_of_a_day(people, home, sink.port, processor)
    grown = {people: grown_over(days[TINY], days[people]) for people in sizes}
    peaks = {name: days[sizes[-1]][name][1] for name in TASKS}
    journal.note(
        "P7b",
        [max(peaks.values())],
        people=sizes[-1],
        peak_mb=peaks,
        day_seconds=round(sum(grown[sizes[-1]].values()), 2),
    )
    if len(sizes) > 1:
        totals = [sum(seconds for seconds, _ in days[people].values()) for people in sizes]
        last = [sum(grown[people].values()) for people in sizes[-2:]]
        journal.note(
            "P7",
            [growth_exponent(sizes, totals)],
            people=sizes[-1],
            last_decade_less_what_does_not_grow=round(growth_exponent(sizes[-2:], last), 3) if min(last) > 0 else None,
            seconds={people: {name: round(one, 2) for name, one in tasks.items()} for people, tasks in grown.items()},
        )
    assert max(peaks.values()) < 4 * GOALS["P7b"].goal

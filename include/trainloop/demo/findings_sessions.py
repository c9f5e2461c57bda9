"""Class sessions: what the reports say about each against what is true of it, and who was called when."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping
from typing import Any

from trainloop.demo.answers import INSTRUMENT, personal_facts, pre_post_scores, true_mean
from trainloop.demo.company import Company
from trainloop.demo.findings import Check, same, shown
from trainloop.demo.truth import PRACTICE, ClassSession
from trainloop.surveys.instrument import load_instrument
from trainloop.warehouse.engine import Connection
from trainloop.warehouse.statements import statement

# Below ten answers a mean is shown without interval; then it has to lie this close to the planted one.
SMALL_CLASS_TOLERANCE = 0.4
# Bounds are printed with one decimal, so the planted mean may lie half a step outside.
ROUNDING = 0.05
PDFS_PER_SESSION = 4
# Counts that stand beside every figure and say nothing about an answer.
ADMINISTRATIVE = frozenset({"n", "earlier_sessions_count"})
ABOUT_ANSWERS = frozenset({"item", "dimension", "nps", "choice", "theme", "comparison", "comparison_trainer", "test"})


class Published:
    """The newest figures of every class session; a figure that is hidden or missing is None."""

    def __init__(self, connection: Connection) -> None:
        self._rows: dict[tuple[str, str, str, str], Mapping[str, Any]] = {
            (row["session_code"], row["family"], row["code"], row["statistic"]): row
            for row in connection.execute(statement("demo", "figures"))
        }

    def value(self, session: str, family: str, code: str, statistic: str) -> Any:
        """Return the number or text of one figure."""
        row = self._rows.get((session, family, code, statistic), {})
        return row["value"] if row.get("text_value") is None and row else row.get("text_value")

    def values(self, session: str, family: str, code: str, *statistics: str) -> tuple[Any, ...]:
        return tuple(self.value(session, family, code, statistic) for statistic in statistics)

    def shown_about_answers(self, session: str) -> int:
        """Return how many numbers about answers a class session has."""
        return sum(
            row["value"] is not None
            for (code, family, _, statistic), row in self._rows.items()
            if code == session and family in ABOUT_ANSWERS and statistic not in ADMINISTRATIVE
        )


def check_sessions(connection: Connection, company: Company) -> Iterator[Check]:
    """Yield the checks of what was published about each class session."""
    published = Published(connection)
    said: dict[str, dict[str, str]] = {}
    for row in connection.execute(statement("demo", "suggestions")):
        said.setdefault(row["session_code"], {})[row["item_code"]] = row["strength"]
    for session in company.sessions:
        if session.is_cancelled:
            continue
        yield from _check_response(session, published)
        if session.complete_count < 5:
            yield same("suppressed", session.code, 0, published.shown_about_answers(session.code))
            continue
        yield from _check_quality(session, published)
        yield _check_suggestions(session, said.get(session.code, {}))
        if session.test is not None:
            yield _check_gain(session, session.test.gain, published)
    # The weak item of the first leadership class was worked on; the second one verifies it.
    last = [one for one in company.sessions if one.course_code == "C-LEAD"][-1]
    yield same("improved", last.code, "improved", published.value(last.code, "verification", PRACTICE, "verdict"))


def _check_response(session: ClassSession, published: Published) -> Iterator[Check]:
    names = ("complete_count", "partial_count", "eligible_count")
    planted = (session.complete_count, session.partial, session.invited_count)
    yield same("answers", session.code, planted, published.values(session.code, "response", "wave", *names))
    band = "fine" if session.response_pct >= 70 else "caution" if session.response_pct >= 40 else "not_representative"
    yield same("band", session.code, band, published.value(session.code, "response", "wave", "band"))
    if session.straight_lined:
        lined = published.value(session.code, "response", "wave", "straight_lined_count")
        yield same("straight_lined", session.code, session.straight_lined, lined)


def _check_quality(session: ClassSession, published: Published) -> Iterator[Check]:
    """Each dimension: the planted mean lies in the reported interval, or close to a mean that stands alone."""
    instrument = load_instrument(INSTRUMENT)
    for code in instrument.dimensions:
        truth = true_mean(session, [item.code for item in instrument.items if item.dimension == code])
        mean, low, high = published.values(session.code, "dimension", code, "mean", "ci_low", "ci_high")
        found = shown(mean) if low is None else f"{shown(mean)} [{shown(low)}, {shown(high)}]"
        if mean is None:
            is_met = False
        elif low is None or high is None:
            is_met = abs(float(mean) - truth) <= SMALL_CLASS_TOLERANCE
        else:
            is_met = float(low) - ROUNDING <= truth <= float(high) + ROUNDING
        yield Check("quality", session.code, f"{truth:.2f}", found, is_met, dimension=code)


def _check_suggestions(session: ClassSession, said: Mapping[str, str]) -> Check:
    """A weak item is a finding, a good course has none, and a small class has two items worth talking about."""
    items = [item.code for item in load_instrument(INSTRUMENT).items if item.kind == "scale"]
    means = {code: session.item_mean(code) for code in items}
    if session.complete_count < 10:
        found = {code for code, strength in said.items() if strength == "worth_talking_about"}
        planted = set(sorted(means, key=lambda code: means[code])[:2])
        return Check("worth_talking_about", session.code, _codes(planted), _codes(found), found == planted)
    found = {code for code, strength in said.items() if strength == "finding"}
    planted = {code for code, mean in means.items() if mean <= 3.0}
    # Between the two, chance decides whether the evidence is enough.
    undecided = {code for code, mean in means.items() if 3.0 < mean < 3.5}
    is_met = planted <= found <= planted | undecided
    return Check("findings", session.code, _codes(planted), _codes(found), is_met)


def _codes(codes: set[str]) -> str:
    return ", ".join(sorted(codes)) or "none" if len(codes) <= 3 else f"{len(codes)} items"


def _check_gain(session: ClassSession, gain: float, published: Published) -> Check:
    linked = sum(one.pre is not None and one.post is not None for one in pre_post_scores(session))
    n, found, low, high = published.values(session.code, "test", "class", "n", "difference", "ci_low", "ci_high")
    is_met = n == linked and low is not None and high is not None and float(low) <= gain <= float(high)
    told = f"{shown(found)} [{shown(low)}, {shown(high)}], n {shown(n)}"
    return Check("gain", session.code, f"{gain:g}, n {linked}", told, is_met)


def check_lifecycle(connection: Connection, company: Company) -> Iterator[Check]:
    """Yield the checks of waves, calls and reports: what moved, what was cancelled, what must not be read."""
    sessions = {row["session_code"]: row for row in connection.execute(statement("demo", "sessions"))}
    calls: Counter[tuple[str, str]] = Counter()
    for row in connection.execute(statement("demo", "calls")):
        calls[row["wave_code"], row["step"] or "invitation"] += row["people"]
    for session in company.sessions:
        row = sessions[session.code]
        if session.is_cancelled:
            found = (row["status"], row["opening_state"], row["wave_state"])
            yield same("cancelled", session.code, ("cancelled", "skipped", None), found)
            continue
        if session.announced_for:
            days = (row["held_on"], row["opening_due_on"], row["opening_state"])
            yield same("moved", session.code, (session.held_on, session.held_on, "done"), days)
        if session.leavers:
            yield same("left", session.code, session.leavers, row["left_count"])
        yield same("reports", session.code, PDFS_PER_SESSION, row["pdf_count"])
        names = ("invitation", "evaluation_reminder_1", "evaluation_reminder_2")
        yield same(
            "calls", session.code, expected_calls(session), tuple(calls[session.wave_code, one] for one in names)
        )
    lost = Counter[str]()
    for row in connection.execute(statement("demo", "mails")):
        lost[row["outcome"]] += row["notices"]
    yield same("on_time", "outbox", (0, 0), (lost["expired"], lost["failed"]))
    yield _check_masking(connection, company)


def expected_calls(session: ClassSession) -> tuple[int, int, int]:
    """Return how many people get the invitation, the first and the second reminder."""
    owing = [session.invited_count - sum(session.rounds[: number + 1]) for number in range(len(session.rounds))]
    # A wave over long holidays has both reminders on its last day: the second would come too soon and is left out.
    return (session.attendee_count, owing[0], owing[1] if len(session.rounds) > 2 else 0)


def _check_masking(connection: Connection, company: Company) -> Check:
    texts = [row["masked_text"] for row in connection.execute(statement("demo", "verbatims"))]
    secrets = {secret for session in company.sessions for secret in personal_facts(company, session).values()}
    leaked = sum(secret in text for text in texts for secret in secrets)
    return Check("masked", f"{len(texts)} verbatims", "0", str(leaked), leaked == 0 and bool(texts))

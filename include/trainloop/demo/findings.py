"""Planted truth against what the product found: one check per promise, read from the warehouse."""

from __future__ import annotations

import hashlib
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from trainloop.demo.answers import INSTRUMENT, personal_facts, test_scores, true_mean
from trainloop.demo.company import PRACTICE, ClassSession, Company
from trainloop.demo.tables import BadCell, PlantedFile
from trainloop.surveys.instrument import load_instrument
from trainloop.warehouse.engine import Connection
from trainloop.warehouse.statements import statement

# Below ten answers a mean is shown without interval; then it has to lie this close to the planted one.
SMALL_CLASS_TOLERANCE = 0.4
PDFS_PER_SESSION = 4
_Figures = Mapping[tuple[str, str, str, str], Mapping[str, Any]]


@dataclass(frozen=True)
class Check:
    """One promise: what was planted, what was found, and whether they agree. `subject` is a class, file or rule."""

    group: str
    subject: str
    zh: str
    en: str
    planted: str
    found: str
    is_met: bool


def check_all(connection: Connection, company: Company, files: Sequence[PlantedFile]) -> list[Check]:
    """Return every check over the finished year."""
    return [
        *check_files(connection, files),
        *check_sessions(connection, company),
        *check_lifecycle(connection, company),
    ]


def check_files(connection: Connection, files: Sequence[PlantedFile]) -> Iterator[Check]:
    """Rows planted as bad are quarantined, and no others; early rows waited; refused files were refused."""
    registry = {
        (row["dataset"], row["content_sha256"]): row for row in connection.execute(statement("demo", "files")).fetchall()
    }
    faults: dict[int, set[BadCell]] = {}
    for row in connection.execute(statement("demo", "quarantine")):
        faults.setdefault(row["file_id"], set()).add(BadCell(row["row_number"], row["column_name"], row["rule"]))
    parked = {row["file_id"]: row for row in connection.execute(statement("demo", "parked"))}
    for file in files:
        known = registry.get((file.dataset, hashlib.sha256(file.content).hexdigest()))
        subject = f"{file.dataset}/{file.name}"
        if file.kind == "temporary":
            yield Check("file", subject, "未写完的文件不读取", "a half-written file is not read", "0", str(int(known is not None)), known is None)
        elif file.repeats is not None:
            name = known["name"] if known else "–"
            yield Check("file", subject, "相同内容只入库一次", "the same bytes count once", file.repeats, name, name == file.repeats)
        elif file.kind == "data":
            yield from _check_file(file, subject, known, faults, parked)


def _check_file(
    file: PlantedFile,
    subject: str,
    known: Mapping[str, Any] | None,
    faults: Mapping[int, set[BadCell]],
    parked: Mapping[int, Mapping[str, Any]],
) -> Iterator[Check]:
    if known is None:
        yield Check("file", subject, "文件已登记", "the file is registered", "1", "0", is_met=False)
        return
    if file.refused is not None:
        found = known["refused_rule"] or known["state"]
        yield Check("file", subject, "整个文件被拒收", "the whole file is refused", file.refused, found, found == file.refused)
        return
    names = ("accepted", "unchanged", "quarantined", "parked", "refused")
    total = sum(known[f"{name}_count"] for name in names)
    if file.rows:
        yield Check("file", subject, "行数守恒", "no row is lost", str(file.rows), str(total), total == file.rows == known["row_count"])
    bad = faults.get(known["file_id"], set())
    if file.bad or bad:
        yield Check(
            "file", subject, "问题行按行与规则隔离", "bad rows are quarantined by row and rule",
            _faults(file.bad), _faults(bad), bad == set(file.bad),
        )  # fmt: skip
    waited = parked.get(known["file_id"], {"parked": 0, "matched": 0})
    if file.parked or waited["parked"]:
        found = f"{waited['parked']} → {waited['matched']}"
        yield Check(
            "file", subject, "早到的行等待后匹配", "early rows wait and match", f"{file.parked} → {file.parked}", found,
            waited["parked"] == waited["matched"] == file.parked,
        )  # fmt: skip
    if file.unchanged is not None:
        found = str(known["unchanged_count"])
        yield Check("file", subject, "重复的行不变", "repeated rows change nothing", str(file.unchanged), found, found == str(file.unchanged))
    if file.is_revision:
        found = str(known["revision_number"])
        yield Check("file", subject, "更正作为第 2 版", "the correction is revision 2", "2", found, found == "2")


def _faults(cells: Iterable[BadCell]) -> str:
    rows = sorted(cells)
    return f"{len(rows)}: " + ", ".join(f"{cell.row_number} {cell.rule.removeprefix('row_rule:')}" for cell in rows)


def check_sessions(connection: Connection, company: Company) -> Iterator[Check]:
    """What the reports say about each class against what is true of it."""
    figures: _Figures = {
        (row["session_code"], row["family"], row["code"], row["statistic"]): row
        for row in connection.execute(statement("demo", "figures"))
    }
    said: dict[str, dict[str, str]] = {}
    for row in connection.execute(statement("demo", "suggestions")):
        said.setdefault(row["session_code"], {})[row["item_code"]] = row["strength"]
    for session in company.sessions:
        if session.is_cancelled:
            continue
        yield from _check_response(session, figures)
        if session.complete_count < 5:
            yield _check_suppressed(session, figures)
            continue
        yield from _check_quality(session, figures)
        yield _check_suggestions(session, said.get(session.code, {}))
        if session.test is not None:
            yield _check_test(session, figures)
    yield _check_improvement(company, figures)


def _value(figures: _Figures, *name: str) -> Any:
    row = figures.get(name)  # type: ignore[call-overload]
    if row is None:
        return None
    return row["text_value"] if row["text_value"] is not None else row["value"]


def _shown(value: Any) -> str:
    return f"{value:g}" if isinstance(value, Decimal | float | int) else "–" if value is None else str(value)


def _check_response(session: ClassSession, figures: _Figures) -> Iterator[Check]:
    found = [_value(figures, session.code, "response", "wave", f"{name}_count") for name in ("complete", "partial", "eligible")]
    planted = [session.complete_count, session.partial, session.invited_count]
    yield Check(
        "course", session.code, "完整/部分答卷与应答人数", "complete and partial answers of people asked",
        "{} + {} / {}".format(*planted), "{} + {} / {}".format(*map(_shown, found)),
        found == planted,
    )  # fmt: skip
    band = "fine" if session.response_pct >= 70 else "caution" if session.response_pct >= 40 else "not_representative"
    shown = _value(figures, session.code, "response", "wave", "band")
    yield Check("course", session.code, "回收率判断", "response rate is judged", band, _shown(shown), shown == band)
    if session.straight_lined:
        lined = _value(figures, session.code, "response", "wave", "straight_lined_count")
        yield Check(
            "course", session.code, "直线作答被标出", "straight-lining is flagged", str(session.straight_lined), _shown(lined),
            lined == session.straight_lined,
        )  # fmt: skip


def _check_suppressed(session: ClassSession, figures: _Figures) -> Check:
    families = {"item", "dimension", "nps", "choice", "theme", "comparison", "test"}
    harmless = {"n", "earlier_sessions_count"}
    told = [
        name for name, row in figures.items()
        if name[0] == session.code and name[1] in families and name[3] not in harmless and row["value"] is not None
    ]  # fmt: skip
    return Check(
        "course", session.code, "人数过少，不显示任何结果", "too few people: nothing is shown", "0", str(len(told)), not told
    )


def _check_quality(session: ClassSession, figures: _Figures) -> Iterator[Check]:
    """Each dimension: the planted mean lies in the reported interval (rounded as printed), or close to a lone mean."""
    instrument = load_instrument(INSTRUMENT)
    for code, dimension in instrument.dimensions.items():
        truth = true_mean(session, [item.code for item in instrument.items if item.dimension == code])
        mean = _value(figures, session.code, "dimension", code, "mean")
        low, high = (_value(figures, session.code, "dimension", code, f"ci_{end}") for end in ("low", "high"))
        if mean is None:
            is_met, found = False, "–"
        elif low is None or high is None:
            is_met, found = abs(float(mean) - truth) <= SMALL_CLASS_TOLERANCE, f"{mean:g}"
        else:
            is_met, found = float(low) - 0.05 <= truth <= float(high) + 0.05, f"{mean:g} [{low:g}, {high:g}]"
        yield Check("course", session.code, dimension.zh, dimension.en, f"{truth:.2f}", found, is_met)


def _check_suggestions(session: ClassSession, said: Mapping[str, str]) -> Check:
    """A weak item is a finding, a good course has none, and small classes have two items worth talking about."""
    instrument = load_instrument(INSTRUMENT)
    means = {item.code: session.item_mean(item.code) for item in instrument.items if item.kind == "scale"}
    strength = "finding" if session.complete_count >= 10 else "worth_talking_about"
    found = {code for code, one in said.items() if one == strength}
    if session.complete_count < 10:
        planted = set(sorted(means, key=lambda code: means[code])[:2])
        return _suggestion_check(session, "值得讨论的两项", "two items worth talking about", planted, found, found == planted)
    planted = {code for code, mean in means.items() if mean <= 3.0}
    grey = {code for code, mean in means.items() if 3.0 < mean < 3.5}
    is_met = planted <= found <= planted | grey
    return _suggestion_check(session, "薄弱项被找到，没有误报", "weak items are found, and no others", planted, found, is_met)


def _suggestion_check(session: ClassSession, zh: str, en: str, planted: set[str], found: set[str], is_met: bool) -> Check:  # noqa: FBT001
    return Check("course", session.code, zh, en, _codes(planted), _codes(found), is_met)


def _codes(codes: set[str]) -> str:
    return ", ".join(sorted(codes)) if len(codes) <= 3 else f"{len(codes)} items"


def _check_test(session: ClassSession, figures: _Figures) -> Check:
    assert session.test is not None
    linked = sum(one.pre is not None and one.post is not None for one in test_scores(session))
    names = ("n", "difference", "ci_low", "ci_high")
    n, gain, low, high = (_value(figures, session.code, "test", "class", name) for name in names)
    is_met = n == linked and low is not None and float(low) <= session.test.gain <= float(high)
    return Check(
        "course", session.code, "前后测提高（百分点）", "pre/post gain in points", f"{session.test.gain:g} (n {linked})",
        f"{_shown(gain)} [{_shown(low)}, {_shown(high)}] (n {_shown(n)})", is_met,
    )  # fmt: skip


def _check_improvement(company: Company, figures: _Figures) -> Check:
    """The weak item of the first leadership class was worked on; the second one verifies it."""
    last = [one for one in company.sessions if one.course_code == "C-LEAD"][-1]
    verdict = _value(figures, last.code, "verification", PRACTICE, "verdict")
    return Check(
        "course", last.code, "改进项得到验证", "the improvement is verified", "improved", _shown(verdict), verdict == "improved"
    )


def check_lifecycle(connection: Connection, company: Company) -> Iterator[Check]:
    """Waves, reminders and reports: who was called, what moved, what was cancelled, what must not be read."""
    sessions = {row["session_code"]: row for row in connection.execute(statement("demo", "sessions"))}
    calls: Counter[tuple[str, str]] = Counter()
    for row in connection.execute(statement("demo", "calls")):
        calls[row["wave_code"], row["step"] or "invitation"] += row["people"]
    for session in company.sessions:
        row = sessions[session.code]
        if session.is_cancelled:
            found = f"{row['status']}, {row['opening_state']}, {row['wave_state'] or 'no survey'}"
            planted = "cancelled, skipped, no survey"
            yield Check("lifecycle", session.code, "取消的班次没有问卷", "a cancelled class has no survey", planted, found, found == planted)
            continue
        if session.announced_for:
            is_met = row["held_on"] == row["opening_due_on"] == session.held_on and row["opening_state"] == "done"
            yield Check("lifecycle", session.code, "改期后节点重排", "the moved class is planned anew", str(session.held_on), str(row["opening_due_on"]), is_met)
        if session.leavers:
            yield Check("lifecycle", session.code, "离职者不再被提醒", "who has left is not reminded", str(session.leavers), str(row["left_count"]), row["left_count"] == session.leavers)
        yield Check("lifecycle", session.code, "报告 PDF", "report PDFs", str(PDFS_PER_SESSION), str(row["pdf_count"]), row["pdf_count"] == PDFS_PER_SESSION)
        yield _check_calls(session, calls)
    yield _check_masking(connection, company)


def expected_calls(session: ClassSession) -> list[int]:
    """Return how many people get the invitation, the first and the second reminder."""
    asked = session.attendee_count
    owing = [session.invited_count - sum(session.rounds[: number + 1]) for number in range(len(session.rounds))]
    # A wave over long holidays has both reminders on its last day: the second would come too soon and is left out. So is
    # that of somebody who was invited on the day of the first one.
    return [asked, owing[0], owing[1] - session.found_late if len(session.rounds) > 2 else 0]


def _check_calls(session: ClassSession, calls: Counter[tuple[str, str]]) -> Check:
    planted = expected_calls(session)
    names = ("invitation", "evaluation_reminder_1", "evaluation_reminder_2")
    found = [calls[session.wave_code, name] for name in names]
    return Check(
        "lifecycle", session.code, "邀请与提醒只发给未作答者", "invitations, then reminders to those who owe an answer",
        " / ".join(map(str, planted)), " / ".join(map(str, found)), found == planted,
    )  # fmt: skip


def _check_masking(connection: Connection, company: Company) -> Check:
    texts = [row["masked_text"] for row in connection.execute(statement("demo", "verbatims"))]
    secrets = {
        secret for session in company.sessions for secret in personal_facts(company, session).values() if len(secret) > 1
    }
    leaked = sum(secret in text for text in texts for secret in secrets)
    is_met = leaked == 0 and bool(texts)
    return Check(
        "lifecycle", f"{len(texts)} verbatims", "姓名、电话、邮箱已遮盖", "names, phones and addresses are masked", "0", str(leaked), is_met
    )

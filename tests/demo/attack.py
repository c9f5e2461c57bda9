"""An attacker's tools: what a reader has in hand, and what adding, subtracting and solving makes of it.

The attacker is given more than any reader: the people behind every figure and exact sums instead of rounded means.
"""

from __future__ import annotations

import functools
import hashlib
import itertools
import json
import math
import re
import uuid
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from email import message_from_bytes, policy
from io import BytesIO
from pathlib import Path
from typing import Any

import numpy as np
import pypdf

Group = frozenset[str]
# Below this a determinant is none: memberships are 0 and 1, so true ones are far from it.
ZERO = 1e-9


def _atoms(groups: Collection[Group]) -> tuple[Any, Any]:
    """Return who goes together (groups × atoms, 0 or 1) and how many people each atom is."""
    atoms: dict[tuple[bool, ...], int] = {}
    for person in frozenset().union(*groups):
        pattern = tuple(person in group for group in groups)
        atoms[pattern] = atoms.get(pattern, 0) + 1
    return np.array(list(atoms), dtype=float).T, np.array(list(atoms.values()))


def smallest_group(groups: Collection[Group], below: int) -> float:
    """Return the fewest people (below `below`) that a combination of the groups' sums speaks of; inf when none does.

    A combination that vanishes outside of some atoms exists where the projection on the row space, cut to them, has
    the eigenvalue 1. One to three atoms are tried.
    """
    distinct = [group for group in dict.fromkeys(groups) if group]
    if not distinct:
        return math.inf
    members, sizes = _atoms(distinct)
    outside = np.eye(len(sizes)) - np.linalg.pinv(members) @ members
    few = np.flatnonzero(sizes < below)
    found = [math.inf]
    for count in (1, 2, 3):
        chosen = np.array([one for one in itertools.combinations(few, count) if sizes[list(one)].sum() < below])
        if len(chosen):
            blocks = outside[chosen[:, :, None], chosen[:, None, :]]
            found += list(sizes[chosen].sum(axis=1)[np.linalg.det(blocks) < ZERO])
    return float(min(found))


def answers_recovered(groups: Collection[Group]) -> int:
    """Return how many single people's values the system of all groups determines."""
    distinct = [group for group in dict.fromkeys(groups) if group]
    if not distinct:
        return 0
    members, sizes = _atoms(distinct)
    within = np.diag(np.linalg.pinv(members) @ members)
    return int(((sizes == 1) & (within > 1 - ZERO)).sum())


def bounds(cells: Mapping[tuple[str, str], float | None], most: Mapping[tuple[str, str], float]) -> dict[Any, float]:
    """Return by hidden inner cell of a table of counts how much doubt is left: highest minus lowest possible count.

    `cells`: rows, columns and margins "total", None where hidden; `most`: what a reader knows no cell can exceed.
    """
    from scipy.optimize import linprog

    inner = sorted(place for place in cells if "total" not in place)
    equations, sums = [], []
    for (row, column), value in cells.items():
        if value is None:
            continue
        equations.append([float(row in ("total", r) and column in ("total", c)) for r, c in inner])
        sums.append(value)
    limits = [(0.0, most.get(place, math.inf)) for place in inner]
    doubt = {}
    for place in (place for place in inner if cells[place] is None):
        goal = np.array([float(place == other) for other in inner])
        low, high = (linprog(sign * goal, A_eq=equations, b_eq=sums, bounds=limits, method="highs") for sign in (1, -1))
        assert low.status == 0, "the table contradicts itself"
        doubt[place] = -high.fun - low.fun
    return doubt


@dataclass
class Artefact:
    """One PDF or mail of the year: what it is about and for whom, its words, and the figures attached to it."""

    kind: str
    subject_id: str
    audience: str
    revision_number: int
    read: Callable[[], str]
    figures: tuple[Mapping[str, Any], ...] = ()

    @functools.cached_property
    def text(self) -> str:
        """The words on its pages; reading a PDF's takes long, so only when they are asked for."""
        return self.read()

    @property
    def name(self) -> str:
        return f"{self.kind} {self.subject_id} r{self.revision_number} {self.audience}"


def read_pdf(row: Mapping[str, Any]) -> Artefact:
    """Return a registered report (a row of `ops.reports`) as its reader has it."""
    reader = pypdf.PdfReader(BytesIO(Path(str(row["uri"]).removeprefix("file://")).read_bytes()))
    attached = json.loads(reader.attachments["data.json"][0])["figures"]

    def words() -> str:
        return "\n".join(page.extract_text() for page in reader.pages)

    return Artefact(row["kind"], row["subject_id"], row["audience"], row["revision_number"], words, tuple(attached))


def read_mail(content: bytes) -> Artefact:
    """Return a mail as its reader has it; its PDFs are registered reports, which are read as such."""
    message = message_from_bytes(content, policy=policy.default)

    def words() -> str:
        bodies = [message.get_body((part,)) for part in ("plain", "html")]
        texts = [re.sub(r"<[^>]+>", " ", body.get_content()) for body in bodies if body]
        return "\n".join([str(message["Subject"]), *texts])

    return Artefact("mail", str(message["Message-ID"]), str(message["To"]), 1, words)


def says(text: str, labels: Iterable[str], value: str) -> bool:
    """Whether a text has a value close behind one of these labels, blanks and line breaks aside."""
    plain = re.sub(r"\s+", "", text)
    for label in labels:
        for found in re.finditer(re.escape(re.sub(r"\s+", "", label)), plain):
            if re.search(rf"(?<![\d.]){re.escape(value)}(?![\d.]|%)", plain[found.end() : found.end() + 24]):
                return True
    return False


def hits_by_rank(people: Sequence[Any], answers: Sequence[Any], truth: Mapping[Any, Any]) -> int:
    """Return how many people are found by putting both lists side by side."""
    return sum(truth[person] == answer for person, answer in zip(people, answers, strict=True))


def hits_by_chance(answers: Sequence[Any]) -> tuple[float, float]:
    """Return mean and variance of the hits of a random order; equal answers are hits for each other."""
    counts = np.unique([str(answer) for answer in answers], return_counts=True)[1].astype(float)
    n = counts.sum()
    mean = (counts**2).sum() / n
    # Two places hit together: of two kinds of answers, or of one kind that is there at least twice.
    both = (counts**2).sum() ** 2 - (counts**4).sum() + (counts**2 * (counts - 1) ** 2).sum()
    return mean, mean - mean**2 + (both / (n * (n - 1)) if n > 1 else 0.0)


def guesses(parts: Iterable[str], salt: str) -> set[str]:
    """Return what somebody without the service's secret computes from what is known of a person."""
    known = [part for part in parts if len(part) > 3]
    texts = [*known, *(f"{salt}{joint}{part}" for part in known for joint in ("", ":", "/", "\x1f"))]
    found = set(known)
    for text in texts:
        for name in ("md5", "sha1", "sha256"):
            digest = hashlib.new(name, text.encode(), usedforsecurity=False).digest()
            found |= {digest.hex(), str(uuid.UUID(bytes=digest[:16]))}
    return found

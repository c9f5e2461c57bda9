"""The answers of a wave as columns, and the hash by which a release knows whether it was made of the same data."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

# One for all: `json.dumps` makes an encoder a call.
_JSON = json.JSONEncoder(ensure_ascii=False, sort_keys=True)


class Answers(NamedTuple):
    """The answers of complete responses as columns, one place an item of a response; one of the last three is set.

    Columns and no objects: a batch of classes has a hundred thousand answers, and Python's collector visits objects.
    """

    respondent_ids: Sequence[str] = ()
    item_codes: Sequence[str] = ()
    scores: Sequence[float | None] = ()
    choices: Sequence[str | None] = ()
    free_texts: Sequence[str | None] = ()


def digest(canonical: Mapping[str, Any], answers: Answers) -> str:
    """Return the SHA-256 of the JSON object of what the numbers depend on, its keys sorted: "answers" is the first.

    Ids and codes have nothing that JSON escapes, and the few different answers are told once: handed to the encoder as
    250 lists a class, the answers took twice as long.
    """
    told = _Told()
    ids, item_codes, *said = answers
    said_by = zip(ids, item_codes, zip(*said, strict=True), strict=True)
    lines = sorted([f'["{person}", "{item}", {told[answer]}]' for person, item, answer in said_by])
    text = f'{{"answers": [{", ".join(lines)}], {_JSON.encode(canonical)[1:]}'
    return hashlib.sha256(text.encode()).hexdigest()


class _Told(dict[tuple[float | str | None, ...], str]):
    """Score, choice and text of an answer as they stand in the JSON."""

    def __missing__(self, answer: tuple[float | str | None, ...]) -> str:
        self[answer] = made = _JSON.encode(repr(answer))
        return made

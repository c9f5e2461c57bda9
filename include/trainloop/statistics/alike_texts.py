"""Which short texts ask the same: average-linkage clustering by the cosine of the words they share.

Each text is the set of its words (jieba's for Chinese) without those every question has; two sets are compared by the
cosine (Ochiai 1957), clusters are made by UPGMA (Sokal and Michener 1958) and cut where the mean similarity of two
groups falls below `ALIKE`. Weights by rarity would let the noise of texts of ten words speak loudest; instead a word
that more than half of a dozen texts or more hold is left out. Texts without a word in common stay apart.
"""

from __future__ import annotations

from collections.abc import Sequence

from trainloop.statistics.themes import tokens

ALIKE = 0.3
# From so many texts on a word that most of them hold tells nothing.
MANY = 12
# Words that every question has: they make nothing alike.
_COMMON = frozenset(
    (
        "怎么 怎样 如何 什么 为什么 是否 可以 请问 老师 我们 你们 他们 这个 那个 一个 还是 应该 需要 有没有 能不能 "
        "的 了 吗 呢 吧 是 在 有 我 你 他 她 和 与 及 就 也 都 很 把 被 对 "
        "a an the is are do does how what why which when can could should we i you it to of in on for and or with be "
        "my our at"
    ).split()
)


def cluster(texts: Sequence[str], cache_folder: str | None = None) -> list[list[int]]:
    """Return the places of the texts that belong together, larger clusters first, in order of their first text."""
    words = [[word for word in tokens(text, cache_folder=cache_folder) if word not in _COMMON] for text in texts]
    known = [place for place, found in enumerate(words) if found]
    alone = [[place] for place, found in enumerate(words) if not found]
    groups = [[place] for place in known] if len(known) < 2 else _grouped(known, words)
    return sorted(groups + alone, key=lambda group: (-len(group), group[0]))


def _grouped(known: Sequence[int], words: Sequence[Sequence[str]]) -> list[list[int]]:
    import numpy as np
    from scipy.cluster.hierarchy import fcluster, linkage
    from scipy.spatial.distance import pdist

    columns = {word: number for number, word in enumerate(sorted({word for place in known for word in words[place]}))}
    holds = np.zeros((len(known), len(columns)))
    for row, place in enumerate(known):
        holds[row, [columns[word] for word in words[place]]] = 1
    if len(known) >= MANY:
        rare = holds.mean(axis=0) <= 0.5
        # A text of common words only keeps them: it has nothing else to be compared by.
        holds[np.ix_(holds[:, rare].any(axis=1), ~rare)] = 0
    distances = np.clip(pdist(holds, "cosine"), 0, None)
    labels = fcluster(linkage(distances, "average"), 1 - ALIKE, "distance")
    groups: dict[int, list[int]] = {}
    for place, label in zip(known, labels, strict=True):
        groups.setdefault(int(label), []).append(place)
    return list(groups.values())

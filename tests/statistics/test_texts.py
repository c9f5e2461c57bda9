"""Open answers: people are masked, themes are counted by people in both languages."""

from __future__ import annotations

from pathlib import Path

import pytest

from trainloop.statistics.masking import CONTACT, NAME, NUMBER, mask_text
from trainloop.statistics.themes import Theme, count_themes, mentioned, tokens

THEMES = (
    Theme("practice", "案例与实操", "Practice", ("案例", "实操", "practic*", "hands on")),
    Theme("venue", "场地", "Venue", ("空调", "教室", "room")),
)


@pytest.mark.parametrize(
    ("text", "masked"),
    [
        ("联系我13812345678或wang.li@example.com", f"联系我{NUMBER}或{CONTACT}"),
        ("电话：１３８ １２３４ ５６７８！", f"电话：{NUMBER}！"),
        ("身份证11010519491231002X", f"身份证{NUMBER}"),
        ("工号E00123的同事", f"工号{NUMBER}的同事"),
        ("微信号：abc_12345", CONTACT),
        ("见 https://example.com/a?b=1，谢谢", f"见 {CONTACT}，谢谢"),
        ("王老师讲得好，小李也好", f"{NAME}老师讲得好，{NAME}也好"),
        ("Call +49 170 1234567, Mr. Smith", f"Call {NUMBER}, {NAME}"),
    ],
)
def test_what_leads_to_a_person_is_masked(text: str, masked: str) -> None:
    """Names with titles, phones, id numbers, addresses, links, in full-width digits, too."""
    assert mask_text(text) == masked


def test_known_names_are_masked_whole() -> None:
    """Longer names first; a Latin first name as a word with its capital; Chinese names anywhere in the text."""
    names = ["Will", "Will Turner", "张伟", "欧阳晓明", "晓明"]
    assert mask_text("Will Turner and Will will come", names) == f"{NAME} and {NAME} will come"
    assert mask_text("感谢欧阳晓明和张伟，晓明很耐心", names) == f"感谢{NAME}和{NAME}，{NAME}很耐心"


@pytest.mark.parametrize(
    "text",
    [
        "关于老师的案例，任何老师都可以",
        "班主任老师及时通知",
        "3 cases in 2026, 90 minutes",
        "实操时间太短，最多 15 分钟",
    ],
)
def test_ordinary_words_stay(text: str) -> None:
    """Titles without a name, years and small numbers are no personal data."""
    assert mask_text(text) == text


def test_themes_are_found_in_both_languages(tmp_path: Path) -> None:
    """Chinese is segmented with the dictionary's words; English by words, beginnings and phrases."""
    folder = str(tmp_path)
    assert mentioned("实操时间太短，案例很好", THEMES, folder) == {"practice"}
    assert mentioned("The room was cold, more practical work", THEMES, folder) == {"practice", "venue"}
    assert mentioned("More hands on, please", THEMES, folder) == {"practice"}
    assert mentioned("Bedrooms", THEMES, folder) == frozenset()
    assert "实操" in tokens("增加实操环节 with groups", frozenset({"实操"}), folder)


def test_people_are_counted_and_not_words(tmp_path: Path) -> None:
    """Who says "case" three times in two answers is one person; every theme has its counts, 0 included."""
    texts = {"useful": {"r1": "案例，案例", "r2": "教室"}, "improve": {"r1": "案例太少", "r3": "更多实操"}}
    silent: dict[str, dict[str, str]] = {"useful": {}, "improve": {}}
    found = count_themes([texts, silent], THEMES, str(tmp_path))
    assert found["practice"] == {"count": [2, 0], "count:useful": [1, 0], "count:improve": [2, 0]}
    assert found["venue"] == {"count": [1, 0], "count:useful": [1, 0], "count:improve": [0, 0]}

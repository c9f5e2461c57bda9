"""YAML is read fast and safely, and a fault in it has a place."""

from __future__ import annotations

import pytest
import yaml

from trainloop.yaml_text import read_yaml


def test_dates_numbers_and_chinese_words_come_as_yaml_means_them() -> None:
    text = "due_on: 2026-03-01\nshare: 0.5\nname: 培训\nempty:\n"
    assert read_yaml(text) == yaml.safe_load(text)


def test_a_document_cannot_make_objects() -> None:
    with pytest.raises(yaml.YAMLError, match="python/object"):
        read_yaml("!!python/object/apply:os.getcwd []")


def test_a_fault_says_where_it_began_and_shows_the_line() -> None:
    with pytest.raises(yaml.YAMLError, match="line 2, column") as raised:
        read_yaml("a: 1\nb: [1, 2\n")
    assert "b: [1, 2" in str(raised.value)

"""The page of a practice case in the material store: one HTML file in both languages' headings, without a script.

The same case makes the same bytes under the same name. Names of people are masked; the author's stands only where they
asked for it.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from html import escape
from typing import Any

from trainloop import storage
from trainloop.config import get_site
from trainloop.settings import get_settings
from trainloop.statistics.masking import mask_text

_PARTS = (
    ("situation", "情境 Situation"),
    ("action", "做法 Action"),
    ("result", "结果 Result"),
    ("lesson", "经验 Lesson"),
    ("trainer_comment", "讲师点评 Trainer's comment"),
)
_STYLE = (
    "body{font:16px/1.7 'Noto Sans SC',sans-serif;max-width:42em;margin:2em auto;padding:0 1em;color:#1c2733}"
    "h1{font-size:1.5em;line-height:1.3}h2{font-size:1em;color:%s;margin:1.6em 0 .2em}p{margin:0;white-space:pre-line}"
    ".facts{color:#5b6875;font-size:.9em}"
)


def masked(text: str, row: Mapping[str, Any]) -> str:
    """Return a text of a case without names; the trainer's own stands where the file says who commented."""
    return mask_text(text, [row["person_name"], row["employee_id"], row["trainer_name"]])


def page(row: Mapping[str, Any]) -> str:
    """Return the case as a page (columns of `cases.to_publish`)."""
    author = row["person_name"] if row["is_named"] else "匿名 Without a name"
    kind = "做成了 It worked" if row["is_success"] else "没有完全做成 It did not quite work"
    facts = " · ".join((f"《{row['course_zh']}》 {row['course_en']}", kind, author))
    parts = [f"<h2>{heading}</h2>\n<p>{escape(masked(row[name], row))}</p>" for name, heading in _PARTS if row[name]]
    return "\n".join((
        "<!doctype html>",
        '<html lang="zh-CN"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width">',
        f"<title>{escape(masked(row['title'], row))}</title>",
        f"<style>{_STYLE % get_site().company.colour}</style></head><body>",
        f"<h1>{escape(masked(row['title'], row))}</h1>",
        f'<p class="facts">{escape(facts)}</p>',
        *parts,
        "</body></html>\n",
    ))


def keep(asset_code: str, row: Mapping[str, Any]) -> tuple[str, str]:
    """Write the page into the material store; return its path inside the store and its checksum."""
    content = page(row).encode()
    path = _inside(row["course_code"], asset_code)
    storage.keep(f"{get_settings().folder_uri('materials')}/{path}", content)
    return path, hashlib.sha256(content).hexdigest()


def remove(course_code: str, asset_code: str) -> None:
    """Take the page out of the material store, if it is there."""
    storage.remove([f"{get_settings().folder_uri('materials')}/{_inside(course_code, asset_code)}"])


def _inside(course_code: str, asset_code: str) -> str:
    folder = "".join(letter if letter.isalnum() or letter in "-_" else "_" for letter in course_code)
    return f"{folder}/{asset_code}.html"

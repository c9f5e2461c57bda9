"""Masking of what could name a person in a free text, before anybody may read it.

Masks rather too much than too little: a common word that is somebody's name costs a word, a name costs trust.
"""

from __future__ import annotations

import re
from collections.abc import Iterable

NAME, CONTACT, NUMBER = "[姓名]", "[联系方式]", "[号码]"

# The hundred most common family names cover 85 % of people in China (census of 2020), with common double ones.
_FAMILY_NAMES = (
    "欧阳|上官|司马|诸葛|东方|皇甫|尉迟|公孙|慕容|令狐|"
    "[王李张刘陈杨黄赵吴周徐孙马朱胡郭林罗高郑梁谢宋唐许韩邓冯曹彭曾肖田董袁潘蒋蔡余杜叶程苏魏吕丁沈姚卢姜崔"
    "钟谭陆汪范廖石金韦贾夏付傅邹熊白孟秦邱江尹薛闫段雷侯龙史陶黎贺顾毛郝龚邵万钱严覃武戴莫孔汤喻]|(?<![关由对至位])于|(?<![任如为])何|(?<![主信责])任|(?<![对各甲乙])方"
)
_TITLES = "老师|教练|讲师|教授|总监|总经理|总|经理|主管|主任|部长|组长|班长|工程师|工|董|哥|姐|女士|先生|同学|师傅"
# Numbers come last and e-mail first: an address must go as a whole before its digits are looked at.
_PATTERNS: tuple[tuple[re.Pattern[str], str], ...] = (
    (re.compile(r"[A-Za-z0-9._%+-]+@[A-Za-z0-9-]+(?:\.[A-Za-z0-9-]+)+"), CONTACT),
    (re.compile(r"(?:https?://|www\.)[!-~]+", re.IGNORECASE), CONTACT),
    (re.compile(r"(?:微信|vx|wechat|qq)\s*(?:号|id)?\s*[:：]?\s*[A-Za-z0-9_-]{5,}", re.IGNORECASE), CONTACT),
    (re.compile(rf"(?:{_FAMILY_NAMES})(?=(?:{_TITLES}))"), NAME),
    (re.compile(rf"[小老阿](?:{_FAMILY_NAMES})(?![围额序章法])"), NAME),
    (re.compile(r"\b(?:Mr|Mrs|Ms|Miss|Dr|Prof)\.? ?[A-Z][\w'-]+(?: [A-Z][\w'-]+)?"), NAME),
    (re.compile(r"\+?\d(?:[ ().-]?\d){5,}[Xx]?"), NUMBER),
    (re.compile(r"(?<![A-Za-z0-9])[A-Za-z]{1,4}[-_]?\d{3,}(?![A-Za-z0-9])"), NUMBER),
)
# Full-width ASCII (！ to ～) without punctuation that Chinese text really uses: １３８ and ＠ must not slip through.
_NARROW = {
    0xFF01 + offset: 0x21 + offset
    for offset in range(94)
    if chr(0x21 + offset).isalnum() or chr(0x21 + offset) in "@._-+"
}


def narrowed(text: str) -> str:
    """Return the text with full-width letters and digits as ordinary ones, and its punctuation as it is."""
    return text.translate(_NARROW)


def mask_text(text: str, names: Iterable[str] = ()) -> str:
    """Return the text with names, addresses, links, phone and id numbers replaced by a word that says what stood there.

    `names` are names and ids of real people that occur in the text (the caller looks them up); longer ones go first,
    so that a given name does not leave the family name behind. Latin names match as whole words, Chinese anywhere.
    Full-width letters and digits become ordinary ones, so that １３８… is a number, too.
    """
    masked = narrowed(text)
    for name in sorted({narrowed(name).strip() for name in names}, key=len, reverse=True):
        if name:
            masked = _name_pattern(name).sub(NUMBER if _is_number(name) else NAME, masked)
    for pattern, word in _PATTERNS:
        masked = pattern.sub(word, masked)
    return re.sub(r"(?:\[姓名\][ ·]?)+\[姓名\]", NAME, masked).strip()


def _is_number(name: str) -> bool:
    """Ids of people hold a digit and no space."""
    return " " not in name and any(map(str.isdigit, name))


def _name_pattern(name: str) -> re.Pattern[str]:
    escaped = re.escape(name)
    # Case matters for short Latin names: "will" is a word, "Will" may be a colleague.
    flags = re.IGNORECASE if " " in name or _is_number(name) else 0
    return re.compile(rf"(?<![A-Za-z0-9]){escaped}(?![A-Za-z0-9])" if name.isascii() else escaped, flags)

"""A stranger's HTML without anything that acts: the first of three walls (cleaning, sandbox, content policy)."""

from __future__ import annotations

from collections.abc import Mapping

_TAGS = {
    "a", "b", "blockquote", "br", "caption", "center", "code", "col", "colgroup", "div", "em", "font", "h1", "h2", "h3",
    "h4", "h5", "h6", "hr", "i", "img", "li", "ol", "p", "pre", "s", "small", "span", "strong", "style", "sub", "sup",
    "table", "tbody", "td", "tfoot", "th", "thead", "tr", "u", "ul",
}  # fmt: skip
_ATTRIBUTES = {
    "*": {"class", "style", "align", "valign", "width", "height", "bgcolor", "dir", "lang", "role"},
    "a": {"href"},
    "img": {"src", "alt"},
    "font": {"color", "face", "size"},
    "table": {"cellpadding", "cellspacing", "border"},
    "td": {"colspan", "rowspan"},
    "th": {"colspan", "rowspan"},
}

# A machine without Chinese fonts shows the ones our PDFs are set in; the browser asks for them only where it has none.
FONT_FACES = "".join(
    f"@font-face{{font-family:'Noto Sans SC';font-weight:{weight};src:local('Noto Sans SC'),local('Noto Sans CJK SC'),"
    f"url('/fonts/NotoSansSC-{face}.ttf');unicode-range:U+2000-206F,U+2E80-9FFF,U+FF00-FFEF}}"
    for weight, face in ((400, "Regular"), (700, "Bold"))
)
_HEAD = (
    '<!doctype html><meta charset="utf-8"><meta name="viewport" content="width=device-width">'
    f"<style>body{{margin:0}}{FONT_FACES}</style>"
)


def clean_html(text: str, pictures: Mapping[str, str]) -> str:
    """Return the mail's HTML without scripts, forms, frames, handlers and foreign schemes; links open a new tab.

    pictures: the addresses of what the mail itself brings, by Content-ID.
    """
    import nh3

    cleaned = nh3.clean(
        text,
        tags=_TAGS,
        clean_content_tags={"script", "noscript", "iframe", "object", "template", "svg", "math", "title"},
        attributes=_ATTRIBUTES,
        url_schemes={"http", "https", "mailto", "cid"},
        link_rel="noopener noreferrer",
        set_tag_attribute_values={"a": {"target": "_blank"}},
        strip_comments=True,
    )
    for content_id, address in pictures.items():
        cleaned = cleaned.replace(f'"cid:{content_id}"', f'"{address}"')
    return _HEAD + cleaned

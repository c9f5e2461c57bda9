"""Styles of elements, kept from one document to the next: the reports of a process share one style sheet.

WeasyPrint matches every element of every document against every rule and works out its values anew, a fifth of a
document's time. What an element looks like depends on its signature alone: tag, attributes and place among its
siblings, its previous sibling's and its ancestors'. Each signature is worked out once. Selectors that look further
(`~`, `:nth-child`, `:has`, `:empty`) would need a longer signature: a test refuses them in our sheet.
"""

from __future__ import annotations

import functools
from collections.abc import Iterator
from math import inf
from typing import Any

from weasyprint.css import StyleFor, declaration_precedence, find_style_attributes, preprocess_declarations
from weasyprint.css.counters import CounterStyle
from weasyprint.css.targets import TargetCollector
from weasyprint.document import Document
from weasyprint.images import get_image_from_uri
from weasyprint.layout import LayoutContext
from weasyprint.layout.page import PageType

# They differ from element to element and no selector asks for them.
_UNASKED = frozenset({"src", "alt", "content"})
_Signature = tuple[Any, ...]


class Cascade:
    """The styles of one style sheet and its fonts, by signature: as many as there are kinds of elements."""

    def __init__(self, sheets: list[tuple[Any, str, Any]], font_config: Any) -> None:
        self.sheets = sheets
        self.font_config = font_config
        self.numbers: dict[_Signature, int] = {}
        self.styles: dict[int, dict[str | None, Any]] = {}
        # Of pages and their margins, by the signature of the root that they inherit from.
        self.page_styles: dict[tuple[int, PageType, str | None], Any] = {}

    def context(self, html: Any, counters: CounterStyle) -> LayoutContext:
        """Return what WeasyPrint lays a document out with; `counters` learn how bullets and numbers are written."""
        targets = TargetCollector()
        for style in html._ua_counter_style():
            counters.update(style)
        # What is in the cache is an image already: drawings are never fetched.
        images = functools.partial(
            get_image_from_uri, cache=dict(html.charts), url_fetcher=html.url_fetcher, options=html.options
        )
        return LayoutContext(Styles(html, self, targets), images, self.font_config, counters, targets)


class Styles(StyleFor):  # type: ignore[misc]
    """The styles of one document's elements."""

    def __init__(self, html: Any, known: Cascade, targets: TargetCollector) -> None:
        self._cascaded_styles: dict[Any, Any] = {}
        self._computed_styles: dict[Any, Any] = {}
        self.initial_page_sizes: dict[str, Any] = {"box": None, "area": None}
        self._sheets, self.font_config = known.sheets, known.font_config
        self._page_styles = known.page_styles
        root = html.etree_element
        declared: dict[Any, list[Any]] = {}
        for specificity, node, declarations, base_url in find_style_attributes(root, base_url=html.base_url):
            declared.setdefault(node, []).append((specificity, declarations, base_url))
        for element, parent, number in _signed(html.wrapper_element, known.numbers):
            if parent is None:
                self._root_number = number
            styles = known.styles.get(number)
            if styles is None:
                styles = known.styles[number] = self._work_out(element, parent, root, html.base_url, declared)
            for pseudo_type, style in styles.items():
                self._computed_styles[element.etree_element, pseudo_type] = style
                if style["anchor"]:
                    targets.collect_anchor(style["anchor"])
        self._cascaded_styles.clear()

    def set_computed_styles(
        self, element: Any, parent: Any, root: Any = None, pseudo_type: str | None = None, **facts: Any
    ) -> None:
        """Work out the style of an element, or of a page unless an earlier document had one like it."""
        if not isinstance(element, PageType):
            super().set_computed_styles(element, parent, root, pseudo_type, **facts)
            return
        key = self._root_number, element, pseudo_type
        if key not in self._page_styles:
            super().set_computed_styles(element, parent, root, pseudo_type, **facts)
            self._page_styles[key] = self._computed_styles[element, pseudo_type]
        self._computed_styles[element, pseudo_type] = self._page_styles[key]

    def _work_out(
        self, element: Any, parent: Any, root: Any, base_url: str, declared: dict[Any, list[Any]]
    ) -> dict[str | None, Any]:
        node = element.etree_element
        for specificity, declarations, declared_at in declared.get(node, ()):
            self._declare(node, None, preprocess_declarations(declared_at, declarations), "author", inf, specificity)
        for sheet, origin, sheet_specificity in self._sheets:
            for specificity, _order, pseudo_type, (declarations, layer) in sheet.matcher.match(element):
                place = inf if layer is None else sheet.layers.index(layer)
                self._declare(node, pseudo_type, declarations, origin, place, sheet_specificity or specificity)
        pseudo_types = [None, *(kind for one, kind in self._cascaded_styles if one is node and kind)]
        for pseudo_type in pseudo_types:
            above = node if pseudo_type else parent
            self.set_computed_styles(node, above, root=root, pseudo_type=pseudo_type, base_url=base_url)
        return {pseudo_type: self._computed_styles[node, pseudo_type] for pseudo_type in pseudo_types}

    def _declare(
        self, node: Any, pseudo_type: str | None, declarations: Any, origin: str, place: float, specificity: Any
    ) -> None:
        style = self._cascaded_styles.setdefault((node, pseudo_type), {})
        for name, values, importance in declarations:
            weight = (declaration_precedence(origin, importance), place, specificity)
            if name not in style or style[name][1] <= weight:
                style[name] = values, weight


def _signed(root: Any, numbers: dict[_Signature, int]) -> Iterator[tuple[Any, Any, int]]:
    """Yield each element with its parent and the number of its signature, parents before children."""
    waiting: list[tuple[Any, Any, _Signature]] = [(root, None, ())]
    while waiting:
        element, parent, place = waiting.pop()
        node = element.etree_element
        number = numbers.setdefault((*_asked(node), *place), len(numbers))
        yield element, parent, number
        children = list(element.iter_children())
        before: _Signature = ()
        for index, child in enumerate(children):
            waiting.append((child, node, (number, index == 0, index == len(children) - 1, before)))
            before = _asked(child.etree_element)


def _asked(node: Any) -> _Signature:
    return (node.tag, *(item for item in node.attrib.items() if item[0] not in _UNASKED))


class Layout(Document):  # type: ignore[misc]
    """A document whose pages know the styles of earlier ones."""

    @classmethod
    def _build_layout_context(cls, html: Any, _fonts: Any, counters: CounterStyle, *_arguments: Any) -> LayoutContext:
        return html.cascade.context(html, counters)

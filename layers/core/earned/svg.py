"""An SVG rebuilt from the few shapes, paints and transforms that are printed as they look.

What is not seen (scripts, handlers, metadata, links, other vocabularies) is left out. What is seen but could not be
printed as it looks (texts, images, filters, masks) is refused, since nobody wants half a logo. Nothing is copied: every
value is parsed and written again, stylesheets become attributes, and `use` becomes what it refers to.
"""

from collections.abc import Callable, Iterator
from xml.etree.ElementTree import Element, ParseError, SubElement, TreeBuilder, tostring

from defusedxml.common import DTDForbidden
from defusedxml.ElementTree import DefusedXMLParser

from earned.models import UnusableLogo
from earned.svg_values import (
    Check,
    Properties,
    colour,
    declarations,
    extent,
    length,
    nothing,
    number,
    one_of,
    path,
    points,
    ratio,
    reference,
    rules,
    transform,
    unquestioned,
    view_box,
)

MOST_ELEMENTS = 20_000  # in the file
MOST_DRAWN = 3_000  # elements, each as often as it is used
MOST_LOOKED_AT = 1024 * 1024  # characters of attributes, each as often as it is used
DEEPEST = 64
MOST_VEILS = 3  # elements with an opacity inside one another: each is measured with all that is in it
LARGEST = 128 * 1024  # bytes: every certificate of the company carries them

_NAMESPACE = "http://www.w3.org/2000/svg"
_XLINK_HREF = "{http://www.w3.org/1999/xlink}href"
_UNSEEN = {
    *("title", "desc", "metadata", "style", "script", "view", "cursor"),
    *("animate", "animateMotion", "animateTransform", "set"),
    *("defs", "symbol", "linearGradient", "radialGradient", "clipPath", "pattern", "filter", "mask", "marker"),
}
_GRADIENTS = {"linearGradient", "radialGradient"}
_SHAPES: dict[str, dict[str, Check]] = {
    "rect": {"x": length, "y": length, "width": extent, "height": extent, "rx": extent, "ry": extent},
    "circle": {"cx": length, "cy": length, "r": extent},
    "ellipse": {"cx": length, "cy": length, "rx": extent, "ry": extent},
    "line": {"x1": length, "y1": length, "x2": length, "y2": length},
}
_UNPRINTED = dict.fromkeys(
    ("filter", "mask", "marker", "marker-start", "marker-mid", "marker-end", "stroke-dasharray"), nothing
)
_STROKES_AND_FILLS: dict[str, Check] = {
    "fill-opacity": ratio,
    "fill-rule": one_of("nonzero", "evenodd"),
    "stroke-width": extent,
    "stroke-opacity": ratio,
    "stroke-linecap": one_of("butt", "round", "square"),
    "stroke-linejoin": one_of("miter", "round", "bevel"),
    "stroke-miterlimit": number,
    "color": colour,
    "visibility": one_of("visible", "hidden", "collapse"),
}
_GRADIENT: dict[str, Check] = {
    "gradientUnits": one_of("userSpaceOnUse", "objectBoundingBox"),
    "gradientTransform": transform,
    "spreadMethod": one_of("pad"),  # repeated gradients are drawn in a loop that may have no end
    **{name: length for name in ("x1", "y1", "x2", "y2", "cx", "cy", "fx", "fy")},
    **{name: extent for name in ("r", "fr")},
}
_STOP: dict[str, Check] = {"offset": ratio, "stop-color": colour, "stop-opacity": ratio, "color": colour}


def rebuild(data: bytes) -> bytes:
    """The drawing, rebuilt; what was rebuilt before is rebuilt to itself. Raises `UnusableLogo`."""
    rebuilt: bytes = tostring(_Drawing(_parsed(data)).rebuilt(), encoding="utf-8")
    if len(rebuilt) > LARGEST:
        raise UnusableLogo(f"the SVG draws more than {LARGEST // 1024} KB of shapes: simplify it or upload a PNG")
    return rebuilt


class _Parser(DefusedXMLParser):  # type: ignore[misc]  # defusedxml has no types
    """Refuses all declarations; a document type alone, as illustration programs write it, declares nothing."""

    def defused_start_doctype_decl(self, name: str, sysid: str, pubid: str, has_internal_subset: int) -> None:
        if has_internal_subset:
            raise DTDForbidden(name, sysid, pubid)


class _Bounded(TreeBuilder):
    """Stops reading where no logo goes."""

    def __init__(self) -> None:
        super().__init__()
        self._depth = self._elements = 0

    def start(self, tag: str, attrs: dict[str, str], /) -> Element:
        self._depth += 1
        self._elements += 1
        if self._depth > DEEPEST or self._elements > MOST_ELEMENTS:
            raise UnusableLogo(f"the SVG has over {MOST_ELEMENTS} elements or {DEEPEST} levels: simplify it")
        return super().start(tag, attrs)

    def end(self, tag: str, /) -> Element:
        self._depth -= 1
        return super().end(tag)


def _parsed(data: bytes) -> Element:
    parser = _Parser(target=_Bounded(), forbid_dtd=True)
    try:
        parser.feed(data)
        root: Element = parser.close()
    except (ParseError, ValueError, LookupError) as error:  # what is forbidden is a ValueError
        raise UnusableLogo("the file is not an SVG without declarations of its own: export it as one") from error
    if _name(root) != "svg":
        raise UnusableLogo("the file is not an SVG: export it as one")
    return root


class _Drawing:
    """One drawing while it is rebuilt."""

    def __init__(self, root: Element) -> None:
        self._root = root
        self._by_id = {element.get("id"): element for element in reversed(list(root.iter()))}
        self._rules = [
            (selector, dict(declarations(body)))
            for style in root.iter(f"{{{_NAMESPACE}}}style")
            for selector, body in rules("".join(style.itertext()))
        ]
        self._drawn = self._looked_at = 0
        self._defs = Element("defs")
        self._names: dict[str, str | None] = {}
        paints: dict[str, Check] = {"fill": self._paint, "stroke": self._paint, **_STROKES_AND_FILLS, **_UNPRINTED}
        self._of_root = paints
        self._of_shape: dict[str, Check] = {"transform": transform, "clip-path": self._clip, "opacity": ratio, **paints}

    def rebuilt(self) -> Element:
        """The whole drawing."""
        given = self._given(self._root)
        left, top, width, height = view_box(given)
        size = {"width": width, "height": height, "viewBox": f"{left} {top} {width} {height}"}
        svg = Element("svg", {"xmlns": _NAMESPACE, **size, **_checked(given, self._of_root)})
        svg.append(self._defs)
        for child in self._root:
            self._draw(child, svg, self._of_shape)
        if len(svg) == 1:
            raise UnusableLogo("the SVG draws nothing: export it with its shapes")
        if not len(self._defs):
            svg.remove(self._defs)
        return svg

    def _draw(self, element: Element, parent: Element, allowed: dict[str, Check], depth: int = 0, veils: int = 0) -> None:
        name, given = _name(element), self._given(element, depth)
        if name is None or name in _UNSEEN or given.get("display") == "none":
            return
        attributes = _checked(given, allowed)
        veils += "opacity" in attributes
        if veils > MOST_VEILS:
            raise UnusableLogo("the SVG has transparent groups inside one another: flatten them or upload a PNG")
        drawn = _shape(name, given, attributes)
        if name in {"g", "a", "use"}:
            for child in self._used(element, given, drawn) if name == "use" else element:
                self._draw(child, drawn, allowed, depth + 1, veils)
        if drawn.tag != "g" or len(drawn):
            parent.append(drawn)

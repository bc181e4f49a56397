"""Rebuild an SVG logo from the few shapes, paints and transforms that print as they look on screen.

Invisible content (scripts, handlers, metadata, links, other vocabularies) is left out. Visible content that cannot be
printed as it looks (texts, images, filters, masks) is refused, because half a logo is worse than none. Nothing is
copied: every value is parsed and written again, style sheets become attributes, and `use` becomes its target.
"""

from collections.abc import Callable, Iterator
from xml.etree.ElementTree import Element, ParseError, SubElement, TreeBuilder, tostring

from defusedxml.common import DTDForbidden
from defusedxml.ElementTree import DefusedXMLParser

from earned.document.svg_attributes import (
    Check,
    Properties,
    colour,
    extent,
    length,
    must_be_absent,
    number,
    one_of,
    path,
    points,
    ratio,
    reference,
    transform,
    view_box,
    within_length,
)
from earned.document.svg_styles import Styles
from earned.domain.errors import UnusableLogo

MAX_ELEMENTS = 20_000  # of the file
MAX_DEPTH = 64  # levels in the file; half of them once every `use` is replaced by its target
MAX_VISITS = 6_000  # elements, each as often as it is used
MAX_ATTRIBUTE_CHARACTERS = 600 * 1024  # of the elements visited, each as often as it is used
MAX_NESTED_OPACITY = 3  # levels: WeasyPrint measures each transparent element with everything inside it
MAX_SIZE = 64 * 1024  # bytes of the rebuilt file, which is part of every certificate of the company
MAX_DRAWING_COST = 4 * MAX_SIZE  # characters, definitions as often as they are referred to
ELEMENT_COST = 40  # characters
_ENCODINGS = {"UTF-8", "UTF-16", "ISO-8859-1", "US-ASCII"}
_NAMESPACE = "http://www.w3.org/2000/svg"
_XLINK_HREF = "{http://www.w3.org/1999/xlink}href"
_INVISIBLE = {
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
    ("filter", "mask", "marker", "marker-start", "marker-mid", "marker-end", "stroke-dasharray"), must_be_absent
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
    "spreadMethod": one_of("pad"),  # WeasyPrint may draw repeated gradients in an endless loop
    **dict.fromkeys(("x1", "y1", "x2", "y2", "cx", "cy", "fx", "fy"), length),
    **dict.fromkeys(("r", "fr"), extent),
}
_STOP: dict[str, Check] = {"offset": ratio, "stop-color": colour, "stop-opacity": ratio, "color": colour}
_STYLED = {"display", "transform", "clip-path", "opacity", "fill", "stroke"}.union(
    _STROKES_AND_FILLS, _UNPRINTED, _STOP, *_SHAPES.values()
)


def rebuild(data: bytes) -> bytes:
    """Idempotent: a rebuilt drawing is rebuilt to itself. Raises `UnusableLogo`."""
    drawing = _Drawing(_parse(data)).rebuilt()
    rebuilt: bytes = tostring(drawing, encoding="utf-8")
    if len(rebuilt) > MAX_SIZE or _drawing_cost(drawing) > MAX_DRAWING_COST:
        raise UnusableLogo(f"the SVG draws more than {MAX_SIZE // 1024} KB of shapes: simplify it or upload a PNG")
    return rebuilt


class _Parser(DefusedXMLParser):  # type: ignore[misc]  # defusedxml has no types
    """Refuses declarations of entities and the like; illustration programs write a document type without any."""

    def __init__(self) -> None:
        super().__init__(target=_BoundedTreeBuilder(), forbid_dtd=True)
        self.parser.XmlDeclHandler = self._start_file

    def _start_file(self, _version: str, encoding: str | None, _standalone: int) -> None:
        """Refuse encodings that expat does not know: Python would look for a codec module of that name."""
        if encoding is not None and encoding.upper() not in _ENCODINGS:
            raise UnusableLogo("the SVG is in an unusual encoding: export it in UTF-8")

    def defused_start_doctype_decl(self, name: str, sysid: str, pubid: str, has_internal_subset: int) -> None:
        if has_internal_subset:
            raise DTDForbidden(name, sysid, pubid)


class _BoundedTreeBuilder(TreeBuilder):
    def __init__(self) -> None:
        super().__init__()
        self._depth = self._elements = 0

    def start(self, tag: str, attrs: dict[str, str], /) -> Element:
        self._depth += 1
        self._elements += 1
        if self._depth > MAX_DEPTH or self._elements > MAX_ELEMENTS:
            raise UnusableLogo(f"the SVG has over {MAX_ELEMENTS} elements or {MAX_DEPTH} levels: simplify it")
        return super().start(tag, attrs)

    def end(self, tag: str, /) -> Element:
        self._depth -= 1
        return super().end(tag)


def _parse(data: bytes) -> Element:
    parser = _Parser()
    try:
        parser.feed(data)
        root: Element = parser.close()
    except (ParseError, ValueError, LookupError) as error:  # DTDForbidden is a ValueError
        raise UnusableLogo("the file is not an SVG without declarations of its own: export it as one") from error
    if _name(root) != "svg":
        raise UnusableLogo("the file is not an SVG: export it as one")
    return root


class _Drawing:
    def __init__(self, root: Element) -> None:
        self._root = root
        self._by_id = {element.get("id"): element for element in reversed(list(root.iter()))}
        sheets = ("".join(style.itertext()) for style in root.iter(f"{{{_NAMESPACE}}}style"))
        self._styles = Styles(sheets, _STYLED)
        self._visits = self._attribute_characters = 0
        self._defs = Element("defs")
        self._definitions: dict[str, str | None] = {}
        paints: dict[str, Check] = {"fill": self._paint, "stroke": self._paint, **_STROKES_AND_FILLS, **_UNPRINTED}
        self._root_checks = paints
        self._shape_checks: dict[str, Check] = {
            "transform": transform,
            "clip-path": self._clip,
            "opacity": ratio,
            **paints,
        }

    def rebuilt(self) -> Element:
        given = self._properties(self._root)
        left, top, width, height = view_box(given)
        size = {"width": width, "height": height, "viewBox": f"{left} {top} {width} {height}"}
        svg = Element("svg", {"xmlns": _NAMESPACE, **size, **_checked(given, self._root_checks)})
        svg.append(self._defs)
        for child in self._root:
            self._draw(child, svg, self._shape_checks)
        if len(svg) == 1:
            raise UnusableLogo("the SVG draws nothing: export it with its shapes")
        if not len(self._defs):
            svg.remove(self._defs)
        return svg

    def _draw(
        self, element: Element, parent: Element, allowed: dict[str, Check], depth: int = 0, opacities: int = 0
    ) -> None:
        self._charge(element, depth)
        name, given = _name(element), self._properties(element)
        if name is None or name in _INVISIBLE or given.get("display") == "none":
            return
        attributes = _checked(given, allowed)
        opacities += "opacity" in attributes
        if opacities > MAX_NESTED_OPACITY:
            raise UnusableLogo("the SVG has transparent groups inside one another: flatten them or upload a PNG")
        if name not in {"g", "a", "use"}:
            parent.extend(_shape(name, given, attributes))
            return
        group = Element("g", _translated(attributes, given) if name == "use" else attributes)
        for child in self._use_target(element) if name == "use" else element:
            self._draw(child, group, allowed, depth + 1, opacities)
        if len(group):
            parent.append(group)

    def _use_target(self, element: Element) -> Iterator[Element]:
        target = self._by_id.get(_href(element))
        if target is not None and _name(target) in {"svg", "symbol"}:
            raise UnusableLogo("the SVG uses symbols: expand them or upload a PNG")
        if target is not None:
            yield target

    def _charge(self, element: Element, depth: int = 0) -> None:
        """Count the element towards the bounds on work, which also stop an element that uses itself."""
        self._visits += 1
        self._attribute_characters += sum(len(name) + len(value) for name, value in element.attrib.items())
        over = self._visits > MAX_VISITS or self._attribute_characters > MAX_ATTRIBUTE_CHARACTERS
        if over or depth > MAX_DEPTH // 2:
            raise UnusableLogo("the SVG draws too much or uses itself: simplify it or upload a PNG")

    def _properties(self, element: Element) -> Properties:
        return self._styles.properties(_name(element), {name: value.strip() for name, value in element.attrib.items()})

    def _paint(self, text: str) -> str:
        found = reference(text)
        if found is None:
            return _colour_or_none(text)
        target, fallback = found
        name = self._define(target, _GRADIENTS, self._gradient)
        return f"url(#{name})" if name else _colour_or_none(fallback or "none")

    def _clip(self, text: str) -> str | None:
        found = reference(text)
        if found is None:
            must_be_absent(text)
            return None
        name = self._define(found[0], {"clipPath"}, self._clip_path)
        return name and f"url(#{name})"

    def _define(self, target: str, kinds: set[str], build: Callable[[Element], Element | None]) -> str | None:
        element = self._by_id.get(target)
        if element is None:
            return None
        if _name(element) not in kinds:
            raise UnusableLogo("the SVG is filled or clipped with patterns or the like: expand them or upload a PNG")
        if target not in self._definitions:
            self._definitions[target] = self._add_definition(build(element))
        return self._definitions[target]

    def _add_definition(self, definition: Element | None) -> str | None:
        if definition is None:
            return None
        name = f"d{len(self._defs)}"
        definition.attrib = {"id": name, **definition.attrib}
        self._defs.append(definition)
        return name

    def _gradient(self, element: Element) -> Element | None:
        chain = list(self._inherited(element))
        given = {name: value for one in reversed(chain) for name, value in self._properties(one).items()}
        gradient = Element(_name(element) or "", _checked(given, _GRADIENT))
        stops = ([child for child in one if _name(child) == "stop"] for one in chain)
        for stop in next(filter(None, stops), []):
            SubElement(gradient, "stop", _checked({"offset": "0", **self._properties(stop)}, _STOP))
        return gradient if len(gradient) else None

    def _inherited(self, element: Element) -> Iterator[Element]:
        found: Element | None = element
        while found is not None and _name(found) in _GRADIENTS:
            for part in (found, *found):
                self._charge(part)
            yield found
            found = self._by_id.get(_href(found))

    def _clip_path(self, element: Element) -> Element:
        for part in element.iter():
            self._charge(part)
        if element.get("clipPathUnits", "userSpaceOnUse") != "userSpaceOnUse" or any(
            "clip-path" in self._properties(part) for part in element.iter()
        ):
            raise UnusableLogo("the SVG clips in units of a box, or clips what clips: expand it or upload a PNG")
        clip = Element("clipPath", _checked(self._properties(element), {"transform": transform}))
        for child in element:
            self._draw(child, clip, {"transform": transform})
        if len(clip) > 1 and any("transform" in part.attrib for part in clip.iter() if part is not clip):
            raise UnusableLogo("the SVG clips with several transformed shapes: merge them or upload a PNG")
        return clip


def _drawing_cost(svg: Element) -> int:
    """In characters; a definition counts once per reference, because WeasyPrint draws it that often."""
    definitions = {f"url(#{one.get('id')})": sum(map(_element_cost, one.iter())) for one in svg.iterfind("defs/*")}
    references = (definitions.get(value, 0) for element in svg.iter() for value in element.attrib.values())
    return sum(map(_element_cost, svg.iter())) + sum(references)


def _element_cost(element: Element) -> int:
    return ELEMENT_COST + sum(map(len, element.attrib.values()))


def _colour_or_none(text: str) -> str:
    return "none" if text.lower() == "none" else colour(text)


def _name(element: Element) -> str | None:
    namespace, _, name = element.tag.rpartition("}")
    return name if namespace == f"{{{_NAMESPACE}" else None


def _href(element: Element) -> str | None:
    """The id that an element refers to; references out of the file are refused."""
    address = element.get("href", element.get(_XLINK_HREF, "")).strip()
    if address and not address.startswith("#"):
        raise UnusableLogo("the SVG refers to something outside of it: embed it as shapes")
    return address.removeprefix("#") or None


def _checked(given: Properties, allowed: dict[str, Check]) -> Properties:
    written = {
        name: check(within_length(given[name]))
        for name, check in allowed.items()
        if given.get(name, "inherit") != "inherit"
    }
    return {name: within_length(value) for name, value in written.items() if value is not None}


def _translated(attributes: Properties, given: Properties) -> Properties:
    x, y = (number(given.get(name, "0").removesuffix("px")) for name in ("x", "y"))
    if x == y == "0":
        return attributes
    steps = within_length(f"{attributes.get('transform', '')} translate({x} {y})".strip())
    return {"transform": steps} | attributes | {"transform": steps}  # always the first attribute


def _shape(name: str, given: Properties, attributes: Properties) -> list[Element]:
    if name in {"path", "polyline", "polygon"}:
        drawn = path(given.get("d", "")) if name == "path" else points(given.get("points", ""), name == "polygon")
        return [Element("path", {"d": drawn, **attributes})] if drawn else []
    if name not in _SHAPES:
        raise UnusableLogo("the SVG has texts, images or the like: turn them into outlines or upload a PNG")
    return [Element(name, {**_checked(given, _SHAPES[name]), **attributes})]

"""The values of a logo's SVG, each parsed and written again, so that nothing is printed that was not understood."""

import math
import re
from collections.abc import Callable, Iterator

from fontTools.pens.basePen import BasePen
from fontTools.svgLib.path.parser import parse_path

from earned.domain.errors import UnusableLogo

MAX_COORDINATE = 1_000_000.0  # units


MAX_VALUE_LENGTH = 2_000  # characters of anything but a path


MAX_PATH_LENGTH = 32 * 1024  # characters: the time to draw it grows with their square


MAX_RUN = 1_000  # characters of a path without a space, for the same reason


MAX_CSS_RULES = 500


Check = Callable[[str], str | None]  # a value as it is written again, or None to leave it out; raises UnusableLogo


Properties = dict[str, str]


_NUMBER = r"[+-]?(?:\d+(?:\.\d*)?|\.\d+)(?:[eE][+-]?\d+)?"


_NUMBERS = re.compile(_NUMBER)


_LENGTH = re.compile(rf"({_NUMBER})\s*(px|pt|pc|mm|cm|in|%)?")


_PIXELS = {None: 1.0, "px": 1.0, "pt": 4 / 3, "pc": 16.0, "mm": 96 / 25.4, "cm": 960 / 25.4, "in": 96.0}


_COLOUR = re.compile(r"#[0-9a-f]{3,8}|[a-z]{3,24}|(?:rgb|hsl)a?\([0-9., %/+-]{1,60}\)")


_REFERENCE = re.compile(r"""url\(\s*(['"]?)#([^'"()\s]{1,200})\1\s*\)\s*(.*)""")


_TRANSFORM = re.compile(r"([A-Za-z]+)\s*\(([^()]*)\)[\s,]*")


_ARGUMENTS = {"matrix": {6}, "translate": {1, 2}, "scale": {1, 2}, "rotate": {1, 3}, "skewX": {1}, "skewY": {1}}


_PATH = re.compile(r"[MmZzLlHhVvCcSsQqTtAaEe0-9+\-., ]*")


_SELECTOR = re.compile(r"[.#]?[A-Za-z_][\w-]*|\*")


_NOT_UNDERSTOOD = "the SVG has a number, a colour or a reference that is not understood: export it again or as a PNG"


def within_length(value: str) -> str:
    """The value, if it is short enough to look at."""
    if len(value) > MAX_VALUE_LENGTH:
        raise UnusableLogo(_NOT_UNDERSTOOD)
    return value


def write(value: float) -> str:
    """A number as it is written everywhere: plain, six decimals at most, and not from another world."""
    if not abs(value) <= MAX_COORDINATE:  # nor NaN
        raise UnusableLogo(f"the SVG has coordinates beyond {MAX_COORDINATE:,.0f}: scale it down")
    text = f"{value:.6f}".rstrip("0").rstrip(".")
    return "0" if text == "-0" else text


def numbers(text: str) -> list[float]:
    """The numbers of a list, however they are separated."""
    if _NUMBERS.sub("", text).strip(" ,\t\r\n"):
        raise UnusableLogo(_NOT_UNDERSTOOD)
    return [float(number) for number in _NUMBERS.findall(text)]


def number(text: str) -> str:
    """One number."""
    found = numbers(text)
    if len(found) != 1:
        raise UnusableLogo(_NOT_UNDERSTOOD)
    return write(found[0])


def ratio(text: str) -> str:
    """A number from 0 to 1, which may be given in percent."""
    value = float(number(text.removesuffix("%"))) / (100 if text.endswith("%") else 1)
    return write(min(1.0, max(0.0, value)))


def length(text: str) -> str | None:
    """A length in units of the drawing, or in percent of it."""
    if text == "auto":
        return None
    match = _LENGTH.fullmatch(text)
    if match is None:
        raise UnusableLogo(_NOT_UNDERSTOOD)
    value, unit = float(match[1]), match[2]
    return f"{write(value)}%" if unit == "%" else write(value * _PIXELS[unit])


def extent(text: str) -> str | None:
    """A length that is not negative."""
    value = length(text)
    return "0" if value and value.startswith("-") else value


def one_of(*words: str) -> Check:
    """One of some words."""

    def check(text: str) -> str:
        if text not in words:
            raise UnusableLogo(_NOT_UNDERSTOOD)
        return text

    return check


def nothing(text: str) -> None:
    """A feature that is printed only if it is not there."""
    if text not in {"none", "0"}:
        raise UnusableLogo("the SVG has filters, masks, markers or dashes: expand them into shapes or upload a PNG")


def colour(text: str) -> str:
    """A colour by name, number or function."""
    plain = "currentColor" if text == "currentColor" else " ".join(text.lower().split())
    if plain != "currentColor" and not _COLOUR.fullmatch(plain):
        raise UnusableLogo(_NOT_UNDERSTOOD)
    return plain


def reference(text: str) -> tuple[str, str] | None:
    """The id that `url(#id)` refers to and what follows it; None for anything else."""
    match = _REFERENCE.fullmatch(" ".join(text.split()))
    return (match[2], match[3]) if match else None


def transform(text: str) -> str | None:
    """A list of transforms, none of which flattens the drawing."""
    if _TRANSFORM.sub("", text).strip() not in {"", "none"}:
        raise UnusableLogo(_NOT_UNDERSTOOD)
    steps = [_step(name, numbers(arguments)) for name, arguments in _TRANSFORM.findall(text)]
    return " ".join(steps) or None


def _step(name: str, values: list[float]) -> str:
    if len(values) not in _ARGUMENTS.get(name, ()):
        raise UnusableLogo(_NOT_UNDERSTOOD)
    written = [write(value) for value in values]
    kept = [float(value) for value in written]
    area = kept[0] * kept[3] - kept[1] * kept[2] if name == "matrix" else math.prod(kept) if name == "scale" else 1
    if area == 0:
        raise UnusableLogo("the SVG flattens shapes to nothing: remove them")
    return f"{name}({' '.join(written)})"


def path(text: str) -> str:
    """A path of moves, lines and cubic curves, all absolute: arcs and the like are drawn wrong, or never, by some."""
    data = " ".join(text.split())
    if not _PATH.fullmatch(data) or max(map(len, re.split("[^0-9Ee.+-]", data))) > MAX_RUN:
        raise UnusableLogo(_NOT_UNDERSTOOD)
    pen = _Pen()
    try:
        parse_path(data, pen)
    except (ValueError, IndexError, ArithmeticError) as error:
        raise UnusableLogo(_NOT_UNDERSTOOD) from error
    drawn = "".join(pen.commands)
    if len(drawn) > MAX_PATH_LENGTH:
        raise UnusableLogo("the SVG has a shape with too many points: simplify it or upload a PNG")
    return drawn


class _Pen(BasePen):  # type: ignore[misc]  # fontTools has no types
    """Writes down what fontTools reads; it makes cubic curves of quadratic ones and of arcs."""

    def __init__(self) -> None:
        super().__init__(None)
        self.commands: list[str] = []

    def _moveTo(self, pt: tuple[float, float]) -> None:  # noqa: N802  # fontTools calls it by this name
        self._write("M", pt)

    def _lineTo(self, pt: tuple[float, float]) -> None:  # noqa: N802  # fontTools calls it by this name
        self._write("L", pt)

    def _curveToOne(self, pt1: tuple[float, float], pt2: tuple[float, float], pt3: tuple[float, float]) -> None:  # noqa: N802  # fontTools calls it by this name
        self._write("C", pt1, pt2, pt3)

    def _closePath(self) -> None:  # noqa: N802  # fontTools calls it by this name
        self._write("Z")

    def _write(self, command: str, *points: tuple[float, float]) -> None:
        self.commands.append(command + " ".join(write(value) for point in points for value in point))


def points(text: str, close: bool) -> str:
    """The path through the points of a polyline or polygon; empty where there are none."""
    values = numbers(text)
    if len(values) < 4:
        return ""
    return path("M" + " ".join(map(write, values[: len(values) // 2 * 2])) + "Z" * close)


def view_box(given: Properties) -> tuple[str, str, str, str]:
    """Left, top, width and height of the drawing, which must have an area."""
    values = numbers(within_length(given.get("viewBox", "")))
    if len(values) != 4:
        values = [0, 0, *(float(length(given.get(side, "")) or 0) for side in ("width", "height"))]
    left, top, width, height = map(write, values)
    if not (float(width) > 0 and float(height) > 0):
        raise UnusableLogo("the SVG has no size: give it a viewBox")
    return left, top, width, height


def declarations(text: str) -> Iterator[tuple[str, str]]:
    """The properties that a style declares, as written."""
    for declaration in text.split(";"):
        name, colon, value = declaration.partition(":")
        if colon:
            yield name.strip().lower(), value.strip()


def rules(stylesheet: str) -> list[tuple[str, str]]:
    """Selectors and their declarations, the weaker first; only elements, classes and ids can be selected."""
    first, *rest = stylesheet.split("/*")
    plain = first + "".join(part.partition("*/")[2] for part in rest)
    found = [rule for block in plain.split("}") if block.strip() for rule in _rule(block)]
    if len(found) > MAX_CSS_RULES:
        raise UnusableLogo(f"the SVG has over {MAX_CSS_RULES} style rules: export it with presentation attributes")
    return sorted(found, key=lambda rule: _strength(rule[0]))


def _rule(block: str) -> Iterator[tuple[str, str]]:
    selectors, brace, body = block.partition("{")
    for selector in map(str.strip, selectors.split(",")):
        if not brace or "{" in body or not _SELECTOR.fullmatch(selector):
            raise UnusableLogo("the SVG has more than simple style rules: export it with presentation attributes")
        yield selector, body


def _strength(selector: str) -> int:
    return {"*": 0, ".": 2, "#": 3}.get(selector[0], 1)

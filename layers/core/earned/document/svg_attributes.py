"""The attribute values of an SVG logo: each is parsed and written again, so nothing reaches the page unparsed.

Every check takes the value of an attribute and raises `UnusableLogo` for a value outside its grammar.
"""

import math
import re
from collections.abc import Callable, Sequence
from typing import NoReturn

from fontTools.pens.basePen import BasePen
from fontTools.svgLib.path.parser import parse_path
from tinycss2 import parse_component_value_list, parse_one_component_value, serialize
from tinycss2.ast import Node
from tinycss2.color4 import Color, parse_color

from earned.domain.errors import UnusableLogo

MAX_COORDINATE = 1_000_000.0  # units
MAX_VALUE_LENGTH = 2_000  # characters of any value but a path
MAX_PATH_LENGTH = 32 * 1024  # characters: the time to draw a path grows with their square
MAX_RUN = 1_000  # characters of a path without a separator, for the same reason
Check = Callable[[str], str | None]  # the value as it is written, or None to leave the attribute out
Properties = dict[str, str]
_NUMBER = r"[+-]?(?:\d+(?:\.\d*)?|\.\d+)(?:[eE][+-]?\d+)?"
_NUMBERS = re.compile(_NUMBER)
_LENGTH = re.compile(rf"({_NUMBER})\s*(px|pt|pc|mm|cm|in|%)?")
_PIXELS = {None: 1.0, "px": 1.0, "pt": 4 / 3, "pc": 16.0, "mm": 96 / 25.4, "cm": 960 / 25.4, "in": 96.0}
_COLOUR_FUNCTIONS = {"rgb", "rgba", "hsl", "hsla"}
_BLOCKS = {"function", "() block", "[] block", "{} block"}
_TRANSFORM = re.compile(r"([A-Za-z]+)\s*\(([^()]*)\)[\s,]*")
_ARGUMENTS = {"matrix": {6}, "translate": {1, 2}, "scale": {1, 2}, "rotate": {1, 3}, "skewX": {1}, "skewY": {1}}
_PATH = re.compile(r"[MmZzLlHhVvCcSsQqTtAaEe0-9+\-., ]*")


def _refuse() -> NoReturn:
    raise UnusableLogo(
        "the SVG has a number, a colour or a reference that is not understood: export it again or as a PNG"
    )


def within_length(value: str) -> str:
    if len(value) > MAX_VALUE_LENGTH:
        _refuse()
    return value


def write(value: float) -> str:
    """No exponent, at most six decimals."""
    if not abs(value) <= MAX_COORDINATE:  # also refuses NaN
        raise UnusableLogo(f"the SVG has coordinates beyond {MAX_COORDINATE:,.0f}: scale it down")
    text = f"{value:.6f}".rstrip("0").rstrip(".")
    return "0" if text == "-0" else text


def numbers(text: str) -> list[float]:
    """Separators may be missing where SVG allows it, as in `1-2.5.5`."""
    if _NUMBERS.sub("", text).strip(" ,\t\r\n"):
        _refuse()
    return [float(number) for number in _NUMBERS.findall(text)]


def number(text: str) -> str:
    found = numbers(text)
    if len(found) != 1:
        _refuse()
    return write(found[0])


def ratio(text: str) -> str:
    """A number or a percentage, as a number clamped to 0 … 1."""
    value = float(number(text.removesuffix("%"))) / (100 if text.endswith("%") else 1)
    return write(min(1.0, max(0.0, value)))


def length(text: str) -> str | None:
    """A length in user units, or a percentage; None for `auto`."""
    if text == "auto":
        return None
    match = _LENGTH.fullmatch(text)
    if match is None:
        _refuse()
    value, unit = float(match[1]), match[2]
    return f"{write(value)}%" if unit == "%" else write(value * _PIXELS[unit])


def extent(text: str) -> str | None:
    """A length; a negative one becomes 0."""
    value = length(text)
    return "0" if value and value.startswith("-") else value


def one_of(*words: str) -> Check:
    def check(text: str) -> str:
        if text not in words:
            _refuse()
        return text

    return check


def must_be_absent(text: str) -> None:
    """Refuse a feature that is not printed, such as a filter; `none` and `0` leave it out."""
    if text not in {"none", "0"}:
        raise UnusableLogo("the SVG has filters, masks, markers or dashes: expand them into shapes or upload a PNG")


def colour(text: str) -> str:
    """An sRGB colour: keywords and hexadecimal digits as given, rgb() and hsl() as hexadecimal digits."""
    token = parse_one_component_value(text, skip_comments=True)
    if token.type == "function" and token.lower_name not in _COLOUR_FUNCTIONS:
        _refuse()
    parsed = parse_color(token)
    if parsed is None:
        _refuse()
    if parsed == "currentcolor":
        return "currentColor"
    if token.type == "function":
        return _hexadecimal(parsed)
    return str(token.lower_value) if token.type == "ident" else f"#{token.value.lower()}"


def _hexadecimal(parsed: Color) -> str:
    if not all(math.isfinite(coordinate or 0) for coordinate in parsed.coordinates):
        _refuse()
    channels = (*parsed.to("srgb").coordinates, parsed.alpha)
    red, green, blue, alpha = (round(255 * min(1.0, max(0.0, channel))) for channel in channels)
    return f"#{red:02x}{green:02x}{blue:02x}" + (f"{alpha:02x}" if alpha < 255 else "")


def css_text(tokens: Sequence[Node]) -> str:
    """Refuses nested blocks, which no value needs and which take a recursion to write."""
    for token in tokens:
        inside = token.arguments if token.type == "function" else ()
        if (token.type in _BLOCKS and token.type != "function") or any(part.type in _BLOCKS for part in inside):
            _refuse()
    return str(serialize(tokens)).strip()


def reference(text: str) -> tuple[str, str] | None:
    """The id that `url(#id)` refers to and the value after it, which may be empty; None for any other value."""
    tokens = parse_component_value_list(text.strip(), skip_comments=True)
    if not tokens:
        return None
    target = tokens[0]
    if target.type == "function" and target.lower_name == "url":  # with quotes; without them it is one token
        target = next((part for part in target.arguments if part.type != "whitespace"), target)
    if target.type not in {"url", "string"} or not target.value.startswith("#"):
        return None
    return target.value[1:], css_text(tokens[1:])


def transform(text: str) -> str | None:
    """None for an empty list; refuses transforms that leave a shape without an area."""
    if _TRANSFORM.sub("", text).strip() not in {"", "none"}:
        _refuse()
    steps = [_step(name, numbers(arguments)) for name, arguments in _TRANSFORM.findall(text)]
    return " ".join(steps) or None


def _step(name: str, values: list[float]) -> str:
    if len(values) not in _ARGUMENTS.get(name, ()):
        _refuse()
    written = [write(value) for value in values]
    rounded = [float(value) for value in written]
    if (name == "scale" and math.prod(rounded) == 0) or (
        name == "matrix" and rounded[0] * rounded[3] == rounded[1] * rounded[2]
    ):
        raise UnusableLogo("the SVG flattens shapes to nothing: remove them")
    return f"{name}({' '.join(written)})"


def path(text: str) -> str:
    """Absolute moves, lines and cubic curves, which all viewers draw alike; arcs become curves."""
    data = " ".join(text.split())
    if not _PATH.fullmatch(data) or max(map(len, re.split("[^0-9Ee.+-]", data))) > MAX_RUN:
        _refuse()
    pen = _PathPen()
    try:
        parse_path(data, pen)
    except (ValueError, IndexError, ArithmeticError):
        _refuse()
    drawn = "".join(pen.commands)
    if len(drawn) > MAX_PATH_LENGTH:
        raise UnusableLogo("the SVG has a shape with too many points: simplify it or upload a PNG")
    return drawn


class _PathPen(BasePen):  # type: ignore[misc]  # fontTools has no types
    """Collects path commands; its base class turns quadratic curves into cubic ones."""

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
    """Empty for fewer than two points."""
    values = numbers(text)
    if len(values) < 4:
        return ""
    return path("M" + " ".join(map(write, values[: len(values) // 2 * 2])) + "Z" * close)


def view_box(given: Properties) -> tuple[str, str, str, str]:
    """Left, top, width and height, from viewBox or else from width and height."""
    values = numbers(within_length(given.get("viewBox", "")))
    if len(values) != 4:
        values = [0, 0, *(float(length(given.get(side, "")) or 0) for side in ("width", "height"))]
    left, top, width, height = map(write, values)
    if not (float(width) > 0 and float(height) > 0):
        raise UnusableLogo("the SVG has no size: give it a viewBox")
    return left, top, width, height

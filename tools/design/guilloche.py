"""The border of a certificate: braided waves in a band between hairlines, a rosette on each corner, a seal.

Lengths are in hundredths of a millimetre. Every curve is a function of one parameter, written as smooth cubic pieces.
"""

import math
from collections.abc import Callable, Mapping
from itertools import pairwise

Point = tuple[float, float]
Knot = tuple[int, int]
Curve = Callable[[float], Point]

PAPERS = {"a4": (29700, 21000), "letter": (27940, 21590)}  # width and height
MIDDLE = 1500  # from the edge of the paper to the middle of the band, which has the centres of the corners
# The approximate length of a wave. Its lines run at 45° in the middle of the band, so that the sides, which are the top
# turned by 90°, show the same pattern. A side has a whole number of waves: of both papers, they differ by 1 %.
WAVE = 2150
SEAL_BELOW_CENTRE = 5700
# The phase, in radians, and the amplitude of every line.
STRAND = {
    -0.9: 400,
    -0.6: 390,
    -0.3: 380,
    0.0: 370,
    0.3: 380,
    0.6: 390,
    0.9: 400,
}
THREAD = 215
CREST = 0.3642  # of half a wave: with handles of this length a cubic piece approximates a cosine to 0.1 %
TURN = 2 * math.pi


def border(paper: str, colours: Mapping[str, str]) -> str:
    """The SVG for a paper, in the colours `brand`, `accent` and `paper`."""
    width, height = PAPERS[paper]
    brand, accent = colours["brand"], colours["accent"]
    left, right, top, bottom = MIDDLE, width - MIDDLE, MIDDLE, height - MIDDLE
    size = f'width="{width / 100:g}mm" height="{height / 100:g}mm" viewBox="0 0 {width} {height}"'
    drawn = [
        f'<svg xmlns="http://www.w3.org/2000/svg" {size} fill="none" stroke-linejoin="round">',
        _defined("row", _strand(right - left, brand, accent)),
        _defined("column", _strand(bottom - top, brand, accent)),
        _defined("corner", _corner(brand, accent, colours["paper"])),
        *(_placed("row", left, y, f"matrix(1 0 0 {mirrored} 0 0)") for y in (top, bottom) for mirrored in (1, -1)),
        *(_placed("column", x, top, f"matrix(0 1 {mirrored} 0 0 0)") for x in (left, right) for mirrored in (1, -1)),
        _line(_frame(width, height, 1020), brand, 30),
        _line(_frame(width, height, 960) + _frame(width, height, 1980), brand, 7),
        _line(_frame(width, height, 2040), accent, 14),
        *(_placed("corner", x, y) for x in (left, right) for y in (top, bottom)),
        _defined("seal", _seal(brand, accent)),
        _placed("seal", width // 2, height // 2 + SEAL_BELOW_CENTRE),
        "</svg>\n",
    ]
    return "\n".join(drawn)


def _strand(length: int, brand: str, accent: str) -> list[str]:
    """The fine lines of the band, which cross their mirror image, and a thread between the crossings."""
    halves = 2 * round(length / WAVE)
    lines = "".join(_wave(length, halves, amplitude, lag) for lag, amplitude in STRAND.items())
    return [_line(lines, brand, 5), _line(_wave(length, halves, THREAD, math.pi / 2), accent, 8)]


def _wave(length: int, halves: int, amplitude: int, lag: float) -> str:
    """A cosine of `halves` half waves, shifted by the phase `lag`; the corners cover its ends."""
    half = length / halves
    shift = lag / math.pi * half
    crests = [(round(number * half - shift), (-1) ** number * amplitude) for number in range(halves + 1)]
    return _path(crests, [(round(x - CREST * half), y) for x, y in crests])


def _corner(brand: str, accent: str, paper: str) -> list[str]:
    return [
        _line(_circle(760), brand, 7, fill=paper),
        _line(_circle(700), brand, 22),
        _line(_rosette(425, 235, 20, 7), brand, 5),
        _line(_rosette(255, 145, 12, 5), accent, 6),
        _filled(_star(140, 42), accent),
    ]


def _seal(brand: str, accent: str) -> list[str]:
    return [
        _line(_circle(1290) + _circle(1255), accent, 8),
        _line(_rosette(1050, 190, 36, 5), accent, 5),
        _line(_rosette(815, 150, 36, 5), accent, 5),
        _line(_circle(600), accent, 9),
        _filled(_star(500, 110), brand),
        _filled(_star(270, 95, turned=True), accent),
    ]


def _rosette(radius: float, depth: float, petals: int, laps: int) -> str:
    """A closed line that oscillates about a circle `petals` times in `laps` laps."""

    def at(t: float) -> Point:
        distance = radius + depth * math.cos(petals * TURN * t)
        return distance * math.sin(laps * TURN * t), -distance * math.cos(laps * TURN * t)

    return _smooth(at, 4 * petals) + "z"


def _star(tip: float, waist: float, turned: bool = False) -> str:
    """A star of four points; turned by 45° if `turned`."""
    turn = TURN / 8 if turned else 0
    corners = [(tip if n % 2 == 0 else waist, n * TURN / 8 + turn) for n in range(8)]
    points = [f"{distance * math.sin(angle):.0f} {-distance * math.cos(angle):.0f}" for distance, angle in corners]
    return f"M{'L'.join(points)}z"


def _smooth(curve: Curve, pieces: int) -> str:
    """A path along `curve` from 0 to 1, in pieces with the points and tangents of the curve at their ends.

    All pieces have the same length in the parameter, so the first handle of each mirrors the last handle of the one
    before, as SVG's `s` command assumes.
    """
    step = 1 / pieces
    knots = [_rounded(curve(n * step)) for n in range(pieces + 1)]
    return _path(knots, [_rounded(_handle(curve, n * step, -step / 3)) for n in range(pieces + 1)])


def _path(knots: list[Knot], handles: list[Knot]) -> str:
    """A path through knots; `handles` are the control points before them, mirrored after them."""
    (x, y), (before_x, before_y) = knots[0], handles[0]
    path = [f"M{_numbers(knots[0])}c{_numbers((x - before_x, y - before_y))} "]
    for number, (here, there) in enumerate(pairwise(knots), 1):
        ends = _numbers(_from(here, handles[number]), _from(here, there))
        path.append(ends if number == 1 else f"s{ends}")
    return "".join(path)


def _handle(curve: Curve, t: float, along: float) -> Point:
    """The point on the tangent at `t`, `along` away in the parameter."""
    (x, y), (before_x, before_y), (after_x, after_y) = curve(t), curve(t - 1e-5), curve(t + 1e-5)
    return x + (after_x - before_x) / 2e-5 * along, y + (after_y - before_y) / 2e-5 * along


def _rounded(point: Point) -> Knot:
    return round(point[0]), round(point[1])


def _from(origin: Knot, point: Knot) -> Knot:
    return point[0] - origin[0], point[1] - origin[1]


def _numbers(*points: Knot) -> str:
    return " ".join(f"{x} {y}" for x, y in points).replace(" -", "-")


def _circle(radius: int) -> str:
    return f"M{-radius} 0a{radius} {radius} 0 1 0 {2 * radius} 0a{radius} {radius} 0 1 0 {-2 * radius} 0z"


def _frame(width: int, height: int, inset: int) -> str:
    return f"M{inset} {inset}H{width - inset}V{height - inset}H{inset}z"


def _line(path: str, colour: str, width: int, fill: str = "none") -> str:
    return f'<path stroke="{colour}" stroke-width="{width}" fill="{fill}" d="{path}"/>'


def _filled(path: str, colour: str) -> str:
    return f'<path fill="{colour}" d="{path}"/>'


def _defined(name: str, drawn: list[str]) -> str:
    return f'<defs><g id="{name}">{"".join(drawn)}</g></defs>'


def _placed(name: str, x: int, y: int, transform: str = "") -> str:
    return f'<use href="#{name}" transform="translate({x} {y}){transform}"/>'

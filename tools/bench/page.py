"""The page that all contenders draw: its text, and for those without HTML the position of every line and drawing.

The positions are those of WeasyPrint's own layout. If the design changes, the comparison before each benchmark fails.
Only the standard library, because every contender's environment imports this module.
"""

import re
from base64 import b32encode
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
DESIGN = ROOT / "layers" / "core" / "earned" / "document" / "designs" / "default"
LAYER = ROOT / ".layers" / "weasyprint"
FONTS = LAYER / "fonts"
REGULAR, ITALIC = FONTS / "EBGaramond12-Regular.ttf", FONTS / "EBGaramond12-Italic.ttf"

WIDTH, HEIGHT = 297, 210  # millimetres from the top left, as all positions
CODE = 210, 147.1, 22  # left, top and side of the QR code
DRAWINGS = (  # left, top, width, height
    (DESIGN / "border-a4.svg", (0, 0, WIDTH, HEIGHT)),
    (DESIGN / "mark.svg", (143, 25.5, 11, 11)),
    (DESIGN / "ornament.svg", (108.5, 96.7, 80, 2.2)),
    (DESIGN / "signature.svg", (53.5, 150, 45, 16.1334)),
)
RULE = 44, 163.6334, 64, 0.2, "#8d97a0"  # left, middle, length, thickness
PAPER, TEXT, BLUE, INK, GREY = "#fffefb", "#2b3742", "#1d3f5e", "#10283f", "#5a6670"

HEADING = "Certificate of Completion"
_GIVEN = """
Åsa Beatriz Chiara Dagny Émile Fionnuala Gülşen Håkon Imogen Jürgen Katarzyna Łucja Marguerite Noémie Olumide Priya
Quentin Rosalind Søren Tomáš Ursula Vivienne Wilhelmina Xavier Yolanda Zoë Ambrose Benedikt Cecilia Dorothea
""".split()  # noqa: SIM905  # a list would take a line for each
_FAMILY = """
Abernathy Bjørklund Castellanos Dąbrowska Eriksson Featherstone Gonçalves Hawthorne Ibáñez Jankowski Kowalczyk Lindqvist
Mørk Nakamura Oyelaran Pettersson Quayle Rasmussen Šimková Thorvaldsen Ueda Vásquez Whitcombe Yeşilyurt
""".split()  # noqa: SIM905  # as above
_TITLES = "Leading Through Uncertainty", "Giving Feedback that Helps", "The First Ninety Days", "Coaching for Managers"
_COMPANIES = "Larkspur Logistics", "Halcyon Mills", "Brightwater & Sons", "Kestrel Instruments", "Ottoline Foods"


@dataclass(frozen=True)
class Page:
    """The content that differs between certificates."""

    certificate_id: str
    holder: str
    title: str
    company: str

    @property
    def number(self) -> str:
        return " ".join(re.findall(".{1,4}", self.certificate_id))

    @property
    def link(self) -> str:
        return f"https://learn.northlight.example/verify/{self.certificate_id}?revision=1"


@dataclass(frozen=True)
class Run:
    """Text of one colour within a line; `spacing` in points after every letter."""

    text: str
    colour: str = TEXT
    spacing: float = 0
    link: str | None = None


@dataclass(frozen=True)
class Line:
    """A line of text, centred on `middle`."""

    baseline: float
    size: float  # points
    runs: tuple[Run, ...]
    italic: bool = False
    middle: float = WIDTH / 2


def nth_page(index: int) -> Page:
    """The page of one learner; the first 17,000 have different names."""
    rest, given = divmod(index, len(_GIVEN))
    second, first = divmod(rest, len(_FAMILY))
    holder = f"{_GIVEN[given]} {_FAMILY[first]}" + (f"-{_FAMILY[second]}" if second else "")
    return Page(
        certificate_id=b32encode(sha256(str(index).encode()).digest()).decode().lower()[:26],
        holder=holder,
        title=_TITLES[index % len(_TITLES)],
        company=_COMPANIES[index % len(_COMPANIES)],
    )


def lines(page: Page) -> tuple[Line, ...]:
    return (
        Line(42.386, 11.5, (Run("NORTHLIGHT LEADERSHIP ACADEMY", BLUE, 1.1),)),
        Line(57.352, 36, (Run(HEADING, BLUE),)),
        Line(67.27, 14, (Run("This is to certify that"),), italic=True),
        Line(89.183, 46, (Run(page.holder, INK),)),
        Line(105.586, 15, (Run(f"of {page.company}"),), italic=True),
        Line(114.901, 14, (Run("has successfully completed the course"),), italic=True),
        Line(126.056, 26, (Run(page.title, BLUE),)),
        Line(135.834, 14, (Run("14 November 2026 · 24 hours"),)),
        Line(168.562, 12, (Run("Ingrid Solvang"),), middle=76),
        Line(173.4, 10.5, (Run("Director of Learning", GREY),), italic=True, middle=76),
        Line(173.4, 10.5, (Run("Scan to verify", GREY),), italic=True, middle=221),
        Line(180.079, 8.5, (Run(f"Certificate No. {page.number}", GREY, 0.1),)),
        Line(183.977, 8.5, (Run("Verify at ", GREY, 0.1), Run(page.link, GREY, 0.1, page.link))),
    )

"""Compares the pages of the contenders: the same text, and the same picture as plain WeasyPrint."""

from pathlib import Path

import pypdf
import pypdfium2
from PIL import Image, ImageChops

from tools.bench.page import Page, lines

TILES = 27, 19  # 11 mm a side: the QR code, the mark, a word fill several
# Of 255. The same pages differ by up to 17, in their old-style figures; a page without the mark by 21, without the
# seal by 32, without the signature by 47. A missing ornament or rule goes unnoticed.
MAX_COUNT = 18


class DifferentPage(Exception):
    """A contender draws a different page, so its figures would be meaningless."""


def require_same_page(label: str, pdf: Path, original: Path, page: Page) -> int:
    """The mean difference of the worst tile, of 255; raises `DifferentPage`."""
    document = pypdf.PdfReader(pdf)
    if len(document.pages) != 1:
        raise DifferentPage(f"{label} draws {len(document.pages)} pages instead of one ({pdf})")
    text = "".join(document.pages[0].extract_text().split())
    for line in lines(page):
        words = "".join("".join(run.text for run in line.runs).split())
        if words not in text:
            raise DifferentPage(f"{label} does not print {words!r} ({pdf})")
    worst = worst_tile(pdf, original)
    if worst > MAX_COUNT:
        raise DifferentPage(f"{label} draws another picture: a tile differs by {worst} of 255 ({pdf})")
    return worst


def worst_tile(pdf: Path, original: Path) -> int:
    """The mean difference of the tile that differs most, of 255, at 40 dpi.

    Drawn at 160 dpi first, because pdfium widens small shapes to whole pixels, paths and rectangles differently.
    """
    coarse, original_coarse = _picture(pdf, 160).reduce(4), _picture(original, 160).reduce(4)
    difference = ImageChops.difference(coarse, original_coarse).convert("L")
    return max(difference.resize(TILES, Image.Resampling.BOX).tobytes())


def differing_pixels(pdf: Path, original: Path) -> int:
    bands = ImageChops.difference(_picture(pdf, 150), _picture(original, 150)).split()
    largest = ImageChops.lighter(ImageChops.lighter(bands[0], bands[1]), bands[2])
    return sum(largest.histogram()[1:])


def _picture(pdf: Path, dpi: int) -> Image.Image:
    picture: Image.Image = pypdfium2.PdfDocument(pdf)[0].render(scale=dpi / 72).to_pil()
    return picture.convert("RGB")

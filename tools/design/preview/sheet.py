"""A contact sheet: names cut out of their certificates, labelled with their scripts."""

from collections.abc import Mapping
from functools import reduce

from PIL import Image, ImageChops, ImageDraw, ImageFont

COLUMNS = 4
CELL = 460, 96  # pixels, without the label below
LABEL = 26


def contact_sheet(pages: Mapping[str, tuple[Image.Image, Image.Image]]) -> Image.Image:
    """The names on the pages, by script; a name is where its page differs from the second one, without a name."""
    changed = (ImageChops.difference(page, nameless).getbbox() for page, nameless in pages.values())
    place = reduce(_union, (box for box in changed if box))
    width, height = CELL
    rows = -(-len(pages) // COLUMNS)
    sheet = Image.new("RGB", (COLUMNS * width, rows * (height + LABEL)), "white")
    draw, font = ImageDraw.Draw(sheet), ImageFont.load_default(size=15)
    for number, (script, (page, _)) in enumerate(pages.items()):
        left, top = number % COLUMNS * width, number // COLUMNS * (height + LABEL)
        name = page.crop(place)
        name.thumbnail((width - 8, height - 8), Image.Resampling.LANCZOS)
        sheet.paste(name, (left + (width - name.width) // 2, top + (height - name.height) // 2))
        draw.text((left + width // 2, top + height), script, fill="#666666", font=font, anchor="mt")
        draw.rectangle((left, top, left + width, top + height + LABEL), outline="#dddddd")
    return sheet


def _union(one: tuple[int, int, int, int], other: tuple[int, int, int, int]) -> tuple[int, int, int, int]:
    return min(one[0], other[0]), min(one[1], other[1]), max(one[2], other[2]), max(one[3], other[3])

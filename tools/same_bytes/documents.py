"""Draw the compared documents into a folder, with nothing but the layers: python -m tools.same_bytes.documents DIR

Prints lines of JSON: first what draws, then one for each document.
"""

import json
import platform
import re
import sys
import zlib
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime
from functools import cache
from io import BytesIO
from pathlib import Path
from typing import NamedTuple

from PIL import Image, ImageDraw

from earned.document.compiled import CompiledPages
from earned.document.credential import Attachment, credential_json
from earned.document.deployed_designs import DEPLOYED_DESIGNS, FOLDER
from earned.document.fitting import DoesNotFit
from earned.document.logo import sanitise
from earned.document.missing_glyph import MissingGlyph
from earned.document.render import Design
from earned.document.signatures import SigningKey
from earned.document.wording import Wording
from earned.domain.certificate import CertificateContent, Issuance, QuizResult
from earned.domain.people import Logo
from earned.domain.training import DEFAULT_DESIGN
from earned.usecases.signing_keys import Credentials
from tools.design.compiled.records import certificates_by_locale
from tools.design.preview.samples import ORDINARY, certificates, names

COMPLETED = datetime(2026, 11, 14, 15, 4, 5, tzinfo=UTC)


class Case(NamedTuple):
    """A document to draw; `may_compile` if a compiled page may draw it."""

    name: str
    content: CertificateContent
    logo: Logo | None = None
    design: str = DEFAULT_DESIGN
    may_compile: bool = False

    @property
    def file_name(self) -> str:
        return re.sub(r"[^\w-]+", "-", self.name) + ".pdf"


def cases() -> Iterator[Case]:
    """Every sample of every design, a PNG logo, a name in every script, and people of 30 locales by compiled pages."""
    logo = png_logo()
    for design in sorted(DEPLOYED_DESIGNS):
        for sample in certificates(Wording(FOLDER / design).languages):
            yield Case(f"{design} {sample.name}", sample.content, sample.logo, design)
        yield Case(f"{design} png logo", replace(ORDINARY, logo=logo.sha256), logo, design)
    for script, content in names().items():
        yield Case(f"script {script}", content)
    for locale, people in certificates_by_locale():
        for number, content in enumerate(people):
            yield Case(f"locale {locale} {number}", content, may_compile=True)


def png_logo() -> Logo:
    """Overlapping shapes with transparency, rotated and made smaller: many colours and soft edges."""
    image = Image.new("RGBA", (1600, 800))
    draw = ImageDraw.Draw(image)
    for step in range(40):
        box = (20 * step, 10 * step, 20 * step + 800, 10 * step + 400)
        draw.ellipse(box, fill=(6 * step, 255 - 5 * step, 37 * step % 256, 90 + 4 * step))
    file = BytesIO()
    image.rotate(11, Image.Resampling.BICUBIC).save(file, "PNG")
    return sanitise(file.getvalue(), "image/png")


class Printer:
    """Draws certificates with their credentials; `compiled` counts those that compiled pages drew."""

    def __init__(self) -> None:
        self._key = SigningKey("a key for comparisons")
        self._credentials = Credentials(self)
        self._by_page = Design(FOLDER / DEFAULT_DESIGN)
        self._in_full = cache(lambda name: Design(FOLDER / name, CompiledPages(is_on=False)))

    @property
    def compiled(self) -> int:
        return self._by_page.compiled.drawn

    def current(self) -> SigningKey:
        return self._key

    def draw(self, case: Case) -> bytes:
        """The document, or the reason why there is none: it must be the same, too."""
        design = self._by_page if case.may_compile else self._in_full(case.design)
        try:
            return design.render(case.content, case.logo, self._signed(case.content))
        except (DoesNotFit, MissingGlyph) as refused:
            return str(refused).encode()

    def _signed(self, content: CertificateContent) -> Attachment:
        issue = Issuance(1, COMPLETED, COMPLETED, 1, "ab" * 32, "", content, "request")
        data = credential_json("course-1", self._credentials.sign("course-1", issue, QuizResult(90.0, 80.0, 100.0)))
        assert data is not None
        return Attachment(data, COMPLETED)


def main() -> None:
    folder, printer = Path(sys.argv[1]), Printer()
    say(machine=platform.machine(), python=platform.python_version(), zlib=zlib.ZLIB_RUNTIME_VERSION)
    for case in cases():
        (folder / case.file_name).write_bytes(printer.draw(case))
        say(compiled=printer.compiled)


def say(**figures: object) -> None:
    print(json.dumps(figures), flush=True)


if __name__ == "__main__":
    main()

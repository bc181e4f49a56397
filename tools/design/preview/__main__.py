"""The command behind `make preview`: what a design makes of sample certificates, as PDF and as pictures."""

from dataclasses import replace
from functools import cache
from pathlib import Path
from typing import Annotated

import pypdfium2
import typer
from jinja2 import TemplateError
from PIL import Image
from rich.console import Console
from rich.progress import Progress

from earned.document import render as pdf
from earned.document.fitting import DoesNotFit
from earned.document.wording import InvalidDesign
from earned.domain.certificate import CertificateContent
from tools.design.preview.samples import ORDINARY, certificates, names
from tools.design.preview.sheet import contact_sheet

DOTS_PER_INCH = 150
app = typer.Typer(add_completion=False, pretty_exceptions_enable=False)
console = Console(stderr=True, highlight=False)


@app.command()
def main(
    design: Annotated[Path, typer.Option(help="a design folder")] = Path("layers/core/earned/document/certificate"),
    out: Annotated[Path, typer.Option(help="where the files go")] = Path("out/preview"),
) -> None:
    """Render sample certificates and a contact sheet of names in many scripts."""
    try:
        draw(pdf.Design(design), out)
    except (InvalidDesign, DoesNotFit, pdf.MissingGlyph, TemplateError, OSError) as fault:
        where = design / "certificate.html" if isinstance(fault, TemplateError) else design
        console.print(f"{where}: {fault}", markup=False, soft_wrap=True)
        raise typer.Exit(1) from None
    console.print(f"See {out}, above all {out / 'names.png'}", soft_wrap=True)


def draw(design: pdf.Design, out: Path) -> None:
    """Write a PDF and a PNG of each sample, and names.png."""
    out.mkdir(parents=True, exist_ok=True)
    samples = list(certificates(design.wording.languages))

    def page(printed: CertificateContent) -> Image.Image:
        return picture(pdf.render(printed, design=design))

    @cache
    def nameless(language: str) -> Image.Image:
        return page(replace(ORDINARY, language=language, holder=""))

    with Progress(console=console, transient=True) as progress:
        for sample in progress.track(samples, description="Certificates"):
            document = pdf.render(sample.printed, sample.logo, design)
            (out / f"{sample.name}.pdf").write_bytes(document)
            picture(document).save(out / f"{sample.name}.png")
        tracked = progress.track(names().items(), description="Scripts")
        pages = {script: (page(printed), nameless(printed.language)) for script, printed in tracked}
    contact_sheet(pages).save(out / "names.png")


def picture(document: bytes) -> Image.Image:
    """The page as it looks."""
    image: Image.Image = pypdfium2.PdfDocument(document)[0].render(scale=DOTS_PER_INCH / 72).to_pil()
    return image


if __name__ == "__main__":
    app()

"""Render sample certificates of a design folder as PDF and PNG (`make preview`)."""

from collections.abc import Mapping, Sequence
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

from earned.document.deployed_designs import DEPLOYED_DESIGNS, FOLDER
from earned.document.fitting import DoesNotFit
from earned.document.missing_glyph import MissingGlyph
from earned.document.render import Design
from earned.document.wording import InvalidDesign
from earned.domain.certificate import CertificateContent
from tools.design.preview.samples import ORDINARY, Sample, certificates, names
from tools.design.preview.sheet import contact_sheet

DOTS_PER_INCH = 150
app = typer.Typer(add_completion=False, pretty_exceptions_enable=False)
console = Console(stderr=True, highlight=False)


@app.command()
def main(
    folder: Annotated[Path | None, typer.Option("--design", help="a folder; otherwise each deployed one")] = None,
    out: Annotated[Path, typer.Option(help="where the files go")] = Path("out/preview"),
) -> None:
    """Render sample certificates and a contact sheet of names in many scripts."""
    folders = {out: folder} if folder else {out / name: FOLDER / name for name in sorted(DEPLOYED_DESIGNS)}
    for shown_in, shown in folders.items():
        preview(shown, shown_in)


def preview(folder: Path, out: Path) -> None:
    try:
        design = Design(folder)
        draw(design, out, list(certificates(design.wording.languages)), names())
    except (InvalidDesign, DoesNotFit, MissingGlyph, TemplateError, OSError) as fault:
        where = folder / "certificate.html" if isinstance(fault, TemplateError) else folder
        console.print(f"{where}: {fault}", markup=False, soft_wrap=True)
        raise typer.Exit(1) from None
    console.print(f"See {out}; {out / 'names.png'} shows all scripts", soft_wrap=True)


def draw(design: Design, out: Path, samples: Sequence[Sample], scripts: Mapping[str, CertificateContent]) -> None:
    """Write a PDF and a PNG of each sample, and names.png with a name for each script."""
    out.mkdir(parents=True, exist_ok=True)

    def page(content: CertificateContent) -> Image.Image:
        return picture(design.render(content))

    @cache
    def nameless(language: str) -> Image.Image:
        return page(replace(ORDINARY, language=language, holder=""))

    with Progress(console=console, transient=True) as progress:
        for sample in progress.track(samples, description="Certificates"):
            document = design.render(sample.content, sample.logo)
            (out / f"{sample.name}.pdf").write_bytes(document)
            picture(document).save(out / f"{sample.name}.png")
        tracked = progress.track(scripts.items(), description="Scripts")
        pages = {script: (page(content), nameless(content.language)) for script, content in tracked}
    contact_sheet(pages).save(out / "names.png")


def picture(document: bytes) -> Image.Image:
    image: Image.Image = pypdfium2.PdfDocument(document)[0].render(scale=DOTS_PER_INCH / 72).to_pil()
    return image


if __name__ == "__main__":
    app()

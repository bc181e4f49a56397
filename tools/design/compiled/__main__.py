"""Compare compiled pages with WeasyPrint alone, and show who gets them (`make compiled-designs`)."""

import json
from collections import Counter
from collections.abc import Iterable
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console
from rich.progress import track
from rich.table import Table

from earned.document.compiled import CompiledPages
from earned.document.deployed_designs import FOLDER
from earned.document.fitting import DoesNotFit
from earned.document.missing_glyph import MissingGlyph
from earned.document.render import Design
from earned.domain.certificate import CertificateContent
from earned.domain.people import Logo
from earned.domain.training import DEFAULT_DESIGN
from tools.design.compiled.records import certificates_by_locale, certificates_of_the_demo, random_certificates
from tools.design.preview.samples import certificates, names

Content = tuple[CertificateContent, Logo | None]
console = Console(highlight=False)
app = typer.Typer(add_completion=False, pretty_exceptions_enable=False)


class Comparison:
    """Draws certificates with a compiled design and without, and counts what became of them."""

    def __init__(self) -> None:
        self.design = Design(FOLDER / DEFAULT_DESIGN)
        self._in_full = Design(FOLDER / DEFAULT_DESIGN, CompiledPages(is_on=False))

    def count(self, contents: Iterable[Content]) -> Counter[str]:
        """How many were drawn by a compiled page, in full, differently, or not at all."""
        counted: Counter[str] = Counter()
        for content, logo in contents:
            try:
                expected = self._in_full.render(content, logo)
            except (DoesNotFit, MissingGlyph):
                counted["unprintable"] += 1
                continue
            before = self.design.compiled.drawn
            same = self.design.render(content, logo) == expected
            way = "compiled" if self.design.compiled.drawn > before else "in full"
            counted[way if same else "different"] += 1
        return counted

    def share(self, contents: list[Content]) -> Counter[str]:
        """Of certificates as a warm worker draws them: it has drawn three of each page before."""
        counted: Counter[str] = Counter()
        for content, logo in contents:
            for _ in range(3):
                self._try(content, logo)
            counted += self.count([(content, logo)])
        return counted

    def _try(self, content: CertificateContent, logo: Logo | None) -> None:
        try:
            self.design.render(content, logo)
        except (DoesNotFit, MissingGlyph):
            return


@app.command()
def main(
    records: Annotated[int, typer.Option(help="random ones")] = 10_000,
    out: Annotated[Path, typer.Option(help="where the figures go")] = Path("out/compiled.json"),
) -> None:
    """Fail if a compiled page has other bytes than WeasyPrint alone."""
    comparison = Comparison()
    found = {
        "the demo, a warm worker": comparison.share([(one, None) for one in certificates_of_the_demo()]),
        "the demo, a new worker": Comparison().count((one, None) for one in certificates_of_the_demo()),
        "sample certificates": comparison.share(
            [(one.content, one.logo) for one in certificates(comparison.design.wording.languages)]
        ),
        "names of the sample sheet": comparison.share([(one, None) for one in names().values()]),
    }
    for locale, people in track(list(certificates_by_locale()), "30 locales", console=console):
        found[locale] = comparison.share([(one, None) for one in people])
    random = track(random_certificates(1, records), "Random", total=records, console=console)
    found["random"] = comparison.count((one, None) for one in random)
    table = Table("certificates", *(ways := ("compiled", "in full", "unprintable", "different")))
    for name, counted in found.items():
        table.add_row(name, *(str(counted[way]) for way in ways))
    console.print(table)
    out.parent.mkdir(parents=True, exist_ok=True)
    out.write_text(json.dumps(found, indent=1) + "\n", "utf-8")
    if any(counted["different"] for counted in found.values()) or comparison.design.compiled.faults:
        console.print("A compiled page has other bytes than WeasyPrint alone: see docs/decisions/0049")
        raise typer.Exit(1)


if __name__ == "__main__":
    app()

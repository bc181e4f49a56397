"""The sample certificates of the preview. All names are invented."""

import tomllib
from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import date
from pathlib import Path

from earned.document.logo import sanitise
from earned.document.render import PAPERS
from earned.domain.certificate import CertificateContent
from earned.domain.people import Logo
from earned.domain.training import TrainingKind

HERE = Path(__file__).parent
ORDINARY = CertificateContent(
    certificate_id="k3f7m2qzt5vx4hbrn6wdyc2jpa",
    holder="Marguerite Oyelaran-Lindqvist",
    title="Leading Through Uncertainty",
    kind=TrainingKind.COURSE,
    completed_on=date(2026, 11, 14),
    hours=7.5,
    company="Larkspur Logistics",
    language="en",
    verify_url="https://learn.northlight.example/verify/k3f7m2qzt5vx4hbrn6wdyc2jpa?revision=1",
)
MAX_NAME_LENGTH = (
    "Maximiliana Theodora Konstantinopoulou-Featherstonehaugh von und zu Hohenlohe-Lorenburg, Marchioness of " * 2
)
LONG_NAME = "Maximiliana Theodora Konstantinopoulou-Featherstonehaugh"
RIGHT_TO_LEFT_COMPANY = "شركة ١٢٣ ش.م.م."
# A holder and a title for languages with letters of their own.
NATIVE = {
    "es": ("Begoña Íñiguez Larráin", "Liderar en tiempos de incertidumbre"),
    "fr": ("Éloïse Garçonnet-Lefrêne", "Le leadership en période incertaine"),
    "de": ("Jörg Weißenfäller", "Führung in unsicheren Zeiten"),
    "ar": ("ليلى نور الدين", "القيادة في زمن عدم اليقين"),
    "ja": ("林 花子", "不確実な時代のリーダーシップ"),
}


@dataclass(frozen=True)
class Sample:
    """A certificate; `name` is the stem of its files' names."""

    name: str
    content: CertificateContent
    logo: Logo | None = None


def certificates(languages: list[str]) -> Iterator[Sample]:
    """Every language, kind and paper, then a logo and extreme texts, on both papers."""
    logo = sanitise((HERE / "logo.svg").read_bytes(), "image/svg+xml")
    for paper in PAPERS:
        ordinary = replace(ORDINARY, paper=paper)
        for language in languages:
            holder, title = NATIVE.get(language, (ORDINARY.holder, ORDINARY.title))
            for kind in TrainingKind:
                first_day = date(2026, 11, 12) if kind is TrainingKind.LIVE_EVENT else None
                worded = replace(
                    ordinary, language=language, holder=holder, title=title, kind=kind, first_day=first_day
                )
                yield Sample(f"{language}-{kind}-{paper}", worded)
        branded = replace(ordinary, logo=logo.sha256)
        crowded = replace(branded, holder=MAX_NAME_LENGTH, title="Strategic Alignment and Governance, " * 8)
        yield Sample(f"logo-{paper}", branded, logo)
        yield Sample(f"long-name-{paper}", replace(branded, holder=LONG_NAME), logo)
        yield Sample(f"right-to-left-company-{paper}", replace(ordinary, company=RIGHT_TO_LEFT_COMPANY))
        yield Sample(f"no-company-{paper}", replace(ordinary, company=None, hours=None))
        yield Sample(f"longest-{paper}", crowded, logo)
        yield Sample(f"one-letter-{paper}", replace(ordinary, holder="Q", title="Z", company="X"))


def names() -> dict[str, CertificateContent]:
    """A certificate for every script, by the name of the script."""
    listed = tomllib.loads((HERE / "names.toml").read_text("utf-8"))
    return {
        script: replace(ORDINARY, holder=name, language=listed["languages"].get(script, ORDINARY.language))
        for script, name in listed["names"].items()
    }

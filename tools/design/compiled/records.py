"""Certificates to draw in both ways: random ones, and people of 30 locales. All names are invented."""

import random
import tomllib
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

from earned.document.render import PAPERS
from earned.domain.certificate import CertificateContent
from earned.domain.training import TrainingKind
from tools.design.preview.samples import ORDINARY
from tools.local import scenario

_TABLES = tomllib.loads(Path(__file__).with_name("records.toml").read_text("utf-8"))
_LANGUAGES = ["en", "de", "fr", "es", "ja", "ar", "en-US", "pl"]
_LETTERS = "abcdefghijklmnopqrstuvwxyz234567"
_WORDS: dict[str, str] = _TABLES["words"]
_SCRIPTS = [script for script in _WORDS if script != "Refused"]
REFUSED = 0.1  # of the records may have what compiled pages refuse


def random_certificates(seed: int, count: int) -> Iterator[CertificateContent]:
    """Of few kinds of pages and many texts; each script has its own records, and some mix them."""
    draw = random.Random(seed)  # noqa: S311  # not a secret
    for _ in range(count):
        script = draw.choice(["Latin", "Latin", *_SCRIPTS])
        words = _WORDS[script].split(" ")
        other = _WORDS[draw.choice([script, script, "Latin"])].split(" ")
        if draw.random() < REFUSED:
            words += _WORDS["Refused"].split(" ")
        number = "".join(draw.choices(_LETTERS, k=26))
        yield replace(
            ORDINARY,
            certificate_id=number,
            verify_url=f"https://learn.northlight.example/verify/{number}?revision={draw.choice([1, 2, 31])}",
            holder=" ".join(draw.choices(words, k=draw.choice([1, 2, 2, 2, 3, 3, 3, 6]))),
            title=" ".join(draw.choices(other, k=draw.choice([1, 3, 3, 4, 4, 6, 12]))),
            company=draw.choices([None, "Larkspur Logistics", " ".join(draw.choices(words, k=2))], [1, 4, 4])[0],
            hours=draw.choice([7.5, 7.5, 24.0, None]),
            kind=draw.choices(list(TrainingKind), [5, 1])[0],
            completed_on=date(2026, draw.randint(1, 12), draw.randint(1, 28)),
            language=draw.choice([*["en"] * 40, *_LANGUAGES]),
            paper=draw.choices(PAPERS, [9, 1])[0],
        )


def certificates_by_locale() -> Iterator[tuple[str, list[CertificateContent]]]:
    """The people of each locale, all of one course."""
    for locale, people in _TABLES["people"].items():
        yield (
            locale,
            [replace(ORDINARY, holder=name, language=locale, **numbered(number)) for number, name in enumerate(people)],
        )


def certificates_of_the_demo() -> Iterator[CertificateContent]:
    """Of everyone who finishes in `make demo`, training by training."""
    week = scenario.build(datetime(2026, 11, 30, tzinfo=UTC))
    issued = [enrollment for enrollment in week.enrollments if not enrollment.outstanding]
    for number, enrollment in enumerate(issued):
        live = enrollment.training_id == scenario.EVENT
        yield replace(
            ORDINARY,
            holder=enrollment.account.name,
            title=week.titles[enrollment.training_id],
            company=scenario.COMPANIES.get(enrollment.account.company_id or ""),
            kind=TrainingKind.LIVE_EVENT if live else TrainingKind.COURSE,
            hours=None if live else float(scenario.HOURS),
            **numbered(number),
        )


def numbered(number: int) -> dict[str, Any]:
    certificate_id = f"{_LETTERS[number // 32]}{_LETTERS[number % 32]}{ORDINARY.certificate_id[2:]}"
    return {
        "certificate_id": certificate_id,
        "verify_url": ORDINARY.verify_url.replace(ORDINARY.certificate_id, certificate_id),
    }

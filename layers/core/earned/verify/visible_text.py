"""Compares the visible text of a document with what its credential says.

A PDF keeps glyphs in the order in which they are drawn. A text that runs from right to left is therefore compared by
its letters or words, and not by their order. Of a text with marks, such as Devanagari, a glyph can stand for a part of
several letters: where it is not found, nothing follows.
"""

import re
import unicodedata
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date

from babel import Locale, localedata

from earned.document.days import format_days
from earned.verify.signed_documents import SignedDocument

MAX_LINES = 3  # of a long title
_INVISIBLE = {"Cc", "Cf", "Zs", "Zl", "Zp"}
_RIGHT_TO_LEFT = {"R", "AL"}
_WORD = re.compile(r"\d+|[^\W\d]+")


@dataclass(frozen=True)
class Comparison:
    """Which of holder, training, number and date the text does not contain, and of which that cannot be told."""

    missing: tuple[str, ...]
    unclear: tuple[str, ...]


def compare(credential: SignedDocument, text: str) -> Comparison:
    page, values = _Page(text), credential.values
    printed = {"holder": values["holder"], "training": values["title"], "number": certificate_number(credential)}
    absent = [name for name, value in printed.items() if not page.contains(value)]
    unclear = [name for name in absent if _has_marks(printed[name])]
    missing = [name for name in absent if name not in unclear]
    if not any(page.contains_days(*days) for days in _written(values.get("first_day"), values["completed_on"])):
        missing.append("date")
    return Comparison((*missing,), (*unclear,))


def certificate_number(credential: SignedDocument) -> str:
    return credential.values["certificate"].rpartition("/")[2]


def day(midnight: str) -> str:
    """2026-11-14 of 2026-11-14T00:00:00Z."""
    return midnight.partition("T")[0]


def _has_marks(value: str) -> bool:
    """Also as a part of a letter, such as SARA AM of Thai and Lao."""
    return any(unicodedata.category(c)[0] == "M" for c in unicodedata.normalize("NFKC", value))


class _Page:
    """The letters and words of each line, read once: the days are looked for in a thousand locales."""

    def __init__(self, text: str) -> None:
        lines = text.splitlines()
        self._letters = [_letters(line) for line in lines]
        self._words = [Counter(_WORD.findall(line)) for line in lines]
        self._text = "".join(self._letters)

    def contains(self, value: str) -> bool:
        wanted = _letters(value)
        if wanted in self._text:
            return True
        if not any(unicodedata.bidirectional(c) in _RIGHT_TO_LEFT for c in value):
            return False
        given, letters = self._letters, Counter(wanted)
        runs = ("".join(given[n : n + length]) for length in range(1, MAX_LINES + 1) for n in range(len(given)))
        return any(Counter(run) == letters for run in runs)

    def contains_days(self, days: str, is_right_to_left: bool) -> bool:
        if not is_right_to_left:
            return self.contains(days)
        wanted = Counter(_WORD.findall(days))
        return any(wanted <= line for line in self._words)


def _letters(text: str) -> str:
    """Without spaces and joiners, which extraction moves, and without the difference of compatibility forms."""
    composed = unicodedata.normalize("NFKC", text)
    return "".join(c for c in composed if unicodedata.category(c) not in _INVISIBLE).casefold()


def _written(first: str | None, last: str) -> Iterator[tuple[str, bool]]:
    """The days in every language and region, and whether it runs from right to left; none for what are no days."""
    try:
        days = date.fromisoformat(day(first or last)), date.fromisoformat(day(last))
    except ValueError:
        return
    for locale in map(Locale.parse, localedata.locale_identifiers()):
        yield format_days(*days, locale), locale.text_direction == "rtl"

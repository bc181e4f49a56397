"""Combining marks: which texts need a font with anchors for them, and how many fit on a letter.

Unicode composes few letters with their marks. Where no composed letter exists, as in Yoruba, Navajo or Lithuanian, the
font has to say where a mark goes. A font that does not say so prints it on the next letter.
"""

import re
import unicodedata
from itertools import groupby

from earned.document.fitting import DoesNotFit

MAX_MARKS = 3  # on one letter, beyond those that are composed with it; more run into the lines above
MAX_SIGNS = 10  # on one letter of a script with its own signs, such as a Tibetan stack
# The marks that all scripts share; those of one script are in the font of that script.
_SHARED = re.compile("[\u0300-\u036f\u1ab0-\u1aff\u1dc0-\u1dff\u20d0-\u20dc\u20e1\u20e5-\u20ff\ufe20-\ufe2f]")
# Cyrillic and Greek letters of few languages. A font that lacks some of a name's letters would mix with another one.
_RARE_LETTERS = re.compile("[\u0370-\u0377\u03cf-\u03ff\u0460-\u048f\u0492-\u052f\u1c80-\u1c8a\ua640-\ua69d]")
_TOO_MANY = re.compile(_SHARED.pattern + f"{{{MAX_MARKS + 1}}}")


def has_marks(text: str) -> bool:
    """Whether marks that all scripts share remain in a text in NFC."""
    return bool(_SHARED.search(text))


def needs_extended_font(text: str) -> bool:
    """Whether a text in NFC has to be set in a font with anchors for all marks and with rare letters."""
    return has_marks(text) or bool(_RARE_LETTERS.search(text))


def bound_marks(slot: str, text: str) -> None:
    """Raises `DoesNotFit` when a letter has more marks than there is room for."""
    signs = (len(list(run)) for is_sign, run in groupby(text, _is_sign) if is_sign)
    if _TOO_MANY.search(text) or max(signs, default=0) > MAX_SIGNS:
        raise DoesNotFit(f"the {slot} has more marks on one letter than can be printed: correct it in the portal")


def _is_sign(character: str) -> bool:
    return unicodedata.category(character) in {"Mn", "Me"}

"""Texts that are printed or shown: cleaned once, when the event is read, so that every surface shows the same text."""

import re
import unicodedata

import regex

MAX_MARKS = 8  # combining marks on one letter; Navajo, Vietnamese and stressed Cyrillic use up to 3, Hebrew up to 4
_DECEITFUL = dict.fromkeys(
    [
        0xAD,  # soft hyphen
        0x61C,  # bidi controls, here and in the next lines
        *range(0x200E, 0x2010),
        *range(0x202A, 0x202F),
        *range(0x2060, 0x2070),  # word joiner, invisible operators, bidi isolates, deprecated controls
        0x200B,  # zero-width space
        0xFEFF,  # byte order mark
        *range(0xFFF9, 0xFFFC),  # interlinear annotations
        *range(0xE0000, 0xE0080),  # tags
    ]
)
_COMPATIBILITY_IDEOGRAPHS = re.compile("([\uf900-\ufaff\U0002f800-\U0002fa1f])")  # NFC would replace their shape
_PILED_MARKS = regex.compile(rf"(?:\p{{M}}[\u200c\u200d]*){{{MAX_MARKS + 1}}}")  # joiners do not end a letter


def clean(text: str) -> str:
    """The text in NFC, on one line, without control characters, bidi controls, surrogates and zero-width spaces.

    A run of white space becomes one space; CJK compatibility ideographs keep their shape.
    """
    kept = (c for c in text.translate(_DECEITFUL) if c.isspace() or unicodedata.category(c) not in {"Cc", "Cs"})
    parts = _COMPATIBILITY_IDEOGRAPHS.split(" ".join("".join(kept).split()))
    return "".join(part if number % 2 else unicodedata.normalize("NFC", part) for number, part in enumerate(parts))


def has_piled_marks(text: str) -> bool:
    return _PILED_MARKS.search(unicodedata.normalize("NFD", text)) is not None


def graphemes(text: str) -> int:
    """The characters of a text as a reader counts them."""
    return len(regex.findall(r"\X", text))

"""File names of documents and archives, valid on every file system."""

import re
import unicodedata
from datetime import datetime
from urllib.parse import quote

from earned.domain.certificate import CertificateContent

_UNFIT = frozenset('\\/:*?"<>|')
_JOINERS = frozenset("\u200c\u200d")  # Persian and Indic words need them
# Windows takes these for devices, whatever follows their first dot.
_DEVICE = re.compile(r"(CON|PRN|AUX|NUL|CONIN\$|CONOUT\$|(COM|LPT)[0-9¹²³]) *\.[ .]*", re.IGNORECASE)
# Letters that Unicode does not decompose, by the nearest Latin ones.
# ruff: noqa: RUF001  # the letters are confusable on purpose
_NEAREST = {
    "AE": "Æ", "ae": "æ", "OE": "Œ", "oe": "œ", "SS": "ẞ", "ss": "ß", "Th": "Þ", "th": "þ", "No": "№",
    "A": "Ə", "a": "ə", "B": "Ɓ", "b": "ɓ", "D": "ÐĐƉƊƋ", "d": "ðđɖɗƌ", "E": "ƐƎ", "e": "ɛǝ", "F": "Ƒ", "f": "ƒ",
    "G": "Ɣ", "g": "ɣ", "H": "Ħ", "h": "ħ", "I": "Ɩ", "i": "ıɪ", "j": "ȷ", "K": "Ƙ", "k": "ĸƙ", "L": "Ł", "l": "ł",
    "N": "Ŋ", "n": "ŋ", "O": "ØƆ", "o": "øɔ", "T": "Ŧ", "t": "ŧ", "u": "ʊ", "V": "Ʋ", "v": "ʋ",
    "'": "\u02bb\u02bc\u2018\u2019\u201c\u201d", "-": "\u2010\u2011\u2013\u2014",
}  # fmt: skip
_LETTERS = str.maketrans({letter: latin for latin, letters in _NEAREST.items() for letter in letters})


def file_name(content: CertificateContent) -> str:
    """`Title - Holder - 2026-11-14.pdf`, without characters that file systems refuse, at most 220 bytes long."""
    parts = (_fit(content.title, 110), _fit(content.holder, 90), content.completed_on.isoformat())
    return _no_device(" - ".join(part for part in parts if part) + ".pdf")


def archive_name(company_name: str, at: datetime) -> str:
    return f"Certificates - {_fit(company_name, 200)} - {at.date().isoformat()}.zip"


def report_name(at: datetime) -> str:
    return f"Records - {at.date().isoformat()}.zip"


def attachment(file_name: str) -> str:
    """The Content-Disposition header of a download, for a file name in any script (RFC 6266)."""
    return f"attachment; filename=\"{_ascii(file_name)}\"; filename*=UTF-8''{quote(file_name, safe='')}"


def _fit(text: str, max_bytes: int) -> str:
    is_fit = text.isprintable() and _UNFIT.isdisjoint(text)  # true of nearly all, and sooner known
    kept = text if is_fit else "".join(" " if _is_unfit(c) else c for c in text)
    return _cut(" ".join(kept.split()).strip(" ."), max_bytes).strip(" .")


def _is_unfit(character: str) -> bool:
    return character in _UNFIT or (unicodedata.category(character)[0] == "C" and character not in _JOINERS)


def _cut(text: str, max_bytes: int) -> str:
    kept = text.encode()[:max_bytes].decode(errors="ignore")
    if kept == text or text[len(kept)] == " ":
        return kept
    words = kept.rpartition(" ")[0]
    if 2 * len(words.encode()) >= max_bytes:
        return words
    while kept and _continues(text[len(kept)]):
        kept = kept[:-1]
    return kept.rstrip("\u200d")


def _continues(character: str) -> bool:
    return character in _JOINERS or unicodedata.category(character)[0] == "M"


def _no_device(name: str) -> str:
    device = _DEVICE.match(name)
    return f"{device[1]} {name[device.end() :]}" if device else name


def _ascii(text: str) -> str:
    decomposed = unicodedata.normalize("NFKD", text.translate(_LETTERS))
    bare = "".join(c for c in decomposed if not unicodedata.combining(c))
    return _no_device(re.sub(r"(?:[^ -~]|[\\/:*?\"<>|])+", "_", bare))

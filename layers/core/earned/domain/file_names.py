"""File names of documents and archives that any system accepts."""

import unicodedata
from datetime import datetime
from urllib.parse import quote

from earned.domain.certificate import CertificateContent

_UNFIT = frozenset('\\/:*?"<>|')


def file_name(printed: CertificateContent) -> str:
    """A readable name for a downloaded document, without what file systems refuse and short enough for any of them."""
    parts = (_fit(printed.title, 110), _fit(printed.holder, 90), printed.completed_on.isoformat())
    return " - ".join(part for part in parts if part) + ".pdf"


def archive_name(company_name: str, at: datetime) -> str:
    """A readable name for a downloaded archive."""
    return f"Certificates - {_fit(company_name, 200)} - {at.date().isoformat()}.zip"


def _fit(text: str, most: int) -> str:
    """Text for a file name, of at most so many bytes."""
    kept = "".join(" " if c in _UNFIT or unicodedata.category(c)[0] == "C" else c for c in text)
    return " ".join(kept.split()).encode()[:most].decode(errors="ignore").strip(" .")


def attachment(file_name: str) -> str:
    """A Content-Disposition for a file name in any script (RFC 6266)."""
    plain = file_name.encode("ascii", "replace").decode().replace("?", "_")
    return f"attachment; filename=\"{plain}\"; filename*=UTF-8''{quote(file_name, safe='')}"

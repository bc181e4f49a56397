"""File names of documents and archives, valid on every file system."""

import unicodedata
from datetime import datetime
from urllib.parse import quote

from earned.domain.certificate import CertificateContent

_UNFIT = frozenset('\\/:*?"<>|')


def file_name(content: CertificateContent) -> str:
    """`Title - Holder - 2026-11-14.pdf`, without characters that file systems refuse, at most 220 bytes long."""
    parts = (_fit(content.title, 110), _fit(content.holder, 90), content.completed_on.isoformat())
    return " - ".join(part for part in parts if part) + ".pdf"


def archive_name(company_name: str, at: datetime) -> str:
    """`Certificates - Company - 2026-11-14.zip`, like `file_name`."""
    return f"Certificates - {_fit(company_name, 200)} - {at.date().isoformat()}.zip"


def _fit(text: str, max_bytes: int) -> str:
    kept = "".join(" " if c in _UNFIT or unicodedata.category(c)[0] == "C" else c for c in text)
    return " ".join(kept.split()).encode()[:max_bytes].decode(errors="ignore").strip(" .")


def attachment(file_name: str) -> str:
    """The Content-Disposition header of a download, for a file name in any script (RFC 6266)."""
    plain = file_name.encode("ascii", "replace").decode().replace("?", "_")
    return f"attachment; filename=\"{plain}\"; filename*=UTF-8''{quote(file_name, safe='')}"

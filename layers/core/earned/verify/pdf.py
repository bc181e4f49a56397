"""Reads the credential and the visible text out of a PDF, which may be broken or hostile."""

import logging
import warnings
from dataclasses import dataclass, field
from io import BytesIO
from pathlib import Path

from pypdf import PdfReader

NAME = "credential.json"
MAX_FILE_BYTES = 50_000_000
MAX_CREDENTIAL_BYTES = 100_000
MAX_TEXT_PAGES = 5


class Unreadable(Exception):
    """The message says why no credential could be read."""


@dataclass(frozen=True)
class Document:
    """`text` is None if the pages could not be read."""

    data: bytes = field(repr=False)
    credential: bytes = field(repr=False)
    text: str | None = field(repr=False)


def read_document(path: Path) -> Document:
    """Raises `Unreadable`."""
    try:
        with path.open("rb") as file:
            data = file.read(MAX_FILE_BYTES + 1)
    except OSError as error:
        raise Unreadable(f"the file cannot be opened: {error.strerror}") from None
    if len(data) > MAX_FILE_BYTES:
        raise Unreadable(f"the file has more than {MAX_FILE_BYTES:,} bytes")
    if b"%PDF-" not in data[:1024]:
        raise Unreadable("the file is not a PDF")
    logging.getLogger("pypdf").setLevel(logging.CRITICAL)  # it reports repairs of broken files
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        return Document(data, _credential(data), _text(data))


def _credential(data: bytes) -> bytes:
    try:
        reader = PdfReader(BytesIO(data))
        if reader.is_encrypted:
            raise Unreadable("the PDF is encrypted; an issued certificate is not")
        found = reader.attachments.get(NAME, [])
    except Unreadable:
        raise
    except Exception:  # a hostile file can make the library fail in any way
        raise Unreadable("the PDF is broken") from None
    if not found:
        raise Unreadable(f"the PDF has no attachment {NAME}; certificates of before credentials have none")
    if len(found) > 1:
        raise Unreadable(f"the PDF has {len(found)} attachments {NAME}; a certificate has one")
    if len(found[0]) > MAX_CREDENTIAL_BYTES:
        raise Unreadable(f"the attachment {NAME} has more than {MAX_CREDENTIAL_BYTES:,} bytes")
    return found[0]


def _text(data: bytes) -> str | None:
    try:
        pages = PdfReader(BytesIO(data)).pages
        return "\n".join(page.extract_text() for page in list(pages)[:MAX_TEXT_PAGES])
    except Exception:  # a hostile file can make the library fail in any way
        return None

"""Reads the credential and the visible text out of a PDF, which may be broken or hostile."""

import logging
import warnings
from collections.abc import Callable
from concurrent.futures import Future
from dataclasses import dataclass, field
from io import BytesIO
from pathlib import Path
from threading import Thread
from typing import TypeVar

from pypdf import PdfReader

NAME = "credential.json"
MAX_SECONDS = 20  # a certificate takes less than one
MAX_FILE_BYTES = 50_000_000
MAX_CREDENTIAL_BYTES = 100_000
MAX_TEXT_PAGES = 5
MAX_TEXT_CHARACTERS = 20_000  # a certificate has 2,000


class Unreadable(Exception):
    """The message says why no credential could be read."""


@dataclass(frozen=True)
class Document:
    """`text` is None if the pages could not be read, or have more text than a certificate."""

    data: bytes = field(repr=False)
    credential: bytes = field(repr=False)
    text: str | None = field(repr=False)


T = TypeVar("T")


def read_document(path: Path, seconds: float = MAX_SECONDS) -> Document:
    """Raises `Unreadable`; `seconds` are for the credential, and again for the text."""
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
        return Document(data, _guarded(_credential, data, seconds), _text(data, seconds))


def _guarded(read: Callable[[bytes], T], data: bytes, seconds: float) -> T:
    """Raises `Unreadable` also when the library fails, in whatever way a hostile file makes it, or does not end."""
    future: Future[T] = Future()

    def run() -> None:
        try:
            future.set_result(read(data))
        except Exception as error:
            future.set_exception(error)

    Thread(target=run, daemon=True).start()  # a daemon does not keep the program from ending
    try:
        return future.result(timeout=seconds)
    except Unreadable:
        raise
    except TimeoutError:
        raise Unreadable(f"the PDF takes more than {seconds:g} s to read") from None
    except Exception:
        raise Unreadable("the PDF is broken") from None


def _credential(data: bytes) -> bytes:
    reader = PdfReader(BytesIO(data))
    if reader.is_encrypted:
        raise Unreadable("the PDF is encrypted; an issued certificate is not")
    found = reader.attachments.get(NAME, [])
    if not found:
        raise Unreadable(f"the PDF has no attachment {NAME}; certificates of before credentials have none")
    if len(found) > 1:
        raise Unreadable(f"the PDF has {len(found)} attachments {NAME}; a certificate has one")
    if len(found[0]) > MAX_CREDENTIAL_BYTES:
        raise Unreadable(f"the attachment {NAME} has more than {MAX_CREDENTIAL_BYTES:,} bytes")
    return found[0]


def _text(data: bytes, seconds: float) -> str | None:
    try:
        text = _guarded(_text_of_pages, data, seconds)
    except Unreadable:
        return None
    return text if len(text) <= MAX_TEXT_CHARACTERS else None


def _text_of_pages(data: bytes) -> str:
    return "\n".join(page.extract_text() for page in list(PdfReader(BytesIO(data)).pages)[:MAX_TEXT_PAGES])

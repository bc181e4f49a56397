"""The text of a document's pages."""

import io

from pypdf import PdfReader


def pages(pdf: bytes) -> list[str]:
    """The text of each page of a document."""
    return [page.extract_text() for page in PdfReader(io.BytesIO(pdf)).pages]

"""Documents where the native libraries (Pango) are missing: each says that it is a placeholder."""

import io
import sys
from contextlib import redirect_stdout
from types import ModuleType
from typing import Any

import pydyf

from earned.document.attachments import attach_credential
from earned.document.credential import Attachment
from earned.domain.certificate import CertificateContent
from earned.domain.people import Logo

_RENDER = "earned.document.render"
_LINES = (
    "Placeholder for a certificate, not a certificate.",
    "The libraries that draw documents (Pango) are not installed.",
)


class Placeholders:
    """In place of `earned.document.render.DESIGNS`: the same bytes for the same certificate."""

    def render(
        self, content: CertificateContent, _logo: Logo | None = None, credential: Attachment | None = None
    ) -> bytes:
        pdf, text = pydyf.PDF(), pydyf.Stream()
        font = pydyf.Dictionary({"Type": "/Font", "Subtype": "/Type1", "BaseFont": "/Helvetica"})
        pdf.add_object(font)
        for number, line in enumerate((*_LINES, content.certificate_id)):
            text.begin_text()
            text.set_font_size("F1", 12)
            text.set_text_matrix(1, 0, 0, 1, 60, 500 - 20 * number)
            text.show_text_string(line)
            text.end_text()
        pdf.add_object(text)
        page = pydyf.Dictionary(
            {
                "Type": "/Page",
                "Parent": pdf.pages.reference,
                "MediaBox": pydyf.Array([0, 0, 842, 595]),
                "Contents": text.reference,
                "Resources": pydyf.Dictionary({"Font": pydyf.Dictionary({"F1": font.reference})}),
            }
        )
        pdf.add_page(page)
        if credential is not None:
            attach_credential(pdf, credential)
        written = io.BytesIO()
        pdf.write(written)
        return written.getvalue()

    def take_faults(self, _name: str) -> list[str]:
        return []

    def check_drawable(self, _logo: Logo) -> None:
        """A placeholder shows no logo."""


def available_designs() -> Any:
    """The designs; without Pango placeholders, also under the name of the designs' module, which functions import."""
    try:
        with redirect_stdout(io.StringIO()):  # WeasyPrint prints how to install what is missing
            from earned.document.render import DESIGNS  # noqa: PLC0415  # imports the native libraries
    except OSError:
        stand_in = ModuleType(_RENDER)
        vars(stand_in)["DESIGNS"] = Placeholders()
        sys.modules[_RENDER] = stand_in
        return stand_in.DESIGNS
    return DESIGNS

"""The service's own renderer."""

from datetime import date

from earned.document.render import NORTHLIGHT
from earned.domain.certificate import CertificateContent
from earned.domain.training import TrainingKind
from tools.bench.page import Page


def printed(page: Page) -> CertificateContent:
    return CertificateContent(
        certificate_id=page.certificate_id,
        holder=page.holder,
        title=page.title,
        kind=TrainingKind.COURSE,
        completed_on=date(2026, 11, 14),
        hours=24.0,
        company=page.company,
        language="en",
        verify_url=page.link,
    )


def draw(page: Page) -> bytes:
    return NORTHLIGHT.render(printed(page))

"""The service's own renderer."""

from datetime import date

from bench.page import Page
from earned.models import Printed, TrainingKind
from earned.pdf import render


def printed(page: Page) -> Printed:
    """The page as the record of a certificate."""
    return Printed(
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
    """One certificate."""
    return render(printed(page))

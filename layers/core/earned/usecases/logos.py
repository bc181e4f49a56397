"""The logo on a company's certificates: fetched, made safe, kept for good and remembered (A6)."""

import time
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from functools import lru_cache

from aws_lambda_powertools import Logger
from aws_lambda_powertools.metrics import MetricUnit, single_metric

from earned.aws.metrics import NAMESPACE
from earned.aws.s3 import Assets, Documents
from earned.document.logo import sanitise
from earned.domain.errors import UnusableLogo
from earned.domain.people import Company, Logo, LogoReference

MAX_REMEMBERED = 64


REFUSED_SECONDS = 60  # an upload may still be on its way when its company is saved


logger = Logger()


@dataclass(frozen=True)
class _Refused:
    reason: str
    until: float


class Logos:
    """The logos of companies, each read once per container until its company is saved again."""

    def __init__(self, assets: Assets, documents: Documents, check_drawable: Callable[[Logo], None]) -> None:
        self._assets = assets
        self._documents = documents
        self._prove = check_drawable
        self._settled: dict[tuple[LogoReference, datetime | None], str | _Refused] = {}
        self._kept = lru_cache(MAX_REMEMBERED)(documents.logo)

    def of(self, company: Company | None) -> str | None:
        """The SHA-256 of the logo to print, kept by now; None if there is none or it cannot be printed.

        A certificate does not wait for a logo (N2): without one it is issued, counted and logged.
        """
        if company is None or company.logo is None:
            return None
        settled = self._settle(company.logo, company.saved_at)
        if isinstance(settled, str):
            return settled
        logger.warning("issued without the logo", extra={"company_id": company.company_id, "reason": settled.reason})
        with single_metric("LogosUnusable", MetricUnit.Count, 1, namespace=NAMESPACE):
            return None

    def kept(self, sha256: str | None) -> Logo | None:
        """A logo by its SHA-256, as `of` and a record name it; raises `UnusableLogo` if it is no longer there."""
        return self._kept(sha256) if sha256 is not None else None

    def _settle(self, reference: LogoReference, saved_at: datetime | None) -> str | _Refused:
        settled = self._settled.get((reference, saved_at))
        if settled is None or (isinstance(settled, _Refused) and settled.until < time.monotonic()):
            settled = self._made(reference)
            self._settled[reference, saved_at] = settled
            if len(self._settled) > MAX_REMEMBERED:
                del self._settled[next(iter(self._settled))]
        return settled

    def _made(self, reference: LogoReference) -> str | _Refused:
        try:
            logo = sanitise(self._assets.fetch(reference.key), reference.media_type)
            self._prove(logo)
        except UnusableLogo as error:
            return _Refused(str(error), time.monotonic() + REFUSED_SECONDS)
        self._documents.keep_logo(logo)
        return logo.sha256

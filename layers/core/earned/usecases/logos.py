"""The logo on a company's certificates: fetched, sanitised, stored and cached (A6)."""

import time
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from functools import lru_cache

from aws_lambda_powertools import Logger

from earned.aws import metrics
from earned.aws.s3 import Assets, Documents
from earned.document.logo import sanitise
from earned.domain.errors import UnusableLogo
from earned.domain.people import Company, Logo, LogoReference

MAX_CACHED = 64
REFUSED_SECONDS = 60  # the upload may arrive after the company's event
logger = Logger()


@dataclass(frozen=True)
class _Refused:
    reason: str
    until: float


class Logos:
    """The logos of companies, each read once per sandbox until its company is saved again."""

    def __init__(
        self,
        assets: Assets,
        documents: Documents,
        check_drawable: Callable[[Logo], None],
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._assets = assets
        self._documents = documents
        self._check_drawable = check_drawable
        self._clock = clock
        self._cache: dict[tuple[LogoReference, datetime | None], str | _Refused] = {}
        self._load = lru_cache(MAX_CACHED)(documents.logo)

    def logo_for(self, company: Company | None) -> str | None:
        """The SHA-256 of the stored logo to print; None if there is none or it cannot be printed.

        A certificate does not wait for its logo (N2): it is issued without one, which is counted and logged.
        """
        if company is None or company.logo is None:
            return None
        found = self._find(company.logo, company.saved_at)
        if isinstance(found, str):
            return found
        logger.warning("issued without the logo", extra={"company_id": company.company_id, "reason": found.reason})
        metrics.count("LogosUnusable")
        return None

    def load(self, sha256: str | None) -> Logo | None:
        return self._load(sha256) if sha256 is not None else None

    def _find(self, reference: LogoReference, saved_at: datetime | None) -> str | _Refused:
        found = self._cache.get((reference, saved_at))
        if found is None or (isinstance(found, _Refused) and found.until < self._clock()):
            found = self._sanitise(reference)
            self._cache[reference, saved_at] = found
            if len(self._cache) > MAX_CACHED:
                del self._cache[next(iter(self._cache))]
        return found

    def _sanitise(self, reference: LogoReference) -> str | _Refused:
        try:
            logo = sanitise(self._assets.fetch(reference.key), reference.media_type)
            self._check_drawable(logo)
        except UnusableLogo as error:
            return _Refused(str(error), self._clock() + REFUSED_SECONDS)
        self._documents.keep_logo(logo)
        return logo.sha256

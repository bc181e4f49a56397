"""The completion record of an enrollment, and what a decision about it needs."""

from dataclasses import dataclass
from datetime import datetime

from earned.domain.certificate import CertificateStatus, Hold, Issuance, Revocation
from earned.domain.people import Account, Company
from earned.domain.training import Training


@dataclass(frozen=True)
class CompletionRecord:
    """The record of an enrollment: a grow-only set of facts in their stored form, and what became of it.

    Facts may be there before the enrollment is; until then there is no training and no certificate id.
    """

    enrollment_id: str
    account_id: str
    evidence: frozenset[bytes] = frozenset()
    training_id: str | None = None
    training_version: int | None = None
    company_id: str | None = None
    certificate_id: str | None = None
    enrolled_at: datetime | None = None
    removed_at: datetime | None = None
    removed_by: str | None = None
    account_known: bool = False
    issue: Issuance | None = None
    revocation: Revocation | None = None
    hold: Hold | None = None

    @property
    def is_active(self) -> bool:
        """Whether there is an enrollment, and it was not removed (A5)."""
        return self.enrolled_at is not None and self.removed_at is None

    @property
    def certificate_status(self) -> CertificateStatus | None:
        """What became of the certificate; None while there was none."""
        if self.issue is None:
            return None
        if not self.is_active:
            return CertificateStatus.WITHDRAWN
        return CertificateStatus.REVOKED if self.revocation else CertificateStatus.ISSUED

    @property
    def awaits_certificate(self) -> bool:
        """Whether it stands and has no certificate, or has one no more."""
        return self.is_active and self.certificate_status is not CertificateStatus.ISSUED


Key = tuple[str, str]


@dataclass(frozen=True)
class EnrollmentContext:
    """All that is needed to judge one enrollment, as of one consistent read."""

    completion: CompletionRecord
    training: Training | None
    account: Account | None
    company: Company | None

    @property
    def is_active(self) -> bool:
        """Whether anybody may still see it: neither the enrollment nor the account was removed (A5)."""
        return self.completion.is_active and not (self.account is not None and self.account.removed)

"""The completion record of an enrollment, and what a decision about it needs."""

from dataclasses import dataclass
from datetime import datetime
from typing import NamedTuple

from earned.domain.certificate import CertificateStatus, Hold, Issuance, Revocation
from earned.domain.people import Account, Company
from earned.domain.training import Training


class EnrollmentKey(NamedTuple):
    """Enrollment and account: facts that name another account than the enrollment's never count towards it."""

    enrollment_id: str
    account_id: str


@dataclass(frozen=True)
class Enrollment:
    """One person in one training, as the portal created it."""

    key: EnrollmentKey
    training_id: str
    enrolled_at: datetime
    company_id: str | None = None


@dataclass(frozen=True)
class EarlyFacts:
    """Facts that arrived before their enrollment, in their stored form."""

    key: EnrollmentKey
    evidence: frozenset[bytes]


@dataclass(frozen=True)
class Removal:
    """When the enrollment was removed, and by which request (A5)."""

    at: datetime
    request: str


@dataclass(frozen=True)
class CompletionRecord:
    """What is recorded of an enrollment: a grow-only set of facts in their stored form, and what became of it."""

    enrollment_id: str
    account_id: str
    training_id: str
    certificate_id: str
    enrolled_at: datetime
    evidence: frozenset[bytes] = frozenset()
    training_version: int | None = None
    company_id: str | None = None
    account_known: bool = False
    removal: Removal | None = None
    issue: Issuance | None = None
    revocation: Revocation | None = None
    hold: Hold | None = None

    @property
    def key(self) -> EnrollmentKey:
        return EnrollmentKey(self.enrollment_id, self.account_id)

    @property
    def is_active(self) -> bool:
        """Whether the enrollment was not removed (A5)."""
        return self.removal is None

    @property
    def certificate_status(self) -> CertificateStatus | None:
        """What became of the certificate; None before it is issued."""
        if self.issue is None:
            return None
        if not self.is_active:
            return CertificateStatus.WITHDRAWN
        return CertificateStatus.REVOKED if self.revocation else CertificateStatus.ISSUED

    @property
    def awaits_certificate(self) -> bool:
        """Whether the enrollment is active and has no certificate, or a revoked one."""
        return self.is_active and self.certificate_status is not CertificateStatus.ISSUED


@dataclass(frozen=True)
class EnrollmentContext:
    """All that a decision about one enrollment needs, as of one consistent read."""

    record: CompletionRecord
    training: Training | None
    account: Account | None
    company: Company | None

    @property
    def is_active(self) -> bool:
        """Whether neither the enrollment nor the account was removed (A5)."""
        return self.record.is_active and not (self.account is not None and self.account.removed)

"""The completion record of an enrollment, and the context of a decision about it."""

from dataclasses import dataclass
from datetime import datetime
from typing import NamedTuple

from earned.domain.certificate import CertificateStatus, Hold, Issuance, Revocation
from earned.domain.people import Account, Company
from earned.domain.training import Training


class EnrollmentKey(NamedTuple):
    """Enrollment and account; a fact that names another account than the enrollment's never counts towards it."""

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
    """The state of an enrollment: a grow-only set of facts in their stored form, and the state of the certificate."""

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
        return self.removal is None

    @property
    def certificate_status(self) -> CertificateStatus | None:
        if self.issue is None:
            return None
        if not self.is_active:
            return CertificateStatus.WITHDRAWN
        return CertificateStatus.REVOKED if self.revocation else CertificateStatus.ISSUED

    @property
    def awaits_certificate(self) -> bool:
        return self.is_active and self.certificate_status is not CertificateStatus.ISSUED


@dataclass(frozen=True)
class EnrollmentContext:
    """The records that a decision about one enrollment needs, from one consistent read."""

    record: CompletionRecord
    training: Training | None
    account: Account | None
    company: Company | None

    @property
    def is_active(self) -> bool:
        """False once the enrollment or the account is removed (A5)."""
        return self.record.is_active and not (self.account is not None and self.account.removed)

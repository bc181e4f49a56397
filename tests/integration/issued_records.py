"""Records of issued certificates, written as the generator writes them, without drawing a document."""

from dataclasses import replace
from datetime import UTC, date, datetime

from earned.aws.dynamodb import enrollments
from earned.domain.certificate import CertificateContent, Issuance
from earned.domain.enrollment import CompletionRecord, Enrollment, EnrollmentKey
from earned.domain.training import TrainingKind

ENROLLED = datetime(2026, 3, 2, 9, tzinfo=UTC)
ISSUED = datetime(2026, 3, 4, 10, 30, 15, 250_000, tzinfo=UTC)


def enrolled(enrollment_id: str, account_id: str, company_id: str | None, training_id: str = "c-1") -> CompletionRecord:
    """The record of a new enrollment whose account is known."""
    key = EnrollmentKey(enrollment_id, account_id)
    return enrollments.enroll(Enrollment(key, training_id, ENROLLED, company_id), 1, account_known=True)


def issue(record: CompletionRecord, issued_at: datetime = ISSUED, revision: int = 1) -> CompletionRecord:
    """The record with a certificate issued at that time."""
    content = CertificateContent(
        certificate_id=record.certificate_id,
        holder="Ada Sample",
        title="Leading Well",
        kind=TrainingKind.COURSE,
        completed_on=date(2026, 3, 3),
        hours=7.5,
        company="Sample Lanterns" if record.company_id else None,
        language="de",
        verify_url=f"https://certificates.example/verify/{record.certificate_id}?revision={revision}",
    )
    reissued_at = issued_at if revision > 1 else None
    issued = Issuance(
        revision, issued_at, ENROLLED, 1, "0" * 64, "1" * 64, content, f"request-{revision}", reissued_at=reissued_at
    )
    enrollments.issue(record, issued)
    return replace(record, issue=issued)

"""Records of issued certificates, written as the generator writes them, without drawing a document."""

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta

from earned.aws.dynamodb import enrollments
from earned.domain.certificate import CertificateContent, Issuance, Revocation
from earned.domain.enrollment import CompletionRecord, Enrollment, EnrollmentKey
from earned.domain.training import TrainingKind
from tools.story import NOON, Story, cloud_event

ENROLLED = datetime(2026, 3, 2, 9, tzinfo=UTC)
ISSUED = datetime(2026, 3, 4, 10, 30, 15, 250_000, tzinfo=UTC)


def enrolled(enrollment_id: str, account_id: str, company_id: str | None, training_id: str = "c-1") -> CompletionRecord:
    """The record of a new enrollment whose account is known."""
    key = EnrollmentKey(enrollment_id, account_id)
    return enrollments.enroll(Enrollment(key, training_id, ENROLLED, company_id), 1, account_known=True)


def issue(
    record: CompletionRecord, issued_at: datetime = ISSUED, revision: int = 1, language: str = "de"
) -> CompletionRecord:
    """The record with a certificate issued at that time."""
    content = CertificateContent(
        certificate_id=record.certificate_id,
        holder="Ada Sample",
        title="Leading Well",
        kind=TrainingKind.COURSE,
        completed_on=date(2026, 3, 3),
        hours=7.5,
        company="Sample Lanterns" if record.company_id else None,
        language=language,
        verify_url=f"https://certificates.example/verify/{record.certificate_id}?revision={revision}",
    )
    reissued_at = issued_at if revision > 1 else None
    issued = Issuance(
        revision, issued_at, ENROLLED, 1, "0" * 64, "1" * 64, content, f"request-{revision}", reissued_at=reissued_at
    )
    enrollments.issue(record, issued)
    return replace(record, issue=issued)


def certificate_in(story: Story, state: str, revision: int = 1) -> str:
    """The id of a certificate of Ada's in this state; `revision` is its newest."""
    record = enrolled(story.id("enr-ada"), story.id("ada"), story.company)
    if state == "never issued":
        return record.certificate_id
    issued = issue(record, ISSUED, revision=revision)
    if "revoked" in state:
        enrollments.revoke(issued, Revocation(ISSUED + timedelta(days=1), "marked-absent", "request-4"))
    if state == "withdrawn with the account":
        story.service.post("Directory", cloud_event("account.removed", {"account_id": story.id("ada")}, NOON))
        story.service.deliver("record_directory")
    elif "withdrawn" in state:
        enrollments.withdraw(record.key, ENROLLED + timedelta(days=9), "request-5")
    return record.certificate_id

"""A certificate's document: its content, its bytes, and the revision under which it is stored."""

from dataclasses import replace
from datetime import datetime
from typing import Protocol

from earned.aws import metrics
from earned.aws.s3 import Documents
from earned.document.credential import Attachment, credential_json
from earned.document.fitting import DoesNotFit
from earned.document.missing_glyph import MissingGlyph
from earned.domain.certificate import CertificateContent, Issuance, printed_days
from earned.domain.enrollment import CompletionRecord
from earned.domain.errors import Rejected, UnusableLogo
from earned.domain.file_names import file_name
from earned.domain.people import Account, Company, Logo
from earned.domain.requirements import Reason
from earned.domain.training import Course, Training
from earned.usecases.logos import Logos

SAMPLE_ID, SAMPLE_TEXT = "a" * 26, "A"


class Unprintable(Rejected):
    """The certificate cannot be printed; no retry can change that. `cause` is the reason for its hold."""

    def __init__(self, cause: Reason, detail: str) -> None:
        super().__init__("unprintable", detail)
        self.cause = cause


class Design(Protocol):
    def render(self, content: CertificateContent, logo: Logo | None, credential: Attachment | None) -> bytes: ...

    def take_faults(self, name: str) -> list[str]: ...


class CertificateDocuments:
    """Draws documents of one design and stores each revision once."""

    def __init__(
        self, design: Design, logos: Logos, documents: Documents, verify_base_url: str, paper_size: str
    ) -> None:
        self._design = design
        self._logos = logos
        self._documents = documents
        self._verify_base_url = verify_base_url
        self._paper_size = paper_size

    def content_for(
        self,
        record: CompletionRecord,
        training: Training,
        account: Account,
        company: Company | None,
        completed_at: datetime,
        revision: int,
    ) -> CertificateContent:
        content = self._content(record.certificate_id, account.name, training, completed_at, revision)
        return replace(content, company=company.name if company else None, logo=self._logos.logo_for(company))

    def find_unprintable(self, subject: Training | Company, at: datetime) -> Unprintable | None:
        """Why a certificate with a training's title or a company's name could not be printed, by drawing a sample."""
        if isinstance(subject, Company):
            content = replace(self._sample(Course("sample", 1, SAMPLE_TEXT, ()), at), company=subject.name)
        else:
            content = self._sample(subject, at)
        try:
            self.draw(content)
        except Unprintable as unprintable:
            field = "data.name" if isinstance(subject, Company) else "data.title"
            return Unprintable(unprintable.cause, f"{field}: {unprintable.detail}")
        return None

    def _sample(self, training: Training, at: datetime) -> CertificateContent:
        return self._content(SAMPLE_ID, SAMPLE_TEXT, training, at, revision=1)

    def _content(
        self, certificate_id: str, holder: str, training: Training, completed_at: datetime, revision: int
    ) -> CertificateContent:
        first_day, last_day = printed_days(training, completed_at)
        return CertificateContent(
            certificate_id=certificate_id,
            holder=holder,
            title=training.title,
            kind=training.kind,
            completed_on=last_day,
            hours=training.hours,
            company=None,
            language=training.language,
            verify_url=self._verify_url(certificate_id, revision),
            paper=self._paper_size,
            first_day=first_day if first_day != last_day else None,
            design=training.design,
        )

    def for_revision(self, content: CertificateContent, revision: int) -> CertificateContent:
        """The same content with the verification link of another revision, which is printed."""
        return replace(content, verify_url=self._verify_url(content.certificate_id, revision))

    def _verify_url(self, certificate_id: str, revision: int) -> str:
        return f"{self._verify_base_url}/verify/{certificate_id}?revision={revision}"

    def draw_issued(self, training_id: str, issue: Issuance) -> bytes:
        """The document of an issuance with its credential, if it has one; raises `Unprintable`."""
        signed = credential_json(training_id, issue)
        return self.draw(issue.printed, Attachment(signed, issue.completed_at) if signed is not None else None)

    def draw(self, content: CertificateContent, credential: Attachment | None = None) -> bytes:
        try:
            document = self._design.render(content, self._logos.load(content.logo), credential)
        except MissingGlyph as error:
            raise Unprintable(Reason.MISSING_GLYPH, str(error)) from None
        except DoesNotFit as error:
            raise Unprintable(Reason.DOES_NOT_FIT, str(error)) from None
        except UnusableLogo as error:
            raise Unprintable(Reason.LOGO_GONE, str(error)) from None
        for reason in self._design.take_faults(content.design):
            metrics.count("CompiledDesignFaults", reason=reason)
        return document

    def put(self, content: CertificateContent, revision: int, document: bytes) -> str | None:
        """Return the stored version; raises `DocumentConflict` if the revision exists with other bytes (I5)."""
        return self._documents.put(content.certificate_id, revision, document, file_name(content)).version

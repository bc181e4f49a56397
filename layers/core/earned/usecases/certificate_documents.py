"""A certificate's document: its content, its bytes, and the revision under which it is stored."""

from datetime import datetime
from typing import Protocol
from zoneinfo import ZoneInfo

from earned.aws.s3 import DocumentConflict, Documents
from earned.document.fitting import DoesNotFit
from earned.document.render import MissingGlyph
from earned.domain.certificate import CertificateContent
from earned.domain.enrollment import CompletionRecord
from earned.domain.errors import Rejected, UnusableLogo
from earned.domain.file_names import file_name
from earned.domain.people import Account, Company, Logo
from earned.domain.requirements import Reason
from earned.domain.training import Training
from earned.usecases.logos import Logos

MAX_REVISIONS_TRIED = 20


class Unprintable(Rejected):
    """The certificate cannot be printed; no retry can change that. `cause` is the reason for its hold."""

    def __init__(self, cause: Reason, detail: str) -> None:
        super().__init__("unprintable", detail)
        self.cause = cause


class Design(Protocol):
    def render(self, content: CertificateContent, logo: Logo | None) -> bytes: ...


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
    ) -> CertificateContent:
        """`completed_on` is the day in the training's time zone."""
        return CertificateContent(
            certificate_id=record.certificate_id,
            holder=account.name,
            title=training.title,
            kind=training.kind,
            completed_on=completed_at.astimezone(ZoneInfo(training.timezone)).date(),
            hours=training.hours,
            company=company.name if company else None,
            language=training.language,
            verify_url=f"{self._verify_base_url}/verify/{record.certificate_id}",
            logo=self._logos.logo_for(company),
            paper=self._paper_size,
        )

    def draw(self, content: CertificateContent) -> bytes:
        """Raises `Unprintable`."""
        try:
            return self._design.render(content, self._logos.load(content.logo))
        except MissingGlyph as error:
            raise Unprintable(Reason.MISSING_GLYPH, str(error)) from None
        except DoesNotFit as error:
            raise Unprintable(Reason.DOES_NOT_FIT, str(error)) from None
        except UnusableLogo as error:
            raise Unprintable(Reason.LOGO_GONE, str(error)) from None

    def put(self, content: CertificateContent, revision: int, document: bytes) -> None:
        """Raises `DocumentConflict` if the revision exists with other bytes (I5)."""
        self._documents.put(content.certificate_id, revision, document, file_name(content))

    def put_under_free_revision(self, content: CertificateContent, first: int, document: bytes) -> int:
        for revision in range(first, first + MAX_REVISIONS_TRIED):
            try:
                self.put(content, revision, document)
            except DocumentConflict:
                continue
            return revision
        raise DocumentConflict

"""Makes a certificate that was earned: judge again, render, keep the document, issue, tell the portal (DESIGN §3)."""

import hashlib
import os
from collections.abc import Iterator, Sequence
from concurrent.futures import Executor, Future, ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import boto3
from aws_lambda_powertools import Logger
from aws_lambda_powertools.metrics import EphemeralMetrics, MetricUnit, single_metric

from earned.aws.dynamodb import contexts as case_reads
from earned.aws.dynamodb import enrollments, table, trainings
from earned.aws.eventbridge import Bus
from earned.aws.metrics import NAMESPACE
from earned.aws.s3 import Assets, ConcurrentPut, DocumentConflict, Documents
from earned.aws.settings import from_environment
from earned.aws.sqs import Queue
from earned.aws.sqs_batch import Batch, ReceivedMessage
from earned.document import render as pdf
from earned.document.fitting import DoesNotFit
from earned.domain import enrollment
from earned.domain.certificate import CertificateContent, CertificateStatus, Hold, Issuance, Revocation
from earned.domain.enrollment import CompletionRecord
from earned.domain.errors import Rejected, UnusableLogo
from earned.domain.evaluation import absent_since, evaluate_for_issue, evaluate_record
from earned.domain.fact_codec import digest
from earned.domain.file_names import file_name
from earned.domain.people import Account, Company
from earned.domain.requirements import Reason
from earned.domain.timestamps import moment
from earned.domain.training import LiveEvent, Training
from earned.messages import announcements
from earned.messages.announcements import Announcement
from earned.messages.requests import GenerationRequest, Purpose, UnknownMessage, read_generation
from earned.usecases.logos import Logos

logger = Logger()
ATTEMPTS = 3
REVISIONS = 20


class Unprintable(Rejected):
    """The certificate cannot be printed as it should be, for a cause that its record can tell."""

    def __init__(self, cause: Reason, detail: str) -> None:
        super().__init__("unprintable", detail)
        self.cause = cause


@dataclass(frozen=True)
class Draft:
    """A document that is drawn, and what is to be issued with it: under this revision, or the next that is free."""

    record: CompletionRecord
    issue: Issuance
    document: bytes
    begun: datetime
    waited: dict[str, float] = field(default_factory=dict)  # seconds until then, by cause; not of a reissue


@dataclass(frozen=True)
class Settings:
    """What this function needs."""

    records_table: str
    documents_bucket: str
    assets_bucket: str
    bus_name: str
    dead_letter_queue_url: str
    order_tolerance_seconds: str
    verify_base_url: str
    paper_size: str = "a4"


settings = from_environment(Settings, os.environ)
table.bind(settings.records_table)
s3 = boto3.client("s3")
documents = Documents(s3, settings.documents_bucket)
logos = Logos(Assets(s3, settings.assets_bucket), documents, pdf.check_drawable)
bus = Bus(boto3.client("events"), settings.bus_name)
dead_letters = Queue(boto3.client("sqs"), settings.dead_letter_queue_url)
tolerance = timedelta(seconds=float(settings.order_tolerance_seconds))
# S3 and DynamoDB answer while the next document is drawn. One thread draws: Pango may not in two at once.
background: Executor = ThreadPoolExecutor(max_workers=10)

Requests = Sequence[ReceivedMessage[GenerationRequest]]
Made = list[tuple[ReceivedMessage[GenerationRequest], Announcement]]


def handler(event: dict[str, Any], _context: object) -> dict[str, Any]:
    """Make the certificates of a batch, then announce those that are issued.

    The record is what counts, never the message. When one changes between judging and issuing, it is judged afresh.
    """
    batch = Batch(event, dead_letters)
    due, made, waited = batch.read(read_request), Made(), list[dict[str, float]]()
    for _ in range(ATTEMPTS):
        due = generate(batch, due, made, waited) if due else []
    with batch.retry_on_error(*due):
        if due:
            raise table.RecordChanged
    measure(waited)
    with batch.retry_on_error(*(received for received, _ in made)):
        taken = bus.announce([announcement for _, announcement in made])
        batch.again(received for (received, _), ok in zip(made, taken, strict=True) if not ok)
    return batch.response()


def read_request(body: str) -> GenerationRequest:
    """Read a request; raises `Rejected` for anything else."""
    try:
        return read_generation(body)
    except UnknownMessage:
        raise Rejected("not-a-generation-request") from None


def generate(
    batch: Batch, due: Requests, made: Made, waited: list[dict[str, float]]
) -> list[ReceivedMessage[GenerationRequest]]:
    """Bring certificates in line with their records, and return the requests whose records changed meanwhile.

    Adds to `made` what to announce, and to `waited` the seconds that the holder of each certificate waited, by cause.
    """
    changed: list[ReceivedMessage[GenerationRequest]] = []
    drafts: list[tuple[ReceivedMessage[GenerationRequest], Draft, Future[Issuance]]] = []
    with batch.retry_on_error(*due):
        reading = case_reads.Reading([hint(received.event) for received in due])
        for received in due:
            with _judged(batch, received, changed):
                context = reading.context(hint(received.event))
                deed = settle(context, received.event) if context is not None else None
                if isinstance(deed, Draft):
                    drafts.append((received, deed, background.submit(keep_and_issue, deed)))
                elif deed is not None:
                    made.append((received, deed))
    for received, draft, issuing in drafts:
        with _judged(batch, received, changed):
            issue = issuing.result()
            if draft.waited:
                waited.append(draft.waited | {"rendering": (datetime.now(UTC) - draft.begun).total_seconds()})
            made.append((received, announcements.issued(draft.record, issue)))
    return changed


@contextmanager
def _judged(
    batch: Batch, received: ReceivedMessage[GenerationRequest], changed: list[ReceivedMessage[GenerationRequest]]
) -> Iterator[None]:
    """Whatever comes of one request is not the others' business."""
    with batch.retry_on_error(received):
        try:
            yield
        except Rejected as rejection:
            if received.event.purpose is not Purpose.SWEEP:
                batch.quarantine(received, rejection)
        except (table.RecordChanged, ConcurrentPut):
            changed.append(received)


def hint(request: GenerationRequest) -> CompletionRecord:
    """What a request says about its record, to read it and what it names at once."""
    return CompletionRecord(
        request.enrollment_id, request.account_id, training_id=request.training_id, company_id=request.company_id
    )


def settle(context: enrollment.EnrollmentContext, request: GenerationRequest) -> Announcement | Draft | None:
    """Do what is due about a certificate; raises `store.Changed` when the record is no longer what was judged.

    A request that finds its own deed was interrupted after it and announces again.
    """
    record = context.record
    match record.certificate_status:
        case CertificateStatus.WITHDRAWN:
            return announce_withdrawal(record, request)
        case CertificateStatus.ISSUED:
            return look_after(context, request)
        case CertificateStatus.REVOKED:
            return announce_revocation(record, request) or make(context, request)
        case None:
            return make(context, request)


def announce_withdrawal(record: CompletionRecord, request: GenerationRequest) -> Announcement | None:
    """The withdrawal, if it was this request's."""
    if record.issue is None or record.removed_at is None or record.removed_by != request.request:
        return None
    return announcements.withdrawn(record, record.issue.revision, record.removed_at)


def announce_revocation(record: CompletionRecord, request: GenerationRequest) -> Announcement | None:
    """The revocation, if it was this request's."""
    issue, revocation = record.issue, record.revocation
    if issue is None or revocation is None or revocation.request != request.request:
        return None
    return announcements.revoked(record, issue.revision, revocation)


def look_after(context: enrollment.EnrollmentContext, request: GenerationRequest) -> Announcement | Draft | None:
    """An issued certificate: announce it again after a crash, revoke, reissue or restore it, or leave it alone."""
    record, issue = context.record, context.record.issue
    if issue is None:
        return None
    if issue.request == request.request:
        return announcements.issued(record, issue)
    absent = absent_since(record, context.training)
    if absent is not None:
        revocation = Revocation(datetime.now(UTC), Reason.MARKED_ABSENT.value, request.request)
        enrollments.revoke(record, revocation)
        return announcements.revoked(record, issue.revision, revocation)
    if request.purpose is Purpose.REISSUE and request.request not in issue.served:
        return reissue(context, issue, request)
    if request.purpose is Purpose.RESTORE:
        restore(issue)
    return None


def make(context: enrollment.EnrollmentContext, request: GenerationRequest) -> Draft | None:
    """Draw what was earned, as the first revision or, after a revocation, as the next (L2).

    What cannot be printed is held. A record that has not heard of its account may have a company yet to come, which is
    printed: whoever tells it asks again.
    """
    record, training, account, now = context.record, context.training, context.account, datetime.now(UTC)
    if not record.account_known:
        return None
    verdict = evaluate_for_issue(record, training, account, now, tolerance)
    if (
        not record.is_active
        or verdict.completed_at is None
        or training is None
        or account is None
        or account.removed
    ):
        logger.info("nothing to issue", extra={"outstanding": [item.reason for item in verdict.outstanding]})
        return None
    printed = printed_for(record, training, account, context.company, verdict.completed_at)
    before = record.issue
    try:
        document = document_of(printed)
    except Unprintable as unprintable:
        hold(record, Hold(unprintable.cause, unprintable.detail, since=now))
        raise
    issue = Issuance(
        revision=before.revision + 1 if before else 1,
        issued_at=now,
        completed_at=verdict.completed_at,
        training_version=training.version,
        evidence_digest=digest(record.evidence),
        document_sha256=hashlib.sha256(document).hexdigest(),
        printed=printed,
        request=request.request,
        reissued_at=now if before else None,
        reason="returned" if before else None,
        served=served_by(before) if before else (),
    )
    return Draft(record, issue, document, now, waits(record, training, verdict.completed_at, request, now))


def hold(record: CompletionRecord, held: Hold) -> None:
    """Note in the record why its certificate cannot be printed, count and log it: once, however often it is tried."""
    if record.hold is not None and replace(record.hold, since=held.since) == held:
        return
    enrollments.hold(record, held)
    extra = {"enrollment_id": record.enrollment_id, "reason": held.reason, "detail": held.detail}
    logger.warning("certificate held", extra=extra)
    with single_metric("CertificatesHeld", MetricUnit.Count, 1, namespace=NAMESPACE) as metric:
        metric.add_dimension("reason", held.reason)


def reissue(context: enrollment.EnrollmentContext, issue: Issuance, request: GenerationRequest) -> Draft | None:
    """The next revision, with the account's present name, if the rules it was issued by still hold (A6, N1)."""
    record, account, now = context.record, context.account, datetime.now(UTC)
    training = trainings.archived_training(record.training_id or "", issue.training_version)
    earned = evaluate_record(replace(record, issue=None), training, now, tolerance)
    if not earned.complete or account is None or account.removed:
        logger.warning("not reissued", extra={"outstanding": [item.reason for item in earned.outstanding]})
        return None
    printed = replace(issue.printed, holder=account.name)
    document = document_of(printed)
    superseding = replace(
        issue,
        revision=issue.revision + 1,
        document_sha256=hashlib.sha256(document).hexdigest(),
        printed=printed,
        request=request.request,
        reissued_at=now,
        reason=request.reason,
        served=served_by(issue),
    )
    return Draft(record, superseding, document, now)


def served_by(issue: Issuance) -> tuple[str, ...]:
    """The requests that led to this revision and to those before it: none of them is due another one."""
    return (*issue.served, issue.request)


def restore(issue: Issuance) -> None:
    """Make a lost document again, from what the record says it printed; another hash is never put in its place (I7)."""
    document = document_of(issue.printed)
    if hashlib.sha256(document).hexdigest() != issue.document_sha256:
        raise Rejected("unprintable", "the document made again differs from the one that was issued")
    documents.put(issue.printed.certificate_id, issue.revision, document, file_name(issue.printed))


def waits(
    record: CompletionRecord,
    training: Training,
    completed_at: datetime,
    request: GenerationRequest,
    begun: datetime,
) -> dict[str, float]:
    """Seconds that were waited for a certificate until it was begun, by whom they were waited for (N2)."""
    causes = {}
    if request.since is not None:
        causes["queue"] = (begun - moment(request.since)).total_seconds()
    if isinstance(training, LiveEvent):
        causes["attendance"] = (completed_at - training.ends_at).total_seconds()
    elif record.enrolled_at is not None:
        causes["learner"] = (completed_at - record.enrolled_at).total_seconds()
    return causes


def measure(waited: Sequence[dict[str, float]]) -> None:
    """How long the certificates of a batch took: one line a cause, whatever their number."""
    for cause in sorted({cause for causes in waited for cause in causes}):
        metrics = EphemeralMetrics(namespace=NAMESPACE)
        metrics.add_dimension("cause", cause)
        for seconds in (causes[cause] for causes in waited if cause in causes):
            metrics.add_metric("TimeToCertificate", MetricUnit.Seconds, max(0.0, seconds))
        metrics.flush_metrics()


def printed_for(
    record: CompletionRecord, training: Training, account: Account, company: Company | None, completed_at: datetime
) -> CertificateContent:
    """What the document will say: the day is that of the last requirement, in the training's own time zone."""
    certificate_id = record.certificate_id or ""
    return CertificateContent(
        certificate_id=certificate_id,
        holder=account.name,
        title=training.title,
        kind=training.kind,
        completed_on=completed_at.astimezone(ZoneInfo(training.timezone)).date(),
        hours=training.hours,
        company=company.name if company else None,
        language=training.language,
        verify_url=f"{settings.verify_base_url}/verify/{certificate_id}",
        logo=logos.of(company),
        paper=settings.paper_size,
    )


def document_of(printed: CertificateContent) -> bytes:
    """The PDF; raises `Unprintable` when it would have a hole or not fit, which no retry can mend."""
    try:
        return pdf.render(printed, logos.kept(printed.logo))
    except pdf.MissingGlyph as error:
        raise Unprintable(Reason.MISSING_GLYPH, str(error)) from None
    except DoesNotFit as error:
        raise Unprintable(Reason.DOES_NOT_FIT, str(error)) from None
    except UnusableLogo as error:
        raise Unprintable(Reason.LOGO_GONE, str(error)) from None


def keep_and_issue(draft: Draft) -> Issuance:
    """Keep a document, then issue it: both only ask AWS, and may be done beside all else."""
    issue = replace(draft.issue, revision=keep_document(draft))
    enrollments.issue(draft.record, issue)
    return issue


def keep_document(draft: Draft) -> int:
    """Put a document under the first revision that is free or holds the same bytes, and return that."""
    printed, first = draft.issue.printed, draft.issue.revision
    for revision in range(first, first + REVISIONS):
        try:
            documents.put(printed.certificate_id, revision, draft.document, file_name(printed))
        except DocumentConflict:
            continue
        return revision
    raise DocumentConflict

"""Makes a certificate that was earned: judge again, render, keep the document, issue, tell the portal (DESIGN §3)."""

import os
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import boto3
from aws_lambda_powertools import Logger

from earned import announcements, pdf, store
from earned.announcements import Announcement, Bus
from earned.documents import DifferentDocument, Documents, file_name
from earned.events import Rejected
from earned.facts import digest
from earned.intake import Batch, Received
from earned.judgement import judge_for_issue
from earned.models import Account, Company, Completion, Issue, Printed, Training
from earned.queues import GenerationRequest, NotOurs, Queue, read_generation
from earned.settings import from_environment

logger = Logger()
ATTEMPTS = 3


class Unprintable(Exception):
    """The certificate cannot be printed as it should be, so it is held."""


@dataclass(frozen=True)
class Settings:
    """What this function needs."""

    records_table: str
    documents_bucket: str
    bus_name: str
    dead_letter_queue_url: str
    order_tolerance_seconds: str
    verify_base_url: str


settings = from_environment(Settings, os.environ)
store.bind(settings.records_table)
documents = Documents(boto3.client("s3"), settings.documents_bucket)
bus = Bus(boto3.client("events"), settings.bus_name)
dead_letters = Queue(boto3.client("sqs"), settings.dead_letter_queue_url)
tolerance = timedelta(seconds=float(settings.order_tolerance_seconds))


def handler(event: dict[str, Any], _context: object) -> dict[str, Any]:
    """Make the certificates of a batch, then announce those that are issued."""
    batch = Batch(event, dead_letters)
    made: list[tuple[Received[GenerationRequest], Announcement]] = []
    for received in batch.read(read_request):
        with batch.again_on_error(received):
            try:
                announcement = generate(received.event)
            except Unprintable as reason:
                batch.quarantine(received, Rejected("unprintable", str(reason)))
                continue
            if announcement is not None:
                made.append((received, announcement))
    with batch.again_on_error(*(received for received, _ in made)):
        taken = bus.announce([announcement for _, announcement in made])
        batch.again(received for (received, _), ok in zip(made, taken, strict=True) if not ok)
    return batch.response()


def read_request(body: str) -> GenerationRequest:
    """Read a request; raises `Rejected` for anything else."""
    try:
        return read_generation(body)
    except NotOurs:
        raise Rejected("not-a-generation-request") from None


def generate(request: GenerationRequest) -> Announcement | None:
    """Make one certificate, and return what to announce, or None when there is nothing to do.

    The record is what counts, never the message. When the record changes between judging and issuing, it is judged
    afresh; a request that finds its own issue was interrupted after it and announces again.
    """
    for _ in range(ATTEMPTS):
        case = store.case(request.enrollment_id, request.account_id, request.training_id, request.company_id)
        if case is None or not case.completion.stands:
            return None
        if case.completion.issue is not None:
            own = case.completion.issue.request == request.request
            return announcements.issued(case.completion, case.completion.issue) if own else None
        try:
            return make(case, request.request)
        except store.Changed:
            continue
    raise store.Changed


def make(case: store.Case, request: str) -> Announcement | None:
    """Render, keep and issue; raises `store.Changed` when the record is no longer what was judged."""
    completion, training, account, now = case.completion, case.training, case.account, datetime.now(UTC)
    verdict = judge_for_issue(completion, training, account, now, tolerance)
    if verdict.completed_at is None or training is None or account is None or account.removed:
        logger.info("nothing to issue", extra={"outstanding": [item.reason for item in verdict.outstanding]})
        return None
    printed = printed_for(completion, training, account, case.company, verdict.completed_at)
    revision, sha256 = keep_document(printed, document_of(printed))
    issue = Issue(
        revision=revision,
        issued_at=now,
        completed_at=verdict.completed_at,
        training_version=training.version,
        evidence_digest=digest(completion.evidence),
        document_sha256=sha256,
        printed=printed,
        request=request,
    )
    store.issue(completion, issue)
    return announcements.issued(completion, issue)


def printed_for(
    completion: Completion, training: Training, account: Account, company: Company | None, completed_at: datetime
) -> Printed:
    """What the document will say: the day is that of the last requirement, in the training's own time zone."""
    certificate_id = completion.certificate_id or ""
    return Printed(
        certificate_id=certificate_id,
        holder=account.name,
        title=training.title,
        kind=training.kind,
        completed_on=completed_at.astimezone(ZoneInfo(training.timezone)).date(),
        hours=training.hours,
        company=company.name if company else None,
        language=training.language,
        verify_url=f"{settings.verify_base_url}/verify/{certificate_id}",
    )


def document_of(printed: Printed) -> bytes:
    """The PDF; raises `Unprintable` when it would have a hole or not fit, which no retry can mend."""
    try:
        return pdf.render(printed)
    except (pdf.MissingGlyph, pdf.DoesNotFit) as error:
        raise Unprintable(str(error)) from None


def keep_document(printed: Printed, document: bytes) -> tuple[int, str]:
    """Put a document under the first revision that is free or holds the same bytes; returns revision and SHA-256."""
    for revision in range(1, 100):
        try:
            sha256 = documents.put(printed.certificate_id, revision, document, file_name(printed))
        except DifferentDocument:
            continue
        return revision, sha256
    raise DifferentDocument

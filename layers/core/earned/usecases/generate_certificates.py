"""Bring certificates in line with their records: evaluate, draw, store, issue, then announce (docs/design.md §3)."""

import hashlib
from collections import defaultdict
from collections.abc import Iterator, Sequence
from concurrent.futures import Executor, Future
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta

from aws_lambda_powertools import Logger

from earned.aws import metrics
from earned.aws.dynamodb import enrollments, exports, trainings
from earned.aws.dynamodb.contexts import ContextReading, Names
from earned.aws.dynamodb.table import RecordChanged
from earned.aws.eventbridge import Bus
from earned.aws.s3 import ConcurrentPut, DocumentConflict
from earned.aws.sqs_batch import ReceivedMessage, SqsBatch
from earned.domain.certificate import RETURNED, CertificateStatus, Hold, Issuance, QuizResult, Revocation
from earned.domain.enrollment import CompletionRecord, EnrollmentContext, EnrollmentKey
from earned.domain.errors import Rejected
from earned.domain.evaluation import absent_since, evaluate_for_issue, evaluate_record
from earned.domain.fact_codec import digest
from earned.domain.requirements import Reason
from earned.domain.results import quiz_result
from earned.domain.timestamps import from_milliseconds
from earned.domain.training import LiveEvent, Training
from earned.messages import announcements
from earned.messages.announcements import Announcement
from earned.messages.requests import GenerationRequest, Purpose
from earned.usecases.certificate_documents import CertificateDocuments, Unprintable
from earned.usecases.clock import Clock, utc_now
from earned.usecases.signing_keys import Credentials

logger = Logger()
MAX_ATTEMPTS = 3
MAX_REVISIONS_TRIED = 20
Message = ReceivedMessage[GenerationRequest]


@dataclass(frozen=True)
class Draft:
    """A drawn document and its issuance; the document prints its revision."""

    record: CompletionRecord
    issue: Issuance
    document: bytes
    begun: datetime
    wait_times: dict[str, float] = field(default_factory=dict)  # seconds until `begun`, by cause; empty for a reissue


@dataclass(frozen=True)
class Attempt:
    """The outcome of one pass over a batch's requests."""

    announcements: list[tuple[Message, Announcement]] = field(default_factory=list)
    wait_times: list[dict[str, float]] = field(default_factory=list)
    changed: list[Message] = field(default_factory=list)  # their records have changed: evaluate them again


class _Held(Rejected):
    """An unprintable certificate; the request that recorded the hold announces it."""

    def __init__(self, unprintable: Unprintable, announcement: Announcement | None) -> None:
        super().__init__(unprintable.reason, unprintable.detail)
        self.announcement = announcement


class GenerateCertificates:
    """Handles generation requests; the record decides what is done, never the message.

    `background` stores and issues a document while the next one is drawn. Only the calling thread draws, because Pango
    is not thread-safe.
    """

    def __init__(
        self,
        documents: CertificateDocuments,
        credentials: Credentials,
        bus: Bus,
        order_tolerance: timedelta,
        background: Executor,
        now: Clock = utc_now,
    ) -> None:
        self._documents = documents
        self._credentials = credentials
        self._bus = bus
        self._tolerance = order_tolerance
        self._background = background
        self._now = now

    def __call__(self, batch: SqsBatch, messages: Sequence[Message]) -> None:
        attempts: list[Attempt] = []
        due = list(messages)
        while due and len(attempts) < MAX_ATTEMPTS:
            attempts.append(self._attempt(batch, due))
            due = attempts[-1].changed
        with batch.retry_on_error(*due):
            if due:
                raise RecordChanged
        publish_wait_times([times for attempt in attempts for times in attempt.wait_times])
        announced = [one for attempt in attempts for one in attempt.announcements]
        self._announce(batch, list(self._recalled(batch, announced)))

    def _recalled(
        self, batch: SqsBatch, announced: Sequence[tuple[Message, Announcement]]
    ) -> Iterator[tuple[Message, Announcement]]:
        """Invalidate the exports of each company that lost a certificate, then pass its announcements on."""
        by_company: defaultdict[str | None, list[tuple[Message, Announcement]]] = defaultdict(list)
        for message, announcement in announced:
            by_company[announcement.recalled_from].append((message, announcement))
        for company_id, told in by_company.items():
            with batch.retry_on_error(*(message for message, _ in told)):
                if company_id is not None:
                    exports.note_recall(company_id, self._now())
                yield from told

    def _announce(self, batch: SqsBatch, announced: Sequence[tuple[Message, Announcement]]) -> None:
        with batch.retry_on_error(*(message for message, _ in announced)):
            accepted = self._bus.announce([announcement for _, announcement in announced])
            batch.retry([message for (message, _), ok in zip(announced, accepted, strict=True) if not ok])

    def _attempt(self, batch: SqsBatch, due: Sequence[Message]) -> Attempt:
        attempt = Attempt()
        drafts: list[tuple[Message, Draft, Future[Issuance]]] = []
        drafted: set[EnrollmentKey] = set()
        with batch.retry_on_error(*due):
            reading = ContextReading([record_key(message.event) for message in due])
            for message in due:
                with _isolated(batch, message, attempt):
                    if message.event.key in drafted:
                        raise RecordChanged  # by an earlier request of this batch, whose draft is being stored
                    context = reading.context(message.event.key)
                    outcome = self._reconcile(context, message.event) if context is not None else None
                    if isinstance(outcome, Draft):
                        drafted.add(message.event.key)
                        drafts.append((message, outcome, self._background.submit(self._put_and_issue, outcome)))
                    elif outcome is not None:
                        attempt.announcements.append((message, outcome))
        for message, draft, issuing in drafts:
            with _isolated(batch, message, attempt):
                issue = self._issued(draft, issuing)
                if draft.wait_times:
                    rendering = (self._now() - draft.begun).total_seconds()
                    attempt.wait_times.append(draft.wait_times | {"rendering": rendering})
                attempt.announcements.append((message, announcements.issued(draft.record, issue)))
        return attempt

    def _reconcile(self, context: EnrollmentContext, request: GenerationRequest) -> Announcement | Draft | None:
        """Raises `RecordChanged` when the record has changed since it was read.

        A request whose own work is done was interrupted before the announcement, and announces it again.
        """
        match context.record.certificate_status:
            case CertificateStatus.WITHDRAWN:
                return _announce_withdrawal(context.record, request)
            case CertificateStatus.ISSUED:
                return self._handle_issued(context, request)
            case CertificateStatus.REVOKED:
                return _announce_revocation(context.record, request) or self._issue_next(context, request)
            case None:
                return self._issue_next(context, request)

    def _handle_issued(self, context: EnrollmentContext, request: GenerationRequest) -> Announcement | Draft | None:
        record, issue = context.record, context.record.issue
        if issue is None:
            return None
        if issue.request == request.request:
            return announcements.issued(record, issue)
        if absent_since(record, context.training) is not None:
            revocation = Revocation(self._now(), Reason.MARKED_ABSENT.value, request.request)
            enrollments.revoke(record, revocation)
            return announcements.revoked(record, issue.revision, revocation)
        if request.purpose is Purpose.REISSUE and request.request not in issue.served:
            return self._reissue(context, issue, request)
        if request.purpose is Purpose.RESTORE:
            self._restore(record, issue)
        return None

    def _issue_next(self, context: EnrollmentContext, request: GenerationRequest) -> Draft | None:
        """Draw an earned certificate, as the first revision or, after a revocation, as the next (L2).

        An unprintable certificate is held. A record that does not name its account yet may get a company, which is
        printed; the update that names the account requests the certificate again.
        """
        record, training, account, now = context.record, context.training, context.account, self._now()
        if not record.account_known:
            return None
        verdict = evaluate_for_issue(record, training, account, now, self._tolerance)
        if not context.is_active or verdict.completed_at is None or training is None or account is None:
            logger.info("nothing to issue", extra={"outstanding": [item.reason for item in verdict.outstanding]})
            return None
        before = record.issue
        revision = before.revision + 1 if before else 1
        content = self._documents.content_for(
            record, training, account, context.company, verdict.completed_at, revision
        )
        issue = Issuance(
            revision=revision,
            issued_at=now,
            completed_at=verdict.completed_at,
            training_version=training.version,
            evidence_digest=digest(record.evidence),
            document_sha256="",
            printed=content,
            request=request.request,
            reissued_at=now if before else None,
            reason=RETURNED if before else None,
            served=before.handled_requests if before else (),
        )
        result = quiz_result(record, training, self._tolerance)
        try:
            issue, document = self._drawn(record, issue, result)
        except Unprintable as unprintable:
            held = _hold(record, Hold(unprintable.cause, unprintable.detail, now, request.request))
            told = announcements.held(record, held) if held.request == request.request else None
            raise _Held(unprintable, told) from unprintable
        return Draft(record, issue, document, now, _wait_times(record, training, verdict.completed_at, request, now))

    def _drawn(self, record: CompletionRecord, issue: Issuance, result: QuizResult | None) -> tuple[Issuance, bytes]:
        """The issuance with its credential's proof and its document's hash, and the document."""
        signed = self._credentials.sign(record.training_id, issue, result)
        document = self._documents.draw_issued(record.training_id, signed)
        return replace(signed, document_sha256=hashlib.sha256(document).hexdigest()), document

    def _reissue(self, context: EnrollmentContext, issue: Issuance, request: GenerationRequest) -> Draft | None:
        """Draw the next revision with the account's present name, if the rules of the first still hold (A6, N1).

        A no-op when nothing printed would change, so two requests for the same correction make one revision.
        """
        record, account, now = context.record, context.account, self._now()
        training = trainings.get_archived_training(record.training_id, issue.training_version)
        earned = evaluate_record(replace(record, issue=None), training, now, self._tolerance)
        if not earned.complete or account is None or account.removed:
            logger.warning("not reissued", extra={"outstanding": [item.reason for item in earned.outstanding]})
            return None
        content = replace(issue.printed, holder=account.name)
        if content == issue.printed:
            return None
        superseding = replace(
            issue,
            revision=issue.revision + 1,
            printed=self._documents.for_revision(content, issue.revision + 1),
            request=request.request,
            reissued_at=now,
            reason=request.reason,
            served=issue.handled_requests,
        )
        superseding, document = self._drawn(record, superseding, quiz_result(record, training, self._tolerance))
        return Draft(record, superseding, document, now)

    def _restore(self, record: CompletionRecord, issue: Issuance) -> None:
        """Draw a lost document again, and record its version; a document with another hash is never put (I7)."""
        document = self._documents.draw_issued(record.training_id, issue)
        if hashlib.sha256(document).hexdigest() != issue.document_sha256:
            raise Rejected("unprintable", "the document made again differs from the one that was issued")
        version = self._documents.put(issue.printed, issue.revision, document)
        if version != issue.document_version:
            enrollments.issue(record, replace(issue, document_version=version))

    def _put_and_issue(self, draft: Draft) -> Issuance:
        """Runs in the background."""
        version = self._documents.put(draft.issue.printed, draft.issue.revision, draft.document)
        issue = replace(draft.issue, document_version=version)
        enrollments.issue(draft.record, issue)
        return issue

    def _issued(self, draft: Draft, issuing: Future[Issuance]) -> Issuance:
        """Wait for the document; while its revision exists with other bytes, draw it for the next (I5)."""
        for _ in range(MAX_REVISIONS_TRIED):
            try:
                return issuing.result()
            except DocumentConflict:
                draft = self._for_next_revision(draft)
                issuing = self._background.submit(self._put_and_issue, draft)
        return issuing.result()

    def _for_next_revision(self, draft: Draft) -> Draft:
        revision, signed = draft.issue.revision + 1, draft.issue.credential
        content = self._documents.for_revision(draft.issue.printed, revision)
        following = replace(draft.issue, revision=revision, printed=content)
        issue, document = self._drawn(draft.record, following, signed.result if signed is not None else None)
        return replace(draft, issue=issue, document=document)


def record_key(request: GenerationRequest) -> tuple[EnrollmentKey, Names]:
    return request.key, Names(request.training_id, request.account_id, request.company_id)


def publish_wait_times(wait_times: Sequence[dict[str, float]]) -> None:
    by_cause: defaultdict[str, list[float]] = defaultdict(list)
    for times in wait_times:
        for cause, seconds in times.items():
            by_cause[cause].append(max(0.0, seconds))
    for cause, seconds_waited in sorted(by_cause.items()):
        metrics.seconds("TimeToCertificate", seconds_waited, cause=cause)


@contextmanager
def _isolated(batch: SqsBatch, message: Message, attempt: Attempt) -> Iterator[None]:
    with batch.retry_on_error(message):
        try:
            yield
        except Rejected as rejection:
            if isinstance(rejection, _Held) and rejection.announcement is not None:
                attempt.announcements.append((message, rejection.announcement))
            if message.event.purpose is not Purpose.SWEEP:
                batch.quarantine(message, rejection)
        except (RecordChanged, ConcurrentPut):
            attempt.changed.append(message)


def _announce_withdrawal(record: CompletionRecord, request: GenerationRequest) -> Announcement | None:
    if record.issue is None or record.removal is None or record.removal.request != request.request:
        return None
    return announcements.withdrawn(record, record.issue.revision, record.removal.at)


def _announce_revocation(record: CompletionRecord, request: GenerationRequest) -> Announcement | None:
    if record.issue is None or record.revocation is None or record.revocation.request != request.request:
        return None
    return announcements.revoked(record, record.issue.revision, record.revocation)


def _hold(record: CompletionRecord, hold: Hold) -> Hold:
    """The recorded hold; it is recorded, counted and logged once, however often the certificate is tried."""
    before = record.hold
    if before is not None and (before.reason, before.detail) == (hold.reason, hold.detail):
        return before
    enrollments.hold(record, hold)
    extra = {"enrollment_id": record.enrollment_id, "reason": hold.reason, "detail": hold.detail}
    logger.warning("certificate held", extra=extra)
    metrics.count("CertificatesHeld")
    return hold


def _wait_times(
    record: CompletionRecord, training: Training, completed_at: datetime, request: GenerationRequest, begun: datetime
) -> dict[str, float]:
    """Seconds until generation began, by the cause of the wait (N2)."""
    queued = {} if request.since is None else {"queue": (begun - from_milliseconds(request.since)).total_seconds()}
    if isinstance(training, LiveEvent):
        return queued | {"attendance": (completed_at - training.ends_at).total_seconds()}
    return queued | {"learner": (completed_at - record.enrolled_at).total_seconds()}

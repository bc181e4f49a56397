"""Sweep the table for faults that no message corrects, request corrections, and announce unmarked attendance daily."""

import time
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from itertools import islice
from typing import Any

from aws_lambda_powertools import Logger

from earned.aws import metrics
from earned.aws.dynamodb import contexts, enrollment_keys, enrollment_lists, enrollments, sweep_cursor, trainings
from earned.aws.eventbridge import Bus
from earned.aws.s3 import Documents
from earned.aws.sqs import Queue
from earned.domain.attendance import awaits_mark, may_be_off_calendar
from earned.domain.certificate import CertificateStatus
from earned.domain.enrollment import CompletionRecord, EnrollmentContext
from earned.domain.sweep import Finding, SweepPass, classify, day_of, is_full_check_due, needs_recheck
from earned.domain.training import LiveEvent, Training
from earned.messages import announcements
from earned.messages.requests import (
    EnrollmentsChanged,
    OutgoingMessage,
    Purpose,
    evaluation_message,
    generation_message,
)
from earned.usecases.clock import Clock, utc_now
from earned.usecases.unmarked_attendance import waiting

logger = Logger()
RECORDS_PER_PAGE = 500
PAGES_PER_RUN = 100
SECONDS_PER_RUN = 180.0
EVENTS_PER_RUN = 2_000
ENROLLMENTS_PER_MESSAGE = 25
Found = tuple[Finding, EnrollmentContext]


@dataclass
class SweepRun:
    """One run: a bounded part of a pass. Overlapping and interrupted runs are harmless: they repeat requests."""

    sweep_pass: SweepPass
    now: datetime
    everything: bool
    records: int = 0
    found: Counter[Finding] = field(default_factory=Counter)
    trainings: dict[str, Training | None] = field(default_factory=dict)

    def is_full_check_due(self, record: CompletionRecord) -> bool:
        """Whether account and document are checked too, at the cost of a read and a request."""
        due = self.everything or is_full_check_due(record.enrollment_id, self.sweep_pass)
        return record.is_active and due

    def read_trainings(self, records: Iterable[CompletionRecord]) -> None:
        """Read each training once a run; a suspect record is classified by a fresh read."""
        unread = {record.training_id for record in records} - self.trainings.keys()
        self.trainings |= dict.fromkeys(unread) | trainings.get_trainings(unread)


class NotAnnounced(Exception):
    """EventBridge did not accept every announcement."""


class Sweep:
    """Scans records page by page and requests a correction for each finding."""

    def __init__(
        self,
        documents: Documents,
        evaluation: Queue,
        generation: Queue,
        bus: Bus,
        order_tolerance: timedelta,
        *,
        records_per_page: int = RECORDS_PER_PAGE,
        pages_per_run: int = PAGES_PER_RUN,
        enrollments_per_message: int = ENROLLMENTS_PER_MESSAGE,
        events_per_page: int = trainings.EVENTS_PER_PAGE,
        now: Clock = utc_now,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._documents = documents
        self._evaluation = evaluation
        self._generation = generation
        self._bus = bus
        self._tolerance = order_tolerance
        self._records_per_page = records_per_page
        self._pages_per_run = pages_per_run
        self._enrollments_per_message = enrollments_per_message
        self._events_per_page = events_per_page
        self._now = now
        self._clock = clock

    def __call__(self, *, everything: bool = False) -> dict[str, Any]:
        """Continue the pass from the saved position; `everything` checks every document. Returns the findings."""
        now = self._now()
        run = SweepRun(SweepPass.following(sweep_cursor.get_sweep_pass(), now), now, everything)
        deadline = self._clock() + SECONDS_PER_RUN
        if run.sweep_pass.after is None:
            self._announce_unmarked(run.sweep_pass, now)
        for _ in range(self._pages_per_run):
            self._check_page(run, deadline)
            if run.sweep_pass.after is None or self._clock() > deadline:
                break
        _publish_metrics(run.records, oldest_unmarked(run.sweep_pass, now, self._events_per_page))
        findings = {finding.value: number for finding, number in run.found.items()}
        return {"records": run.records, "findings": findings, "turn_over": run.sweep_pass.after is None}

    def _announce_unmarked(self, sweep_pass: SweepPass, now: datetime) -> None:
        """Once a day for each ended event with people waiting (L3), before the new pass is saved: a run that fails here
        begins the same pass again.
        """
        found = [
            announcements.unmarked(event, people, day_of(event.live_event_id, sweep_pass.began), now)
            for event, people in unmarked_events(sweep_pass, now, self._events_per_page)
        ]
        if not all(self._bus.announce(found)):
            raise NotAnnounced

    def _check_page(self, run: SweepRun, deadline: float) -> None:
        """Save the position only after the corrections are requested.

        A page that takes too long ends early, after at least one record, so that large records never stall a pass.
        """
        records, unreadable, after = enrollment_lists.scan(run.sweep_pass.after, self._records_per_page)
        run.read_trainings(records)
        suspects = []
        for checked_records, record in enumerate(records, start=1):
            if self._is_suspect(run, record):
                suspects.append(record.key)
            if self._clock() > deadline and checked_records < len(records):
                records, after = records[:checked_records], enrollment_keys.row_key(record.key)
                break
        checked = [
            (self._check(run, context), context) for context in contexts.get_contexts(enrollments.get_records(suspects))
        ]
        found = [(finding, context) for finding, context in checked if finding is not None]
        self._request_repairs(found)
        for enrollment_id in unreadable:
            _log_unreadable(enrollment_id, "unknown to this release")
        number = Counter(finding for finding, _ in found) + Counter({Finding.UNREADABLE: len(unreadable)})
        for finding, times in number.items():  # per page, so that an interrupted run has counted its pages
            metrics.count("SweepFindings", times, finding=finding.value)
        _restore_to_calendar(
            [context for finding, context in checked if finding is None and run.is_full_check_due(context.record)],
            run.now,
        )
        run.sweep_pass = replace(run.sweep_pass, after=after)
        sweep_cursor.save_sweep_pass(run.sweep_pass)
        run.records += len(records) + len(unreadable)
        run.found += number

    def _is_suspect(self, run: SweepRun, record: CompletionRecord) -> bool:
        try:
            training = run.trainings.get(record.training_id)
            return run.is_full_check_due(record) or needs_recheck(record, training, run.now, self._tolerance)
        except Exception:  # one broken record must not stop the sweep
            return True

    def _check(self, run: SweepRun, context: EnrollmentContext) -> Finding | None:
        try:
            finding = classify(context, run.now, self._tolerance)
            if finding is None and run.is_full_check_due(context.record):
                return self._check_document(context.record)
            return finding
        except Exception as error:  # likewise
            _log_unreadable(context.record.enrollment_id, type(error).__qualname__)
            return Finding.UNREADABLE

    def _check_document(self, record: CompletionRecord) -> Finding | None:
        issue = record.issue
        if issue is None or record.certificate_status is not CertificateStatus.ISSUED:
            return None
        stored = self._documents.stored(issue.certificate_id, issue.revision)
        if stored is None:
            return Finding.ISSUED_WITHOUT_DOCUMENT
        if stored.sha256 == issue.document_sha256:
            return None if issue.document_version in {None, stored.version} else Finding.OTHER_VERSION
        extra = {"certificate_id": issue.certificate_id, "revision": issue.revision, "sha256": stored.sha256}
        logger.error("document differs", extra=extra)
        return Finding.DOCUMENT_DIFFERS

    def _request_repairs(self, found: Sequence[Found]) -> None:
        stale = {Finding.STALE_VERSION, Finding.ACCOUNT_REMOVED}
        keys = [context.record.key for finding, context in found if finding in stale]
        size = self._enrollments_per_message
        chunks = [keys[start : start + size] for start in range(0, len(keys), size)]
        # These messages cover many companies; in a group of their own they delay none of them.
        self._evaluation.send([evaluation_message(EnrollmentsChanged(tuple(chunk)), "sweep") for chunk in chunks])
        requests = (_generation_request(finding, context.record) for finding, context in found)
        self._generation.send([request for request in requests if request is not None])


def oldest_unmarked(sweep_pass: SweepPass, now: datetime, page_size: int) -> timedelta:
    """The wait of the oldest unmarked event; removes events without waiting people from the calendar.

    After the oldest event, only events whose daily full check is due are checked.
    """
    oldest: timedelta | None = None
    for _, event in islice(trainings.ended_events(now, page_size=page_size), EVENTS_PER_RUN):
        if oldest is not None and not is_full_check_due(event.live_event_id, sweep_pass):
            continue
        if _has_waiting_people(event, now):
            oldest = oldest or now - event.ends_at
        elif may_be_off_calendar(event, now):
            trainings.remove_from_calendar(event)
    return oldest or timedelta(0)


def unmarked_events(sweep_pass: SweepPass, now: datetime, page_size: int) -> Iterator[tuple[LiveEvent, int]]:
    """The ended events whose daily check is due, each with the number of people who wait for a mark."""
    for _, event in islice(trainings.ended_events(now, page_size=page_size), EVENTS_PER_RUN):
        if is_full_check_due(event.live_event_id, sweep_pass):
            people = _number_waiting(event, now)
            if people:
                yield event, people


def _number_waiting(event: LiveEvent, now: datetime) -> int:
    try:
        return sum(waiting(event, now))
    except ValueError:  # a later release wrote one of the records, and will count it
        return 0


def _has_waiting_people(event: LiveEvent, now: datetime) -> bool:
    try:
        return any(waiting(event, now))
    except ValueError:  # a later release wrote one of the records; assume that the person waits
        return True


def _generation_request(finding: Finding, record: CompletionRecord) -> OutgoingMessage | None:
    match finding:
        case Finding.JUST_COMPLETED | Finding.COMPLETE_NOT_ISSUED | Finding.HELD | Finding.ABSENT_NOT_REVOKED:
            return generation_message(record, purpose=Purpose.SWEEP)
        case Finding.ISSUED_WITHOUT_DOCUMENT | Finding.OTHER_VERSION:
            return generation_message(record, purpose=Purpose.RESTORE)
        case _:
            return None


def _restore_to_calendar(checked: Iterable[EnrollmentContext], now: datetime) -> None:
    events = {
        context.training.live_event_id: context.training
        for context in checked
        if isinstance(context.training, LiveEvent)
        and context.is_active
        and may_be_off_calendar(context.training, now)
        and awaits_mark(context.record, context.training, now)
    }
    for event in events.values():
        trainings.add_to_calendar(event)


def _log_unreadable(enrollment_id: str, error: str) -> None:
    logger.error("record could not be looked at", extra={"enrollment_id": enrollment_id, "error": error})


def _publish_metrics(records: int, oldest: timedelta) -> None:
    logger.info("swept", extra={"records": records})
    metrics.count("SweptRecords", records)
    metrics.value("OldestUnmarkedAttendanceHours", oldest / timedelta(hours=1))

"""Sweep the table for faults that no message corrects, request corrections, and announce unmarked attendance daily."""

import time
from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from concurrent.futures import Executor
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from aws_lambda_powertools import Logger

from earned.aws import metrics
from earned.aws.dynamodb import contexts, enrollment_keys, enrollment_lists, enrollments, sweep_cursor, trainings
from earned.aws.dynamodb.enrollment_lists import ScannedPage
from earned.aws.eventbridge import Bus
from earned.aws.s3 import Documents
from earned.aws.sqs import Queue
from earned.domain.certificate import CertificateStatus
from earned.domain.enrollment import CompletionRecord, EnrollmentContext, EnrollmentKey
from earned.domain.sweep import DAY, Finding, Position, SweepPass, classify, is_full_check_due, needs_recheck
from earned.domain.training import Training
from earned.messages.requests import (
    EnrollmentsChanged,
    OutgoingMessage,
    Purpose,
    evaluation_message,
    generation_message,
)
from earned.usecases import calendar_upkeep
from earned.usecases.clock import Clock, utc_now

logger = Logger()
SEGMENTS = 4
ITEMS_PER_PAGE = 500
ITEMS_PER_RUN = 6_000  # at least: a table of 18,000 items is read within 15 minutes
SECONDS_PER_RUN = 240.0
ENROLLMENTS_PER_MESSAGE = 25
MAX_OVERDUE = 100
Found = tuple[Finding, EnrollmentContext]


@dataclass
class SweepRun:
    """One run: a bounded part of a pass. Overlapping and interrupted runs are harmless: they repeat requests."""

    cursor: str
    sweep_pass: SweepPass
    now: datetime
    everything: bool
    records: int = 0
    found: Counter[Finding] = field(default_factory=Counter)
    overdue: set[EnrollmentKey] = field(default_factory=set)
    trainings: dict[str, Training | None] = field(default_factory=dict)

    def is_full_check_due(self, record: CompletionRecord) -> bool:
        """Whether account and document are checked too, at the cost of a read and a request."""
        due = self.everything or is_full_check_due(record.enrollment_id, self.sweep_pass)
        return record.is_active and due

    def is_daily_check_due(self, record: CompletionRecord) -> bool:
        return self.everything or is_full_check_due(record.training_id, self.sweep_pass, DAY)

    def read_trainings(self, records: Iterable[CompletionRecord]) -> None:
        """Read each training once a run; a suspect record is classified by a fresh read."""
        unread = {record.training_id for record in records} - self.trainings.keys()
        self.trainings |= dict.fromkeys(unread) | trainings.get_trainings(unread)


class Sweep:
    """Reads the table page by page and requests a correction for each finding."""

    def __init__(
        self,
        documents: Documents,
        evaluation: Queue,
        generation: Queue,
        bus: Bus,
        order_tolerance: timedelta,
        background: Executor,
        *,
        segments: int = SEGMENTS,
        items_per_page: int = ITEMS_PER_PAGE,
        items_per_run: int = ITEMS_PER_RUN,
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
        self._background = background
        self._segments = segments
        self._items_per_page = items_per_page
        self._items_per_run = items_per_run
        self._enrollments_per_message = enrollments_per_message
        self._events_per_page = events_per_page
        self._now = now
        self._clock = clock

    def __call__(self, *, everything: bool = False) -> dict[str, Any]:
        """Continue the scheduled pass from its positions, or with `everything` a pass of its own over every document.

        Returns the findings, and how much of the pass is done.
        """
        now = self._now()
        cursor = sweep_cursor.BY_HAND if everything else sweep_cursor.SCHEDULED
        sweep_pass = SweepPass.following(sweep_cursor.get_sweep_pass(cursor), now, self._segments)
        run = SweepRun(cursor, sweep_pass, now, everything)
        deadline = self._clock() + SECONDS_PER_RUN
        if sweep_pass.is_new and not everything:
            calendar_upkeep.announce_unmarked(self._bus, sweep_pass, now, self._events_per_page)
        self._read(run, deadline)
        if not everything:
            self._report(run, is_first_run=sweep_pass.is_new)
        logger.info("swept", extra={"records": run.records, "by_hand": everything})
        return {
            "records": run.records,
            "findings": {finding.value: number for finding, number in run.found.items()},
            "turn_over": run.sweep_pass.is_over,
            "items": run.sweep_pass.items,
        }

    def _read(self, run: SweepRun, deadline: float) -> None:
        most = None if run.everything else run.sweep_pass.items_of_run(self._items_per_run)
        before = run.sweep_pass.items
        while not run.sweep_pass.is_over:
            self._read_segments(run, deadline)
            if self._clock() > deadline or (most is not None and run.sweep_pass.items - before >= most):
                return

    def _read_segments(self, run: SweepRun, deadline: float) -> None:
        """Read a page of each segment, and save the positions only after the corrections are requested."""
        positions, segments = dict(run.sweep_pass.positions), run.sweep_pass.segments

        def read(segment: int) -> ScannedPage:
            return enrollment_lists.scan(segment, segments, positions[segment], self._items_per_page)

        for segment, page in zip(positions, self._background.map(read, positions), strict=True):
            checked, after = self._check_page(run, page, deadline)
            run.sweep_pass = run.sweep_pass.past(segment, after, checked)
            if self._clock() > deadline:
                break
        sweep_cursor.save_sweep_pass(run.sweep_pass, run.cursor)

    def _check_page(self, run: SweepRun, page: ScannedPage, deadline: float) -> tuple[int, Position]:
        """The number of items that were checked, and the position after them.

        A page that takes too long ends early, after at least one record, so that large records never stall a pass.
        """
        records, items, after = page.records, page.items, page.after
        run.read_trainings(records)
        suspects, due = [], []
        for checked_records, record in enumerate(records, start=1):
            if self._is_suspect(run, record):
                suspects.append(record.key)
            elif run.is_full_check_due(record):
                due.append(record)
            if self._clock() > deadline and checked_records < len(records):
                records, items, after = records[:checked_records], checked_records, enrollment_keys.row_key(record.key)
                break
        due_contexts = contexts.get_contexts(due)
        doubtful = [context.record.key for context in due_contexts if self._classify(run, context) is not None]
        found = self._found_in(run, contexts.get_contexts(enrollments.get_records([*suspects, *doubtful])))
        found += self._lost_documents(context for context in due_contexts if context.record.key not in doubtful)
        self._request_repairs(found)
        for enrollment_id in page.unreadable:
            _log_unreadable(enrollment_id, "unknown to this release")
        number = Counter(finding for finding, _ in found) + Counter({Finding.UNREADABLE: len(page.unreadable)})
        for finding, times in number.items():  # per page, so that an interrupted run has counted its pages
            metrics.count("SweepFindings", times, finding=finding.value)
        calendar_upkeep.restore_to_calendar(
            ((one, run.trainings[one.training_id]) for one in records if run.is_daily_check_due(one)), run.now
        )
        run.records += len(records) + len(page.unreadable)
        run.found += number
        run.overdue |= _overdue(found)
        return items, after

    def _is_suspect(self, run: SweepRun, record: CompletionRecord) -> bool:
        try:
            return needs_recheck(record, run.trainings.get(record.training_id), run.now, self._tolerance)
        except Exception:  # one broken record must not stop the sweep
            return True

    def _found_in(self, run: SweepRun, found: Iterable[EnrollmentContext]) -> list[Found]:
        classified = ((self._classify(run, context), context) for context in found)
        return [(finding, context) for finding, context in classified if finding is not None]

    def _classify(self, run: SweepRun, context: EnrollmentContext) -> Finding | None:
        try:
            return classify(context, run.now, self._tolerance)
        except Exception as error:  # likewise
            _log_unreadable(context.record.enrollment_id, type(error).__qualname__)
            return Finding.UNREADABLE

    def _lost_documents(self, due: Iterable[EnrollmentContext]) -> list[Found]:
        checked = list(due)
        findings = self._background.map(self._check_document, [context.record for context in checked])
        return [(finding, one) for finding, one in zip(findings, checked, strict=True) if finding is not None]

    def _check_document(self, record: CompletionRecord) -> Finding | None:
        issue = record.issue
        if issue is None or record.certificate_status is not CertificateStatus.ISSUED:
            return None
        try:
            stored = self._documents.stored(issue.certificate_id, issue.revision)
        except Exception as error:  # likewise
            _log_unreadable(record.enrollment_id, type(error).__qualname__)
            return Finding.UNREADABLE
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

    def _report(self, run: SweepRun, *, is_first_run: bool) -> None:
        hour, minute = timedelta(hours=1), timedelta(minutes=1)
        unmarked = calendar_upkeep.oldest_unmarked(
            run.sweep_pass, run.now, self._events_per_page, is_first_run=is_first_run
        )
        metrics.value("SweepPassHours", (run.now - run.sweep_pass.began) / hour)
        # CloudWatch charges a metric for each hour in which it is written, so the other two have no zeros.
        if overdue := self._longest_overdue(run):
            metrics.value("OldestOverdueCertificateMinutes", overdue / minute)
        if unmarked:
            metrics.value("OldestUnmarkedAttendanceHours", unmarked / hour)

    def _longest_overdue(self, run: SweepRun) -> timedelta:
        """How long ago the sweep first found the oldest certificate that is earned and still not issued.

        Each run asks again for those of earlier runs, however long a pass takes.
        """
        known = sweep_cursor.get_overdue()
        not_read = [key for key in known if key not in run.overdue]
        again = self._found_in(run, contexts.get_contexts(enrollments.get_records(not_read)))
        self._request_repairs(again)
        left = run.overdue | _overdue(again)
        oldest_first = sorted((known.get(key, run.now), key) for key in left)[:MAX_OVERDUE]
        overdue = {key: since for since, key in oldest_first}
        if overdue != known:
            sweep_cursor.save_overdue(overdue)
        return run.now - oldest_first[0][0] if oldest_first else timedelta(0)


def _overdue(found: Iterable[Found]) -> set[EnrollmentKey]:
    return {context.record.key for finding, context in found if finding is Finding.COMPLETE_NOT_ISSUED}


def _generation_request(finding: Finding, record: CompletionRecord) -> OutgoingMessage | None:
    match finding:
        case Finding.JUST_COMPLETED | Finding.COMPLETE_NOT_ISSUED | Finding.HELD | Finding.ABSENT_NOT_REVOKED:
            return generation_message(record, purpose=Purpose.SWEEP)
        case Finding.ISSUED_WITHOUT_DOCUMENT | Finding.OTHER_VERSION:
            return generation_message(record, purpose=Purpose.RESTORE)
        case _:
            return None


def _log_unreadable(enrollment_id: str, error: str) -> None:
    logger.error("record could not be looked at", extra={"enrollment_id": enrollment_id, "error": error})

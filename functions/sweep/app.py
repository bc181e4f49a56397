"""Closes what no message can: looks at every record in turn and asks for what is missing; announces nothing itself."""

import os
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from itertools import islice
from time import monotonic
from typing import Any

import boto3
from aws_lambda_powertools import Logger
from aws_lambda_powertools.metrics import MetricUnit, single_metric

from earned.aws.dynamodb import contexts as case_reads
from earned.aws.dynamodb import enrollments, sweep_cursor, table, trainings
from earned.aws.metrics import NAMESPACE
from earned.aws.s3 import Documents
from earned.aws.settings import from_environment
from earned.aws.sqs import Queue
from earned.domain import enrollment
from earned.domain.attendance import awaits_mark, may_be_closed
from earned.domain.certificate import CertificateStatus
from earned.domain.enrollment import CompletionRecord
from earned.domain.sweep import Finding, SweepPass, find, is_full_check_due, needs_recheck
from earned.domain.training import LiveEvent, Training
from earned.messages.requests import (
    EnrollmentsChanged,
    OutgoingMessage,
    Purpose,
    evaluation_message,
    generation_message,
)
from earned.usecases.unmarked_attendance import waiting

logger = Logger()
RECORDS_PER_PAGE = 500
PAGES_PER_RUN = 100
SECONDS_PER_RUN = 180.0
EVENTS_PER_RUN = 2_000
ENROLLMENTS_PER_MESSAGE = 25

Found = tuple[Finding, enrollment.EnrollmentContext]


@dataclass(frozen=True)
class Settings:
    """What this function needs."""

    records_table: str
    documents_bucket: str
    evaluation_queue_url: str
    generation_queue_url: str
    order_tolerance_seconds: str


settings = from_environment(Settings, os.environ)
table.bind(settings.records_table)
documents = Documents(boto3.client("s3"), settings.documents_bucket)
sqs = boto3.client("sqs")
evaluation = Queue(sqs, settings.evaluation_queue_url)
generation = Queue(sqs, settings.generation_queue_url)
tolerance = timedelta(seconds=float(settings.order_tolerance_seconds))


def handler(event: dict[str, Any], _context: object) -> dict[str, Any]:
    """Go on where the last run stopped, and say what was found; `{"everything": true}` looks at every document."""
    now = datetime.now(UTC)
    sweep = Sweep(begin(sweep_cursor.sweep_pass(), now), now, everything=bool(event.get("everything")))
    enough = monotonic() + SECONDS_PER_RUN
    for _ in range(PAGES_PER_RUN):
        sweep.look_at_page()
        if sweep.sweep_pass.after is None or monotonic() > enough:
            break
    report(sweep.records, oldest_unmarked(sweep.sweep_pass, now) / timedelta(hours=1))
    findings = {finding.value: count for finding, count in sweep.found.items()}
    return {"records": sweep.records, "findings": findings, "turn_over": sweep.sweep_pass.after is None}


def begin(last: SweepPass | None, now: datetime) -> SweepPass:
    """The turn that was interrupted, or else a new one."""
    if last is not None and last.after is not None:
        return last
    return SweepPass(began=now, before=last.began if last else None)


class Sweep:
    """One run: a bounded part of a turn. Several at once, or one killed anywhere, do no harm: they repeat requests."""

    def __init__(self, sweep_pass: SweepPass, now: datetime, *, everything: bool) -> None:
        self.sweep_pass = sweep_pass
        self.found: Counter[Finding] = Counter()
        self.records = 0
        self._now = now
        self._everything = everything
        self._trainings: dict[str, Training | None] = {}

    def look_at_page(self) -> None:
        """Look at the next records, ask for what they lack, and only then keep how far it came."""
        records, unreadable, after = enrollments.scan(self.sweep_pass.after, RECORDS_PER_PAGE)
        self._read_trainings(records)
        suspects = [(one.enrollment_id, one.account_id) for one in records if self._is_worth_a_look(one)]
        cases = case_reads.cases(enrollments.records(suspects))
        looked_at = [(self._look(context), context) for context in cases]
        found = [(finding, context) for finding, context in looked_at if finding is not None]
        ask(found)
        for enrollment_id in unreadable:
            tell_unreadable(enrollment_id, "unknown to this release")
        count = Counter(finding for finding, _ in found) + Counter({Finding.UNREADABLE: len(unreadable)})
        measure(count)
        reopen(
            [context for finding, context in looked_at if finding is None and self._is_thorough(context.record)], self._now
        )
        self.sweep_pass = replace(self.sweep_pass, after=after)
        sweep_cursor.save_sweep_pass(self.sweep_pass)
        self.records += len(records) + len(unreadable)
        self.found += count

    def _read_trainings(self, records: Iterable[CompletionRecord]) -> None:
        """Read each training once a run; what seems wrong by it is judged again by a fresh reading."""
        unread = {one.training_id for one in records if one.training_id is not None} - self._trainings.keys()
        self._trainings |= dict.fromkeys(unread) | trainings.trainings(unread)

    def _is_worth_a_look(self, record: CompletionRecord) -> bool:
        try:
            training = self._trainings.get(record.training_id or "")
            return self._is_thorough(record) or needs_recheck(record, training, self._now, tolerance)
        except Exception:  # whatever is wrong with one record must not keep the sweep from the others
            return True

    def _is_thorough(self, record: CompletionRecord) -> bool:
        """Whether account and document are looked at too, which costs a read and a request."""
        return record.is_active and (
            self._everything or is_full_check_due(record.enrollment_id, self.sweep_pass)
        )

    def _look(self, context: enrollment.EnrollmentContext) -> Finding | None:
        try:
            finding = find(context, self._now, tolerance)
            return check(context) if finding is None and self._is_thorough(context.record) else finding
        except Exception as error:  # as above
            tell_unreadable(context.record.enrollment_id, type(error).__qualname__)
            return Finding.UNREADABLE


def tell_unreadable(enrollment_id: str, error: str) -> None:
    """Name a record that the sweep has to go on without."""
    logger.error("record could not be looked at", extra={"enrollment_id": enrollment_id, "error": error})


def check(context: enrollment.EnrollmentContext) -> Finding | None:
    """Whether an issued certificate's document is there and is the one that was issued: one request."""
    issue = context.record.issue
    if issue is None or context.record.certificate_status is not CertificateStatus.ISSUED:
        return None
    sha256 = documents.sha256_of(context.record.certificate_id or "", issue.revision)
    if sha256 is None:
        return Finding.ISSUED_WITHOUT_DOCUMENT
    if sha256 == issue.document_sha256:
        return None
    extra = {"certificate_id": context.record.certificate_id, "revision": issue.revision, "sha256": sha256}
    logger.error("document differs", extra=extra)
    return Finding.DOCUMENT_DIFFERS


def ask(found: Sequence[Found]) -> None:
    """Ask for what was found to be put right; whoever is asked decides by the record whether anything is to be done."""
    stale = [context.record for finding, context in found if finding in {Finding.STALE_VERSION, Finding.ACCOUNT_REMOVED}]
    keys = [(record.enrollment_id, record.account_id) for record in stale]
    chunks = [keys[start : start + ENROLLMENTS_PER_MESSAGE] for start in range(0, len(keys), ENROLLMENTS_PER_MESSAGE)]
    # Of many companies at once: in a message group of their own they wait for everybody, and nobody for them.
    evaluation.send([evaluation_message(EnrollmentsChanged(tuple(chunk)), "sweep") for chunk in chunks])
    generation.send([message for finding, context in found if (message := _request(finding, context)) is not None])


def _request(finding: Finding, context: enrollment.EnrollmentContext) -> OutgoingMessage | None:
    match finding:
        case Finding.JUST_COMPLETED | Finding.COMPLETE_NOT_ISSUED | Finding.HELD | Finding.ABSENT_NOT_REVOKED:
            return generation_message(context.record, purpose=Purpose.SWEEP)
        case Finding.ISSUED_WITHOUT_DOCUMENT:
            return generation_message(context.record, purpose=Purpose.RESTORE)
        case _:
            return None


def reopen(cases: Iterable[enrollment.EnrollmentContext], now: datetime) -> None:
    """Put events back on the calendar that were taken off it while somebody was just being enrolled."""
    events = {
        context.training.live_event_id: context.training
        for context in cases
        if isinstance(context.training, LiveEvent)
        and context.is_active
        and may_be_closed(context.training, now)
        and awaits_mark(context.record, context.training, now)
    }
    for event in events.values():
        trainings.add_to_calendar(event)


def oldest_unmarked(sweep_pass: SweepPass, now: datetime) -> timedelta:
    """How long ago the event ended that has waited longest for a mark; on the way, take off those with nobody waiting.

    Beyond that event only those are looked at whose moment of the day has come.
    """
    oldest: timedelta | None = None
    for _, event in islice(trainings.ended_events(now), EVENTS_PER_RUN):
        if oldest is not None and not is_full_check_due(event.live_event_id, sweep_pass):
            continue
        if is_awaited(event, now):
            oldest = oldest or now - event.ends_at
        elif may_be_closed(event, now):
            trainings.remove_from_calendar(event)
    return oldest or timedelta(0)


def is_awaited(event: LiveEvent, now: datetime) -> bool:
    """Whether people wait for a mark at an event; somebody whose record this release cannot read may."""
    try:
        return any(waiting(event, now))
    except ValueError:
        return True


def measure(found: Counter[Finding]) -> None:
    """Count what was found, at once, so that a run that is killed later has said it."""
    for finding, count in found.items():
        with single_metric("SweepFindings", MetricUnit.Count, count, namespace=NAMESPACE) as metric:
            metric.add_dimension("finding", finding.value)


def report(records: int, unmarked_hours: float) -> None:
    """Measure how far a run came, and how long the oldest unmarked attendance has waited."""
    logger.info("swept", extra={"records": records})
    with single_metric("SweptRecords", MetricUnit.Count, records, namespace=NAMESPACE):
        pass
    with single_metric("OldestUnmarkedAttendanceHours", MetricUnit.NoUnit, unmarked_hours, namespace=NAMESPACE):
        pass

"""A diagnosis of one enrollment for support (N4): its history, and what blocks the certificate."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from itertools import accumulate, islice

from earned.domain.enrollment import CompletionRecord
from earned.domain.evaluation import blockers, evaluate_for_issue
from earned.domain.fact_codec import decode, unknown_times
from earned.domain.facts import AttemptsGranted, AttendanceMarked, Fact, QuizGraded, StepDone, VideoWatched
from earned.domain.people import Account
from earned.domain.requirements import Requirement, Verdict
from earned.domain.training import Course, LiveEvent, Training

MAX_TIMELINE = 500
MAX_TIMELINE_TEXT = 150_000  # characters of titles and details; a support agent's answer has at most 6 MB


@dataclass(frozen=True)
class TimelineEntry:
    """One entry of a timeline; `subject` is the id of the step, live event, enrollment or certificate."""

    at: datetime
    what: str
    subject: str
    title: str = ""
    detail: str = ""


@dataclass(frozen=True)
class Attendance:
    status: str
    marked_by: str | None = None
    marked_at: datetime | None = None


@dataclass(frozen=True)
class Diagnosis:
    record: CompletionRecord
    training: Training | None
    account: Account | None
    verdict: Verdict
    blockers: tuple[Requirement, ...]
    timeline: tuple[TimelineEntry, ...]
    attendance: Attendance | None


def diagnose(
    record: CompletionRecord,
    training: Training | None,
    account: Account | None,
    now: datetime,
    tolerance: timedelta,
) -> Diagnosis:
    """Evaluate a record as the generator does; the timeline has its last entries, 500 at most, latest last."""
    verdict = evaluate_for_issue(record, training, account, now, tolerance)
    facts = tuple(decode(record.enrollment_id, record.evidence, training)) if training is not None else ()
    titles = _titles(training)
    told = (*_of_record(record), *(_of_fact(fact, titles) for fact in facts), *_of_unknown_facts(record, training))
    moments = sorted(told, key=lambda moment: moment.at)
    return Diagnosis(
        record=record,
        training=training,
        account=account,
        verdict=verdict,
        blockers=blockers(record, training, verdict),
        timeline=_last(moments),
        attendance=_attendance(training, facts) if isinstance(training, LiveEvent) else None,
    )


def _last(moments: Sequence[TimelineEntry]) -> tuple[TimelineEntry, ...]:
    lengths = accumulate(len(entry.title) + len(entry.detail) for entry in reversed(moments))
    number = sum(length <= MAX_TIMELINE_TEXT for length in islice(lengths, MAX_TIMELINE))
    return tuple(moments[len(moments) - number :])


def _of_record(record: CompletionRecord) -> Iterator[TimelineEntry]:
    certificate = record.certificate_id
    yield TimelineEntry(record.enrolled_at, "enrolled", record.enrollment_id)
    if record.hold is not None:
        detail = f"{record.hold.reason}: {record.hold.detail}"
        yield TimelineEntry(record.hold.since, "certificate-held", record.enrollment_id, detail=detail)
    if record.issue is not None:
        yield TimelineEntry(record.issue.issued_at, "certificate-issued", certificate)
        if record.issue.reissued_at is not None:
            detail = record.issue.reason or ""
            yield TimelineEntry(record.issue.reissued_at, "certificate-reissued", certificate, detail=detail)
    if record.revocation is not None:
        yield TimelineEntry(record.revocation.at, "certificate-revoked", certificate, detail=record.revocation.reason)
    if record.removal is not None:
        yield TimelineEntry(record.removal.at, "removed", record.enrollment_id)


def _of_unknown_facts(record: CompletionRecord, training: Training | None) -> Iterator[TimelineEntry]:
    """Facts that count nothing: the step is not in the newest course, or the mark is for another live event."""
    if training is None:
        return
    missing = "step" if isinstance(training, Course) else "live event"
    for at in unknown_times(record.enrollment_id, record.evidence, training):
        detail = f"counts nothing: its {missing} is not in the newest version of the training"
        yield TimelineEntry(at, "not-in-training", training.training_id, training.title, detail)


def _titles(training: Training | None) -> dict[str, str]:
    if isinstance(training, Course):
        return {step.step_id: step.title for step in training.steps}
    return {} if training is None else {training.live_event_id: training.title}


def _of_fact(fact: Fact, titles: Mapping[str, str]) -> TimelineEntry:
    match fact:
        case StepDone():
            return TimelineEntry(fact.at, "completed", fact.step_id, titles[fact.step_id])
        case VideoWatched():
            played = ", ".join(f"{start / 1000:.10g}-{end / 1000:.10g} s" for start, end in fact.played)
            return TimelineEntry(fact.at, "watched", fact.step_id, titles[fact.step_id], played)
        case QuizGraded():
            return TimelineEntry(fact.at, "graded", fact.step_id, titles[fact.step_id], f"score {fact.score:.10g}")
        case AttemptsGranted():
            detail = f"{fact.attempts} more, by {fact.granted_by}"
            return TimelineEntry(fact.at, "attempts-granted", fact.step_id, titles[fact.step_id], detail)
        case AttendanceMarked():
            what = "marked-present" if fact.present else "marked-absent"
            title = titles[fact.live_event_id]
            return TimelineEntry(fact.at, what, fact.live_event_id, title, f"by {fact.marked_by}")


def _attendance(event: LiveEvent, facts: tuple[Fact, ...]) -> Attendance:
    marks = [fact for fact in facts if isinstance(fact, AttendanceMarked) and fact.at >= event.ends_at]
    if not marks:
        return Attendance("not-marked")
    latest = max(marks, key=lambda mark: (mark.at, mark.stamp, not mark.present))
    return Attendance("present" if latest.present else "absent", latest.marked_by, latest.at)

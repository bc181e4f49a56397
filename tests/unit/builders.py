"""Small builders of the domain: a test names only the field that matters."""

import dataclasses
from datetime import UTC, datetime, timedelta
from typing import Any

from earned.domain.certificate import CertificateContent, Issuance, Revocation
from earned.domain.enrollment import CompletionRecord, Removal
from earned.domain.fact_codec import encode, identify
from earned.domain.facts import AttemptsGranted, AttendanceMarked, Fact, QuizGraded, StepDone, VideoWatched
from earned.domain.people import Account, Role
from earned.domain.training import Course, LiveEvent, Step, StepKind, TrainingKind

ENROLLED = datetime(2026, 3, 2, 9, tzinfo=UTC)
LATER = datetime(2026, 6, 1, tzinfo=UTC)
ENDS = datetime(2026, 4, 1, 17, tzinfo=UTC)
MILLISECOND = timedelta(milliseconds=1)


def after(minutes: float = 0, *, ms: int = 0, start: datetime = ENROLLED) -> datetime:
    """A moment some minutes and milliseconds after the enrollment, or after `start`."""
    return start + timedelta(minutes=minutes, milliseconds=ms)


def lesson(step_id: str = "lesson", kind: StepKind = StepKind.LESSON, **changes: Any) -> Step:
    """A lesson, or a reading or an activity."""
    return Step(step_id, kind, f"The {step_id}", **changes)


def video(step_id: str = "video", duration: int = 60_000, kind: StepKind = StepKind.VIDEO, **changes: Any) -> Step:
    """A video of a minute, or another kind that is watched."""
    return Step(step_id, kind, f"The {step_id}", duration=duration, **changes)


def quiz(step_id: str = "quiz", attempts: int | None = None, **changes: Any) -> Step:
    """A quiz passed with 70 points, in any number of attempts."""
    return Step(step_id, StepKind.QUIZ, f"The {step_id}", **{"passing_score": 70.0, "attempts": attempts, **changes})


def course(*steps: Step, **changes: Any) -> Course:
    """An ordered course of these steps."""
    return Course("course-1", 1, "Safe lifting", steps, **changes)


def live_event(**changes: Any) -> LiveEvent:
    """A live event of one afternoon."""
    event = LiveEvent("event-1", 1, "First aid", starts_at=ENDS - timedelta(hours=3), ends_at=ENDS)
    return dataclasses.replace(event, **changes)


def done(step_id: str = "lesson", at: datetime = ENROLLED) -> Fact:
    """A lesson, reading or activity was done."""
    return StepDone(step_id, at)


def watched(*played: tuple[int, int], at: datetime = ENROLLED, step_id: str = "video") -> Fact:
    """A sitting with these ranges in milliseconds; without any, the whole minute."""
    return VideoWatched(step_id, at, played or ((0, 60_000),))


def graded(score: float, at: datetime = ENROLLED, step_id: str = "quiz", event: str = "") -> Fact:
    """An attempt; its identity follows from what it says, unless `event` is given."""
    score = float(score)
    return QuizGraded(step_id, at, score, identify("portal", event or f"{step_id} {at} {score}"))


def granted(attempts: int, at: datetime = ENROLLED, step_id: str = "quiz", event: str = "") -> Fact:
    """More attempts."""
    return AttemptsGranted(
        step_id, at, attempts, "support-1", identify("portal", event or f"{step_id} {at} {attempts}")
    )


def marked(present: bool, at: datetime = ENDS, live_event_id: str = "event-1", stamp: str = "portal\0mark-1") -> Fact:
    """An administrator's mark."""
    return AttendanceMarked(live_event_id, at, present, "administrator-1", stamp)


def account(**changes: Any) -> Account:
    """An individual's account."""
    return dataclasses.replace(Account("account-1", Role.INDIVIDUAL, "Ilse Brandvold", "ilse@mail.example"), **changes)


def stored(*facts: Fact) -> frozenset[bytes]:
    """The stored form of facts about the enrollment of `completion`."""
    return frozenset(one for fact in facts for one in encode("enrollment-1", fact))


def completion(*facts: Fact, **changes: Any) -> CompletionRecord:
    """The record of an enrollment that stands, with these facts."""
    record = CompletionRecord(
        enrollment_id="enrollment-1",
        account_id="account-1",
        evidence=stored(*facts),
        training_id="course-1",
        enrolled_at=ENROLLED,
        certificate_id="k3f7m2qzt5vx4hbrn6wdyc2jpa",
    )
    return dataclasses.replace(record, **changes)


def removal(at: datetime = LATER) -> Removal:
    """The enrollment was removed."""
    return Removal(at, "request-3")


def revocation(at: datetime = ENDS) -> Revocation:
    """A certificate was revoked, since the attendance was corrected."""
    return Revocation(at, "marked-absent", "request-2")


def issue(**changes: Any) -> Issuance:
    """A first revision."""
    printed = CertificateContent(
        certificate_id="k3f7m2qzt5vx4hbrn6wdyc2jpa",
        holder="Ilse Brandvold",
        title="Safe lifting",
        kind=TrainingKind.COURSE,
        completed_on=ENROLLED.date(),
        hours=None,
        company=None,
        language="en",
        verify_url="https://learn.example/verify/k3f7m2qzt5vx4hbrn6wdyc2jpa",
    )
    first = Issuance(1, after(1), ENROLLED, 1, "0" * 64, "0" * 64, printed, "request-1")
    return dataclasses.replace(first, **changes)

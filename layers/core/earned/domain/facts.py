"""What can happen in an enrollment."""

from dataclasses import dataclass
from datetime import datetime


@dataclass(frozen=True, slots=True)
class StepDone:
    """A lesson, reading or activity was completed."""

    step_id: str
    at: datetime


@dataclass(frozen=True, slots=True)
class VideoWatched:
    """One sitting: the ranges played, in milliseconds from the video's start."""

    step_id: str
    at: datetime
    played: tuple[tuple[int, int], ...]


@dataclass(frozen=True, slots=True)
class QuizGraded:
    """One attempt at a quiz, told from others by the event that reported it."""

    step_id: str
    at: datetime
    score: float
    attempt: str


@dataclass(frozen=True, slots=True)
class AttemptsGranted:
    """Support allowed more attempts at a quiz."""

    step_id: str
    at: datetime
    attempts: int
    granted_by: str
    grant: str


@dataclass(frozen=True, slots=True)
class AttendanceMarked:
    """An administrator marked a person present or absent."""

    live_event_id: str
    at: datetime
    present: bool
    marked_by: str


Fact = StepDone | VideoWatched | QuizGraded | AttemptsGranted | AttendanceMarked

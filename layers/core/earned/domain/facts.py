"""The facts about an enrollment; `at` is the time of each, to the millisecond."""

from dataclasses import dataclass
from datetime import datetime


@dataclass(frozen=True, slots=True)
class StepDone:
    """A lesson, reading or activity was completed."""

    step_id: str
    at: datetime


@dataclass(frozen=True, slots=True)
class VideoWatched:
    """One sitting; `played` is (start, end) of each range, in milliseconds from the video's start."""

    step_id: str
    at: datetime
    played: tuple[tuple[int, int], ...]


@dataclass(frozen=True, slots=True)
class QuizGraded:
    """One attempt at a quiz; `attempt` is the identity of the event that reported it."""

    step_id: str
    at: datetime
    score: float
    attempt: str


@dataclass(frozen=True, slots=True)
class AttemptsGranted:
    """Support granted more attempts at a quiz; `grant` is the identity of the event that reported it."""

    step_id: str
    at: datetime
    attempts: int
    granted_by: str
    grant: str


@dataclass(frozen=True, slots=True)
class AttendanceMarked:
    """An administrator marked a person present or absent.

    `stamp` is the event's source, a zero character and its id: of two marks of one instant the greater one applies.
    """

    live_event_id: str
    at: datetime
    present: bool
    marked_by: str
    stamp: str


Fact = StepDone | VideoWatched | QuizGraded | AttemptsGranted | AttendanceMarked

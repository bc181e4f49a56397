"""Courses and live events."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum


class TrainingKind(StrEnum):
    """A training is a course or a live event."""

    COURSE = "course"
    LIVE_EVENT = "live-event"


class StepKind(StrEnum):
    """What a course is made of."""

    LESSON = "lesson"
    READING = "reading"
    ACTIVITY = "activity"
    VIDEO = "video"
    QUIZ = "quiz"


@dataclass(frozen=True, slots=True)
class Step:
    """One step of a course; a video has a duration in milliseconds, a quiz a passing score and perhaps a limit."""

    step_id: str
    kind: StepKind
    title: str
    required: bool = True
    duration: int = 0
    passing_score: float = 0.0
    attempts: int | None = None


@dataclass(frozen=True)
class Course:
    """One published version of a course."""

    course_id: str
    version: int
    title: str
    steps: tuple[Step, ...]
    ordered: bool = True
    hours: float | None = None
    timezone: str = "UTC"
    language: str = "en"

    @property
    def training_id(self) -> str:
        """A training's id, whatever its kind."""
        return self.course_id

    @property
    def kind(self) -> TrainingKind:
        """Always a course."""
        return TrainingKind.COURSE

    @property
    def subjects(self) -> Iterable[str]:
        """The ids that facts about this training speak of."""
        return (step.step_id for step in self.steps)


@dataclass(frozen=True)
class LiveEvent:
    """A live event as last scheduled; its version grows with each schedule or cancellation."""

    live_event_id: str
    version: int
    title: str
    starts_at: datetime
    ends_at: datetime
    timezone: str = "UTC"
    hours: float | None = None
    language: str = "en"
    cancelled: bool = False

    @property
    def training_id(self) -> str:
        """A training's id, whatever its kind."""
        return self.live_event_id

    @property
    def kind(self) -> TrainingKind:
        """Always a live event."""
        return TrainingKind.LIVE_EVENT

    @property
    def subjects(self) -> Iterable[str]:
        """The ids that facts about this training speak of."""
        return (self.live_event_id,)


Training = Course | LiveEvent

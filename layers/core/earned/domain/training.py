"""Courses and live events."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from enum import Enum, StrEnum, auto

DEFAULT_DESIGN = "default"  # the design folder of a training that names none
SCORE_DECIMALS = 9  # a score of 56.99999999999999 is 57


class TrainingKind(StrEnum):
    COURSE = "course"
    LIVE_EVENT = "live-event"


class Completion(Enum):
    """What completes a step. All that depends on the kind of a step follows from this."""

    DONE = auto()
    WATCHED = auto()  # C3
    PASSED = auto()  # C4


REQUIRED_FIELDS = {Completion.WATCHED: "duration", Completion.PASSED: "passing_score"}  # what a step so completed has


class StepKind(StrEnum):
    LESSON = "lesson"
    READING = "reading"
    ACTIVITY = "activity"
    VIDEO = "video"
    QUIZ = "quiz"

    @property
    def completion(self) -> Completion:
        match self:
            case StepKind.LESSON | StepKind.READING | StepKind.ACTIVITY:
                return Completion.DONE
            case StepKind.VIDEO:
                return Completion.WATCHED
            case StepKind.QUIZ:
                return Completion.PASSED


@dataclass(frozen=True, slots=True)
class Step:
    """One step of a course.

    `duration` is that of a watched step, in milliseconds. `passing_score`, `attempts` and `max_score` are those of a
    passed one; None: no limit.
    """

    step_id: str
    kind: StepKind
    title: str
    required: bool = True
    duration: int = 0
    passing_score: float = 0.0
    attempts: int | None = None
    max_score: float | None = None

    def is_off_scale(self, score: float) -> bool:
        """Whether a score is above the highest, both rounded to `SCORE_DECIMALS` (C4)."""
        return self.max_score is not None and round(score, SCORE_DECIMALS) > round(self.max_score, SCORE_DECIMALS)


@dataclass(frozen=True)
class Course:
    """One published version of a course; `unprintable` is why its title cannot be printed, empty if it can."""

    course_id: str
    version: int
    title: str
    steps: tuple[Step, ...]
    ordered: bool = True
    hours: float | None = None
    timezone: str = "UTC"
    language: str = "en"
    design: str = DEFAULT_DESIGN
    unprintable: str = ""

    @property
    def training_id(self) -> str:
        return self.course_id

    @property
    def kind(self) -> TrainingKind:
        return TrainingKind.COURSE

    @property
    def subjects(self) -> Iterable[str]:
        return (step.step_id for step in self.steps)


@dataclass(frozen=True)
class LiveEvent:
    """A live event as last scheduled; its version grows with each schedule or cancellation.

    `unprintable` is as of a course.
    """

    live_event_id: str
    version: int
    title: str
    starts_at: datetime
    ends_at: datetime
    timezone: str = "UTC"
    hours: float | None = None
    language: str = "en"
    cancelled: bool = False
    design: str = DEFAULT_DESIGN
    unprintable: str = ""

    @property
    def training_id(self) -> str:
        return self.live_event_id

    @property
    def kind(self) -> TrainingKind:
        return TrainingKind.LIVE_EVENT

    @property
    def subjects(self) -> Iterable[str]:
        return (self.live_event_id,)


Training = Course | LiveEvent

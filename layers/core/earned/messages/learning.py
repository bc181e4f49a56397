"""Events of the progress and attendance queues; each carries one fact about an enrollment."""

from typing import Annotated, Literal

from pydantic import Field, WithJsonSchema
from pydantic.config import JsonDict

from earned.domain import facts
from earned.domain.fact_codec import MAX_GRANT_TEXT, identify, packed
from earned.messages.envelope import CloudEvent, EnrollmentData, StrictModel
from earned.messages.event_fields import Number, PositiveWholeNumber, Score, video_milliseconds
from earned.messages.schema_types import Id

# `items` instead of pydantic's `prefixItems`: generators make a pair of numbers of it in every language.
_RANGE_SCHEMA: JsonDict = {"type": "array", "items": {"type": "number"}, "minItems": 2, "maxItems": 2}
_Range = Annotated[tuple[Number, Number], WithJsonSchema(_RANGE_SCHEMA)]
MAX_RANGES = 1000  # a stored range takes 8 bytes, and a DynamoDB item 400 KB


class _StepData(EnrollmentData):
    step_id: Id


class LessonCompleted(_StepData):
    """A lesson, reading or activity was completed."""


class LessonCompletedEvent(CloudEvent[LessonCompleted]):
    type: Literal["portal.lesson.completed.v1"]

    def fact(self) -> facts.Fact:
        return facts.StepDone(self.data.step_id, self.time)


class VideoWatched(_StepData):
    """One sitting of a video. `played` lists the ranges played as [start, end], in seconds from the video's start.

    Sittings add up. A range that is empty or starts below 0 does not count; the end of one is cut at the duration.
    """

    played: Annotated[tuple[_Range, ...], Field(max_length=MAX_RANGES)]


class VideoWatchedEvent(CloudEvent[VideoWatched]):
    type: Literal["portal.video.watched.v1"]

    def fact(self) -> facts.Fact:
        """Without ranges that are empty or negative: they cannot count (C3)."""
        played = (
            (video_milliseconds(start), video_milliseconds(end)) for start, end in self.data.played if 0 <= start < end
        )
        return facts.VideoWatched(
            self.data.step_id, self.time, tuple((start, end) for start, end in played if start < end)
        )


class QuizGraded(_StepData):
    """One attempt at a quiz was graded; `score` is on the scale of the quiz's `passing_score` and `max_score`."""

    score: Score


class QuizGradedEvent(CloudEvent[QuizGraded]):
    type: Literal["portal.quiz.graded.v1"]

    def fact(self) -> facts.Fact:
        return facts.QuizGraded(self.data.step_id, self.time, self.data.score, _identity(self))


class AttemptsGranted(_StepData):
    """More attempts at a quiz were granted, on top of those the course allows; `granted_by` is an account id."""

    attempts: PositiveWholeNumber
    granted_by: Id


class AttemptsGrantedEvent(CloudEvent[AttemptsGranted]):
    type: Literal["portal.quiz.attempts-granted.v1"]

    def fact(self) -> facts.Fact:
        data = self.data
        return facts.AttemptsGranted(data.step_id, self.time, data.attempts, _granted_by(data), _identity(self))


class MarkedBy(StrictModel):
    """The account that marked the attendance; a mark whose `role` is not `administrator` is refused."""

    account_id: Id
    role: str


class AttendanceMarked(EnrollmentData):
    """A person was marked present or absent at a live event; the latest mark wins.

    A mark from before the live event's end is refused.
    """

    live_event_id: Id
    status: Literal["present", "absent"]
    marked_by: MarkedBy


class AttendanceMarkedEvent(CloudEvent[AttendanceMarked]):
    type: Literal["portal.attendance.marked.v1"]

    def fact(self) -> facts.AttendanceMarked:
        data = self.data
        stamp = f"{self.source}\0{self.id}"
        return facts.AttendanceMarked(
            data.live_event_id, self.time, data.status == "present", data.marked_by.account_id, stamp
        )


def _identity(event: QuizGradedEvent | AttemptsGrantedEvent) -> str:
    """Salted with the enrollment, so that no ids can be prepared to collide."""
    return identify(event.data.enrollment_id, event.source, event.id)


def _granted_by(granted: AttemptsGranted) -> str:
    """A UUID, an id of up to 22 characters, or the ends of a longer one: a grant fits any record, as a score does."""
    room, id_ = MAX_GRANT_TEXT - len(str(granted.attempts)), granted.granted_by
    half = (room - len(" …".encode())) // 2
    return id_ if len(packed(id_)) <= room else f"{id_[:half]}…{id_[-half:]}"


ProgressEvent = LessonCompletedEvent | VideoWatchedEvent | QuizGradedEvent | AttemptsGrantedEvent
AttendanceEvent = AttendanceMarkedEvent

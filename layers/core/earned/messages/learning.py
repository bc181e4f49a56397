"""Events of the progress and attendance queues; each carries one fact about an enrollment."""

from typing import Annotated, Literal

from pydantic import Field

from earned.domain.fact_codec import MAX_GRANT_TEXT, identify
from earned.domain.facts import AttemptsGranted, AttendanceMarked, Fact, QuizGraded, StepDone, VideoWatched
from earned.messages.envelope import CloudEvent, EnrollmentData, StrictModel
from earned.messages.event_fields import Number, PositiveWholeNumber, Score, video_milliseconds
from earned.messages.schema_types import Id

MAX_RANGES = 1000  # a stored range takes 8 bytes, and a DynamoDB item 400 KB


class _StepData(EnrollmentData):
    step_id: Id


class LessonCompletedData(_StepData):
    """A lesson, reading or activity was completed."""


class LessonCompletedEvent(CloudEvent[LessonCompletedData]):
    type: Literal["portal.lesson.completed.v1"]

    def fact(self) -> Fact:
        return StepDone(self.data.step_id, self.time)


class VideoWatchedData(_StepData):
    """One sitting of a video. `played` lists the ranges played as [start, end], in seconds from the video's start.

    Sittings add up. A range that is empty or starts below 0 does not count; the end of one is cut at the duration.
    """

    played: Annotated[tuple[tuple[Number, Number], ...], Field(max_length=MAX_RANGES)]


class VideoWatchedEvent(CloudEvent[VideoWatchedData]):
    type: Literal["portal.video.watched.v1"]

    def fact(self) -> Fact:
        """Without ranges that are empty or negative: they cannot count (C3)."""
        played = (
            (video_milliseconds(start), video_milliseconds(end)) for start, end in self.data.played if 0 <= start < end
        )
        return VideoWatched(self.data.step_id, self.time, tuple((start, end) for start, end in played if start < end))


class QuizGradedData(_StepData):
    """One attempt at a quiz was graded; `score` is on the scale of the quiz's `passing_score` and `max_score`."""

    score: Score


class QuizGradedEvent(CloudEvent[QuizGradedData]):
    type: Literal["portal.quiz.graded.v1"]

    def fact(self) -> Fact:
        return QuizGraded(self.data.step_id, self.time, self.data.score, _identity(self))


class AttemptsGrantedData(_StepData):
    """More attempts at a quiz were granted, on top of those the course allows; `granted_by` is an account id."""

    attempts: PositiveWholeNumber
    granted_by: Id


class AttemptsGrantedEvent(CloudEvent[AttemptsGrantedData]):
    type: Literal["portal.quiz.attempts-granted.v1"]

    def fact(self) -> Fact:
        data = self.data
        return AttemptsGranted(data.step_id, self.time, data.attempts, _granted_by(data), _identity(self))


class MarkedBy(StrictModel):
    """The account that marked the attendance; a mark whose `role` is not `administrator` is refused."""

    account_id: Id
    role: str


class AttendanceMarkedData(EnrollmentData):
    """A person was marked present or absent at a live event; the latest mark wins.

    A mark from before the live event's end is refused.
    """

    live_event_id: Id
    status: Literal["present", "absent"]
    marked_by: MarkedBy


class AttendanceMarkedEvent(CloudEvent[AttendanceMarkedData]):
    type: Literal["portal.attendance.marked.v1"]

    def fact(self) -> AttendanceMarked:
        data = self.data
        stamp = f"{self.source}\0{self.id}"
        return AttendanceMarked(
            data.live_event_id, self.time, data.status == "present", data.marked_by.account_id, stamp
        )


def _identity(event: QuizGradedEvent | AttemptsGrantedEvent) -> str:
    """Salted with the enrollment, so that no ids can be prepared to collide."""
    return identify(event.data.enrollment_id, event.source, event.id)


def _granted_by(granted: AttemptsGrantedData) -> str:
    """The account's id, of a long one its ends: a grant is as small a fact as a graded quiz, so it fits any record."""
    room, id_ = MAX_GRANT_TEXT - len(f"{granted.attempts} "), granted.granted_by
    half = (room - len("…".encode())) // 2
    return id_ if len(id_) <= room else f"{id_[:half]}…{id_[-half:]}"


ProgressEvent = LessonCompletedEvent | VideoWatchedEvent | QuizGradedEvent | AttemptsGrantedEvent
AttendanceEvent = AttendanceMarkedEvent

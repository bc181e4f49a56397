"""What a portal imports to post events: typed data, `event` and `Publisher`."""

from earned.aws.publisher import NotSent, Publisher
from earned.domain.people import Role
from earned.domain.training import StepKind
from earned.messages.directory import (
    AccountRemoved,
    AccountSaved,
    CompanySaved,
    CoursePublished,
    EnrollmentCreated,
    EnrollmentRemoved,
    LiveEventCancelled,
    LiveEventScheduled,
    PublishedStep,
    UploadedLogo,
)
from earned.messages.learning import (
    AttemptsGranted,
    AttendanceMarked,
    LessonCompleted,
    MarkedBy,
    QuizGraded,
    VideoWatched,
)
from earned.messages.posting import Event, event

__all__ = [
    "AccountRemoved",
    "AccountSaved",
    "AttemptsGranted",
    "AttendanceMarked",
    "CompanySaved",
    "CoursePublished",
    "EnrollmentCreated",
    "EnrollmentRemoved",
    "Event",
    "LessonCompleted",
    "LiveEventCancelled",
    "LiveEventScheduled",
    "MarkedBy",
    "NotSent",
    "PublishedStep",
    "Publisher",
    "QuizGraded",
    "Role",
    "StepKind",
    "UploadedLogo",
    "VideoWatched",
    "event",
]

"""A company whose people learn during an incident: the events that its portal posts, and who must get a certificate."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import cached_property
from typing import Any

from earned.messages.posting import Event

MINUTE = timedelta(minutes=1)
STEPS = [
    {"step_id": "read", "kind": "reading", "title": "Where the Exits Are"},
    {"step_id": "watch", "kind": "video", "title": "When the Bell Rings", "duration": 60},
    {"step_id": "answer", "kind": "quiz", "title": "What to Do", "passing_score": 80, "attempts": 2},
]
QueuedEvent = tuple[str, Event]  # the queue's name and the event


@dataclass(frozen=True)
class Learner:
    """One person, in the course or at the live event; those who do not finish must not get a certificate."""

    account_id: str
    enrollment_id: str
    at_event: bool
    finishes: bool


@dataclass(frozen=True)
class Cohort:
    """The people of one company: every other one in a course of three steps, the rest at a live event.

    All ids end in `tag`.
    """

    tag: str

    @property
    def company_id(self) -> str:
        return f"co-{self.tag}"

    def learner(self, number: int) -> Learner:
        """The learner with this number, counted from 0; one in six does not finish."""
        ids = f"acc-{number}-{self.tag}", f"enr-{number}-{self.tag}"
        return Learner(*ids, at_event=number % 2 == 1, finishes=number % 6 != 5)

    @cached_property
    def began(self) -> datetime:
        return datetime.now(UTC) - timedelta(days=1)

    def trainings(self) -> Iterator[QueuedEvent]:
        course = {"course_id": f"course-{self.tag}", "version": 1, "title": "Leaving a House", "steps": STEPS}
        times = {"starts_at": self.began.isoformat(), "ends_at": (self.began + MINUTE).isoformat(), "timezone": "UTC"}
        event = {"live_event_id": f"event-{self.tag}", "title": "Evacuation Drill"}
        yield self._event("directory", "company.saved", 0, company_id=self.company_id, name="Example Bakery")
        yield self._event("directory", "course.published", 0, **course)
        yield self._event("directory", "live-event.scheduled", 0, **event, **times)

    def story(self, learner: Learner) -> Iterator[QueuedEvent]:
        who = {"account_id": learner.account_id, "company_id": self.company_id}
        person = {"kind": "employee", "name": "Ada Sample", "email": "ada@portal.example"}
        enrolled = {"enrollment_id": learner.enrollment_id, "account_id": learner.account_id}
        training = f"{'event' if learner.at_event else 'course'}-{self.tag}"
        yield self._event("directory", "account.saved", 0, **who, **person)
        yield self._event("directory", "enrollment.created", 0, **enrolled, training_id=training)
        yield from (
            self._attendance_events(learner, enrolled) if learner.at_event else self._course_events(learner, enrolled)
        )

    def _course_events(self, learner: Learner, enrolled: dict[str, str]) -> Iterator[QueuedEvent]:
        score = 90 if learner.finishes else 50
        yield self._event("progress", "lesson.completed", 10, **enrolled, step_id="read")
        yield self._event("progress", "video.watched", 20, **enrolled, step_id="watch", played=[[0, 60]])
        yield self._event("progress", "quiz.graded", 30, **enrolled, step_id="answer", score=score)

    def _attendance_events(self, learner: Learner, enrolled: dict[str, str]) -> Iterator[QueuedEvent]:
        mark = {"live_event_id": f"event-{self.tag}", "status": "present" if learner.finishes else "absent"}
        by = {"account_id": f"acc-trainer-{self.tag}", "role": "administrator"}
        yield self._event("attendance", "attendance.marked", 10, **enrolled, **mark, marked_by=by)

    def _event(self, queue: str, kind: str, minutes: int, /, **data: Any) -> QueuedEvent:
        at = self.began + minutes * MINUTE
        return queue, Event(f"portal.{kind}.v1", data, at, group=self.company_id)

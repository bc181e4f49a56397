"""Two companies as events: attendees of one are marked at once while learners of the other finish a course."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any

from earned.domain.enrollment import EnrollmentKey
from earned.messages.posting import Event
from tools.load.copies import Person
from tools.local.scenario import Message

HALL, SCHOOL = "co-hall", "co-school"
LIVE_EVENT, COURSE = "event-hall", "course-school"
STEPS = [f"lesson-{number}" for number in range(1, 6)]
ENDED = timedelta(hours=1)  # before the marks are posted


@dataclass(frozen=True)
class Workload:
    """The attendees of one company's live event and the learners of the other's course."""

    attendees: int
    learners: int
    began: datetime = field(default_factory=lambda: datetime.now(UTC) - timedelta(days=1))

    def directory(self) -> Iterator[Message]:
        for company in (HALL, SCHOOL):
            yield self._event("directory", "company.saved", company, {"company_id": company, "name": "Sample Lanterns"})
        ended = datetime.now(UTC) - ENDED
        when = {"starts_at": (ended - ENDED).isoformat(), "ends_at": ended.isoformat(), "timezone": "UTC"}
        event = {"live_event_id": LIVE_EVENT, "title": "Leading Well", **when}
        yield self._event("directory", "live-event.scheduled", HALL, event)
        steps = [{"step_id": step, "kind": "lesson", "title": step.title()} for step in STEPS]
        course = {"course_id": COURSE, "version": 1, "title": "Well Led", "steps": steps}
        yield self._event("directory", "course.published", SCHOOL, course)
        for person, company in self._known():
            named = {"kind": "employee", "name": _name(person), "email": "ada@example.com"}
            account = {"account_id": person, "company_id": company, **named}
            yield self._event("directory", "account.saved", company, account)

    def enrollments(self) -> Iterator[Message]:
        for person, company in self._known():
            training = LIVE_EVENT if company == HALL else COURSE
            yield self._event("directory", "enrollment.created", company, _keys(person) | {"training_id": training})

    def marks(self) -> Iterator[Message]:
        by = {"account_id": "acc-staff", "role": "administrator"}
        mark = {"live_event_id": LIVE_EVENT, "status": "present", "marked_by": by}
        for number in range(self.attendees):
            marked = _keys(_person(HALL, number)) | mark
            yield self._event("attendance", "attendance.marked", HALL, marked, later=timedelta(days=1))

    def lessons(self, number: int) -> Iterator[Message]:
        for minutes, step in enumerate(STEPS):
            done = _keys(_person(SCHOOL, number)) | {"step_id": step}
            yield self._event("progress", "lesson.completed", SCHOOL, done, later=timedelta(minutes=minutes))

    def _known(self) -> Iterator[tuple[str, str]]:
        """Those who are enrolled by events: the first attendee and all learners."""
        for company, people in ((HALL, 1), (SCHOOL, self.learners)):
            yield from ((_person(company, number), company) for number in range(people))

    def first(self) -> EnrollmentKey:
        return _key(_person(HALL, 0))

    def others(self) -> list[Person]:
        """The other attendees, who are copies of the first."""
        people = [_person(HALL, number) for number in range(1, self.attendees)]
        return [Person(_key(person), _name(person)) for person in people]

    def _event(
        self, queue: str, kind: str, company: str, data: Mapping[str, Any], later: timedelta = timedelta(0)
    ) -> Message:
        at = self.began + later
        body = Event(f"portal.{kind}.v1", data, at).body()
        return Message(queue, body, at, str(data.get("enrollment_id", "")), group=company)


def _person(company: str, number: int) -> str:
    return f"acc-{company[3:]}-{number:05}"


def _name(person: str) -> str:
    return f"Ada Sample-{person[4:]}"


def _key(person: str) -> EnrollmentKey:
    return EnrollmentKey(f"enr-{person[4:]}", person)


def _keys(person: str) -> dict[str, Any]:
    return {"account_id": person, "enrollment_id": f"enr-{person[4:]}"}

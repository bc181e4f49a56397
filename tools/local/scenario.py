"""A company's week as data: people, what each does, the posting order, and the expected outcome.

Nothing here knows the service's rules: each story states the outcome that it must have.
"""

import random
import uuid
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any

from earned.messages.posting import Event

MINUTE = timedelta(minutes=1)
HOUR = 60 * MINUTE
DAY = 24 * HOUR
DAYS = 7

GIVEN_NAMES = (
    "Ada",
    "Ben",
    "Cleo",
    "Dan",
    "Eve",
    "Finn",
    "Gus",
    "Hana",
    "Ivo",
    "Jo",
    "Kim",
    "Leo",
    "Mia",
    "Ned",
    "Ola",
)
UNUSUAL_NAMES = {  # of people who finish, so that all are printed
    5: "ليلى عينة-05",  # Layla Sample-05
    9: "<b>Ivy</b> <script>alert('Sample')</script> Sample-09",
    15: "見本花子-15",  # Hanako Sample-15
}
COMPANIES = {"co-1": "Example Bakery", "co-2": "Sample Logistics", "co-3": "Placeholder Clinic"}
EMPLOYEES_OF_EACH = 18
INDIVIDUALS = 8


@dataclass(frozen=True)
class Account:
    account_id: str
    kind: str
    name: str
    company_id: str | None = None


@dataclass(frozen=True)
class Outstanding:
    """The first requirement that is not met, as the API must report it."""

    kind: str
    id: str
    reason: str


@dataclass(frozen=True)
class Enrollment:
    """One person in one training; with nothing outstanding there must be one certificate, else none."""

    enrollment_id: str
    account: Account
    training_id: str
    outstanding: Outstanding | None = None


@dataclass(frozen=True)
class Message:
    """A message for a queue (directory, progress or attendance); `at` is when in the week it is posted.

    `concerns` is the enrollment, account or training whose outcome waits for it; `flaw` says why it must be refused;
    `group` is the company, or the account of an individual, that the message is about.
    """

    queue: str
    body: str
    at: datetime
    concerns: str = ""
    flaw: str = ""
    group: str | None = None


@dataclass(frozen=True)
class Scenario:
    """Everything that is posted, in posting order, and its expected outcome."""

    accounts: list[Account]
    enrollments: list[Enrollment]
    titles: dict[str, str]
    messages: list[Message]


Story = Callable[[Enrollment, datetime], tuple[list[Message], Outstanding | None]]


def build(now: datetime, seed: int = 2026) -> Scenario:
    """The week that ends at `now` (aware); the same seed generates the same week."""
    rng = random.Random(seed)  # noqa: S311 - a scenario, not a secret
    start = now - DAYS * DAY
    accounts = _accounts()
    stories = [_play_story(enrollment, story, start, rng) for enrollment, story in _enrolled(accounts)]
    enrollments = [enrollment for enrollment, _ in stories]
    events = [*_directory(accounts, enrollments, start), *(event for _, events in stories for event in events)]
    shuffled = [_delayed(event, 0.3, rng) for event in events]
    duplicates = [_delayed(event, 2, rng) for event in rng.sample(shuffled, len(shuffled) // 8)]
    messages = [*shuffled, *duplicates, *_refused(enrollments[0], start + 3 * DAY)]
    return Scenario(accounts, enrollments, TITLES, sorted(messages, key=lambda message: message.at))


def _delayed(message: Message, days: float, rng: random.Random) -> Message:
    return replace(message, at=message.at + rng.uniform(0, days) * DAY)


# People


def _accounts() -> list[Account]:
    kinds: list[tuple[str, str | None]] = []
    for company in COMPANIES:
        kinds += [("company-admin", company), *[("employee", company)] * EMPLOYEES_OF_EACH]
    kinds += [*[("individual", None)] * INDIVIDUALS, ("administrator", None), ("support", None)]
    return [Account(f"acc-{n:02}", kind, _name(n), company) for n, (kind, company) in enumerate(kinds, start=1)]


def _name(number: int) -> str:
    return UNUSUAL_NAMES.get(number, f"{GIVEN_NAMES[number % len(GIVEN_NAMES)]} Sample-{number:02}")


# Trainings


def _step(number: int, kind: str, **more: object) -> dict[str, Any]:
    return {"step_id": f"step-{number:02}", "kind": kind, "title": f"{kind.title()} {number}", **more}


def _safety_step(number: int) -> dict[str, Any]:
    match number % 10:
        case 3:
            return _step(number, "reading")
        case 5:
            return _step(number, "video", duration=90)
        case 7:
            return _step(number, "activity")
        case 0:
            return _step(number, "quiz", passing_score=80, attempts=3)
    return _step(number, "lesson")


COURSES = {
    "course-safety": [_safety_step(number) for number in range(1, 41)],
    "course-basics": [
        _step(1, "lesson"),
        _step(2, "reading"),
        _step(3, "video", duration=60.5),
        _step(4, "activity", required=False),
        _step(5, "quiz", passing_score=70, attempts=3),
        _step(6, "lesson"),
    ],
}
HOURS = 6  # of each course
EVENT = "event-drill"
TITLES = {"course-safety": "Workplace Safety", "course-basics": "First Week Basics", EVENT: "Evacuation Drill"}
EVENT_ENDED = 4.5  # days into the week


# Messages


def _event(queue: str, kind: str, at: datetime, concerns: str, /, **data: Any) -> Message:
    known = {name: value for name, value in data.items() if value is not None}
    event_id = str(uuid.uuid5(uuid.NAMESPACE_OID, f"{kind} {at} {data}"))
    group = data.get("company_id") or data.get("account_id")
    return Message(queue, Event(f"portal.{kind}.v1", known, at, id=event_id).body(), at, concerns, group=group)


def _of_learner(message: Message, account: Account) -> Message:
    """Group a message by the company of its learner, which the event does not name."""
    return replace(message, group=account.company_id or account.account_id)


def _of(enrollment: Enrollment) -> dict[str, str]:
    return {"enrollment_id": enrollment.enrollment_id, "account_id": enrollment.account.account_id}


def _directory(accounts: list[Account], enrollments: list[Enrollment], start: datetime) -> Iterator[Message]:
    """What exists at the start of the week; some accounts, enrollments and a course are posted `late` days later."""

    def event(kind: str, concerns: str, late: float, /, **data: Any) -> Message:
        return replace(_event("directory", kind, start, concerns, **data), at=start + late * DAY)

    for company_id, name in COMPANIES.items():
        yield event("company.saved", company_id, 0, company_id=company_id, name=name)
    for number, account in enumerate(accounts):
        late, email = 6 if number % 9 == 4 else 0, f"{account.account_id}@portal.example"
        yield event("account.saved", account.account_id, late, **vars(account), email=email)
    for course_id, steps in COURSES.items():
        late, course = 4 if course_id == "course-safety" else 0, {"course_id": course_id, "version": 1, "hours": HOURS}
        yield event("course.published", course_id, late, **course, title=TITLES[course_id], steps=steps)
    ends = start + EVENT_ENDED * DAY
    times = {"starts_at": (ends - 2 * HOUR).isoformat(), "ends_at": ends.isoformat(), "timezone": "Europe/Berlin"}
    yield event("live-event.scheduled", EVENT, 0, live_event_id=EVENT, title=TITLES[EVENT], **times)
    for number, enrollment in enumerate(enrollments):
        late, company = 5 if number % 7 == 3 else 0, enrollment.account.company_id
        training = {"training_id": enrollment.training_id, "company_id": company}
        yield event("enrollment.created", enrollment.enrollment_id, late, **_of(enrollment), **training)


def _refused(enrollment: Enrollment, at: datetime) -> Iterator[Message]:
    """Messages that must be refused, posted among all others."""
    lesson = _progress("lesson.completed", at, enrollment, step_id="step-01")
    by_employee = {"account_id": "acc-02", "role": "employee"}
    mark = {**_of(enrollment), "live_event_id": EVENT, "status": "present", "marked_by": by_employee}
    for queue in ("directory", "progress", "attendance"):
        yield Message(queue, f"not an event for {queue}", at, flaw="garbage")
    yield replace(_progress("lesson.completed", at, enrollment, step_id="x" * 250_000), flaw="250 KB")
    yield replace(lesson, body=lesson.body.replace("lesson.completed", "lesson.imagined"), flaw="unknown type")
    yield replace(lesson, body=lesson.body.replace(".v1", ".v9"), flaw="unknown version")
    marked = _of_learner(_event("attendance", "attendance.marked", at, "", **mark), enrollment.account)
    yield replace(marked, flaw="marked by an employee")


def _progress(kind: str, at: datetime, enrollment: Enrollment, **data: object) -> Message:
    event = _event("progress", kind, at, enrollment.enrollment_id, **_of(enrollment), **data)
    return _of_learner(event, enrollment.account)


# Stories of a course: one step every ten minutes


def _done(enrollment: Enrollment, step: dict[str, Any], at: datetime) -> list[Message]:
    """The events of one step: a video in three overlapping sittings, a quiz at the second attempt."""
    tries: list[dict[str, Any]]
    match step["kind"]:
        case "video":
            sittings = [[0, 0.4]], [[0.35, 0.5], [0.5, 0.8]], [[0.8, 1]]
            played = [[[step["duration"] * edge for edge in part] for part in sitting] for sitting in sittings]
            kind, tries = "video.watched", [{"played": parts} for parts in played]
        case "quiz":
            kind, tries = "quiz.graded", [{"score": 50}, {"score": 90}]
        case _:
            kind, tries = "lesson.completed", [{}]
    step_id = step["step_id"]
    return [_progress(kind, at + n * MINUTE, enrollment, step_id=step_id, **data) for n, data in enumerate(tries)]


def _course_events(enrollment: Enrollment, start: datetime, steps: list[dict[str, Any]]) -> list[Message]:
    return [event for n, step in enumerate(steps) for event in _done(enrollment, step, start + 10 * n * MINUTE)]


def _required(enrollment: Enrollment) -> list[dict[str, Any]]:
    return [step for step in COURSES[enrollment.training_id] if step.get("required", True)]


def _up_to(kind: str, steps: list[dict[str, Any]]) -> tuple[list[dict[str, Any]], dict[str, Any]]:
    number = next(n for n, step in enumerate(steps) if step["kind"] == kind)
    return steps[:number], steps[number]


def finishes(enrollment: Enrollment, start: datetime) -> tuple[list[Message], None]:
    """Does every step in order: a certificate."""
    return _course_events(enrollment, start, _required(enrollment)), None


def misses_the_last_step(enrollment: Enrollment, start: datetime) -> tuple[list[Message], Outstanding]:
    *steps, last = _required(enrollment)
    reason = "not-passed" if last["kind"] == "quiz" else "not-completed"
    return _course_events(enrollment, start, steps), Outstanding(last["kind"], last["step_id"], reason)


def leaves_a_video_early(enrollment: Enrollment, start: datetime) -> tuple[list[Message], Outstanding]:
    """Does every step up to a video and misses its last part."""
    steps, video = _up_to("video", _required(enrollment))
    watched = _course_events(enrollment, start, [*steps, video])[:-1]
    return watched, Outstanding("video", video["step_id"], "not-watched-to-the-end")


def uses_up_the_attempts(enrollment: Enrollment, start: datetime) -> tuple[list[Message], Outstanding]:
    """Does every step up to a quiz and fails it three times: only support can help."""
    steps, quiz = _up_to("quiz", _required(enrollment))
    times = [start + (10 * len(steps) + attempt) * MINUTE for attempt in range(3)]
    failed = [_progress("quiz.graded", at, enrollment, step_id=quiz["step_id"], score=40) for at in times]
    return [*_course_events(enrollment, start, steps), *failed], Outstanding(
        "quiz", quiz["step_id"], "attempts-exhausted"
    )


def jumps_ahead(enrollment: Enrollment, start: datetime) -> tuple[list[Message], Outstanding]:
    """Does the second step long before the first and never again, then all others."""
    first, second, *rest = _required(enrollment)
    events = [*_done(enrollment, second, start - HOUR), *_course_events(enrollment, start, [first, *rest])]
    return events, Outstanding(second["kind"], second["step_id"], "out-of-order")


# Stories of the live event


def _marked(*statuses: str, reason: str = "") -> Story:
    """A story: an administrator marks the attendee after the end, once an hour; `reason` is why that earns nothing."""

    def story(enrollment: Enrollment, ended: datetime) -> tuple[list[Message], Outstanding | None]:
        by = {"account_id": "acc-66", "role": "administrator"}
        mark = {**_of(enrollment), "live_event_id": EVENT, "marked_by": by}
        about = "attendance", "attendance.marked"
        marks = [
            _event(*about, ended + hours * HOUR, enrollment.enrollment_id, **mark, status=status)
            for hours, status in enumerate(statuses, start=1)
        ]
        marks = [_of_learner(one, enrollment.account) for one in marks]
        return marks, Outstanding("attendance", EVENT, reason) if reason else None

    return story


COURSE_STORIES = [
    finishes,
    misses_the_last_step,
    finishes,
    leaves_a_video_early,
    finishes,
    uses_up_the_attempts,
    jumps_ahead,
]
EVENT_STORIES = [
    _marked("present"),
    _marked(reason="attendance-not-marked"),
    _marked("absent", "present"),
    _marked("absent", reason="marked-absent"),
]


# Enrollments and their stories


def _enrolled(accounts: list[Account]) -> Iterator[tuple[Enrollment, Story]]:
    """Half of the learners take the short course, half join the live event, some take all forty steps."""
    learners = [account for account in accounts if account.kind not in {"administrator", "support"}]
    for training, stories, people in (
        ("course-safety", COURSE_STORIES, learners[1::6]),
        ("course-basics", COURSE_STORIES, learners[::2]),
        (EVENT, EVENT_STORIES, learners[1::2]),
    ):
        for number, account in enumerate(people):
            enrollment = Enrollment(f"enr-{training}-{account.account_id}", account, training)
            yield enrollment, stories[number % len(stories)]


def _play_story(
    enrollment: Enrollment, story: Story, start: datetime, rng: random.Random
) -> tuple[Enrollment, list[Message]]:
    begins = EVENT_ENDED if enrollment.training_id == EVENT else rng.uniform(0.1, 5)
    events, outstanding = story(enrollment, start + begins * DAY)
    return replace(enrollment, outstanding=outstanding), events

"""Stories: what a portal, its people, its operators and bad luck do in a few days; a seed tells one."""

import json
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from random import Random
from typing import Any

from tests.simulation.clock import DAY, HOUR, MINUTE, SECOND, at

START = 1_772_442_000_000  # 2026-03-02 09:00 UTC
LONG_OUTAGE = 14 * HOUR + 30 * MINUTE
SERVICES = ("dynamodb", "s3", "sqs", "eventbridge")
UNPRINTABLE = "\ue000"  # no font has it
NAMES = ("Ada Sample", "Bo Example", "Chi Placeholder", "Dee Invented", "Eli Nobody")
ALONE = (0.04, 0.04)  # of the stories: one person in a course, one at an event; nothing else makes good what is missed


@dataclass(frozen=True)
class Post:
    """The portal posts a message; `refused` is the reason with which it must end in quarantine, if it must."""

    at: int
    queue: str
    body: str
    what: str
    refused: str = ""

    def __str__(self) -> str:
        return f"posts to {self.queue}: {self.what}"


@dataclass(frozen=True)
class ForgedMessage:
    """Somebody puts a message of our own functions into a queue."""

    at: int
    queue: str
    body: str

    def __str__(self) -> str:
        return f"forges for {self.queue}: {self.body}"


@dataclass(frozen=True)
class Ask:
    """Somebody asks the API about the certificate of an enrollment, or for a company's export."""

    at: int
    what: str
    claims: dict[str, str] | None
    enrollment_id: str = ""
    company_id: str = ""

    def __str__(self) -> str:
        who = f"{self.claims['role']} {self.claims['sub']}" if self.claims else "somebody"
        return f"{who} asks: {self.what} {self.enrollment_id or self.company_id}"


@dataclass(frozen=True)
class Outage:
    """A service answers nothing for a while."""

    at: int
    service: str
    until: int

    def __str__(self) -> str:
        return f"{self.service} is out for {(self.until - self.at) / MINUTE:.0f} minutes"


@dataclass(frozen=True)
class Deploy:
    """New versions of all functions: none is warm any more, and some that run are ended."""

    at: int

    def __str__(self) -> str:
        return "all functions are deployed anew"


@dataclass(frozen=True)
class Redrive:
    """An operator sends back what is in a dead-letter queue, whatever its reason."""

    at: int
    queue: str

    def __str__(self) -> str:
        return f"an operator redrives {self.queue}"


@dataclass(frozen=True)
class DeleteDocument:
    """The document of an enrollment's certificate is lost."""

    at: int
    enrollment_id: str

    def __str__(self) -> str:
        return f"the document of {self.enrollment_id} is lost"


@dataclass(frozen=True)
class Purge:
    """An operator empties a queue of ours by mistake; what was asked for there only the sweep can know.

    It takes a while, as on AWS, and what comes meanwhile is gone as well.
    """

    at: int
    queue: str

    @property
    def until(self) -> int:
        """When it is over."""
        return self.at + 5 * SECOND

    def __str__(self) -> str:
        return f"an operator empties {self.queue}"


@dataclass(frozen=True)
class ConcurrentEvent:
    """Something is posted while the generator reads a record, or puts its document, and that takes a while."""

    at: int
    enrollment_id: str
    post: Post
    reading: bool = False

    def __str__(self) -> str:
        what = "record" if self.reading else "document"
        return f"while the {what} of {self.enrollment_id} is {'read' if self.reading else 'put'}: {self.post.what}"


@dataclass(frozen=True)
class CrashAfterWrite:
    """Whoever next writes an item is ended right after it, before anybody hears of it."""

    at: int
    item: str

    def __str__(self) -> str:
        return f"whoever next writes {self.item} will die of it"


Step = (
    Post | ForgedMessage | Ask | Outage | Deploy | Redrive | DeleteDocument | Purge | ConcurrentEvent | CrashAfterWrite
)


@dataclass
class _Person:
    account_id: str
    kind: str
    company_id: str | None
    name: str


@dataclass
class _Training:
    training_id: str
    queue: str
    data: dict[str, Any]
    version: int = 1
    since: int = START
    shrinks: bool = False


@dataclass
class _Story:
    chance: Random
    steps: list[Step] = field(default_factory=list)
    events: int = 0

    def happens(self, probability: float) -> bool:
        return self.chance.random() < probability

    def within(self, first: int, last: int) -> int:
        return self.chance.randint(first, last)

    def late(self, usually: int = 2 * SECOND) -> int:
        """How long after it happened something is posted."""
        kind = self.chance.random()
        if kind < 0.8:
            return self.within(0, usually)
        return self.within(0, 10 * MINUTE) if kind < 0.95 else self.within(0, 3 * HOUR)

    def post(self, queue: str, kind: str, data: dict[str, Any], time: int, posted: int | None = None) -> None:
        """Something that happened at `time`, posted then or later, perhaps twice."""
        step = self.event(queue, kind, data, time, time + self.late() if posted is None else posted)
        self.steps.append(step)
        if self.happens(0.05):
            self.steps.append(replace(step, at=step.at + self.within(0, HOUR)))

    def event(self, queue: str, kind: str, data: dict[str, Any], time: int, posted: int) -> Post:
        """The posting of something that happened at `time`."""
        self.events += 1
        event = {
            "specversion": "1.0",
            "id": f"e{self.events}",
            "source": "portal",
            "type": f"portal.{kind}.v1",
            "time": at(time).isoformat(timespec="milliseconds"),
            "datacontenttype": "application/json",
            "data": {name: value for name, value in data.items() if value is not None},
        }
        refused = (
            "not-an-administrator" if data.get("marked_by", {}).get("role", "administrator") != "administrator" else ""
        )
        what = f"{kind} {_told(data)} of {at(time):%d %H:%M:%S}"
        return Post(max(posted, START), queue, json.dumps(event), what, refused)


def _told(data: dict[str, Any]) -> str:
    return " ".join(f"{name}={value}" for name, value in data.items() if name not in {"title", "email", "timezone"})


def story(seed: int) -> list[Step]:
    """The story of a seed, in order of time."""
    tale = _Story(Random(f"{seed}/story"))
    kind = tale.chance.random()
    if kind < sum(ALONE):
        (_alone_in_a_course if kind < ALONE[0] else _alone_at_an_event)(tale)
        return sorted(tale.steps, key=lambda step: step.at)
    people = [_person(tale, number) for number in range(tale.chance.choice([1, 1, 2, 2, 3, 5]))]
    trainings = [_course(tale, "course-1")] if tale.happens(0.75) else []
    if not trainings or tale.happens(0.35):
        trainings.append(_live_event(tale, "event-1"))
    for company in sorted({person.company_id for person in people if person.company_id}):
        tale.post("Directory", "company.saved", {"company_id": company, "name": f"Sample {company}"}, _early(tale))
    number = 0
    for person in people:
        _announce(tale, person)
        for training in trainings:
            if tale.happens(0.85):
                number += 1
                _enrollment(tale, person, training, f"enr-{number}")
    _forge(tale, people, trainings, number)
    _poison(tale)
    _bad_luck(tale, number)
    return sorted(tale.steps, key=lambda step: step.at)


def _alone_in_a_course(tale: _Story) -> None:
    """Somebody in a course that is shortened while they are at it."""
    person, began = _person(tale, 0), START + 2 * MINUTE
    steps = [{"step_id": f"s{number}", "kind": "lesson", "title": f"Step {number}"} for number in (1, 2, 3)]
    course = {"course_id": "course-1", "version": 1, "title": "Title 1", "steps": steps}
    whose = {"enrollment_id": "enr-1", "account_id": person.account_id}
    shortened = course | {"version": 2, "title": "Title 2", "steps": steps[:2]}
    told: list[tuple[str, str, dict[str, Any]]] = [
        ("Directory", "account.saved", _saved(person)),
        ("Directory", "course.published", course),
        ("Directory", "enrollment.created", whose | {"training_id": "course-1"}),
        ("Progress", "lesson.completed", whose | {"step_id": "s1"}),
        ("Directory", "course.published", shortened),
        ("Progress", "lesson.completed", whose | {"step_id": "s2"}),
    ]
    for number, (queue, kind, data) in enumerate(told):
        then = began + number * MINUTE
        tale.post(queue, kind, data, then, then)


def _alone_at_an_event(tale: _Story) -> None:
    """Somebody whose mark is corrected when they have their certificate, and nobody hears that it is to be revoked."""
    person, began = _person(tale, 0), START + 2 * MINUTE
    over, corrected = began + 10 * MINUTE, began + 30 * MINUTE
    whose = {"enrollment_id": "enr-1", "account_id": person.account_id}
    event = {"live_event_id": "event-1", "title": "Title of event-1", "timezone": "Europe/Berlin"}
    times = {"starts_at": at(began).isoformat(), "ends_at": at(over).isoformat()}
    mark = whose | {"live_event_id": "event-1", "marked_by": {"account_id": "adm-1", "role": "administrator"}}
    told: list[tuple[int, str, str, dict[str, Any]]] = [
        (began, "Directory", "account.saved", _saved(person)),
        (began, "Directory", "live-event.scheduled", event | times),
        (began + MINUTE, "Directory", "enrollment.created", whose | {"training_id": "event-1"}),
        (over + MINUTE, "Attendance", "attendance.marked", mark | {"status": "present"}),
        (corrected, "Attendance", "attendance.marked", mark | {"status": "absent"}),
    ]
    for then, queue, kind, data in told:
        tale.post(queue, kind, data, then, then)
    tale.steps.append(Purge(corrected, "Generation"))


def _early(tale: _Story) -> int:
    return START + tale.within(0, MINUTE)


def _person(tale: _Story, number: int) -> _Person:
    kind = tale.chance.choice(["employee", "employee", "company-admin", "individual"])
    company = None if kind == "individual" else tale.chance.choice(["co-1", "co-1", "co-2"])
    return _Person(f"acc-{number + 1}", kind, company, NAMES[number])


def _announce(tale: _Story, person: _Person) -> None:
    data = _saved(person)
    saved, held = _early(tale), tale.happens(0.06)
    first = data | {"name": f"{person.name} {UNPRINTABLE}"} if held else data
    tale.post("Directory", "account.saved", first, saved)
    if tale.happens(0.7 if held else 0.35):
        changed = saved + tale.within(SECOND, 3 * HOUR)
        tale.post("Directory", "account.saved", data | {"name": f"{person.name} Corrected"}, changed)
    if tale.happens(0.1):
        removed = saved + tale.within(SECOND, tale.chance.choice([10 * MINUTE, 6 * HOUR]))
        tale.post("Directory", "account.removed", {"account_id": person.account_id}, removed)
        _purge_perhaps(tale, "Evaluation", removed)
        if tale.happens(0.3):
            tale.post("Directory", "account.saved", data, saved + SECOND, posted=removed + tale.within(SECOND, HOUR))


def _saved(person: _Person) -> dict[str, Any]:
    return {
        "account_id": person.account_id,
        "kind": person.kind,
        "name": person.name,
        "email": f"{person.account_id}@example.com",
        "company_id": person.company_id,
    }


def _rename(tale: _Story, person: _Person, when: int) -> None:
    """Somebody's name changes, perhaps while it is being printed."""
    tale.post("Directory", "account.saved", _saved(person) | {"name": f"{person.name} Renamed"}, when)


def _course(tale: _Story, course_id: str) -> _Training:
    steps = [_step(tale, number) for number in range(tale.within(1, 4))]
    steps[0].pop("required", None)
    data = {
        "course_id": course_id,
        "version": 1,
        "title": f"Title 1 of {course_id}",
        "steps": steps,
        "ordered": tale.chance.choice([True, False, None]),
        "hours": tale.chance.choice([None, 2.5]),
        "timezone": tale.chance.choice([None, "Pacific/Auckland"]),
    }
    published = _early(tale)
    tale.post("Directory", "course.published", data, published)
    training = _Training(course_id, "Progress", data, since=published)
    for version in range(2, 2 + tale.chance.choice([0, 0, 1, 1, 2])):
        published += tale.within(SECOND, tale.chance.choice([20 * MINUTE, 4 * HOUR]))
        revised = _revised(tale, steps)
        training.shrinks = training.shrinks or revised == steps[:-1]
        changed = data | {"version": version, "title": f"Title {version} of {course_id}", "steps": revised}
        tale.post("Directory", "course.published", changed, published)
        if tale.happens(0.3):
            tale.steps.append(CrashAfterWrite(published, f"training#{course_id}/-"))
    return training


def _step(tale: _Story, number: int) -> dict[str, Any]:
    kind = tale.chance.choice(["lesson", "reading", "activity", "video", "quiz", "quiz"])
    step: dict[str, Any] = {"step_id": f"s{number + 1}", "kind": kind, "title": f"Step {number + 1}"}
    if tale.happens(0.2):
        step["required"] = False
    if kind == "video":
        step["duration"] = 60
    if kind == "quiz":
        step["passing_score"] = 70
        if tale.happens(0.7):
            step["attempts"] = tale.within(1, 2)
    return step


def _revised(tale: _Story, steps: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """A course published again: mostly shorter, so that somebody may suddenly be complete."""
    if len(steps) > 1 and tale.happens(0.8):
        return steps[:-1] if tale.happens(0.7) else [step for step in steps if "required" not in step][:1]
    return [*steps, {"step_id": "s9", "kind": "lesson", "title": "Step 9"}]


def _live_event(tale: _Story, event_id: str) -> _Training:
    ends = START + tale.within(10 * MINUTE, 3 * HOUR)
    data = {"live_event_id": event_id, "title": f"Title of {event_id}", "timezone": "Europe/Berlin"}

    def times(end: int) -> dict[str, str]:
        return {"starts_at": at(end - HOUR).isoformat(), "ends_at": at(end).isoformat()}

    scheduled = _early(tale)
    tale.post("Directory", "live-event.scheduled", data | times(ends), scheduled)
    latest = ends
    while tale.happens(0.3):
        scheduled += tale.within(SECOND, 2 * HOUR)
        latest = ends + tale.within(-30 * MINUTE, 2 * HOUR)
        tale.post("Directory", "live-event.scheduled", data | times(latest), scheduled)
    if tale.happens(0.12):
        tale.post(
            "Directory", "live-event.cancelled", {"live_event_id": event_id}, scheduled + tale.within(-HOUR, 3 * HOUR)
        )
    return _Training(event_id, "Attendance", data | {"first": ends, "ends": latest})


def _enrollment(tale: _Story, person: _Person, training: _Training, enrollment_id: str) -> None:
    whose = {"enrollment_id": enrollment_id, "account_id": person.account_id}
    began = START + tale.within(0, 10 * MINUTE)
    company = tale.chance.choice(
        [person.company_id, person.company_id, None, None, "co-2" if person.company_id else None]
    )
    over = _learn(tale, whose, training, began) if training.queue == "Progress" else _attend(tale, whose, training)
    created = whose | {"training_id": training.training_id, "company_id": company}
    tale.post("Directory", "enrollment.created", created, began, over + HOUR if tale.happens(0.05) else None)
    if tale.happens(0.15):
        _meanwhile(tale, person, whose, training, over)
    if tale.happens(0.1):
        _rename(tale, person, over + tale.within(-5 * SECOND, 5 * SECOND))
    if tale.happens(0.1):
        _forge_one(tale, whose, training.training_id, over + tale.within(-5 * SECOND, 5 * SECOND))
    if tale.happens(0.3):
        _ask(tale, person, enrollment_id, over)
    while tale.happens(0.25):
        asked = over + tale.within(0, 2 * HOUR)
        tale.steps.append(Ask(asked, "reissue", {"sub": "sup-1", "role": "support"}, enrollment_id))
    if tale.happens(0.15):
        removed = (
            over + tale.within(0, 3 * SECOND) if tale.happens(0.5) else began + tale.within(0, over - began + HOUR)
        )
        tale.post("Directory", "enrollment.removed", whose, removed)
        if tale.happens(0.25):  # told once more, when it is too late
            tale.post("Directory", "enrollment.created", created, began, removed + tale.within(100, 5 * SECOND))
        if tale.happens(0.4) and "again" not in enrollment_id:
            _enrollment(tale, person, training, f"{enrollment_id}-again")
    if tale.happens(0.04):
        tale.steps.append(DeleteDocument(over + tale.within(MINUTE, HOUR), enrollment_id))


def _meanwhile(tale: _Story, person: _Person, whose: dict[str, str], training: _Training, over: int) -> None:
    """What may change between judging and issuing."""
    mark: dict[str, Any] = {"live_event_id": training.training_id, "status": "absent"}
    mark |= {"marked_by": {"account_id": "adm-1", "role": "administrator"}}
    what: list[tuple[str, str, dict[str, Any]]] = [
        ("Directory", "enrollment.removed", whose),
        ("Directory", "account.saved", _saved(person) | {"name": f"{person.name} Renamed"}),
        ("Directory", "account.removed", {"account_id": person.account_id}),
        ("Attendance", "attendance.marked", whose | mark),
    ]
    queue, kind, data = tale.chance.choice(what if training.queue == "Attendance" else what[:3])
    then = over + tale.within(SECOND, MINUTE)
    tale.steps.append(ConcurrentEvent(START, whose["enrollment_id"], tale.event(queue, kind, data, then, then)))


def _learn(tale: _Story, whose: dict[str, str], course: _Training, began: int) -> int:
    """What somebody does in a course: mostly all of it and in order; returns when that was over."""
    now, steps = began + tale.within(0, 5 * MINUTE), list(course.data["steps"])
    if tale.happens(0.15):
        tale.chance.shuffle(steps)
    diligence = tale.chance.choice([0.8, 0.95, 1.0])
    spare = steps[-1] is not course.data["steps"][0]  # the first is required, and a course needs one that is
    shortened = spare and not course.shrinks and tale.happens(0.35)
    stops = tale.happens(0.5 if course.shrinks else 0.1)  # who stops before the end is done when the course shrinks
    for number, step in enumerate(steps[:-1] if stops or shortened else steps):
        if tale.happens(diligence):
            now = _do(tale, whose, step, now)
        if shortened and number == 0:
            now = _shorten(tale, course, steps[-1], now)
        now += tale.chance.choice([SECOND, 30 * SECOND, 3 * MINUTE, HOUR, -2 * MINUTE, -7 * MINUTE])
    if not shortened and tale.happens(0.3):
        for step in steps:
            now = _do(tale, whose, step, now) + MINUTE
    return now


def _shorten(tale: _Story, course: _Training, undone: dict[str, Any], now: int) -> int:
    """The course loses what somebody has not done yet, while they are at it."""
    course.shrinks = True
    steps = [step for step in course.data["steps"] if step is not undone]
    data = course.data | {"version": 9, "title": f"Title 9 of {course.training_id}", "steps": steps}
    tale.post("Directory", "course.published", data, now + SECOND, now + SECOND)
    return now + 20 * SECOND


def _do(tale: _Story, whose: dict[str, str], step: dict[str, Any], now: int) -> int:
    data: dict[str, Any] = {**whose, "step_id": step["step_id"]}
    at_once = tale.happens(0.7)
    if tale.happens(0.05):
        data["account_id"] = "acc-9"  # not whose enrollment it is
    if step["kind"] == "video":
        sittings: list[list[list[float]]] = [[[0, 60]]] if at_once else tale.chance.choice(_SITTINGS)
        for played in sittings:
            now += tale.within(SECOND, 2 * MINUTE)
            tale.post("Progress", "video.watched", data | {"played": played}, now)
    elif step["kind"] == "quiz":
        scores: list[float] = [80] if at_once else tale.chance.choice(_SCORES)
        for score in scores:
            now += tale.within(SECOND, 2 * MINUTE)
            tale.post("Progress", "quiz.graded", data | {"score": score}, now)
            if tale.happens(0.3):
                now += tale.within(SECOND, MINUTE)
                granted = data | {"attempts": 1, "granted_by": "sup-1"}
                tale.post("Progress", "quiz.attempts-granted", granted, now)
    else:
        now += tale.within(SECOND, 2 * MINUTE)
        tale.post("Progress", "lesson.completed", data, now)
    if data["account_id"] != whose["account_id"]:  # its owner does something that may be in the same batch
        tale.post("Progress", "quiz.graded", {**whose, "step_id": "s8", "score": 80}, now)
    return now


_SITTINGS: list[list[list[list[float]]]] = [
    [[[0, 25.5], [20, 31]], [[30.5, 59.5]]],
    [[[0, 31]], [[1, 31.5]]],  # half of it, twice
]
_SCORES: list[list[float]] = [[60, 70], [60, 60, 90], [69.5], [75, 10]]


def _attend(tale: _Story, whose: dict[str, str], event: _Training) -> int:
    """How somebody is marked: mostly once, by an administrator, after the end; returns when the last mark was made."""
    end = event.data["ends"] if tale.happens(0.75) else event.data["first"]  # some have not heard of the new schedule
    now: int = end + tale.within(-10 * MINUTE if tale.happens(0.15) else 1, 20 * MINUTE)
    if tale.happens(0.2):  # as soon as it is over
        now = end + tale.within(1, SECOND)
    statuses = tale.chance.choice(
        [["present"]] * 4 + [["absent"], []] + [["present", "absent"]] * 3 + [["present", "absent", "present"]] * 2
    )
    hasty = tale.happens(0.4)
    for status in statuses:
        role = "administrator" if tale.happens(0.93) else "employee"
        event_id = event.training_id if tale.happens(0.96) else "event-9"
        mark = {"live_event_id": event_id, "status": status, "marked_by": {"account_id": "adm-1", "role": role}}
        ahead = tale.chance.choice((30 * SECOND, HOUR)) if tale.happens(0.1) else 0  # by a clock that is
        posted = now - tale.within(SECOND, ahead) if ahead else None
        tale.post("Attendance", "attendance.marked", whose | mark, now, posted)
        if status == "absent":
            _purge_perhaps(tale, "Generation", now)
            if tale.happens(0.3):  # corrected again, while the certificate is about to be revoked
                present = tale.event(
                    "Attendance", "attendance.marked", whose | mark | {"status": "present"}, now + 1, now
                )
                tale.steps.append(ConcurrentEvent(now, whose["enrollment_id"], present, reading=True))
        corrected_at_once = hasty and status == "absent"
        now += tale.within(100, 3 * SECOND) if corrected_at_once else tale.within(SECOND, 40 * MINUTE)
    return now


def _ask(tale: _Story, person: _Person, enrollment_id: str, over: int) -> None:
    """People ask for the certificate: whoever may hold it, and others."""
    viewers: Sequence[dict[str, str] | None] = (
        {"sub": person.account_id, "role": person.kind}
        | ({"company_id": person.company_id} if person.company_id else {}),
        {"sub": "acc-8", "role": "company-admin", "company_id": "co-1"},
        {"sub": "acc-7", "role": "company-admin", "company_id": "co-2"},
        {"sub": "acc-6", "role": "individual"},
        {"sub": "adm-1", "role": "administrator"},
        {"sub": "sup-1", "role": "support"},
    )
    for _ in range(tale.within(1, 3)):
        asked = over + tale.within(0, 2 * HOUR)
        claims = tale.chance.choice(viewers)
        tale.steps.append(Ask(asked, "download", claims, enrollment_id))
        if tale.happens(0.3):
            tale.steps.append(Ask(asked, "progress", claims, enrollment_id))
        if tale.happens(0.3):
            tale.steps.append(Ask(asked, "verify", None, enrollment_id))
    if tale.happens(0.3):
        company = tale.chance.choice(["co-1", "co-2"])
        claims = {"sub": "acc-8", "role": "company-admin", "company_id": "co-1"}
        tale.steps.append(Ask(over + tale.within(0, 2 * HOUR), "export", claims, company_id=company))
        tale.steps.append(Ask(over + tale.within(0, 2 * HOUR), "list", claims, company_id=company))


def _forge(tale: _Story, people: list[_Person], trainings: list[_Training], enrollments: int) -> None:
    """Messages of our own kind that ask for what is not due: no message can make a certificate (N1)."""
    while tale.happens(0.25):
        account_id = tale.chance.choice(people).account_id
        whose = {"enrollment_id": f"enr-{tale.within(1, enrollments + 1)}", "account_id": account_id}
        _forge_one(tale, whose, tale.chance.choice(trainings).training_id, START + tale.within(0, 3 * HOUR))


def _forge_one(tale: _Story, whose: dict[str, str], training_id: str, when: int) -> None:
    forged = whose | {
        "training_id": training_id,
        "company_id": tale.chance.choice([None, "co-1", "co-2"]),
        "purpose": tale.chance.choice(["settle", "sweep", "restore"]),
        "request": "forged",
    }
    tale.steps.append(ForgedMessage(when, "Generation", json.dumps(forged)))


def _poison(tale: _Story) -> None:
    """Messages that can never succeed: each must end in quarantine, with its reason, and delay nobody."""
    while tale.happens(0.25):
        queue = tale.chance.choice(["Directory", "Progress", "Attendance"])
        body, reason = tale.chance.choice(
            [
                ("{", "not-json"),
                ('{"hello": "world"}', "not-a-cloudevent"),
                ('{"type": "portal.lesson.completed.v9"}', "unknown-version"),
                ('{"type": "portal.nonsense.v1"}', "unknown-type"),
                (f'{{"type": "{_OF_ANOTHER[queue]}"}}', "wrong-queue"),
                (f'{{"type": "{_OF_ITS_OWN[queue]}", "time": "yesterday"}}', "invalid-data"),
                (json.dumps({"type": "x", "data": "x" * 140_000}), "too-large"),
            ]
        )
        tale.events += 1
        body = body + " " * tale.events  # each body is another one
        tale.steps.append(Post(START + tale.within(0, 3 * HOUR), queue, body, f"poison: {reason}", reason))


_OF_ITS_OWN = {
    "Directory": "portal.company.saved.v1",
    "Progress": "portal.lesson.completed.v1",
    "Attendance": "portal.attendance.marked.v1",
}
_OF_ANOTHER = dict(zip(_OF_ITS_OWN, [*list(_OF_ITS_OWN.values())[1:], "portal.company.saved.v1"], strict=True))


def _purge_perhaps(tale: _Story, queue: str, when: int) -> None:
    """What an event led to is lost before anybody heard of it: only the sweep can see that it is due."""
    if tale.happens(0.4):
        tale.steps.append(Purge(when + tale.within(0, 2 * SECOND), queue))


def _bad_luck(tale: _Story, enrollments: int) -> None:
    """Outages, deployments and redrives, anywhere in the story."""
    while tale.happens(0.15):
        tale.steps.append(Deploy(START + tale.within(0, 4 * HOUR)))
    if tale.happens(0.15):
        begins = START + tale.within(0, 3 * HOUR)
        lasts = LONG_OUTAGE if tale.happens(0.15) else tale.within(MINUTE, 40 * MINUTE)
        tale.steps.append(Outage(begins, tale.chance.choice(SERVICES), begins + lasts))
    if tale.happens(0.1):
        tale.steps.append(Purge(START + tale.within(0, 5 * HOUR), tale.chance.choice(["Evaluation", "Generation"])))
    while tale.happens(0.12):
        queue = tale.chance.choice(["Directory", "Progress", "Attendance", "Evaluation", "Generation"])
        tale.steps.append(Redrive(START + tale.within(HOUR, DAY if tale.happens(0.1) else 5 * HOUR), queue))

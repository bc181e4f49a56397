"""The oracle: every posted event, and a second implementation of the rules of docs/design.md §1.

It reads no record and calls none of the service's rules; the service is compared with it.
"""

import json
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from tests.simulation.clock import MINUTE, SECOND
from tests.simulation.services.sqs import Message
from tests.simulation.stories.steps import Post

TOLERANCE = 5 * MINUTE
NEVER = -(1 << 62)


@dataclass
class Posted:
    """An event, when it was posted, and its result: accepted, or quarantined for reasons, and by which invocations.

    It may be both: a mark from before its event's end that is delivered again after the event was rescheduled.
    """

    step: Post
    label: str
    posted_at: int
    acknowledged_at: int | None = None
    reasons: set[str] = field(default_factory=set)
    refused_by: set[str] = field(default_factory=set)
    accepted: bool = False
    event: dict[str, Any] = field(default_factory=dict)
    stored: frozenset[bytes] | None = None

    def __post_init__(self) -> None:
        if not self.step.refused or self.step.refused == "not-an-administrator":
            self.event = json.loads(self.step.body)

    @property
    def kind(self) -> str:
        """The event's type without prefix and version; empty for what is no event."""
        return str(self.event.get("type", "")).removeprefix("portal.").removesuffix(".v1")

    @property
    def data(self) -> dict[str, Any]:
        data: dict[str, Any] = self.event.get("data", {})
        return data

    @property
    def time(self) -> int:
        return milliseconds(self.event["time"])

    @property
    def precedence(self) -> tuple[int, str, str]:
        """Of two events that replace each other, the one with the greater precedence wins."""
        return self.time, self.event["source"], self.event["id"]

    def is_from_the_future(self) -> bool:
        """Whether its time was out of range when it was posted; it may be in range when an operator redrives it."""
        return bool(self.event) and self.time > self.posted_at + TOLERANCE

    def counts(self) -> bool:
        return bool(self.event) and not self.step.refused and (self.accepted or not self.reasons)


Predicate = Callable[[Posted], bool]


class Oracle:
    """Every posted event, in the order of posting."""

    def __init__(self) -> None:
        self.posted: list[Posted] = []
        self.by_body: dict[str, list[Posted]] = {}

    def add(self, step: Post, label: str, now: int) -> None:
        self.add_posted(Posted(step, label, now))

    def add_posted(self, posted: Posted) -> None:
        self.posted.append(posted)
        self.by_body.setdefault(posted.step.body, []).append(posted)

    def unacknowledged(self, message: Message) -> Posted | None:
        """The posting of a message that is not acknowledged yet; after a redrive the label may be another."""
        waiting = [one for one in self.by_body.get(message.body, []) if one.acknowledged_at is None]
        return next((one for one in waiting if one.label == message.label), next(iter(waiting), None))

    def events(self, kind: str, which: Predicate = Posted.counts, **data: Any) -> list[Posted]:
        """The events of a kind that count and have these data, ordered by precedence."""
        found = [
            one
            for one in self.posted
            if one.kind == kind and which(one) and all(one.data.get(name) == value for name, value in data.items())
        ]
        return sorted(found, key=lambda one: one.precedence)

    def newest(self, kind: str, which: Predicate = Posted.counts, **data: Any) -> Posted | None:
        return next(reversed(self.events(kind, which, **data)), None)

    def enrollments(self) -> list[Posted]:
        """The events that created enrollments, one per enrollment."""
        return list({one.data["enrollment_id"]: one for one in self.events("enrollment.created")}.values())

    def removed(self, enrollment: Posted, which: Predicate = Posted.counts) -> bool:
        account = {"account_id": enrollment.data["account_id"]}
        key = account | {"enrollment_id": enrollment.data["enrollment_id"]}
        removals = self.events("enrollment.removed", which, **key) + self.events("account.removed", which, **account)
        return bool(removals)

    def facts(self, enrollment: Posted) -> list[Posted]:
        key = {name: enrollment.data[name] for name in ("enrollment_id", "account_id")}
        return [fact for kind in FACTS for fact in self.events(kind, **key)]

    def completed_at(self, enrollment: Posted, now: int) -> int | None:
        """When an enrollment was completed by the newest version of its training, or None."""
        training_id = enrollment.data["training_id"]
        versions = self.events("course.published", course_id=training_id)
        if versions:
            return course_completed_at(newest_version(versions), self.facts(enrollment))
        schedule = self.newest("live-event.scheduled", live_event_id=training_id)
        cancelled = self.newest("live-event.cancelled", live_event_id=training_id)
        if schedule is None or (cancelled is not None and cancelled.precedence > schedule.precedence):
            return None
        return present_since(schedule, self.facts(enrollment), now)

    def absent(self, enrollment: Posted) -> bool:
        schedule = self.newest("live-event.scheduled", live_event_id=enrollment.data["training_id"])
        marks = marks_of(schedule, self.facts(enrollment)) if schedule else []
        return bool(marks) and marks[-1][1]


FACTS = ("lesson.completed", "video.watched", "quiz.graded", "quiz.attempts-granted", "attendance.marked")


def milliseconds(time: str) -> int:
    """RFC 3339 as milliseconds since 1970."""
    return round(datetime.fromisoformat(time).timestamp() * SECOND)


def newest_version(published: Iterable[Posted]) -> Posted:
    """Of the versions of a course, or of other events that replace each other."""
    return max(published, key=lambda one: (one.data.get("version", 0), one.precedence))


def course_completed_at(course: Posted, facts: Sequence[Posted]) -> int | None:
    """C1 and C2: each required step no earlier than its predecessor, less the tolerance for clocks."""
    predecessor, last = NEVER, NEVER
    for step in course.data["steps"]:
        if step.get("required") is False:
            continue
        own = sorted((fact for fact in facts if fact.data["step_id"] == step["step_id"]), key=lambda fact: fact.time)
        done = _done(step, own, predecessor - TOLERANCE)
        if done is None:
            return None
        last = max(last, done, predecessor)
        if course.data.get("ordered") is not False:
            predecessor = max(done, predecessor)
    return last


def _done(step: dict[str, Any], own: Sequence[Posted], earliest: int) -> int | None:
    if step["kind"] == "quiz":
        return _passed(step, own, earliest)
    own = [fact for fact in own if fact.time >= earliest]
    if step["kind"] == "video":
        return next((fact.time for n, fact in enumerate(own) if _is_watched(step["duration"], own[: n + 1])), None)
    return own[0].time if own else None


def _is_watched(duration: float, sittings: Iterable[Posted]) -> bool:
    """C3: no gap is longer than a second, at a resolution of half a second."""
    seen = [False] * round(duration * 2)
    for start, end in (played for sitting in sittings for played in sitting.data["played"]):
        seen[round(start * 2) : round(end * 2)] = [True] * (round(end * 2) - round(start * 2))
    return any(seen) and "---" not in "".join("+" if half else "-" for half in seen)


def _passed(step: dict[str, Any], own: Sequence[Posted], earliest: int) -> int | None:
    """C4: the first pass with an attempt left; a repeated event id counts once."""
    left, once = step.get("attempts", 1 << 60), set()
    for fact in own:
        if fact.event["id"] in once:
            continue
        once.add(fact.event["id"])
        if fact.kind == "quiz.attempts-granted":
            left += fact.data["attempts"]
        elif left > 0:
            left -= 1
            if fact.data["score"] >= step["passing_score"] and fact.time >= earliest:
                return fact.time
    return None


def marks_of(schedule: Posted, facts: Iterable[Posted]) -> list[tuple[int, bool]]:
    """(time, absent) of the marks of an event from its end on, ordered by precedence."""
    ends, event_id = milliseconds(schedule.data["ends_at"]), schedule.data["live_event_id"]
    own = [fact for fact in facts if fact.data.get("live_event_id") == event_id]
    counted = sorted((mark for mark in own if mark.time >= ends), key=lambda mark: mark.precedence)
    return [(mark.time, mark.data["status"] == "absent") for mark in counted]


def present_since(schedule: Posted, facts: Sequence[Posted], now: int) -> int | None:
    """L1 and L2: the event has ended, and the latest mark says present: the first mark of that last run."""
    marks = marks_of(schedule, facts)
    if now < milliseconds(schedule.data["ends_at"]) or not marks or marks[-1][1]:
        return None
    since = marks[-1][0]
    for time, absent in reversed(marks):
        if absent:
            break
        since = time
    return since

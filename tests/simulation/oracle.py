"""What really happened: all that was posted, and what the rules of DESIGN §1 make of it, written a second time.

Nothing here reads a record or calls `rules`: it is what the service is judged by.
"""

import json
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from tests.simulation.clock import MINUTE, SECOND
from tests.simulation.sqs import Message
from tests.simulation.stories import Post

TOLERANCE = 5 * MINUTE
NEVER = -(1 << 62)


@dataclass
class Posted:
    """An event, when it was posted, and what became of it: taken, or in quarantine for a reason, and by whom.

    It may be both: a mark that came before its event's end, and again when the event had been moved.
    """

    step: Post
    label: str
    posted_at: int
    acknowledged_at: int | None = None
    quarantined: str = ""
    refused_by: set[str] = field(default_factory=set)
    taken: bool = False
    event: dict[str, Any] = field(default_factory=dict)
    stored: bytes | None = None

    def __post_init__(self) -> None:
        if not self.step.refused or self.step.refused == "not-an-administrator":
            self.event = json.loads(self.step.body)

    @property
    def kind(self) -> str:
        """The event's type without its ends; empty for poison."""
        return str(self.event.get("type", "")).removeprefix("portal.").removesuffix(".v1")

    @property
    def data(self) -> dict[str, Any]:
        """What the event says."""
        data: dict[str, Any] = self.event.get("data", {})
        return data

    @property
    def time(self) -> int:
        """When it happened."""
        return milliseconds(self.event["time"])

    def counts(self) -> bool:
        """Whether it may have any effect."""
        return bool(self.event) and not self.step.refused and (self.taken or not self.quarantined)


Those = Callable[[Posted], bool]


class Truth:
    """Everything that was posted, in that order."""

    def __init__(self) -> None:
        self.posted: list[Posted] = []
        self.by_body: dict[str, list[Posted]] = {}

    def add(self, step: Post, label: str, now: int) -> None:
        """Note what was posted."""
        self.keep(Posted(step, label, now))

    def keep(self, posted: Posted) -> None:
        """Know of something posted."""
        self.posted.append(posted)
        self.by_body.setdefault(posted.step.body, []).append(posted)

    def open(self, message: Message) -> Posted | None:
        """What a message tells and nobody has dealt with yet: as it was posted, or sent back by an operator."""
        waiting = [one for one in self.by_body.get(message.body, []) if one.acknowledged_at is None]
        return next((one for one in waiting if one.label == message.label), next(iter(waiting), None))

    def those(self, kind: str, which: Those = Posted.counts, **data: Any) -> list[Posted]:
        """The events of a kind that count and say this, in order of their time."""
        found = [
            one
            for one in self.posted
            if one.kind == kind and which(one) and all(one.data.get(name) == value for name, value in data.items())
        ]
        return sorted(found, key=lambda one: one.time)

    def newest(self, kind: str, which: Those = Posted.counts, **data: Any) -> Posted | None:
        """The latest of those."""
        return next(reversed(self.those(kind, which, **data)), None)

    def enrollments(self) -> list[Posted]:
        """The enrollments that were ever made, each once."""
        return list({one.data["enrollment_id"]: one for one in self.those("enrollment.created")}.values())

    def removed(self, enrollment: Posted, which: Those = Posted.counts) -> bool:
        """Whether an enrollment went away, or its account did (A5)."""
        account = {"account_id": enrollment.data["account_id"]}
        whose = account | {"enrollment_id": enrollment.data["enrollment_id"]}
        return bool(self.those("enrollment.removed", which, **whose) or self.those("account.removed", which, **account))

    def facts(self, enrollment: Posted) -> list[Posted]:
        """What happened in an enrollment, whoever has heard of it."""
        whose = {name: enrollment.data[name] for name in ("enrollment_id", "account_id")}
        return [fact for kind in FACTS for fact in self.those(kind, **whose)]

    def completed_at(self, enrollment: Posted, now: int) -> int | None:
        """When an enrollment was completed by the newest of its training and all that happened in it, or None."""
        training_id = enrollment.data["training_id"]
        versions = self.those("course.published", course_id=training_id)
        if versions:
            return course_completed_at(max(versions, key=lambda one: int(one.data["version"])), self.facts(enrollment))
        schedule = self.newest("live-event.scheduled", live_event_id=training_id)
        cancelled = self.newest("live-event.cancelled", live_event_id=training_id)
        if schedule is None or (cancelled is not None and cancelled.time >= schedule.time):
            return None
        return present_since(schedule, self.facts(enrollment), now)

    def absent(self, enrollment: Posted) -> bool:
        """Whether the latest mark that counts says absent (L2)."""
        schedule = self.newest("live-event.scheduled", live_event_id=enrollment.data["training_id"])
        marks = marks_of(schedule, self.facts(enrollment)) if schedule else []
        return bool(marks) and marks[-1][1]


FACTS = ("lesson.completed", "video.watched", "quiz.graded", "quiz.attempts-granted", "attendance.marked")


def milliseconds(time: str) -> int:
    """RFC 3339 as milliseconds since 1970."""
    return round(datetime.fromisoformat(time).timestamp() * SECOND)


def course_completed_at(course: Posted, facts: Sequence[Posted]) -> int | None:
    """C1 and C2: each required step after the one ahead of it, five minutes' grace for clocks."""
    ahead, last = NEVER, NEVER
    for step in course.data["steps"]:
        if step.get("required") is False:
            continue
        own = sorted((fact for fact in facts if fact.data["step_id"] == step["step_id"]), key=lambda fact: fact.time)
        done = _done(step, own, ahead - TOLERANCE)
        if done is None:
            return None
        last = max(last, done, ahead)
        if course.data.get("ordered") is not False:
            ahead = max(done, ahead)
    return last


def _done(step: dict[str, Any], own: Sequence[Posted], earliest: int) -> int | None:
    if step["kind"] == "quiz":
        return _passed(step, own, earliest)
    own = [fact for fact in own if fact.time >= earliest]
    if step["kind"] == "video":
        return next((fact.time for n, fact in enumerate(own) if _seen(step["duration"], own[: n + 1])), None)
    return own[0].time if own else None


def _seen(duration: float, sittings: Iterable[Posted]) -> bool:
    """C3: no more than a second anywhere was left out, looked at in halves of a second."""
    seen = [False] * round(duration * 2)
    for start, end in (played for sitting in sittings for played in sitting.data["played"]):
        seen[round(start * 2) : round(end * 2)] = [True] * (round(end * 2) - round(start * 2))
    return any(seen) and "---" not in "".join("+" if half else "-" for half in seen)


def _passed(step: dict[str, Any], own: Sequence[Posted], earliest: int) -> int | None:
    """C4: the first pass with an attempt left; attempts and grants are told by their ids."""
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
    """(time, absent) of the marks of an event that were made after its end, in order of time."""
    ends, event_id = milliseconds(schedule.data["ends_at"]), schedule.data["live_event_id"]
    own = [fact for fact in facts if fact.data.get("live_event_id") == event_id]
    return sorted((mark.time, mark.data["status"] == "absent") for mark in own if mark.time >= ends)


def present_since(schedule: Posted, facts: Sequence[Posted], now: int) -> int | None:
    """L1 and L2: the event has ended, and of the marks after that the latest says present."""
    marks = marks_of(schedule, facts)
    if now < milliseconds(schedule.data["ends_at"]) or not marks or marks[-1][1]:
        return None
    since = marks[-1][0]
    for time, absent in reversed(marks):
        if absent:
            break
        since = time
    return since

"""Changes to a finished story: wrong clocks, equal times, full records, superseded copies, lost evaluations and more.

They have a random generator of their own, so that all other stories stay as they are.
"""

import json
from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from random import Random
from typing import Any

from tests.simulation.clock import HOUR, MINUTE, SECOND
from tests.simulation.stories.steps import START, Ask, ConcurrentEvent, Post, Purge, Step

WRONG_CLOCKS, EQUAL_TIMES, MANY_MARKS, LOST_EVALUATIONS = 0.05, 0.12, 0.02, 0.04  # shares of the stories
EARLIER_REMOVALS = 0.4
OFFSETS = (-8 * HOUR, -HOUR, 10 * MINUTE, HOUR, 2 * HOUR, 13 * HOUR)  # local time stamped as UTC, mostly
QUEUES = ("Directory", "Progress", "Attendance")
SOURCES = ("crm", "portal-2")  # one sorts before `portal`, the other after it
MARKS = 110  # more than an item of 400 KB could hold
LONG_SOURCE = "\U0001d538" * 1000
Event = dict[str, Any]


def distort(seed: int, steps: Sequence[Step]) -> list[Step]:
    """The story with these changes."""
    chance = Random(f"{seed}/distortions")
    changed = [*steps, *_verifications(chance, steps)]
    if chance.random() < EQUAL_TIMES:
        changed += [*_twins(chance, steps)]
    if chance.random() < MANY_MARKS:
        changed += [*_many_marks(steps)]
    if chance.random() < WRONG_CLOCKS:
        wrong = set(chance.choice([QUEUES, QUEUES[:1], QUEUES[1:]]))
        offset = chance.choice(OFFSETS)
        changed = [_with_wrong_clock(step, wrong, offset) for step in changed]
    if chance.random() < LOST_EVALUATIONS:
        changed += [*_purges(steps)]
    if chance.random() < EARLIER_REMOVALS:
        changed += [*_earlier_removals(chance, changed)]
    return changed


def _with_wrong_clock(step: Step, queues: set[str], offset: int) -> Step:
    if isinstance(step, ConcurrentEvent):
        return replace(step, post=_stamped(step.post, queues, offset))
    return _stamped(step, queues, offset) if isinstance(step, Post) else step


def _stamped(post: Post, queues: set[str], offset: int) -> Post:
    if post.queue not in queues or not _is_event(post):
        return post
    event = json.loads(post.body)
    time = datetime.fromisoformat(event["time"]) + timedelta(milliseconds=offset)
    body = json.dumps(event | {"time": time.isoformat(timespec="milliseconds")})
    return replace(post, body=body, what=f"{post.what}, by a clock that is wrong by {offset // MINUTE} minutes")


def _is_event(post: Post) -> bool:
    return post.refused in {"", "not-an-administrator"}


def _twins(chance: Random, steps: Sequence[Step]) -> Iterator[Post]:
    """Other contents for some events, of the same time and another source, posted shortly before or after."""
    for step in steps:
        if not isinstance(step, Post) or step.refused or chance.random() < 0.5:
            continue
        event = json.loads(step.body)
        vary = _VARIED.get(event["type"])
        if vary is not None:
            twin = event | {"source": chance.choice(SOURCES), "data": vary(event["data"])}
            posted = max(START, step.at + chance.randint(-2 * SECOND, 5 * SECOND))
            yield replace(step, at=posted, body=json.dumps(twin), what=f"{step.what}, once more from {twin['source']}")


def _renamed(data: Event) -> Event:
    return data | {"name": f"{data['name']} Twin"}


def _revised(data: Event) -> Event:
    """A course with one step fewer or more."""
    first, *others = data["steps"]
    steps = [first, *others[:-1]] if others else [first, {"step_id": "s7", "kind": "lesson", "title": "Step 7"}]
    return data | {"title": f"{data['title']} Twin", "steps": steps}


def _rescheduled(data: Event) -> Event:
    ends = datetime.fromisoformat(data["ends_at"]) + timedelta(minutes=10)
    return data | {"title": f"{data['title']} Twin", "ends_at": ends.isoformat()}


def _marked_otherwise(data: Event) -> Event:
    return data | {"status": "absent" if data["status"] == "present" else "present"}


_VARIED: dict[str, Callable[[Event], Event]] = {
    "portal.company.saved.v1": _renamed,
    "portal.account.saved.v1": _renamed,
    "portal.course.published.v1": _revised,
    "portal.live-event.scheduled.v1": _rescheduled,
    "portal.attendance.marked.v1": _marked_otherwise,
}


def _verifications(chance: Random, steps: Sequence[Step]) -> Iterator[Ask]:
    """Copies of the first revision, verified around a reissue."""
    for step in steps:
        if isinstance(step, Ask) and step.what == "reissue" and chance.random() < 0.5:
            at = step.at + chance.randint(MINUTE, HOUR)
            yield replace(step, at=at, what="verify", claims=None, revision=1)


def _purges(steps: Sequence[Step]) -> Iterator[Purge]:
    """Purges that lose the evaluations of new course versions, so that only the sweep repeats them."""
    for step in steps:
        if isinstance(step, Post) and step.what.startswith("course.published") and "version=1 " not in step.what:
            yield Purge(step.at, "Evaluation")


def _earlier_removals(chance: Random, steps: Sequence[Step]) -> Iterator[Post]:
    """Another removal of each removed account, dated earlier and posted later."""
    for step in steps:
        if isinstance(step, Post) and step.what.startswith("account.removed"):
            event = json.loads(step.body)
            earlier = chance.randint(SECOND, 20 * MINUTE)
            time = datetime.fromisoformat(event["time"]) - timedelta(milliseconds=earlier)
            changed = {"id": f"{event['id']}-earlier", "time": time.isoformat(timespec="milliseconds")}
            posted = step.at + chance.randint(SECOND, 10 * MINUTE)
            what = f"{step.what}, dated {earlier // SECOND} s earlier"
            yield replace(step, at=posted, body=json.dumps(event | changed), what=what)


def _many_marks(steps: Sequence[Step]) -> Iterator[Post]:
    """One mark of the story again and again, from a source with a long name: large facts, which fill a record."""
    marks = (step for step in steps if isinstance(step, Post) and step.queue == "Attendance" and not step.refused)
    mark = next(marks, None)
    for number in range(MARKS if mark is not None else 0):
        assert mark is not None
        event = json.loads(mark.body)
        time = datetime.fromisoformat(event["time"]) + timedelta(seconds=number)
        changed = {"id": f"{event['id']}-{number}", "source": LONG_SOURCE, "time": time.isoformat("T", "milliseconds")}
        at = mark.at + number * SECOND
        yield replace(mark, at=at, body=json.dumps(event | changed), what=f"{mark.what}, repetition {number}")

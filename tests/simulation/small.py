"""Small scope, exhaustively: two enrollments, two requirements, three deliveries, one crash, all interleavings.

Depth first over all choices: whose call is next, and whether the process dies right after it (or before its first).
Each path is run from its beginning; a state that was seen before is not gone on from. The service's clock stands still
and tokens come from whoever draws them, so that different ways to one state are recognised. Of two orders of calls that
have nothing to do with each other one is tried: a call on which nobody else's depend (a message, an announcement, a
course that nobody changes) goes ahead at once, and so do the calls on an enrollment while all who may touch it are at
it. What a crash left comes again when all else has come to rest: visibility times out after minutes.
"""

import hashlib
import json
import sys
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from itertools import product
from random import Random
from typing import Any

from greenlet import greenlet

from tests.simulation import faults, house, invariants
from tests.simulation.clock import MINUTE, at
from tests.simulation.faults import Weather
from tests.simulation.house import APPS, BY_QUEUE, RECORDS
from tests.simulation.invariants import Violation
from tests.simulation.portal import START, Post
from tests.simulation.sqs import Message, Queue, failures, lambda_record
from tests.simulation.world import Invocation, World, about

FACTS = tuple(product(("1", "2"), ("s1", "s2")))  # enrollment and step
ENROLLMENTS = ("enr-1", "enr-2")
Delivery = tuple[int, ...]


@dataclass
class Choices:
    """One path: the choices that are given, and after them always the first."""

    given: list[int]
    made: list[tuple[int, int]] = field(default_factory=list)

    def of(self, count: int) -> int:
        """The next choice, below `count`."""
        number = len(self.made)
        chosen = self.given[number] if number < len(self.given) else 0
        self.made.append((chosen, count))
        return chosen

    @property
    def are_given(self) -> bool:
        """Whether this part of the path was gone before."""
        return len(self.made) < len(self.given)

    def next(self) -> list[int] | None:
        """What is given to the next path, or None after the last."""
        for number in reversed(range(len(self.made))):
            chosen, count = self.made[number]
            if chosen + 1 < count:
                return [*(one for one, _ in self.made[:number]), chosen + 1]
        return None


@dataclass
class Explored:
    """How much was explored, and the first violation with the path to it."""

    paths: int = 0
    calls: int = 0
    states: set[bytes] = field(default_factory=set)
    violation: str = ""


class SmallWorld(World):
    """A world that starts with everybody enrolled, and in which `choices` say what happens next."""

    def __init__(self, prepared: World, deliveries: Sequence[Delivery], choices: Choices, states: set[bytes]) -> None:
        super().__init__(1, [], Weather())
        self.dynamodb.tables[RECORDS].items = dict(prepared.dynamodb.tables[RECORDS].items)
        self.state.certificates = dict(prepared.state.certificates)
        for posted in prepared.truth.posted:
            self.truth.keep(replace(posted))
        self._deliveries, self._choices, self._states = deliveries, choices, states
        self._ready: dict[str, tuple[Invocation, greenlet]] = {}
        self._next_on: dict[str, str] = {}
        self._touches: dict[str, set[str]] = {}
        self._heard: dict[str, str] = {}
        self._later: dict[str, Callable[[], None]] = {}
        self._knew: dict[str, list[str]] = {}
        self._moves = self._drawn = 0
        self._crashed = False

    @property
    def now(self) -> int:
        """Moves so far: the service's own clock stands still."""
        return self.clock.now + self._moves

    def explore(self) -> None:
        """Go one path to its end, or to where another path has been."""
        with self.running():
            progress = self.sqs.queues[house.url("Progress")]
            messages = [self._post(number) for number in range(len(FACTS))]
            for number, facts in enumerate(self._deliveries):
                self._deliver(progress, [messages[fact] for fact in facts], f"delivery-{number}")
            while self._ready or self._later:
                if not self._ready:
                    self._visible_again()
                if not self._choices.are_given and self._was_here():
                    return
                self._move()
            invariants.at_the_end(self)

    def _visible_again(self) -> None:
        for deliver in self._later.values():
            deliver()
        self._later.clear()

    def _post(self, number: int) -> Message:
        step = _fact(*FACTS[number])
        message = self.sqs.send(house.url("Progress"), {"MessageBody": step.body})
        self.truth.add(step, message.label, self.now)
        return message

    def _move(self) -> None:
        """Let one call happen."""
        self._moves += 1
        alone = [label for label in self._ready if not self._next_on.get(label)]
        waiting = sorted(alone)[:1] or self._at_one_enrollment() or sorted(self._ready)
        self._advance(waiting[self._choices.of(len(waiting))])

    def _at_one_enrollment(self) -> list[str]:
        """Who is about to touch an enrollment, if that is everybody who ever may."""
        for enrollment in ENROLLMENTS:
            may_touch = sorted(label for label in self._ready if enrollment in self._touches[label])
            if may_touch and all(self._next_on[label] == enrollment for label in may_touch):
                return may_touch
        return []

    def _advance(self, label: str) -> None:
        invocation, process = self._ready.pop(label)
        if self.run_on(invocation, process) is not None:
            self._ready[label] = invocation, process

    def fault(self, invocation: Invocation, service: str, operation: str) -> str | None:
        """A crash, if it is chosen; there is one on a path."""
        first = (faults.KILLED_BEFORE,) if invocation.calls == 1 else ()  # later it is the same as after the one before
        crashes = (None, faults.KILLED_AFTER, *first)
        crash = None if self._crashed else crashes[self._choices.of(len(crashes))]
        self._crashed = self._crashed or crash is not None
        return crash

    def _send(self, service: str, operation: str, request: Any) -> Any:
        invocation = self.current
        assert invocation is not None
        subject = about(service, request)
        for enrollment in ENROLLMENTS:
            subject = subject.replace(self.state.certificate_id_of(enrollment), f"#{enrollment}")
        self._next_on[invocation.label] = next((one for one in ENROLLMENTS if f"#{one}" in subject), "")
        answer = super()._send(service, operation, request)
        heard = f"{self._heard.get(invocation.label, '')} {operation} {answer.status}".encode() + answer.body
        self._heard[invocation.label] = hashlib.blake2b(heard, digest_size=8).hexdigest()
        return answer

    def sent(self, queue: Queue, message: Message) -> None:
        """A message that is sent is delivered by itself; its label says who sent it."""
        super_label, sender = message.label, self.current
        if queue.dead_letters is None or sender is None:
            return
        message.label = f"{sender.label}.{sender.calls}.{len(queue.messages)}"
        queue.messages[message.label] = queue.messages.pop(super_label)
        self._deliver(queue, [message], message.label)

    def _deliver(self, queue: Queue, batch: list[Message], label: str) -> None:
        function = BY_QUEUE[queue.name]
        records, handler = [lambda_record(message) for message in batch], APPS[function.name].handler
        labels = [message.label for message in batch]
        self._touches[label] = {one for one in ENROLLMENTS if any(f'"{one}"' in message.body for message in batch)}

        def done(response: Any, error: BaseException | None) -> None:
            again = set(labels) if error is not None else failures(response, labels)
            for message in batch:
                if message.label not in again:
                    self.state.acknowledged(message, label)
                    queue.messages.pop(message.label, None)
            left = [message for message in batch if message.label in again]
            if left:
                self._later[f"{label}'"] = lambda: self._deliver(queue, left, f"{label}'")

        self._ready[label] = self.prepare(
            function.name, function.timeout, lambda context: handler({"Records": records}, context), done, label
        )
        self._knew[label] = [posted.label for posted in self.truth.posted if posted.acknowledged_at is not None]

    def token(self, chance: Random, count: int) -> bytes:
        """The same token for the same drawing, whatever happened elsewhere."""
        drawer = self.current.label + str(self.current.calls) if self.current is not None else ""
        return hashlib.shake_128(drawer.encode()).digest(count)

    def _was_here(self) -> bool:
        """Whether all that can happen from here has been tried; notes that it will have been."""
        records = self.dynamodb.tables[RECORDS].items
        everything = [
            {"/".join(key): item for key, item in records.items() if key[0].startswith("enrollment#")},
            sorted(map(str, self.s3.objects)),
            sorted(f"{event['id']}" for event in self.announced),
            [
                (label, self._heard.get(label), self._next_on.get(label), self._knew[label])
                for label in sorted(self._ready)
            ],
            sorted(posted.label for posted in self.truth.posted if posted.acknowledged_at is not None),
            sorted(self._later),
            self._crashed,
        ]
        state = hashlib.blake2b(json.dumps(everything, sort_keys=True).encode(), digest_size=16).digest()
        was_here = state in self._states
        self._states.add(state)
        return was_here


def _post(queue: str, kind: str, minutes: int, /, **data: Any) -> Post:
    time = START + minutes * MINUTE
    event = {
        "specversion": "1.0",
        "id": f"{kind}-{minutes}",
        "source": "portal",
        "type": f"portal.{kind}.v1",
        "time": at(time).isoformat(),
        "data": data,
    }
    return Post(time, queue, json.dumps(event), f"{kind} {data}")


def _fact(number: str, step_id: str) -> Post:
    minutes = 20 + FACTS.index((number, step_id))
    whose = {"enrollment_id": f"enr-{number}", "account_id": f"acc-{number}"}
    return _post("Progress", "lesson.completed", minutes, **whose, step_id=step_id)


def prepared() -> World:
    """A world in which two people are enrolled in a course of two lessons."""
    steps = [{"step_id": step_id, "kind": "lesson", "title": step_id} for step_id in ("s1", "s2")]
    story = [_post("Directory", "course.published", 0, course_id="course-1", version=1, title="Title", steps=steps)]
    for number in (1, 2):
        account = {"account_id": f"acc-{number}", "kind": "individual", "name": "Ada Sample", "email": "a@example.com"}
        whose = {"enrollment_id": f"enr-{number}", "account_id": f"acc-{number}"}
        story.append(_post("Directory", "account.saved", number, **account))
        story.append(_post("Directory", "enrollment.created", 10 + number, **whose, training_id="course-1"))
    world = World(1, story, Weather())
    assert not world.run().violations
    return world


def cases() -> Iterator[tuple[Delivery, ...]]:
    """Four facts in three deliveries: each in one of three, or each in one of two of which one is delivered twice.

    Of two that differ only in whose enrollment is called the first there is one.
    """
    seen: set[tuple[Delivery, ...]] = set()
    for deliveries in _deliveries():
        if _mirrored(deliveries) not in seen:
            seen.add(tuple(sorted(deliveries)))
            yield deliveries


def _deliveries() -> Iterator[tuple[Delivery, ...]]:
    for where in product(range(3), repeat=len(FACTS)):
        groups = [tuple(fact for fact, group in enumerate(where) if group == number) for number in range(3)]
        if groups == sorted(groups, key=lambda group: (not group, group)):  # which is called the first does not matter
            if all(groups):
                yield tuple(groups)
            elif groups[1]:
                yield from ((groups[0], groups[1], twice) for twice in groups[:2])


def _mirrored(deliveries: Sequence[Delivery]) -> tuple[Delivery, ...]:
    """The same with the one person's facts for the other's."""
    others = len(FACTS) // 2
    return tuple(sorted(tuple(sorted((fact + others) % len(FACTS) for fact in one)) for one in deliveries))


def explore(deliveries: Sequence[Delivery], start: World) -> Explored:
    """Try everything that can happen to these deliveries."""
    explored = Explored()
    path: list[int] | None = []
    while path is not None:
        choices = Choices(path)
        world = SmallWorld(start, deliveries, choices, explored.states)
        try:
            world.explore()
        except Violation as violation:
            explored.violation = "\n".join([*world.log, str(violation)])
            return explored
        explored.paths += 1
        explored.calls += world.calls
        path = choices.next()
    return explored


def main(chosen: Callable[[int], bool]) -> None:
    """Explore cases; exit 1 and tell the path when one violates an invariant."""
    start, total = prepared(), Explored()
    for number, deliveries in enumerate(cases()):
        if not chosen(number):
            continue
        found = explore(deliveries, start)
        total.paths += found.paths
        total.calls += found.calls
        total.states |= found.states
        sys.stdout.write(f"{deliveries}: {found.paths:,} paths, {len(found.states):,} states, {found.calls:,} calls\n")
        sys.stdout.flush()
        if found.violation:
            sys.stdout.write(found.violation + "\n")
            raise SystemExit(1)


if __name__ == "__main__":
    wanted = {int(number) for number in sys.argv[1:]}
    main(lambda number: not wanted or number in wanted)

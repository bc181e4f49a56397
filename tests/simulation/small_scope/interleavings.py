"""All that can happen to a few deliveries of facts: every interleaving, with a crash at every boundary.

From each situation everything that can happen next is tried: whose call it is, and whether the process dies right after
it (or before its first). A situation that was seen before is not gone on from, and the nearest are tried first: what is
told of a violation is a shortest way to it. What an invocation does next depends on nothing but what it heard so far:
a handler runs once for all situations in which it hears the same. The service's clock stands still, tokens come from
whoever draws them, and every invocation is a cold start: different ways to one situation are recognised.

Of two orders of calls that have nothing to do with each other one is tried: a call on which nobody else's depend (a
message, an announcement, a course that nobody changes) goes ahead at once, and so do the calls on an enrollment while
all who may touch it are at it. What a crash left comes again when all else has come to rest: visibility times out after
minutes.
"""

import hashlib
import json
from collections import deque
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property
from random import Random
from typing import Any

from greenlet import getcurrent, greenlet
from tests.simulation.dynamodb import Item, Key, Table
from tests.simulation.faults import FaultProfile, Killed
from tests.simulation.runtime import BY_QUEUE, RECORDS
from tests.simulation.s3 import Stored
from tests.simulation.sqs import Message, Queue, failures, lambda_record
from tests.simulation.wire import Answer, Refused, refusal
from tests.simulation.world import Invocation, World, about

from tests.simulation import invariants
from tests.simulation.clock import Clock
from tests.simulation.invariants import Violation
from tests.simulation.stories import Post

Trail = tuple["Trail", str] | None  # what happened, the last of it first


@dataclass(frozen=True)
class Batch:
    """Messages that a function gets together. The label tells whose doing they are, not what is in them."""

    label: str
    queue: str
    messages: tuple[Message, ...]
    enrollments: tuple[str, ...]  # those that whoever works on it may touch

    @cached_property
    def identity(self) -> tuple[str, ...]:
        """What is the same only for the same batch."""
        return self.label, *(message.body for message in self.messages)


@dataclass(frozen=True)
class Call:
    """A call to AWS that is about to happen, and the enrollments it is about: none, if nobody else's depend on it."""

    service: str
    operation: str
    request: Any = field(compare=False)
    subject: str
    enrollments: tuple[str, ...]


@dataclass(frozen=True)
class Ended:
    """A handler has returned, or failed: Lambda is about to delete what was dealt with."""

    result: Any
    error: BaseException | None
    enrollments = ()


@dataclass
class Moment:
    """An invocation that has heard something and is about to do something, and what comes next by what it hears then.

    The process that stands here goes on at most once; who goes on from here in another way needs another process.
    """

    batch: Batch
    heard: tuple[Answer, ...]
    does: Call | Ended
    invocation: Invocation
    process: greenlet | None
    after: dict[tuple[int, bytes], "Moment"] = field(default_factory=dict)


@dataclass(frozen=True)
class Worker:
    """An invocation under way, when it began, and which facts had been acknowledged by then.

    It begins as late as it can, right before its first call on an enrollment, since it must then reckon with most.
    """

    moment: Moment
    began: int | None = None
    knew: tuple[bool, ...] = ()


@dataclass(frozen=True)
class Situation:
    """What AWS holds, who is at work, and what comes again later; same versions are same records."""

    moves: int
    records: dict[Key, Item]
    versions: dict[Key, int]
    objects: dict[tuple[str, str], Stored]
    announced: tuple[Item, ...]
    issued: dict[tuple[str, int], Item]
    acknowledged: tuple[int | None, ...]
    workers: tuple[Worker, ...] = ()
    later: tuple[Batch, ...] = ()
    crashed: bool = False
    trail: Trail = None


@dataclass
class Explored:
    """How much was explored, and the first violation with the way to it."""

    situations: int = 0
    steps: int = 0
    runs: int = 0
    violation: str = ""

    def __str__(self) -> str:
        return f"{self.situations:,} situations, {self.steps:,} steps, {self.runs:,} runs of a handler"


class Interleavings(World):
    """A world that begins where another ended, and in which everything is tried that can come of a few facts."""

    def __init__(self, prepared: World, facts: Sequence[Post]) -> None:
        super().__init__(1, [], FaultProfile())
        self.clock = Clock(prepared.now)
        self.state.certificates = dict(prepared.state.certificates)
        for posted in prepared.truth.posted:
            self.truth.keep(replace(posted))
        self._records = prepared.dynamodb.tables[RECORDS]
        self._enrollments = tuple(one.data["enrollment_id"] for one in self.truth.enrollments())
        self._moves = 0
        self._facts = [self._post(number, fact) for number, fact in enumerate(facts)]
        self._posted = self.truth.posted[-len(facts) :]
        self._versions: dict[Key, int] = {}
        self._sent: list[Batch] = []
        self._numbers: dict[object, int] = {}
        self._first_moments: dict[tuple[str, ...], Moment] = {}
        self._trail: Trail = None
        self.dynamodb.on_write = self._written

    @property
    def now(self) -> int:
        """Moves so far: the service's own clock stands still."""
        return self.clock.now + self._moves

    def lag(self) -> int:
        """No index is asked here."""
        return 0

    def explore(self, deliveries: Sequence[Sequence[int]]) -> Explored:
        """Try everything that can happen to these deliveries."""
        explored, seen = Explored(), set[object]()
        with self.running():
            ahead = deque([self._beginning(deliveries)])
            while ahead and not explored.violation:
                here = ahead.popleft()
                self._trail = here.trail
                try:
                    for situation in self._from(here):
                        explored.steps += 1
                        identity = self._identity(situation)
                        if identity not in seen:
                            seen.add(identity)
                            ahead.append(situation)
                except Violation as violation:
                    explored.violation = "\n".join([*_told(self._trail), str(violation)])
        explored.situations, explored.runs = len(seen), self.invocations
        return explored

    # Situations

    def _beginning(self, deliveries: Sequence[Sequence[int]]) -> Situation:
        acknowledged = (None,) * len(self._facts)
        nothing = Situation(0, dict(self._records.items), {}, {}, (), {}, acknowledged)
        batches = [
            self._batch(f"delivery-{number}", "Progress", *(self._facts[fact] for fact in facts))
            for number, facts in enumerate(deliveries)
        ]
        return replace(nothing, workers=self._workers(batches))

    def _post(self, number: int, fact: Post) -> Message:
        message = Message(f"{fact.queue}-{number}", fact.body, self.now, self.now)
        self.truth.add(fact, message.label, self.now)
        return message

    def _batch(self, label: str, queue: str, *messages: Message) -> Batch:
        told = " ".join(message.body for message in messages)
        touched = tuple(one for one in self._enrollments if f'"{one}"' in told)
        return Batch(label, queue, messages, touched or self._enrollments)

    def _identity(self, situation: Situation) -> object:
        """What is the same for situations from which the same can come."""
        return (
            tuple(sorted(situation.versions.items())),
            tuple(sorted((key, self._number(stored.body)) for key, stored in situation.objects.items())),
            tuple(event["id"] for event in situation.announced),
            _known(situation),
            tuple(sorted((id(worker.moment), worker.knew) for worker in situation.workers)),
            tuple(sorted(batch.identity for batch in situation.later)),
            situation.crashed,
        )

    def _number(self, thing: object) -> int:
        return self._numbers.setdefault(thing, len(self._numbers))

    def _go_to(self, situation: Situation) -> None:
        """Let AWS hold what it holds in a situation."""
        self._moves = situation.moves
        self.dynamodb.tables[RECORDS] = Table(self._records.keys, self._records.indexes)
        self.dynamodb.tables[RECORDS].items = dict(situation.records)
        self._versions = dict(situation.versions)
        self.s3.objects = dict(situation.objects)
        self.announced = list(situation.announced)
        self.state.issued = dict(situation.issued)
        for posted, time in zip(self._posted, situation.acknowledged, strict=True):
            posted.acknowledged_at, posted.taken = time, time is not None

    def _here(self, before: Situation) -> Situation:
        """The situation that AWS is in now."""
        here = replace(
            before,
            moves=self._moves,
            records=self.dynamodb.tables[RECORDS].items,
            versions=self._versions,
            objects=self.s3.objects,
            announced=tuple(self.announced),
            issued=self.state.issued,
            acknowledged=tuple(posted.acknowledged_at for posted in self._posted),
            trail=self._trail,
        )
        begun, self._sent = self._sent, []
        return replace(here, workers=(*here.workers, *self._workers(begun)))

    def _written(self, table: str, key: Key, before: Item | None, after: Item) -> None:
        self.state.written(table, key, before, after)
        if key[0].startswith("enrollment#"):
            self._versions[key] = self._number(json.dumps(after, sort_keys=True))

    # What can happen

    def _from(self, here: Situation) -> Iterator[Situation]:
        """All situations that can come right after one."""
        if here.workers:
            for worker in _next(here.workers):
                yield from self._after(here, worker)
        elif here.later:
            yield replace(here, workers=self._workers(here.later), later=())
        else:
            self._go_to(here)
            invariants.at_the_end(self)

    def _after(self, here: Situation, worker: Worker) -> Iterator[Situation]:
        """A worker's call happens, and then it goes on or dies; or it dies before its first."""
        batch, does = worker.moment.batch, worker.moment.does
        without = replace(here, workers=tuple(other for other in here.workers if other is not worker))
        later = (*here.later, _again(batch, batch.messages))
        if not worker.moment.heard and not here.crashed:
            yield replace(without, later=later, crashed=True, trail=(here.trail, f"{batch.label} dies first"))
        self._go_to(here)
        self._moves += 1
        if isinstance(does, Ended):
            self._trail = here.trail, f"{batch.label} has ended: {does.error or does.result}"
            left = self._acknowledge(batch, does)
            yield replace(self._here(without), later=(*here.later, _again(batch, left)) if left else here.later)
            return
        self._trail = here.trail, f"{batch.label} {does.service}.{does.operation} {does.subject}"
        if worker.began is None and does.enrollments:
            worker = replace(worker, began=self.now, knew=_known(here))
        heard = self._happens(does, worker)
        after = self._here(without)
        yield replace(after, workers=(*after.workers, replace(worker, moment=self._goes_on(worker.moment, heard))))
        if not here.crashed:
            yield replace(after, later=later, crashed=True, trail=(after.trail, f"{batch.label} dies"))

    def _happens(self, call: Call, worker: Worker) -> Answer:
        began, calls = worker.began or self.now, len(worker.moment.heard)
        self.current = invocation = replace(worker.moment.invocation, began=began, calls=calls)
        try:
            return self._apply(call.service, call.operation, call.request, None, invocation)
        except Refused as refused:
            return refusal(call.service, refused)
        finally:
            self.current = None

    def _acknowledge(self, batch: Batch, ended: Ended) -> tuple[Message, ...]:
        """Lambda deletes what was dealt with; the rest is left."""
        labels = [message.label for message in batch.messages]
        again = set(labels) if ended.error is not None else failures(ended.result, labels)
        for message in batch.messages:
            if message.label not in again:
                self.state.acknowledged(message, batch.label)
        return tuple(message for message in batch.messages if message.label in again)

    def sent(self, queue: Queue, message: Message) -> None:
        """A message that is sent is delivered by itself; its label says who sent it."""
        del queue.messages[message.label]
        if queue.dead_letters is None:
            raise Violation(f"I3: {message.body} is quarantined, and nothing is wrong with it")
        assert self.current is not None
        message.label = f"{self.current.label}.{self.current.calls}.{len(self._sent)}"
        self._sent.append(self._batch(message.label, queue.name, message))

    # Invocations

    def _workers(self, batches: Sequence[Batch]) -> tuple[Worker, ...]:
        return tuple(Worker(self._first(batch)) for batch in batches)

    def _first(self, batch: Batch) -> Moment:
        if batch.identity not in self._first_moments:
            self._first_moments[batch.identity] = self._moment(batch, (), *self._process(batch))
        return self._first_moments[batch.identity]

    def _goes_on(self, moment: Moment, heard: Answer) -> Moment:
        """Where an invocation comes to that hears this; its handler runs only if nobody has been there."""
        said = heard.status, heard.body
        if said not in moment.after:
            invocation, process = moment.invocation, moment.process
            if process is None:
                invocation, process = self._brought_to(moment)
            moment.process = None
            moment.after[said] = self._moment(moment.batch, (*moment.heard, heard), invocation, process)
        return moment.after[said]

    def _brought_to(self, moment: Moment) -> tuple[Invocation, greenlet]:
        """Another process at this moment."""
        invocation, process = self._process(moment.batch)
        does = self._switch(invocation, process)
        for heard in moment.heard:
            does = self._switch(invocation, process, heard)
        assert does == moment.does, f"{moment.batch.label} heard the same and does something else"
        return invocation, process

    def _process(self, batch: Batch) -> tuple[Invocation, greenlet]:
        function = BY_QUEUE[batch.queue]
        event = {"Records": list(map(lambda_record, batch.messages))}
        return self.prepare(
            function.name,
            function.timeout,
            lambda call: call.sandbox.handle(event, call),
            lambda *_: None,
            batch.label,
        )

    def _moment(self, batch: Batch, heard: tuple[Answer, ...], invocation: Invocation, process: greenlet) -> Moment:
        """Where a process comes to when it hears the last of this."""
        does = self._switch(invocation, process, *heard[-1:])
        return Moment(batch, heard, does, invocation, process)

    def _switch(self, invocation: Invocation, process: greenlet, *heard: Answer) -> Call | Ended:
        self.current = invocation
        does = process.switch(*heard)
        self.current = None
        return does if isinstance(does, Call) else Ended(*does)

    def _send(self, service: str, operation: str, request: Any) -> Answer:
        """Wait for the call to happen, and for what it answers."""
        if self._over or self.current is None:
            raise Killed
        self.current.calls += 1
        if hasattr(request.body, "read"):
            request.body = request.body.read()  # the call may happen in many situations
        subject = about(service, request)
        for enrollment in self._enrollments:
            subject = subject.replace(self.state.certificate_id_of(enrollment), f"#{enrollment}")
        touched = tuple(one for one in self._enrollments if f"#{one}" in subject)
        apart = operation in {"SendMessageBatch", "PutEvents"} or subject.startswith("training#")
        call = Call(service, operation, request, subject, () if apart else touched or self._enrollments)
        answer: Answer = getcurrent().parent.switch(call)
        return answer

    def _sleep(self, seconds: float) -> None:
        """Others may do anything while somebody waits, as they may at each of its calls."""

    def token(self, chance: Random, count: int) -> bytes:
        """The same token for the same drawing, whatever happened elsewhere."""
        drawer = self.current.label + str(self.current.calls) if self.current is not None else ""
        return hashlib.shake_128(drawer.encode()).digest(count)


def _next(workers: Sequence[Worker]) -> Sequence[Worker]:
    """Of whom one is next: someone whose call is nobody else's business, or all at one enrollment, or anybody."""
    for worker in workers:
        if not worker.moment.does.enrollments:
            return [worker]
    for enrollment in sorted({one for worker in workers for one in worker.moment.batch.enrollments}):
        may_touch = [worker for worker in workers if enrollment in worker.moment.batch.enrollments]
        if may_touch and all(worker.moment.does.enrollments == (enrollment,) for worker in may_touch):
            return may_touch
    return workers


def _again(batch: Batch, left: tuple[Message, ...]) -> Batch:
    return replace(batch, label=f"{batch.label}'", messages=left)


def _known(situation: Situation) -> tuple[bool, ...]:
    return tuple(time is not None for time in situation.acknowledged)


def _told(trail: Trail) -> list[str]:
    lines: list[str] = []
    while trail is not None:
        trail, line = trail
        lines.append(line)
    return lines[::-1]

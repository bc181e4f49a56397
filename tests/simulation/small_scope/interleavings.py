"""All that can happen to a few deliveries of facts: every interleaving, with a crash at every boundary.

From each state the search tries everything that can happen next: which call is made, and whether the process crashes
right after it, or before its first. It is breadth-first and visits equal states once, so it reports a violation with a
shortest path. An invocation's next call depends only on the answers so far: a handler runs once for all states with
the same answers. The service's clock stands still, random tokens depend on the drawing invocation alone, and every
invocation is a cold start, so that different paths to one state are recognized.

Of two orders of independent calls one is tried: a call on which no other depends (a message, an announcement, a course
that does not change) happens at once. So do the calls on an enrollment while all workers that may touch it are at it.
A crashed invocation's messages come back when all other work is done, because visibility timeouts take minutes.
"""

import hashlib
import json
from collections import deque
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from random import Random
from typing import Any

from greenlet import getcurrent, greenlet

from tests.simulation.engine.faults import FaultProfile, Killed
from tests.simulation.engine.invocation import Invocation
from tests.simulation.engine.network import subject_of
from tests.simulation.engine.runtime import BY_QUEUE, RECORDS
from tests.simulation.engine.world import World
from tests.simulation.invariants import end_of_run
from tests.simulation.invariants.violation import Violation
from tests.simulation.services.dynamodb import Key, Table
from tests.simulation.services.dynamodb_expressions import Item
from tests.simulation.services.sqs import Message, Queue, failures, lambda_record
from tests.simulation.services.wire import Answer, Refused, refusal
from tests.simulation.small_scope.states import Batch, Call, Checkpoint, Ended, State, Trail, Worker, lines_of
from tests.simulation.stories.steps import Post


@dataclass
class Explored:
    """The size of a search, and the first violation with the path to it."""

    states: int = 0
    steps: int = 0
    runs: int = 0
    violation: str = ""

    def __str__(self) -> str:
        return f"{self.states:,} states, {self.steps:,} steps, {self.runs:,} runs of a handler"


class Interleavings(World):
    """A world that begins where another ended, and in which every order of a few facts is tried."""

    def __init__(self, prepared: World, facts: Sequence[Post]) -> None:
        super().__init__(1, [], FaultProfile())
        self.clock.move_to(prepared.now)
        self.observer.certificate_ids = dict(prepared.observer.certificate_ids)
        for posted in prepared.oracle.posted:
            self.oracle.add_posted(replace(posted))
        self._records = prepared.dynamodb.tables[RECORDS]
        self._enrollments = tuple(one.data["enrollment_id"] for one in self.oracle.enrollments())
        self._moves = 0
        self._facts = [self._post(number, fact) for number, fact in enumerate(facts)]
        self._posted = self.oracle.posted[-len(facts) :]
        self._versions: dict[Key, int] = {}
        self._sent: list[Batch] = []
        self._numbers: dict[object, int] = {}
        self._first: dict[tuple[str, ...], Checkpoint] = {}
        self._trail: Trail = None
        self.dynamodb.on_write = self._written

    @property
    def now(self) -> int:
        """Each move takes a millisecond; the service's own clock stands still."""
        return self.clock.now + self._moves

    def lag(self) -> int:
        return 0  # no index is read here

    def explore(self, deliveries: Sequence[Sequence[int]]) -> Explored:
        explored, seen = Explored(), set[object]()
        with self.running():
            waiting = deque([self._beginning(deliveries)])
            while waiting and not explored.violation:
                here = waiting.popleft()
                self._trail = here.trail
                try:
                    for state in self._next_states(here):
                        explored.steps += 1
                        identity = self._identity(state)
                        if identity not in seen:
                            seen.add(identity)
                            waiting.append(state)
                except Violation as violation:
                    explored.violation = "\n".join([*lines_of(self._trail), str(violation)])
        explored.states, explored.runs = len(seen), self.processes.started
        return explored

    # States

    def _beginning(self, deliveries: Sequence[Sequence[int]]) -> State:
        acknowledged = (None,) * len(self._facts)
        empty = State(0, dict(self._records.items), {}, {}, (), {}, acknowledged)
        batches = [
            self._batch(f"delivery-{number}", "Progress", *(self._facts[fact] for fact in facts))
            for number, facts in enumerate(deliveries)
        ]
        return replace(empty, workers=self._workers(batches))

    def _post(self, number: int, fact: Post) -> Message:
        message = Message(f"{fact.queue}-{number}", fact.body, self.now, self.now)
        self.oracle.add(fact, message.label, self.now)
        return message

    def _batch(self, label: str, queue: str, *messages: Message) -> Batch:
        bodies = " ".join(message.body for message in messages)
        touched = tuple(one for one in self._enrollments if f'"{one}"' in bodies)
        return Batch(label, queue, messages, touched or self._enrollments)

    def _identity(self, state: State) -> object:
        """Equal for states with the same future."""
        return (
            tuple(sorted(state.versions.items())),
            tuple(sorted((key, self._number(stored.body)) for key, stored in state.objects.items())),
            tuple(event["id"] for event in state.announced),
            state.acknowledged_facts,
            tuple(sorted((id(worker.checkpoint), worker.acknowledged_before) for worker in state.workers)),
            tuple(sorted(batch.identity for batch in state.later)),
            state.crashed,
        )

    def _number(self, thing: object) -> int:
        return self._numbers.setdefault(thing, len(self._numbers))

    def _restore(self, state: State) -> None:
        self._moves = state.moves
        self.dynamodb.tables[RECORDS] = Table(self._records.keys, self._records.indexes)
        self.dynamodb.tables[RECORDS].items = dict(state.records)
        self._versions = dict(state.versions)
        self.s3.objects = dict(state.objects)
        self.eventbridge.events = list(state.announced)
        self.observer.issued = dict(state.issued)
        for posted, time in zip(self._posted, state.acknowledged, strict=True):
            posted.acknowledged_at, posted.accepted = time, time is not None

    def _captured(self, before: State) -> State:
        """What AWS holds now; the workers are those of `before` and one for each batch sent since."""
        here = replace(
            before,
            moves=self._moves,
            records=self.dynamodb.tables[RECORDS].items,
            versions=self._versions,
            objects=self.s3.objects,
            announced=tuple(self.eventbridge.events),
            issued=self.observer.issued,
            acknowledged=tuple(posted.acknowledged_at for posted in self._posted),
            trail=self._trail,
        )
        sent, self._sent = self._sent, []
        return replace(here, workers=(*here.workers, *self._workers(sent)))

    def _written(self, table: str, key: Key, before: Item | None, after: Item) -> None:
        self.observer.written(table, key, before, after)
        if key[0].startswith("enrollment#"):
            self._versions[key] = self._number(json.dumps(after, sort_keys=True))

    # Steps

    def _next_states(self, here: State) -> Iterator[State]:
        if here.workers:
            for worker in _candidates(here.workers):
                yield from self._states_after(here, worker)
        elif here.later:
            yield replace(here, workers=self._workers(here.later), later=())
        else:
            self._restore(here)
            end_of_run.check(self)

    def _states_after(self, here: State, worker: Worker) -> Iterator[State]:
        """The worker makes its call and continues, or crashes; or it crashes before its first call."""
        batch, action = worker.checkpoint.batch, worker.checkpoint.action
        without = replace(here, workers=tuple(other for other in here.workers if other is not worker))
        later = (*here.later, _redelivered(batch, batch.messages))
        if not worker.checkpoint.answers and not here.crashed:
            trail = here.trail, f"{batch.label} crashes before its first call"
            yield replace(without, later=later, crashed=True, trail=trail)
        self._restore(here)
        self._moves += 1
        if isinstance(action, Ended):
            self._trail = here.trail, f"{batch.label} has ended: {action.error or action.result}"
            left = self._acknowledge(batch, action)
            later = (*here.later, _redelivered(batch, left)) if left else here.later
            yield replace(self._captured(without), later=later)
            return
        self._trail = here.trail, f"{batch.label} {action.service}.{action.operation} {action.subject}"
        if worker.began is None and action.enrollments:
            worker = replace(worker, began=self.now, acknowledged_before=here.acknowledged_facts)
        answer = self._carry_out(action, worker)
        after = self._captured(without)
        continued = replace(worker, checkpoint=self._successor(worker.checkpoint, answer))
        yield replace(after, workers=(*after.workers, continued))
        if not here.crashed:
            yield replace(after, later=later, crashed=True, trail=(after.trail, f"{batch.label} crashes"))

    def _carry_out(self, call: Call, worker: Worker) -> Answer:
        began, calls = worker.began or self.now, len(worker.checkpoint.answers)
        self.processes.current = invocation = replace(worker.checkpoint.invocation, began=began, calls=calls)
        try:
            return self.network.apply(call.service, call.operation, call.request, None, invocation)
        except Refused as refused:
            return refusal(call.service, refused)
        finally:
            self.processes.current = None

    def _acknowledge(self, batch: Batch, ended: Ended) -> tuple[Message, ...]:
        """Delete what was processed, as Lambda does, and return the other messages."""
        labels = [message.label for message in batch.messages]
        retries = set(labels) if ended.error is not None else failures(ended.result, labels)
        for message in batch.messages:
            if message.label not in retries:
                self.observer.acknowledged(message, batch.label)
        return tuple(message for message in batch.messages if message.label in retries)

    def sent(self, queue: Queue, message: Message) -> None:
        """Deliver each message alone; its label says who sent it."""
        del queue.messages[message.label]
        if queue.dead_letters is None:
            raise Violation(f"I3: {message.body} is quarantined although it is valid")
        sender = self.processes.current
        assert sender is not None
        message.label = f"{sender.label}.{sender.calls}.{len(self._sent)}"
        self._sent.append(self._batch(message.label, queue.name, message))

    # Invocations

    def _workers(self, batches: Sequence[Batch]) -> tuple[Worker, ...]:
        return tuple(Worker(self._begun(batch)) for batch in batches)

    def _begun(self, batch: Batch) -> Checkpoint:
        if batch.identity not in self._first:
            self._first[batch.identity] = self._checkpoint(batch, (), *self._process(batch))
        return self._first[batch.identity]

    def _successor(self, checkpoint: Checkpoint, answer: Answer) -> Checkpoint:
        """Where an invocation gets to with this answer; its handler runs only the first time."""
        content = answer.status, answer.body
        if content not in checkpoint.successors:
            invocation, process = checkpoint.invocation, checkpoint.process
            if process is None:
                invocation, process = self._replayed(checkpoint)
            checkpoint.process = None
            answers = (*checkpoint.answers, answer)
            checkpoint.successors[content] = self._checkpoint(checkpoint.batch, answers, invocation, process)
        return checkpoint.successors[content]

    def _replayed(self, checkpoint: Checkpoint) -> tuple[Invocation, greenlet]:
        invocation, process = self._process(checkpoint.batch)
        action = self._switch(invocation, process)
        for answer in checkpoint.answers:
            action = self._switch(invocation, process, answer)
        same = action == checkpoint.action
        assert same, f"{checkpoint.batch.label} got the same answers and does something else"
        return invocation, process

    def _process(self, batch: Batch) -> tuple[Invocation, greenlet]:
        function = BY_QUEUE[batch.queue]
        event = {"Records": list(map(lambda_record, batch.messages))}

        def work(invocation: Invocation) -> Any:
            return invocation.sandbox.handle(event, invocation)

        return self.processes.prepare(function.name, function.timeout, work, lambda *_: None, batch.label)

    def _checkpoint(
        self, batch: Batch, answers: tuple[Answer, ...], invocation: Invocation, process: greenlet
    ) -> Checkpoint:
        return Checkpoint(batch, answers, self._switch(invocation, process, *answers[-1:]), invocation, process)

    def _switch(self, invocation: Invocation, process: greenlet, *answer: Answer) -> Call | Ended:
        self.processes.current = invocation
        action = process.switch(*answer)
        self.processes.current = None
        return action if isinstance(action, Call) else Ended(*action)

    def send(self, service: str, operation: str, request: Any) -> Answer:
        """Hand the call to the search, and wait for its answer."""
        current = self.processes.current
        if self.processes.ended or current is None:
            raise Killed
        current.calls += 1
        if hasattr(request.body, "read"):
            request.body = request.body.read()  # the call may be carried out in many states
        subject = subject_of(service, request)
        for enrollment in self._enrollments:
            subject = subject.replace(self.observer.certificate_id_of(enrollment), f"#{enrollment}")
        touched = tuple(one for one in self._enrollments if f"#{one}" in subject)
        is_independent = operation in {"SendMessageBatch", "PutEvents"} or subject.startswith("training#")
        enrollments = () if is_independent else touched or self._enrollments
        answer: Answer = getcurrent().parent.switch(Call(service, operation, request, subject, enrollments))
        return answer

    def sleep(self, seconds: float) -> None:
        """No state of its own: others may run at each call anyway."""

    def token(self, chance: Random, count: int) -> bytes:
        """The same token for the same call of the same invocation, whatever else happened."""
        current = self.processes.current
        drawer = current.label + str(current.calls) if current is not None else ""
        return hashlib.shake_128(drawer.encode()).digest(count)


def _candidates(workers: Sequence[Worker]) -> Sequence[Worker]:
    """The workers whose next call must be tried: an independent one, else all at one enrollment, else all."""
    for worker in workers:
        if not worker.checkpoint.action.enrollments:
            return [worker]
    for enrollment in sorted({one for worker in workers for one in worker.checkpoint.batch.enrollments}):
        may_touch = [worker for worker in workers if enrollment in worker.checkpoint.batch.enrollments]
        if may_touch and all(worker.checkpoint.action.enrollments == (enrollment,) for worker in may_touch):
            return may_touch
    return workers


def _redelivered(batch: Batch, left: tuple[Message, ...]) -> Batch:
    return replace(batch, label=f"{batch.label}'", messages=left)

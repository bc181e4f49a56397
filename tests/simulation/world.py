"""One run: a seeded scheduler lets invocations, messages, clocks and bad luck take turns at every call to AWS.

An invocation is a greenlet: it runs until it calls AWS, then waits for its turn. What happens between two calls touches
nothing that others can see, so every interleaving that matters is one of calls.
"""

import hashlib
import heapq
import io
import json
import random
import secrets
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, contextmanager, redirect_stdout
from dataclasses import dataclass, field
from random import Random
from typing import Any
from unittest.mock import patch

import boto3
from greenlet import getcurrent, greenlet

from tests.simulation import api_clients, faults, invariants, runtime
from tests.simulation.clock import MINUTE, SECOND, Clock, at
from tests.simulation.dynamodb import DynamoDB
from tests.simulation.fake_pdf import design
from tests.simulation.faults import FaultProfile, Killed
from tests.simulation.invariants import Violation
from tests.simulation.oracle import Truth
from tests.simulation.runtime import BY_QUEUE, FUNCTIONS, Function, Sandbox
from tests.simulation.s3 import S3
from tests.simulation.sqs import SQS, Message, Queue, failures, lambda_record
from tests.simulation.stories import (
    START,
    Ask,
    ConcurrentEvent,
    CrashAfterWrite,
    DeleteDocument,
    Deploy,
    ForgedMessage,
    Outage,
    Post,
    Purge,
    Redrive,
    Step,
)
from tests.simulation.wire import Answer, Refused, answering, forget_retries
from tools.operations.quarantine import held
from tools.operations.redrive import Wanted, select, send_back

MEANWHILE = 4 * SECOND  # in which what is posted is usually dealt with
SWEEP_EVERY = 5 * MINUTE
SWEPT = "a sweep"  # no fault, but it can be left out of a story
MAX_SWEEPS_MISSED = 30  # in a row, while there are faults: what the sweep would do must come right without it, too
AFTER_THE_LAST_FAULT = 15 * MINUTE
DEPLOYMENT_ENDS = 0.5  # of the invocations that are under way
_operator = boto3.client("sqs")


class _Nowhere(io.TextIOBase):
    def write(self, text: str) -> int:
        return len(text)


@dataclass
class Outcome:
    """What came of a run; `trace` is a hash of every call and answer, in their order."""

    seed: int
    trace: str
    violations: list[str]
    calls: int
    events: int
    certificates: int
    invocations: int
    simulated: int
    faults: Counter[str] = field(default_factory=Counter)
    injected: list[str] = field(default_factory=list)
    log: list[str] = field(default_factory=list)


@dataclass
class Invocation:
    """A function at work on a batch, an API request, or an operator at work."""

    label: str
    began: int
    deadline: int
    sandbox: Sandbox
    work: Callable[["Invocation"], Any]
    done: Callable[[Any, BaseException | None], None]
    chance: Random
    calls: int = 0
    doomed: bool = False
    lasting: dict[str, str] = field(default_factory=dict)  # what goes on going wrong, by operation

    def get_remaining_time_in_millis(self) -> int:
        """What Lambda's context says."""
        return int(self.deadline - self.clock.now)

    clock: Clock = field(default_factory=lambda: Clock(0))
    function_name = "simulated"
    memory_limit_in_mb = 512
    invoked_function_arn = "arn:aws:lambda:eu-west-1:123456789012:function:simulated"
    aws_request_id = "request"


class World:
    """Services, functions and everybody else. `allowed` are the faults that may strike, if not all."""

    def __init__(
        self, seed: int, steps: Sequence[Step], weather: FaultProfile, allowed: frozenset[str] | None = None
    ) -> None:
        self.seed, self.weather, self.allowed = seed, weather, allowed
        self.steps = steps
        self.clock = Clock(START)
        self.truth = Truth()
        self.dynamodb = DynamoDB(runtime.tables(), lambda: self.now, self.lag)
        self.s3 = S3()
        self.sqs = SQS(runtime.queues(), lambda: self.now, self.sent)
        self.announced: list[dict[str, Any]] = []
        self.state = invariants.State(self)
        self.current: Invocation | None = None
        self.quiesce = self.purged = False
        self.injected: list[str] = []
        self.log: list[str] = []
        self.violations: list[str] = []
        self.calls = self.invocations = 0
        self._out: dict[str, int] = {}
        self._purging: dict[str, int] = {}
        self._meanwhile: list[ConcurrentEvent] = []
        self._deadly: list[str] = []
        self._warm: dict[str, list[Sandbox]] = {}
        self._options = runtime.options(design(seed), small_pages=self.weather.small_pages)
        self._at_work: list[Invocation] = []
        self._processes: list[greenlet] = []
        self._over = False
        self._deployments = 0
        self._agenda: list[tuple[int, float, int, Callable[[], None]]] = []
        self._order = Random(f"{seed}/order")
        self._trace = hashlib.blake2b(digest_size=16)
        self._asking: list[Callable[[], None]] = []

    # Time

    @property
    def now(self) -> int:
        """Milliseconds since 1970."""
        return self.clock.now

    def at(self, time: int, what: Callable[[], None]) -> None:
        """Plan something; what is planned for the same moment happens in a random order."""
        heapq.heappush(self._agenda, (max(time, self.now), self._order.random(), len(self._agenda) + self.calls, what))

    def chance(self, *about: object) -> Random:
        """Chance about one thing, the same whatever happens elsewhere: a story that is cut short stays alike."""
        return Random("/".join(map(str, (self.seed, *about))))

    def happens(self, kind: str, chance: Random, *about: object) -> bool:
        """Whether a fault strikes something."""
        strikes = chance.random() < self.weather.rates.get(kind, 0)
        return strikes and self._strike(kind, *about)

    def delayed(self, kind: str, *about: object) -> int | None:
        """By how much a fault delays something, or None when it does not strike."""
        chance = self.chance(kind, *about)
        return chance.randint(*faults.DELAYS[kind]) if self.happens(kind, chance, *about) else None

    def _strike(self, kind: str, *about: object) -> bool:
        name = f"{kind}: {'/'.join(map(str, about))}"
        if self.quiesce or (self.allowed is not None and name not in self.allowed):
            return False
        self.injected.append(name)
        self.note(name)
        return True

    def note(self, what: str) -> None:
        """Something for the story and the trace."""
        self.log.append(f"{at(self.now):%d %H:%M:%S.%f}"[:-3] + f" {what}")
        self._trace.update(f"{self.now} {what}\n".encode())

    # The run

    def run(self) -> Outcome:
        """Tell the story to its end, and look whether all came right."""
        try:
            with self.running():
                self._plan()
                while self._agenda:
                    time, _, _, what = heapq.heappop(self._agenda)
                    self.clock.move_to(time)
                    what()
        except Violation as violation:
            self.violations.append(str(violation))
            self.note(f"VIOLATION {violation}")
        return self._outcome()

    @contextmanager
    def running(self) -> Iterator[None]:
        """Virtual time, seeded chance and these services, for the time of the block."""
        chance = Random(f"{self.seed}/secrets")
        forget_retries()
        random.seed(self.seed)
        with ExitStack() as stack:
            stack.enter_context(self.clock.shown(self._sleep))
            stack.enter_context(patch.object(secrets, "token_bytes", lambda count=32: self.token(chance, count)))
            stack.enter_context(answering(self._send))
            stack.enter_context(redirect_stdout(_Nowhere()))  # where metrics go
            try:
                yield
            finally:
                self._end_everything()

    def token(self, chance: Random, count: int) -> bytes:
        """What takes the place of bytes that nobody can guess."""
        return chance.randbytes(count)

    def _plan(self) -> None:
        for step in self.steps:
            self.at(step.at, lambda step=step: self._tell(step))  # type: ignore[misc]  # the default binds it
        last = max((getattr(step, "until", step.at) for step in self.steps), default=START) + 5 * MINUTE
        self.at(START + self.chance("sweep").randint(0, SWEEP_EVERY), self._sweep_now_and_then)
        self.at(last, self._calm_down)
        self.ends = last + AFTER_THE_LAST_FAULT

    def _end_everything(self) -> None:
        self._agenda.clear()
        self._over = True
        for process in filter(None, self._processes):  # those that have begun and not ended
            process.throw(Killed)

    def _outcome(self) -> Outcome:
        certificates = len(self.state.issued)
        kinds = Counter(name.partition(":")[0] for name in self.injected)
        del kinds[SWEPT]
        kinds.update(
            type(step).__name__.lower()
            for step in self.steps
            if isinstance(step, Outage | Deploy | Redrive | DeleteDocument | Purge | ConcurrentEvent | CrashAfterWrite)
        )
        return Outcome(
            seed=self.seed,
            trace=self._trace.hexdigest(),
            violations=self.violations,
            calls=self.calls,
            events=len(self.truth.posted),
            certificates=certificates,
            invocations=self.invocations,
            simulated=self.now - START,
            faults=kinds,
            injected=self.injected,
            log=self.log,
        )

    # The story

    def _tell(self, step: Step) -> None:
        if isinstance(step, Post | ForgedMessage) and self._out.get("sqs", 0) > self.now:
            self.at(self._out["sqs"] + self.chance("again", step.at).randint(0, MINUTE), lambda: self._tell(step))
            return
        self.note(str(step))
        match step:
            case Post():
                message = self.sqs.send(runtime.url(step.queue), {"MessageBody": step.body, "MessageGroupId": "portal"})
                self.truth.add(step, message.label, self.now)
            case ForgedMessage():
                self.sqs.send(runtime.url(step.queue), {"MessageBody": step.body})
            case Ask():
                api_clients.ask(self, step)
            case Outage():
                self._out[step.service] = step.until
            case Deploy():
                self._deploy()
            case Redrive():
                self.redrive(step.queue, Wanted())
            case DeleteDocument() if self.weather.swept:
                self.state.lose(step.enrollment_id)
            case CrashAfterWrite():
                self._deadly.append(step.item)
            case ConcurrentEvent():
                self._meanwhile.append(step)
            case Purge() if self.weather.swept:
                self._purge(step)

    def _purge(self, purge: Purge) -> None:
        self.purged = True
        self._purging[purge.queue] = purge.until
        for url in (runtime.url(purge.queue), runtime.url(f"{purge.queue}DeadLetter")):
            self.sqs.queues[url].messages.clear()

    def _deploy(self) -> None:
        self._deployments += 1
        self._warm.clear()
        for invocation in self._at_work:
            invocation.doomed = invocation.doomed or self.chance("deploy", invocation.label).random() < DEPLOYMENT_ENDS

    def redrive(self, queue: str, wanted: Wanted) -> None:
        """Send back what is in a dead-letter queue, as the operator's command does."""

        def work(_: Invocation) -> None:
            with held(_operator, runtime.url(f"{queue}DeadLetter")) as hold:
                for _step in send_back(hold, runtime.url(queue), select(hold, wanted, limit=1000)):
                    pass

        self.invoke("operator", 10 * MINUTE, work, lambda *_: None)

    def _calm_down(self) -> None:
        """The last fault is over: what it delayed arrives, and what it sent to quarantine as a fault is sent back."""
        self.note("all faults are over")
        self.at(self.now + self.chance("last sweep").randint(0, SWEEP_EVERY), self._sweep_on_time)
        self.quiesce = True
        self._out.clear()
        self._meanwhile.clear()
        self._deadly.clear()
        for table in self.dynamodb.tables.values():
            table.catch_up(self.now)
        for queue in self.sqs.queues.values():
            for message in queue.messages.values():
                self._arrive(queue, message)
        for minutes in (0, 5, 10):
            for name in runtime.QUEUES:
                self.at(self.now + minutes * MINUTE, lambda name=name: self._send_faults_back(name))  # type: ignore[misc]  # as above
        # What only a look at everything can find is found within a day, or when an operator has it looked for.
        self.at(self.ends - SWEEP_EVERY, lambda: self._invoke_sweep(everything=True))
        self.at(self.ends, self._end)

    def _arrive(self, queue: Queue, message: Message) -> None:
        """A message that is late is late no more; one that is being worked on is out of sight as before."""
        if queue.dead_letters is None:
            message.visible_at = self.now
        elif message.visible_at > self.now + queue.visibility or not message.received:
            message.visible_at = self.now
            self._plan_poll(queue, message)

    def _send_faults_back(self, name: str) -> None:
        if self.sqs.queues[runtime.url(f"{name}DeadLetter")].messages:
            self.redrive(name, Wanted(reason="fault"))

    def _end(self) -> None:
        invariants.at_the_end(self)
        self._agenda.clear()

    # Functions

    def invoke(
        self,
        function: str,
        timeout: int,
        work: Callable[[Invocation], Any],
        done: Callable[[Any, BaseException | None], None],
        delay: int = 0,
    ) -> str:
        """Start something that calls AWS, and return its label; `done` gets what it returned, or why it did not."""
        label = f"{function}-{self.invocations + 1}"
        invocation, process = self.prepare(function, timeout, work, done, label, delay)
        self.at(invocation.began, lambda: self._resume(invocation, process))
        return label

    def prepare(
        self,
        function: str,
        timeout: int,
        work: Callable[[Invocation], Any],
        done: Callable[[Any, BaseException | None], None],
        label: str,
        delay: int = 0,
    ) -> tuple[Invocation, greenlet]:
        """Something that calls AWS, ready to run."""
        self.invocations += 1
        chance = self.chance(label)
        sandbox = self._sandbox(function, chance, label)
        now = self.now + delay
        invocation = Invocation(label, now, now + timeout, sandbox, work, done, chance, clock=self.clock)
        process = greenlet(lambda: self._work(invocation))
        self._at_work.append(invocation)
        self._processes.append(process)
        return invocation, process

    def _sandbox(self, function: str, chance: Random, label: str) -> Sandbox:
        warm = self._warm.setdefault(function, [])
        cold = self.happens(faults.COLD, chance, label)
        if warm and not cold:
            return warm.pop(chance.randrange(len(warm)))
        return Sandbox(function, self._deployments, self.delayed(faults.SKEWED, label) or 0, self._options)

    def _work(self, invocation: Invocation) -> tuple[Any, BaseException | None]:
        try:
            return invocation.work(invocation), None
        except Violation:
            raise
        except (Killed, Exception) as error:
            return None, error

    def _resume(self, invocation: Invocation, process: greenlet) -> None:
        pause = self.run_on(invocation, process)
        if pause is not None:
            self.at(self.now + pause, lambda: self._resume(invocation, process))

    def run_on(self, invocation: Invocation, process: greenlet) -> int | None:
        """Let an invocation run until it waits, and return for how long; None when it is over."""
        self.current = invocation
        self.clock.show(invocation.sandbox.skew)
        outcome = process.switch()
        self.current = None
        if not process.dead:
            return int(outcome)
        result, error = outcome
        self._at_work.remove(invocation)
        if not isinstance(error, Killed) and invocation.sandbox.deployment == self._deployments:
            self._warm[invocation.sandbox.function].append(invocation.sandbox)
        ended = "killed" if isinstance(error, Killed) else f"failed: {type(error).__name__}" if error else "done"
        self.note(f"{invocation.label} {ended}")
        invocation.done(result, error)
        return None

    def _sleep(self, seconds: float) -> None:
        self._pause(round(seconds * SECOND))

    def _pause(self, milliseconds: int) -> None:
        invocation = self.current
        assert invocation is not None
        getcurrent().parent.switch(milliseconds)
        if invocation.doomed or self.now > invocation.deadline:
            raise Killed

    # Calls

    def _send(self, service: str, operation: str, request: Any) -> Answer:
        """One call over the wire, and what may happen to it."""
        invocation = self.current
        if self._over or invocation is None:
            raise Killed
        invocation.calls += 1
        fault = self.fault(invocation, service, operation)
        if fault == faults.KILLED_BEFORE:
            raise Killed
        self._pause(faults.wait(None, invocation.chance))
        self.calls += 1
        answer, refused = Answer(b""), None
        if fault is None or faults.applies(fault):
            try:
                answer = self._apply(service, operation, request, fault, invocation)
            except Refused as why:
                refused = why
        if invocation.sandbox.function == "generate_certificate":
            self._meanwhile_happens(operation, about(service, request))
        heard = fault or (str(refused) if refused else "ok")
        said = hashlib.blake2b(answer.body, digest_size=6).hexdigest()
        self.note(f"{invocation.label} {service}.{operation} {about(service, request)}: {heard} {said}")
        if fault == faults.KILLED_AFTER or (operation == "UpdateItem" and self._is_deadly(about(service, request))):
            raise Killed
        if fault is not None:
            self._pause(faults.wait(fault, invocation.chance))
            faults.raise_(fault, service)
        if refused is not None:
            raise refused
        return answer

    def _is_deadly(self, item: str) -> bool:
        deadly = item in self._deadly
        if deadly:
            self._deadly.remove(item)
        return deadly

    def _meanwhile_happens(self, operation: str, subject: str) -> None:
        while due := [one for one in self._meanwhile if self._is_at_it(one, operation, subject)]:
            self._meanwhile.remove(due[0])
            self._tell(due[0].post)
            self._pause(MEANWHILE)

    def _is_at_it(self, meanwhile: ConcurrentEvent, operation: str, subject: str) -> bool:
        """Whether a call is the one while which something is to happen."""
        if meanwhile.reading:
            return operation == "BatchGetItem" and f"#{meanwhile.enrollment_id} " in f"{subject} "
        document = f"/{self.state.certificate_id_of(meanwhile.enrollment_id)}/"
        return operation == "PutObject" and document in subject

    def fault(self, invocation: Invocation, service: str, operation: str) -> str | None:
        """What goes wrong with a call, or None."""
        fault = invocation.lasting.get(operation) or self.weather.strikes(invocation.chance, operation)
        if self._out.get(service, 0) > self.now:
            return faults.OUT
        if fault is None or not self._strike(fault, invocation.label, invocation.calls, operation):
            return None
        if faults.lasts(fault, invocation.chance):
            invocation.lasting[operation] = fault
        return fault

    def _apply(self, service: str, operation: str, request: Any, fault: str | None, invocation: Invocation) -> Answer:
        if service == "s3":
            return self.s3.answer(operation, request)
        asked = json.loads(request.body)
        match service:
            case "dynamodb":
                answer = self._ask_dynamodb(operation, asked, fault, invocation.chance)
            case "sqs":
                answer = self._ask_sqs(operation, asked, fault, invocation.chance)
            case _:
                answer = self._announce(asked, fault, invocation.chance)
        return Answer(json.dumps(answer).encode(), {"Content-Type": "application/x-amz-json-1.0"})

    def _ask_dynamodb(self, operation: str, asked: dict[str, Any], fault: str | None, chance: Random) -> dict[str, Any]:
        if fault != faults.UNPROCESSED:
            return self.dynamodb.answer(operation, asked)
        [(table, wanted)] = asked["RequestItems"].items()
        keys = sorted(wanted["Keys"], key=json.dumps)
        done = keys[: chance.randrange(len(keys))]
        if not done:
            return {"Responses": {table: []}, "UnprocessedKeys": {table: wanted}}
        answer = self.dynamodb.answer(operation, {"RequestItems": {table: wanted | {"Keys": done}}})
        return answer | {"UnprocessedKeys": {table: wanted | {"Keys": keys[len(done) :]}}}

    def _ask_sqs(self, operation: str, asked: dict[str, Any], fault: str | None, chance: Random) -> dict[str, Any]:
        if fault != faults.PARTLY_FAILED:
            return self.sqs.answer(operation, asked)
        failed = [entry for entry in asked["Entries"] if chance.random() < 0.5] or asked["Entries"][:1]
        taken = [entry for entry in asked["Entries"] if entry not in failed]
        answer = self.sqs.answer(operation, asked | {"Entries": taken}) if taken else {"Successful": []}
        refusals = [{"Id": entry["Id"], "Code": "InternalError", "SenderFault": False} for entry in failed]
        return answer | {"Failed": refusals}

    def _announce(self, asked: dict[str, Any], fault: str | None, chance: Random) -> dict[str, Any]:
        entries = []
        for entry in asked["Entries"]:
            if fault == faults.PARTLY_FAILED and chance.random() < 0.6:
                entries.append({"ErrorCode": "InternalFailure", "ErrorMessage": "-"})
                continue
            event = json.loads(entry["Detail"])
            invariants.announced(self, event)
            self.announced.append(event)
            entries.append({"EventId": f"bus-{len(self.announced)}"})
        return {"FailedEntryCount": sum("ErrorCode" in entry for entry in entries), "Entries": entries}

    def lag(self) -> int:
        """How far indexes and scans stay behind the write at hand, in milliseconds."""
        if self.current is None or not self.weather.swept:
            return 0
        chance = self.current.chance
        usual, long = chance.randint(5, 800), chance.randint(SECOND, 20 * MINUTE)
        return (
            long
            if self.happens(faults.STALE, chance, self.current.label, self.current.calls)
            else 0
            if self.quiesce
            else usual
        )

    # Messages

    def sent(self, queue: Queue, message: Message) -> None:
        """A message has come into a queue."""
        if queue.dead_letters is None:
            self.state.quarantined(message)
            return
        if self._purging.get(queue.name, 0) > self.now:
            del queue.messages[message.label]
            return
        message.visible_at += self.delayed(faults.LATE, message.label) or self.chance(message.label).randint(0, 300)
        self._plan_poll(queue, message)

    def _plan_poll(self, queue: Queue, message: Message) -> None:
        function = BY_QUEUE[queue.name]
        waits = self.chance("poll", message.label, message.received).randint(1, function.window + 200)
        self.at(max(self.now, message.visible_at) + waits, lambda: self._poll(queue, function))

    def _poll(self, queue: Queue, function: Function) -> None:
        """Lambda's poller takes some of what is visible and invokes the function."""
        visible = queue.visible(self.now)
        if not visible:
            return
        if self._out.get("sqs", 0) > self.now:
            self.at(self._out["sqs"] + 1, lambda: self._poll(queue, function))
            return
        chance = self.chance("batch", visible[0].label, visible[0].received)
        chosen = chance.sample(visible, chance.randint(1, min(len(visible), function.batch_size)))
        batch = [message for message in chosen if queue.receive(message, self.now, queue.visibility)]
        for message in chosen:
            self._plan_poll(queue, message) if message in batch else None
            if message in batch and (again := self.delayed(faults.TWICE, message.label, message.received)) is not None:
                message.visible_at = self.now + again
                self._plan_poll(queue, message)
        if len(chosen) < len(visible):
            self.at(self.now + 1, lambda: self._poll(queue, function))
        if batch:
            self._invoke_on(queue, function, batch, chance)

    def _invoke_on(self, queue: Queue, function: Function, batch: list[Message], chance: Random) -> None:
        records = [lambda_record(message) for message in batch]
        labels = [message.label for message in batch]
        delay = self.delayed(faults.HELD, *labels[:1], batch[0].received) or chance.randint(1, 50)
        self.note(f"{queue.name} hands over {' '.join(labels)}")

        def done(response: Any, error: BaseException | None) -> None:
            again = set(labels) if error is not None else failures(response, labels)
            for message in batch:
                if message.label not in again:
                    self._delete(queue, message, label)

        event = {"Records": records}
        label = self.invoke(function.name, function.timeout, lambda call: call.sandbox.handle(event, call), done, delay)

    def _delete(self, queue: Queue, message: Message, by: str) -> None:
        self.state.acknowledged(message, by)
        again = self.delayed(faults.UNDELETED, message.label, message.received)
        if again is None:
            queue.messages.pop(message.label, None)
        elif message.label in queue.messages:
            message.visible_at = self.now + again
            self._plan_poll(queue, message)

    # The sweep

    def _sweep_now_and_then(self) -> None:
        if self.quiesce:
            return
        if self._strike(SWEPT, self.now):
            self._invoke_sweep()
        missed = self.chance("sweep", self.now).randint(0, MAX_SWEEPS_MISSED)
        self.at(self.now + (1 + missed) * SWEEP_EVERY, self._sweep_now_and_then)

    def _sweep_on_time(self) -> None:
        self._invoke_sweep()
        self.at(self.now + SWEEP_EVERY, self._sweep_on_time)

    def _invoke_sweep(self, **event: bool) -> None:
        if not self.weather.swept:
            return
        timeout = FUNCTIONS["sweep"].timeout
        self.invoke("sweep", timeout, lambda call: call.sandbox.handle(event, call), lambda *_: None)

    # The API, one request at a time: its resolver keeps the request at hand in the module

    def request(self, event: dict[str, Any], done: Callable[[dict[str, Any] | None, int], None]) -> None:
        """Ask the API; `done` gets the answer, or None if there was none, and when the request began."""

        def start() -> None:
            began = self.now

            def answered(answer: Any, error: BaseException | None) -> None:
                del self._asking[0]
                if self._asking:
                    self._asking[0]()
                done(None if error is not None else answer, began)

            timeout = FUNCTIONS["serve_api"].timeout
            self.invoke("serve_api", timeout, lambda call: call.sandbox.handle(event, call), answered)

        self._asking.append(start)
        if len(self._asking) == 1:
            start()


def about(service: str, request: Any) -> str:
    """What a call is about, without what differs from one hash seed to the next."""
    if service == "s3":
        return str(request.url).partition(".amazonaws.com")[2]
    asked = json.loads(request.body)
    if "Key" in asked:
        return "/".join(value["S"] for value in asked["Key"].values())
    if "RequestItems" in asked:
        keys = [key for wanted in asked["RequestItems"].values() for key in wanted["Keys"]]
        return " ".join(sorted("/".join(value["S"] for value in key.values()) for key in keys))
    return str(asked.get("QueueUrl", "")).rpartition("/")[2]

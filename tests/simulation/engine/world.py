"""One run: a story, the services, and functions that take turns at every call to AWS in a seeded order."""

import io
import random
import re
import secrets
from collections import Counter
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager, redirect_stdout
from random import Random
from typing import Any, assert_never
from unittest.mock import patch

from tests.simulation.clock import MINUTE, SECOND, Clock
from tests.simulation.engine import faults, runtime
from tests.simulation.engine.agenda import Agenda
from tests.simulation.engine.api_clients import ApiClients
from tests.simulation.engine.event_sources import EventSources
from tests.simulation.engine.fake_pdf import design
from tests.simulation.engine.fault_injector import FaultInjector
from tests.simulation.engine.faults import SWEEP_RUN, FaultProfile
from tests.simulation.engine.invocation import Invocation
from tests.simulation.engine.journal import Journal
from tests.simulation.engine.network import Network
from tests.simulation.engine.operations import SWEEP_EVERY, Operations
from tests.simulation.engine.outcome import Outcome
from tests.simulation.engine.processes import Processes
from tests.simulation.invariants import documents, end_of_run
from tests.simulation.invariants.observer import Observer
from tests.simulation.invariants.violation import Violation
from tests.simulation.oracle import Oracle
from tests.simulation.services.dynamodb import DynamoDB
from tests.simulation.services.eventbridge import EventBridge
from tests.simulation.services.s3 import S3
from tests.simulation.services.sqs import SQS, Message, Queue
from tests.simulation.services.wire import Answer, answering, forget_retries
from tests.simulation.stories.steps import (
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
from tools.operations.redrive import Wanted

AFTER_THE_LAST_FAULT = 15 * MINUTE
USUAL_STEPS = Post | ForgedMessage | Ask  # every other kind of step is counted among the faults


class _Discarded(io.TextIOBase):
    def write(self, text: str) -> int:
        return len(text)


class World:
    """`allowed` limits the faults to those of these names; None allows all."""

    def __init__(
        self, seed: int, steps: Sequence[Step], fault_profile: FaultProfile, allowed: frozenset[str] | None = None
    ) -> None:
        self.seed = seed
        self.steps = steps
        self.fault_profile = fault_profile
        self.violations: list[str] = []
        self.clock = Clock(START)
        self.journal = Journal(self.clock)
        self.agenda = Agenda(self.clock, Random(f"{seed}/order"))
        self.injector = FaultInjector(seed, fault_profile, allowed, self.clock, self.journal)
        self.oracle = Oracle()
        self.dynamodb = DynamoDB(runtime.tables(), lambda: self.now, self.lag)
        self.s3 = S3()
        self.sqs = SQS(runtime.queues(), lambda: self.now, self.sent, self.shown)
        self.eventbridge = EventBridge(lambda event: documents.check_announcement(self, event))
        self.observer = Observer(self)
        options = runtime.options(design(seed), small_pages=fault_profile.small_pages)
        self.processes = Processes(self.clock, self.agenda, self.injector, self.journal, options)
        self.network = Network(self)
        self.event_sources = EventSources(self)
        self.operations = Operations(self)
        self._api_clients = ApiClients(self)

    @property
    def now(self) -> int:
        """Milliseconds since 1970."""
        return self.clock.now

    @property
    def current(self) -> Invocation | None:
        return self.processes.current

    def run(self) -> Outcome:
        try:
            with self.running():
                self._plan()
                self.agenda.run()
        except Violation as violation:
            self.violations.append(str(violation))
            self.journal.note(f"VIOLATION {violation}")
        return self._outcome()

    @contextmanager
    def running(self) -> Iterator[None]:
        """Virtual time, seeded chance and the modelled services inside the block."""
        chance = Random(f"{self.seed}/secrets")
        forget_retries()
        random.seed(self.seed)
        with ExitStack() as stack:
            stack.enter_context(self.clock.shown(self.sleep))
            stack.enter_context(patch.object(secrets, "token_bytes", lambda count=32: self.token(chance, count)))
            stack.enter_context(answering(self.send))
            stack.enter_context(redirect_stdout(_Discarded()))  # metrics
            try:
                yield
            finally:
                self.agenda.clear()
                self.processes.end_all()

    # `Interleavings` replaces these.

    def send(self, service: str, operation: str, request: Any) -> Answer:
        return self.network.send(service, operation, request)

    def sleep(self, seconds: float) -> None:
        self.processes.sleep(seconds)

    def token(self, chance: Random, count: int) -> bytes:
        """Takes the place of random bytes."""
        return chance.randbytes(count)

    def sent(self, queue: Queue, message: Message) -> None:
        self.event_sources.accept(queue, message)

    def shown(self, queue: Queue, message: Message) -> None:
        self.event_sources.plan_poll(queue, message)

    def lag(self) -> int:
        """The milliseconds by which indexes and scans lag behind the present write."""
        if self.current is None or not self.fault_profile.swept:
            return 0
        chance = self.current.chance
        usual, long = chance.randint(5, 800), chance.randint(SECOND, 20 * MINUTE)
        if self.injector.happens(faults.STALE, chance, self.current.label, self.current.calls):
            return long
        return 0 if self.injector.is_over else usual

    def _plan(self) -> None:
        for step in self.steps:
            self.agenda.at(step.at, lambda step=step: self.carry_out(step))  # type: ignore[misc]  # the default binds it
        last = max((getattr(step, "until", step.at) for step in self.steps), default=START) + 5 * MINUTE
        first_sweep = self.injector.chance("sweep").randint(0, SWEEP_EVERY)
        self.agenda.at(START + first_sweep, self.operations.sweep_sometimes)
        self.agenda.at(last, lambda: self._quiesce(last + AFTER_THE_LAST_FAULT))

    def carry_out(self, step: Step) -> None:
        """Carry out a step of the story; during an outage of SQS the portal tries again after it."""
        outage_end = self.injector.outage_end("sqs") if isinstance(step, Post | ForgedMessage) else None
        if outage_end is not None:
            later = outage_end + self.injector.chance("again", step.at).randint(0, MINUTE)
            self.agenda.at(later, lambda: self.carry_out(step))
            return
        self.journal.note(str(step))
        match step:
            case Post():
                message = self.sqs.send(runtime.url(step.queue), {"MessageBody": step.body, "MessageGroupId": "portal"})
                self.oracle.add(step, message.label, self.now)
            case ForgedMessage():
                self.sqs.send(runtime.url(step.queue), {"MessageBody": step.body})
            case Ask():
                self._api_clients.ask(step)
            case Outage():
                self.injector.begin_outage(step.service, step.until)
            case Deploy():
                self.processes.deploy()
            case Redrive():
                self.operations.redrive(step.queue, Wanted())
            case DeleteDocument():
                self.operations.delete_document(step)
            case CrashAfterWrite():
                self.network.crash_after_write.append(step.item)
            case ConcurrentEvent():
                self.network.concurrent_events.append(step)
            case Purge():
                self.operations.purge(step)
            case _:
                assert_never(step)

    def _quiesce(self, end: int) -> None:
        """End all faults: deliver what they delayed, redrive what they moved to a dead-letter queue, sweep on time."""
        self.journal.note("all faults are over")
        last_sweep = self.injector.chance("last sweep").randint(0, SWEEP_EVERY)
        self.agenda.at(self.now + last_sweep, self.operations.sweep_on_schedule)
        self.injector.quiesce()
        self.network.quiesce()
        for table in self.dynamodb.tables.values():
            table.catch_up(self.now)
        for queue in self.sqs.queues.values():
            for message in queue.messages.values():
                self._end_delay(queue, message)
        for minutes in (0, 5, 10, 13):  # the last one is after the longest visibility timeout, 12 minutes
            for name in runtime.QUEUES:
                self.agenda.at(self.now + minutes * MINUTE, lambda name=name: self.operations.redrive_faults(name))  # type: ignore[misc]  # as above
        # Some findings take a check of every document: a day's sweeps do it, or an operator's sweep over everything.
        self.agenda.at(end - SWEEP_EVERY, lambda: self.operations.sweep(everything=True))
        self.agenda.at(end - MINUTE, self._api_clients.compare_lists)
        self.agenda.at(end, self._end)

    def _end_delay(self, queue: Queue, message: Message) -> None:
        """Show a delayed message now; one that an invocation works on stays invisible."""
        if queue.dead_letters is None:
            message.visible_at = self.now
        elif message.visible_at > self.now + queue.visibility or not message.received:
            message.visible_at = self.now
            self.event_sources.plan_poll(queue, message)

    def _end(self) -> None:
        end_of_run.check(self)
        self.agenda.clear()

    def _outcome(self) -> Outcome:
        kinds = Counter(name.partition(":")[0] for name in self.injector.injected)
        del kinds[SWEEP_RUN]
        kinds.update(_kind_of(step) for step in self.steps if not isinstance(step, USUAL_STEPS))
        return Outcome(
            seed=self.seed,
            trace=self.journal.trace,
            violations=self.violations,
            calls=self.network.calls,
            events=len(self.oracle.posted),
            certificates=len(self.observer.issued),
            invocations=self.processes.started,
            simulated=self.now - START,
            faults=kinds,
            injected=self.injector.injected,
            log=self.journal.lines,
        )


def _kind_of(step: Step) -> str:
    """The step's class in words, such as `crash after write`."""
    return " ".join(re.findall("[A-Z][a-z]+", type(step).__name__)).lower()

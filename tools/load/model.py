"""The way of an event to its certificate as a discrete-event model: queues, pollers, workers and their limits.

A poller receives a batch, waits for a worker to process it, and receives the next. While messages wait, Lambda adds
pollers up to a limit; each new poller starts with a cold worker. All figures are parameters.
"""

import random
from collections import Counter, deque
from collections.abc import Callable, Generator, Iterable, Sequence
from dataclasses import dataclass
from typing import Any

import simpy

Process = Generator[simpy.Event, Any, None]
NOISY_SHARE, NOISY_COUNT = 0.1, 30  # share of all in flight, and least number, of a noisy company (sqs-fair-queues)


@dataclass(frozen=True)
class Pollers:
    """Batches of a queue processed at a time: at first, the growth per second, and the limit."""

    first: int
    growth: float
    limit: int


@dataclass(frozen=True)
class Work:
    """Seconds that a function takes: a cold start, each batch, and for each message CPU and waiting for AWS.

    A function that works `ahead` computes the next message while AWS still answers for those before it.
    """

    start: float
    batch: float
    cpu: float
    wait: float
    reads: int  # capacity units of a message
    writes: int
    ahead: bool = False
    puts: int = 0  # documents
    events: int = 0  # announcements


@dataclass(frozen=True)
class Function:
    batch: int
    window: float
    pollers: Pollers
    work: Work


@dataclass(frozen=True)
class Message:
    """An event of a company's person, and when the portal posted it."""

    company: str
    posted: float


@dataclass(frozen=True)
class Units:
    """What AWS grants per second: capacity units of the table, puts into the bucket, announcements on the bus."""

    reads: float
    writes: float
    puts: float = float("inf")
    events: float = float("inf")


class Quotas:
    """Grants units in order; a request waits while they are used up."""

    def __init__(self, env: simpy.Environment, units: Units) -> None:
        self._env, self._units, self._free = env, units, dict.fromkeys(("reads", "writes", "puts", "events"), 0.0)

    def use(self, work: Work) -> simpy.Timeout:
        turns = (
            self._turn("reads", work.reads / self._units.reads),
            self._turn("writes", work.writes / self._units.writes),
            self._turn("puts", work.puts / self._units.puts),
            self._turn("events", work.events / self._units.events),
        )
        return self._env.timeout(max(turns) - self._env.now)

    def _turn(self, kind: str, seconds: float) -> float:
        """The time at which the units are granted; the next request's is `seconds` later."""
        turn = max(self._free[kind], self._env.now)
        self._free[kind] = turn + seconds
        return turn


class Machine:
    """One machine: all workers share its processors, beside an emulator that serves one request at a time."""

    def __init__(self, env: simpy.Environment, processors: int) -> None:
        self._env, self._processors, self._emulator = env, simpy.Resource(env, processors), simpy.Resource(env, 1)

    def compute(self, seconds: float) -> Process:
        with self._processors.request() as turn:
            yield turn
            yield self._env.timeout(seconds)

    def ask(self, seconds: float) -> Process:
        with self._emulator.request() as turn:
            yield turn
            yield from self.compute(seconds)


class Cloud:
    """AWS: a processor for every worker, and services that answer all requests at once after varying times."""

    def __init__(self, env: simpy.Environment, rng: random.Random) -> None:
        self._env, self._rng = env, rng

    def compute(self, seconds: float) -> Process:
        yield self._env.timeout(seconds)

    def ask(self, seconds: float) -> Process:
        yield self._env.timeout(self._rng.expovariate(1 / seconds))


class Queue:
    """Waiting messages, fair between companies, and the pollers that receive them."""

    def __init__(
        self,
        env: simpy.Environment,
        function: Function,
        host: Machine | Cloud,
        quotas: Quotas,
        noisy: int,
        done: Callable[[Sequence[Message]], None],
    ) -> None:
        self._env, self._function, self._host, self._quotas, self._done = env, function, host, quotas, done
        self._noisy = noisy
        self._waiting: dict[str, deque[tuple[int, Message]]] = {}
        self._in_flight: Counter[str] = Counter()
        self._idle: list[simpy.Event] = []
        self.sent = self.workers = 0
        for _ in range(function.pollers.first):
            self._begin()
        env.process(self._grow())

    def send(self, messages: Iterable[Message]) -> None:
        """Send messages; each wakes an idle poller, the one that worked last first."""
        for message in messages:
            self.sent += 1
            self._waiting.setdefault(message.company, deque()).append((self.sent, message))
            if self._idle:
                self._idle.pop().succeed()

    def _begin(self) -> None:
        self.workers += 1
        self._env.process(self._poll())

    def _grow(self) -> Process:
        pollers = self._function.pollers
        while pollers.growth and self.workers < pollers.limit:
            yield self._env.timeout(1 / pollers.growth)
            if self._waiting:
                self._begin()

    def _poll(self) -> Process:
        cold = True
        while True:
            if not self._waiting:
                woken = self._env.event()
                self._idle.append(woken)
                yield woken
            batch = self._receive(self._function.batch)
            if batch and len(batch) < self._function.batch and self._function.window:
                yield self._env.timeout(self._function.window)
                batch += self._receive(self._function.batch - len(batch))
            if batch:
                yield from self._process(batch, cold)
                cold = False

    def _receive(self, limit: int) -> list[Message]:
        batch: list[Message] = []
        while self._waiting and len(batch) < limit:
            company = min(self._waiting, key=self._precedence)
            batch.append(self._waiting[company].popleft()[1])
            self._in_flight[company] += 1
            if not self._waiting[company]:
                del self._waiting[company]
        return batch

    def _precedence(self, company: str) -> tuple[int, int]:
        """Sort key of a company: noisy companies come last, others in the order of their oldest message."""
        own = self._in_flight[company]
        noisy = own >= self._noisy and own > NOISY_SHARE * self._in_flight.total()
        return own if noisy else 0, self._waiting[company][0][0]

    def _process(self, batch: Sequence[Message], cold: bool) -> Process:
        work = self._function.work
        if cold:
            yield from self._host.compute(work.start)
        yield from self._host.ask(work.batch)
        answers = []
        for _ in batch:
            yield from self._host.compute(work.cpu)
            answers.append(self._env.process(self._ask(work)))
            if not work.ahead:
                yield answers[-1]
        yield self._env.all_of(answers)
        self._in_flight.subtract(message.company for message in batch)
        self._done(batch)

    def _ask(self, work: Work) -> Process:
        yield from self._host.ask(work.wait)
        yield self._quotas.use(work)


@dataclass(frozen=True)
class Simulation:
    """Seconds from event to certificate: of the company marked at once, and of the other before and during that."""

    hall: list[float]
    school_idle: list[float]
    school: list[float]
    workers: dict[str, int]


def simulate(
    functions: dict[str, Function],
    people: int,
    units: Units,
    *,
    processors: int | None = None,
    posting: float = 0.0,
    noisy: int = NOISY_COUNT,
    seed: int = 2026,
) -> Simulation:
    """Mark `people` within `posting` seconds while a learner of another company finishes every second.

    `functions` are `marks`, `lessons` and `certificates`; `processors` are those of one machine, or None for AWS;
    `noisy` is the number of messages in flight from which on a company can be noisy.
    """
    env, quiet = simpy.Environment(), 30.0
    host = Cloud(env, random.Random(seed)) if processors is None else Machine(env, processors)  # noqa: S311  # no secret
    quotas, over = Quotas(env, units), env.event()
    took: dict[str, list[tuple[float, float]]] = {"hall": [], "school": []}

    def made(batch: Sequence[Message]) -> None:
        for message in batch:
            took[message.company].append((message.posted, env.now - message.posted))
        if len(took["hall"]) == people and not over.triggered:
            over.succeed()

    certificates = Queue(env, functions["certificates"], host, quotas, noisy, made)
    marks = Queue(env, functions["marks"], host, quotas, noisy, certificates.send)
    lessons = Queue(env, functions["lessons"], host, quotas, noisy, certificates.send)

    def mark() -> Process:
        yield env.timeout(quiet)
        for _ in range(people):
            marks.send([Message("hall", env.now)])
            if posting:
                yield env.timeout(posting / people)

    def learn() -> Process:
        while not over.triggered:
            lessons.send([Message("school", env.now)])
            yield env.timeout(1)

    env.process(mark())
    school = env.process(learn())
    env.run(over & school)
    while len(took["school"]) < lessons.sent:  # the last to finish are those who wait longest
        env.step()
    queues = {"marks": marks, "lessons": lessons, "certificates": certificates}
    return Simulation(
        hall=[seconds for _, seconds in took["hall"]],
        school_idle=[seconds for posted, seconds in took["school"] if quiet / 2 < posted < quiet - 2],
        school=[seconds for posted, seconds in took["school"] if posted >= quiet],
        workers={name: queue.workers for name, queue in queues.items()},
    )

"""The way of an event to its certificate as a discrete-event model: queues, pollers, workers, and what limits them.

A poller takes a batch, has a worker make it, and takes the next one. While messages wait there come to be more of
them, up to a limit; every new one begins with a cold worker. All figures come from outside.
"""

import random
from collections import Counter, deque
from collections.abc import Callable, Generator, Iterable, Sequence
from dataclasses import dataclass
from typing import Any

import simpy

Process = Generator[simpy.Event, Any, None]
NOISY_SHARE, NOISY_COUNT = 0.1, 30  # of all in flight, and at least: when SQS lets others go first (sqs-fair-queues)


@dataclass(frozen=True)
class Pollers:
    """Batches of a queue that are worked on at once: to begin with, how many more a second, and at most."""

    first: int
    growth: float
    most: int


@dataclass(frozen=True)
class Work:
    """Seconds that a function takes: a new worker's start, each batch, and of each message CPU and waiting for AWS.

    One that is `ahead` computes the next message while AWS still answers about those before it.
    """

    start: float
    batch: float
    cpu: float
    wait: float
    reads: int  # units that a message costs of the table
    writes: int
    ahead: bool = False


@dataclass(frozen=True)
class Function:
    """A function behind its queue."""

    batch: int
    window: float
    pollers: Pollers
    work: Work


@dataclass(frozen=True)
class Message:
    """Something about a person of a company, and when the portal posted it."""

    company: str
    posted: float


@dataclass(frozen=True)
class Units:
    """What the table grants in a second."""

    reads: float
    writes: float


class Table:
    """Grants units in order; who comes when they are used up waits."""

    def __init__(self, env: simpy.Environment, units: Units) -> None:
        self._env, self._units, self._free = env, units, {"reads": 0.0, "writes": 0.0}

    def use(self, work: Work) -> simpy.Timeout:
        """Wait for what a message takes."""
        turns = (
            self._turn("reads", work.reads / self._units.reads),
            self._turn("writes", work.writes / self._units.writes),
        )
        return self._env.timeout(max(turns) - self._env.now)

    def _turn(self, kind: str, seconds: float) -> float:
        """When the message's turn is; the next one's is so many seconds later."""
        turn = max(self._free[kind], self._env.now)
        self._free[kind] = turn + seconds
        return turn


class Machine:
    """The processors of one machine on which all workers run, beside an emulator that serves one request at a time."""

    def __init__(self, env: simpy.Environment, processors: int) -> None:
        self._env, self._processors, self._emulator = env, simpy.Resource(env, processors), simpy.Resource(env, 1)

    def compute(self, seconds: float) -> Process:
        """Have a processor."""
        with self._processors.request() as turn:
            yield turn
            yield self._env.timeout(seconds)

    def ask(self, seconds: float) -> Process:
        """Have the emulator, and it a processor."""
        with self._emulator.request() as turn:
            yield turn
            yield from self.compute(seconds)


class Cloud:
    """A processor for every worker, and services that serve all at once in times that vary."""

    def __init__(self, env: simpy.Environment, rng: random.Random) -> None:
        self._env, self._rng = env, rng

    def compute(self, seconds: float) -> Process:
        """Compute."""
        yield self._env.timeout(seconds)

    def ask(self, seconds: float) -> Process:
        """Wait for AWS: the mean is what is given, one in a hundred takes five times as long."""
        yield self._env.timeout(self._rng.expovariate(1 / seconds))


class Queue:
    """Messages that wait, fair between companies, and the pollers that take them."""

    def __init__(
        self,
        env: simpy.Environment,
        function: Function,
        place: Machine | Cloud,
        table: Table,
        noisy: int,
        done: Callable[[Sequence[Message]], None],
    ) -> None:
        self._env, self._function, self._place, self._table, self._done = env, function, place, table, done
        self._noisy = noisy
        self._waiting: dict[str, deque[tuple[int, Message]]] = {}
        self._in_flight: Counter[str] = Counter()
        self._idle: list[simpy.Event] = []
        self.sent = self.workers = 0
        for _ in range(function.pollers.first):
            self._begin()
        env.process(self._grow())

    def send(self, messages: Iterable[Message]) -> None:
        """Put messages; an idle poller for each wakes, the one that was at work last first."""
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
        while pollers.growth and self.workers < pollers.most:
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
            batch = self._take(self._function.batch)
            if batch and len(batch) < self._function.batch and self._function.window:
                yield self._env.timeout(self._function.window)
                batch += self._take(self._function.batch - len(batch))
            if batch:
                yield from self._make(batch, cold)
                cold = False

    def _take(self, most: int) -> list[Message]:
        batch: list[Message] = []
        while self._waiting and len(batch) < most:
            company = min(self._waiting, key=self._precedence)
            batch.append(self._waiting[company].popleft()[1])
            self._in_flight[company] += 1
            if not self._waiting[company]:
                del self._waiting[company]
        return batch

    def _precedence(self, company: str) -> tuple[int, int]:
        """The company that is noisy waits, if several are the noisiest; among others whoever came first is first."""
        own = self._in_flight[company]
        noisy = own >= self._noisy and own > NOISY_SHARE * self._in_flight.total()
        return own if noisy else 0, self._waiting[company][0][0]

    def _make(self, batch: Sequence[Message], cold: bool) -> Process:
        work = self._function.work
        if cold:
            yield from self._place.compute(work.start)
        yield from self._place.ask(work.batch)
        answers = []
        for _ in batch:
            yield from self._place.compute(work.cpu)
            answers.append(self._env.process(self._ask(work)))
            if not work.ahead:
                yield answers[-1]
        yield self._env.all_of(answers)
        self._in_flight.subtract(message.company for message in batch)
        self._done(batch)

    def _ask(self, work: Work) -> Process:
        yield from self._place.ask(work.wait)
        yield self._table.use(work)


@dataclass(frozen=True)
class Simulation:
    """Seconds from event to certificate: of the company marked at once, and of another, before that and meanwhile."""

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
    """Mark so many people within `posting` seconds while a learner of another company finishes every second.

    `functions` are `marks`, `lessons` and `certificates`; `processors` those of one machine, or None for AWS; `noisy`
    the messages that a company must have in flight before others go first.
    """
    env, quiet = simpy.Environment(), 30.0
    place = Cloud(env, random.Random(seed)) if processors is None else Machine(env, processors)  # noqa: S311  # no secret
    table, over = Table(env, units), env.event()
    took: dict[str, list[tuple[float, float]]] = {"hall": [], "school": []}

    def made(batch: Sequence[Message]) -> None:
        for message in batch:
            took[message.company].append((message.posted, env.now - message.posted))
        if len(took["hall"]) == people and not over.triggered:
            over.succeed()

    certificates = Queue(env, functions["certificates"], place, table, noisy, made)
    marks = Queue(env, functions["marks"], place, table, noisy, certificates.send)
    lessons = Queue(env, functions["lessons"], place, table, noisy, certificates.send)

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
    while len(took["school"]) < lessons.sent:  # who waits still is the one who waits longest
        env.step()
    queues = {"marks": marks, "lessons": lessons, "certificates": certificates}
    return Simulation(
        hall=[seconds for _, seconds in took["hall"]],
        school_idle=[seconds for posted, seconds in took["school"] if quiet / 2 < posted < quiet - 2],
        school=[seconds for posted, seconds in took["school"] if posted >= quiet],
        workers={name: queue.workers for name, queue in queues.items()},
    )

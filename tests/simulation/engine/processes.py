"""Invocations as greenlets: each runs until it calls AWS or sleeps, then waits for its turn.

Between two calls an invocation touches nothing that others can see, so an interleaving is an order of calls.
"""

from typing import Any

from greenlet import getcurrent, greenlet

from earned.testing.handlers import Options
from tests.simulation.clock import SECOND, Clock
from tests.simulation.engine import faults
from tests.simulation.engine.agenda import Agenda
from tests.simulation.engine.fault_injector import FaultInjector
from tests.simulation.engine.faults import Killed
from tests.simulation.engine.invocation import Done, Invocation, Work
from tests.simulation.engine.journal import Journal
from tests.simulation.engine.runtime import Sandbox
from tests.simulation.invariants.violation import Violation

ENDED_BY_DEPLOYMENT = 0.5  # of the invocations that are under way


class Processes:
    """Starts, resumes and ends invocations, and keeps their sandboxes warm."""

    def __init__(
        self, clock: Clock, agenda: Agenda, injector: FaultInjector, journal: Journal, options: Options
    ) -> None:
        self.current: Invocation | None = None
        self.started = 0
        self.ended = False
        self._clock = clock
        self._agenda = agenda
        self._injector = injector
        self._journal = journal
        self._options = options
        self._deployments = 0
        self._warm: dict[str, list[Sandbox]] = {}
        self._running: list[Invocation] = []
        self._greenlets: list[greenlet] = []

    def invoke(self, function: str, timeout: int, work: Work, done: Done, delay: int = 0) -> str:
        """Start an invocation after `delay` milliseconds, and return its label."""
        label = f"{function}-{self.started + 1}"
        invocation, process = self.prepare(function, timeout, work, done, label, delay)
        self._agenda.at(invocation.began, lambda: self._resume(invocation, process))
        return label

    def prepare(
        self, function: str, timeout: int, work: Work, done: Done, label: str, delay: int = 0
    ) -> tuple[Invocation, greenlet]:
        self.started += 1
        chance = self._injector.chance(label)
        sandbox = self._sandbox(function, chance, label)
        began = self._clock.now + delay
        invocation = Invocation(label, began, began + timeout, sandbox, work, done, chance, self._clock)
        process = greenlet(lambda: _outcome(invocation))
        self._running.append(invocation)
        self._greenlets.append(process)
        return invocation, process

    def _sandbox(self, function: str, chance: Any, label: str) -> Sandbox:
        warm = self._warm.setdefault(function, [])
        cold = self._injector.happens(faults.COLD, chance, label)
        if warm and not cold:
            return warm.pop(chance.randrange(len(warm)))
        skew = self._injector.delay(faults.SKEWED, label) or 0
        return Sandbox(function, self._deployments, skew, self._options)

    def _resume(self, invocation: Invocation, process: greenlet) -> None:
        """Run an invocation until it waits, and plan its next turn; or take note of its end."""
        self.current = invocation
        self._clock.show(invocation.sandbox.skew)
        outcome = process.switch()
        self.current = None
        if not process.dead:
            self._agenda.at(self._clock.now + int(outcome), lambda: self._resume(invocation, process))
            return
        result, error = outcome
        self._running.remove(invocation)
        if not isinstance(error, Killed) and invocation.sandbox.deployment == self._deployments:
            self._warm[invocation.sandbox.function].append(invocation.sandbox)
        ended = "killed" if isinstance(error, Killed) else f"failed: {type(error).__name__}" if error else "done"
        self._journal.note(f"{invocation.label} {ended}")
        invocation.done(result, error)

    def sleep(self, seconds: float) -> None:
        self.pause(round(seconds * SECOND))

    def pause(self, milliseconds: int) -> None:
        """Let others run; raises `Killed` when the invocation's time is up or a deployment ends it."""
        invocation = self.current
        assert invocation is not None
        getcurrent().parent.switch(milliseconds)
        if invocation.doomed or self._clock.now > invocation.deadline:
            raise Killed

    def deploy(self) -> None:
        """Discard all warm sandboxes, and end some invocations at their next call."""
        self._deployments += 1
        self._warm.clear()
        for invocation in self._running:
            drawn = self._injector.chance("deploy", invocation.label).random()
            invocation.doomed = invocation.doomed or drawn < ENDED_BY_DEPLOYMENT

    def end_all(self) -> None:
        self.ended = True
        for process in filter(None, self._greenlets):  # a greenlet is true between its begin and its end
            process.throw(Killed)


def _outcome(invocation: Invocation) -> tuple[Any, BaseException | None]:
    try:
        return invocation.work(invocation), None
    except Violation:
        raise
    except (Killed, Exception) as error:
        return None, error

"""Draws the faults of a run.

Each draw has a name, such as `seed/message/receive`, and a random generator of its own: a shorter story keeps the draws
of its remaining steps.
"""

from random import Random

from tests.simulation.clock import Clock
from tests.simulation.engine import faults
from tests.simulation.engine.faults import FaultProfile
from tests.simulation.engine.invocation import Invocation
from tests.simulation.engine.journal import Journal


class FaultInjector:
    """`allowed` limits the faults to those of these names; None allows all."""

    def __init__(
        self, seed: int, profile: FaultProfile, allowed: frozenset[str] | None, clock: Clock, journal: Journal
    ) -> None:
        self.injected: list[str] = []
        self._seed = seed
        self._profile = profile
        self._allowed = allowed
        self._clock = clock
        self._journal = journal
        self._outages: dict[str, int] = {}
        self._over = False

    @property
    def is_over(self) -> bool:
        return self._over

    def quiesce(self) -> None:
        """End all outages and inject no more faults."""
        self._over = True
        self._outages.clear()

    def chance(self, *about: object) -> Random:
        return Random("/".join(map(str, (self._seed, *about))))

    def happens(self, kind: str, chance: Random, *about: object) -> bool:
        strikes = chance.random() < self._profile.rates.get(kind, 0)
        return strikes and self.inject(kind, *about)

    def delay(self, kind: str, *about: object) -> int | None:
        """The milliseconds by which a fault delays something, or None when it does not strike."""
        chance = self.chance(kind, *about)
        return chance.randint(*faults.DELAYS[kind]) if self.happens(kind, chance, *about) else None

    def inject(self, kind: str, *about: object) -> bool:
        """Note a fault, and return whether it is allowed."""
        name = f"{kind}: {'/'.join(map(str, about))}"
        if self._over or (self._allowed is not None and name not in self._allowed):
            return False
        self.injected.append(name)
        self._journal.note(name)
        return True

    def begin_outage(self, service: str, until: int) -> None:
        self._outages[service] = until

    def outage_end(self, service: str) -> int | None:
        """When the outage of a service ends; None while the service is up."""
        until = self._outages.get(service, 0)
        return until if until > self._clock.now else None

    def fault_of_call(self, invocation: Invocation, service: str, operation: str) -> str | None:
        fault = invocation.lasting.get(operation) or self._profile.fault_of_call(invocation.chance, operation)
        if self.outage_end(service) is not None:
            return faults.OUT
        if fault is None or not self.inject(fault, invocation.label, invocation.calls, operation):
            return None
        if faults.lasts(fault, invocation.chance):
            invocation.lasting[operation] = fault
        return fault

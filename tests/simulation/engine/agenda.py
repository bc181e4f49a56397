"""The agenda: what happens when, in virtual time."""

import heapq
from collections.abc import Callable
from itertools import count
from random import Random

from tests.simulation.clock import Clock

Action = Callable[[], None]


class Agenda:
    """Actions by time; the order of simultaneous actions is random."""

    def __init__(self, clock: Clock, order: Random) -> None:
        self._clock = clock
        self._order = order
        self._planned: list[tuple[int, float, int, Action]] = []
        self._number = count()

    def at(self, time: int, action: Action) -> None:
        """Plan an action; a time in the past means now."""
        entry = (max(time, self._clock.now), self._order.random(), next(self._number), action)
        heapq.heappush(self._planned, entry)

    def run(self) -> None:
        while self._planned:
            time, _, _, action = heapq.heappop(self._planned)
            self._clock.move_to(time)
            action()

    def clear(self) -> None:
        self._planned.clear()

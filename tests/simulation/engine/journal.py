"""The journal of a run: its lines for a reader, and a hash of them for a replay."""

import hashlib

from tests.simulation.clock import Clock, at


class Journal:
    def __init__(self, clock: Clock) -> None:
        self.lines: list[str] = []
        self._clock = clock
        self._trace = hashlib.blake2b(digest_size=16)

    def note(self, what: str) -> None:
        now = self._clock.now
        self.lines.append(f"{at(now):%d %H:%M:%S.%f}"[:-3] + f" {what}")
        self._trace.update(f"{now} {what}\n".encode())

    @property
    def trace(self) -> str:
        """A hash of every line with its time in milliseconds; a replay has the same."""
        return self._trace.hexdigest()

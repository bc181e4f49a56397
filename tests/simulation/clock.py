"""Virtual time: nobody waits, and every clock that the service can read shows the same."""

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from typing import Any
from unittest.mock import patch

import time_machine

SECOND, MINUTE, HOUR, DAY = 1_000, 60_000, 3_600_000, 86_400_000


class Clock:
    """Milliseconds since 1970, moved only by `move_to`."""

    def __init__(self, start: int) -> None:
        self.now = start
        self._shown: Any = None

    def show(self, skew: int) -> None:
        """Let whoever is at work read a time of day that is wrong by this much."""
        self._shown.move_to((self.now + skew) / SECOND)

    def move_to(self, now: int) -> None:
        """Show a time, which is never before the last one."""
        self.now = max(now, self.now)
        if self._shown is not None:
            self._shown.move_to(self.now / SECOND)

    @contextmanager
    def shown(self, sleep: Callable[[float], None]) -> Iterator[None]:
        """Let `datetime`, `time` and whoever asks for a monotonic clock see this one; `sleep` is called to wait."""
        with (
            time_machine.travel(self.now / SECOND, tick=False) as self._shown,
            patch.object(time, "sleep", sleep),
            patch.object(time, "monotonic", lambda: self.now / SECOND),
        ):
            yield
        self._shown = None


def at(milliseconds: int) -> datetime:
    """A time of the virtual clock as events write it."""
    return datetime.fromtimestamp(milliseconds / SECOND, UTC)

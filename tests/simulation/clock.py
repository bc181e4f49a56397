"""Virtual time: every clock that the service can read shows it, and waiting takes no real time."""

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
        """Show a time of day that is wrong by `skew` milliseconds until the next move."""
        self._shown.move_to((self.now + skew) / SECOND)

    def move_to(self, now: int) -> None:
        """Move on to a time; time never goes back."""
        self.now = max(now, self.now)
        if self._shown is not None:
            self._shown.move_to(self.now / SECOND)

    @contextmanager
    def shown(self, sleep: Callable[[float], None]) -> Iterator[None]:
        """Let `datetime` and `time` show this clock inside the block; `sleep` replaces `time.sleep`."""
        with (
            time_machine.travel(self.now / SECOND, tick=False) as self._shown,
            patch.object(time, "sleep", sleep),
            patch.object(time, "monotonic", lambda: self.now / SECOND),
        ):
            yield
        self._shown = None


def at(milliseconds: int) -> datetime:
    return datetime.fromtimestamp(milliseconds / SECOND, UTC)

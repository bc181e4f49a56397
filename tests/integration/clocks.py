"""A clock to hand to use cases, which the test moves."""

from datetime import UTC, datetime, timedelta


class Clock:
    """The present time, plus what it was advanced by."""

    def __init__(self, ahead: timedelta = timedelta(0)) -> None:
        self._ahead = ahead

    def __call__(self) -> datetime:
        return datetime.now(UTC) + self._ahead

    def advance(self, by: timedelta) -> None:
        self._ahead += by

"""Times as whole milliseconds since 1970-01-01T00:00:00Z, as they are stored and compared."""

from datetime import UTC, datetime, timedelta

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


def to_milliseconds(at: datetime) -> int:
    """Rounded down."""
    return (at - _EPOCH) // timedelta(milliseconds=1)


def from_milliseconds(milliseconds: int) -> datetime:
    return _EPOCH + timedelta(milliseconds=milliseconds)

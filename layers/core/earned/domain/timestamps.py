"""Times as whole milliseconds since 1970-01-01T00:00:00Z, the form in which they are stored and compared."""

from datetime import UTC, datetime, timedelta

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


def milliseconds(at: datetime) -> int:
    """Rounded down."""
    return (at - _EPOCH) // timedelta(milliseconds=1)


def moment(milliseconds_since_1970: int) -> datetime:
    return _EPOCH + timedelta(milliseconds=milliseconds_since_1970)

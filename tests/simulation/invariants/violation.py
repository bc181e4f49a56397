"""A violated invariant ends the run."""


class Violation(BaseException):
    """Not an `Exception`: the service would take it for a fault and retry."""


def require(holds: bool, invariant: str, what: str) -> None:
    """Raise `Violation` unless the invariant holds."""
    if not holds:
        raise Violation(f"{invariant}: {what}")

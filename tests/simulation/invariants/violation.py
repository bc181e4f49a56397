"""A violated invariant ends the run."""


class Violation(BaseException):
    """Not an `Exception`: the service would take it for a fault and retry."""


def require(holds: bool, invariant: str, what: str) -> None:
    if not holds:
        raise Violation(f"{invariant}: {what}")

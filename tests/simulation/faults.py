"""What goes wrong at the wire: which fault strikes which call, and what it looks like to the SDK.

A seed has its own weather: some kinds of fault are common, some rare, most absent, so that each seed tries another mix.
"""

from dataclasses import dataclass, field
from random import Random

from botocore.exceptions import BotoCoreError, ConnectionClosedError, ConnectTimeoutError, ReadTimeoutError

from tests.simulation.clock import HOUR, MINUTE, SECOND
from tests.simulation.wire import Refused


class Killed(BaseException):
    """The process ends here; nothing that it planned to do happens."""


REFUSED = "refused before the call"
UNREACHABLE = "no connection"
LOST = "applied, its reply lost"
TIMED_OUT = "applied, answered too late"
THROTTLED = "throttled"
ERROR = "server error"
ERROR_APPLIED = "server error, applied all the same"
CONFLICT = "409 conflict"
PARTLY_FAILED = "batch partly failed"
UNPROCESSED = "unprocessed keys"
KILLED_BEFORE = "killed before the call"
KILLED_AFTER = "killed after the call"
SLOW = "slow"
OUT = "outage"
AT_A_CALL = (
    REFUSED,
    UNREACHABLE,
    LOST,
    TIMED_OUT,
    THROTTLED,
    ERROR,
    ERROR_APPLIED,
    CONFLICT,
    PARTLY_FAILED,
    UNPROCESSED,
    KILLED_BEFORE,
    KILLED_AFTER,
    SLOW,
)
LATE = "message late"
TWICE = "message delivered twice at once"
UNDELETED = "message not deleted"
HELD = "batch held by the poller"
STALE = "index stale"
COLD = "cold start"
SKEWED = "clock skewed"
ELSEWHERE = (LATE, TWICE, UNDELETED, HELD, STALE, COLD)
_ONLY = {CONFLICT: {"PutObject"}, PARTLY_FAILED: {"SendMessageBatch", "PutEvents"}, UNPROCESSED: {"BatchGetItem"}}
_MAY_LAST, LASTING = {REFUSED, UNREACHABLE, THROTTLED, ERROR}, 0.2  # of them: until the SDK gives up
SWEPT, SMALL_PAGES = 0.6, 0.3  # of the seeds
_RATES = (0, 0, 0, 0.005, 0.02, 0.06)
_RATES_ELSEWHERE = (0, 0.02, 0.1, 0.3)
_THROTTLES = {
    "dynamodb": (400, "ProvisionedThroughputExceededException"),
    "s3": (503, "SlowDown"),
    "sqs": (400, "RequestThrottled"),
    "eventbridge": (400, "ThrottlingException"),
}
_APPLIED = {LOST, TIMED_OUT, ERROR_APPLIED, KILLED_AFTER}


@dataclass(frozen=True)
class FaultProfile:
    """How likely each kind of fault is, and whether the sweep runs: without it, messages alone must do what they can.

    Where there is no sweep no index lags, since what falls between a lagging index and a message only a sweep can find.
    With `small_pages` what usually fits one page or one batch takes several.
    """

    rates: dict[str, float] = field(default_factory=dict)
    swept: bool = True
    small_pages: bool = False

    @classmethod
    def of(cls, seed: int) -> "FaultProfile":
        """The weather of a seed."""
        chance = Random(f"{seed}/weather")
        rates = {kind: chance.choice(_RATES) for kind in AT_A_CALL} | {SLOW: chance.choice((0, 0.02, 0.1, 0.3))}
        rates |= {kind: chance.choice(_RATES_ELSEWHERE) for kind in ELSEWHERE}
        swept, small_pages = chance.random() < SWEPT, chance.random() < SMALL_PAGES
        return cls(rates | {SKEWED: chance.choice(_RATES_ELSEWHERE)}, swept, small_pages)

    def strikes(self, chance: Random, operation: str) -> str | None:
        """The fault that strikes a call, if one does."""
        drawn = chance.random()
        for kind in AT_A_CALL:
            if operation in _ONLY.get(kind, {operation}):
                drawn -= self.rates.get(kind, 0)
                if drawn < 0:
                    return kind
        return None


def lasts(fault: str, chance: Random) -> bool:
    """Whether whatever is tried again goes wrong again."""
    return fault in _MAY_LAST and chance.random() < LASTING


def applies(fault: str | None) -> bool:
    """Whether a call that this strikes does its work, whatever the caller hears."""
    return fault in {None, SLOW, PARTLY_FAILED, UNPROCESSED} or fault in _APPLIED


def wait(fault: str | None, chance: Random) -> int:
    """How long the caller waits for what it hears, in milliseconds."""
    match fault:
        case None:
            return chance.randint(2, 40)
        case "applied, answered too late":
            return 3 * SECOND
        case "no connection":
            return 2 * SECOND
        case "slow":
            return chance.randint(200, 2500)
        case _:
            return chance.randint(2, 400)


def raise_(fault: str | None, service: str) -> None:
    """Let the caller hear of a fault."""
    match fault:
        case "killed before the call" | "killed after the call":
            raise Killed
        case "throttled":
            raise Refused(*_THROTTLES[service])
        case "server error" | "server error, applied all the same" | "outage":
            raise Refused(500, "InternalServerError" if service == "dynamodb" else "InternalError")
        case "409 conflict":
            raise Refused(409, "ConditionalRequestConflict")
    error = _SDK.get(fault or "")
    if error is not None:
        raise error(endpoint_url=service, error=fault)


_SDK: dict[str, type[BotoCoreError]] = {
    REFUSED: ConnectionClosedError,
    LOST: ConnectionClosedError,
    UNREACHABLE: ConnectTimeoutError,
    TIMED_OUT: ReadTimeoutError,
}
MAX_SKEW = MINUTE
DELAYS = {
    LATE: (SECOND, 2 * HOUR),
    TWICE: (0, 5 * SECOND),
    UNDELETED: (SECOND, HOUR),
    HELD: (SECOND, 4 * MINUTE),
    SKEWED: (-MAX_SKEW, MAX_SKEW),
}

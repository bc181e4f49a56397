"""Faults: which one strikes a call, and what the SDK sees of it.

Each seed has a fault profile of its own: some kinds of fault are common, some rare, most absent.
"""

from dataclasses import dataclass, field
from random import Random

from botocore.exceptions import BotoCoreError, ConnectionClosedError, ConnectTimeoutError, ReadTimeoutError

from tests.simulation.clock import HOUR, MINUTE, SECOND
from tests.simulation.services.wire import Refused


class Killed(BaseException):
    """The process ends here."""


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
SWEEP_RUN = "a sweep"  # not a fault, but shrinking can leave it out too
ELSEWHERE = (LATE, TWICE, UNDELETED, HELD, STALE, COLD)
_ONLY = {CONFLICT: {"PutObject"}, PARTLY_FAILED: {"SendMessageBatch", "PutEvents"}, UNPROCESSED: {"BatchGetItem"}}
_MAY_LAST = {REFUSED, UNREACHABLE, THROTTLED, ERROR}
LASTING = 0.2  # the share of these that lasts until the SDK gives up
SWEPT, SMALL_PAGES = 0.6, 0.3  # shares of the seeds
_RATES = (0, 0, 0, 0.005, 0.02, 0.06)
_RATES_ELSEWHERE = (0, 0.02, 0.1, 0.3)  # and of batches that partly fail, because few calls send a batch
_THROTTLES = {
    "dynamodb": (400, "ProvisionedThroughputExceededException"),
    "s3": (503, "SlowDown"),
    "sqs": (400, "RequestThrottled"),
    "eventbridge": (400, "ThrottlingException"),
}
_APPLIED = {LOST, TIMED_OUT, ERROR_APPLIED, KILLED_AFTER}


@dataclass(frozen=True)
class FaultProfile:
    """The rate of each kind of fault, and whether the sweep runs.

    Without the sweep messages must suffice, so indexes do not lag: only the sweep repairs what a lagging index hides
    from a message. With `small_pages`, what usually fits one page or one batch takes several.
    """

    rates: dict[str, float] = field(default_factory=dict)
    swept: bool = True
    small_pages: bool = False

    @classmethod
    def of(cls, seed: int) -> "FaultProfile":
        chance = Random(f"{seed}/weather")  # a name of its own; another name draws other profiles
        rates = {kind: chance.choice(_RATES) for kind in AT_A_CALL} | {SLOW: chance.choice((0, 0.02, 0.1, 0.3))}
        rates |= {kind: chance.choice(_RATES_ELSEWHERE) for kind in ELSEWHERE}
        swept, small_pages = chance.random() < SWEPT, chance.random() < SMALL_PAGES
        rates |= {kind: chance.choice(_RATES_ELSEWHERE) for kind in (SKEWED, PARTLY_FAILED)}
        return cls(rates, swept, small_pages)

    def fault_of_call(self, chance: Random, operation: str) -> str | None:
        drawn = chance.random()
        for kind in AT_A_CALL:
            if operation in _ONLY.get(kind, {operation}):
                drawn -= self.rates.get(kind, 0)
                if drawn < 0:
                    return kind
        return None


def lasts(fault: str, chance: Random) -> bool:
    """Whether a fault strikes every retry of its call too."""
    return fault in _MAY_LAST and chance.random() < LASTING


def applies(fault: str | None) -> bool:
    """Whether the service carries out a call that this fault strikes, whatever the caller sees."""
    return fault in {None, SLOW, PARTLY_FAILED, UNPROCESSED} or fault in _APPLIED


def wait(fault: str | None, chance: Random) -> int:
    """The milliseconds until the caller gets an answer or an error."""
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


def raise_fault(fault: str | None, service: str) -> None:
    """Raise what the caller sees of a fault; nothing if the call only took longer."""
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

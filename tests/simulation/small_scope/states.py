"""The states of the search, and what invocations do in them."""

from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

from greenlet import greenlet

from tests.simulation.engine.invocation import Invocation
from tests.simulation.services.dynamodb import Key
from tests.simulation.services.dynamodb_expressions import Item
from tests.simulation.services.s3 import Stored
from tests.simulation.services.sqs import Message
from tests.simulation.services.wire import Answer

Trail = tuple["Trail", str] | None  # what happened so far, the last event first


@dataclass(frozen=True)
class Batch:
    """Messages that a function gets together; the label says who sent them, and `enrollments` whom they may touch."""

    label: str
    queue: str
    messages: tuple[Message, ...]
    enrollments: tuple[str, ...]

    @cached_property
    def identity(self) -> tuple[str, ...]:
        return self.label, *(message.body for message in self.messages)


@dataclass(frozen=True)
class Call:
    """A call to AWS that is due, and the enrollments it is about; none, if no other call depends on it."""

    service: str
    operation: str
    request: Any = field(compare=False)
    subject: str
    enrollments: tuple[str, ...]


@dataclass(frozen=True)
class Ended:
    """A handler has returned or failed; Lambda is about to delete what was processed."""

    result: Any
    error: BaseException | None
    enrollments = ()


@dataclass
class Checkpoint:
    """An invocation that got some answers, what it does next, and its successors by the next answer.

    The greenlet continues from here at most once; another continuation needs another greenlet.
    """

    batch: Batch
    answers: tuple[Answer, ...]
    action: Call | Ended
    invocation: Invocation
    process: greenlet | None
    successors: dict[tuple[int, bytes], "Checkpoint"] = field(default_factory=dict)


@dataclass(frozen=True)
class Worker:
    """An invocation under way, when it began, and which facts were acknowledged before that.

    It begins right before its first call on an enrollment: as late as possible, so that it must know the most.
    """

    checkpoint: Checkpoint
    began: int | None = None
    acknowledged_before: tuple[bool, ...] = ()


@dataclass(frozen=True)
class State:
    """What AWS holds, which invocations run, and which batches are delivered again later.

    Records with the same version are equal.
    """

    moves: int
    records: dict[Key, Item]
    versions: dict[Key, int]
    objects: dict[tuple[str, str], Stored]
    announced: tuple[Item, ...]
    issued: dict[tuple[str, int], Item]
    acknowledged: tuple[int | None, ...]
    workers: tuple[Worker, ...] = ()
    later: tuple[Batch, ...] = ()
    crashed: bool = False
    trail: Trail = None

    @property
    def acknowledged_facts(self) -> tuple[bool, ...]:
        return tuple(time is not None for time in self.acknowledged)


def lines_of(trail: Trail) -> list[str]:
    """The events of a trail in their order."""
    lines: list[str] = []
    while trail is not None:
        trail, line = trail
        lines.append(line)
    return lines[::-1]

"""An invocation: a function that works on a batch or a request, or an operator's command."""

from collections.abc import Callable
from dataclasses import dataclass, field
from random import Random
from typing import Any

from tests.simulation.clock import Clock
from tests.simulation.engine.runtime import Sandbox

Work = Callable[["Invocation"], Any]
Done = Callable[[Any, BaseException | None], None]  # gets the result, or the error


@dataclass
class Invocation:
    """Serves as Lambda's context too; `lasting` are the faults, by operation, that strike every further call."""

    label: str
    began: int
    deadline: int
    sandbox: Sandbox
    work: Work
    done: Done
    chance: Random
    clock: Clock
    calls: int = 0
    doomed: bool = False
    lasting: dict[str, str] = field(default_factory=dict)
    function_name = "simulated"
    memory_limit_in_mb = 512
    invoked_function_arn = "arn:aws:lambda:eu-west-1:123456789012:function:simulated"
    aws_request_id = "request"

    def get_remaining_time_in_millis(self) -> int:
        return self.deadline - self.clock.now

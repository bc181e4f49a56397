"""The outcome of one run."""

from collections import Counter
from dataclasses import dataclass, field


@dataclass
class Outcome:
    """`trace` is a hash of every call and answer in their order; `simulated` is in milliseconds."""

    seed: int
    trace: str
    violations: list[str]
    calls: int
    events: int
    certificates: int
    invocations: int
    simulated: int
    faults: Counter[str] = field(default_factory=Counter)
    injected: list[str] = field(default_factory=list)
    log: list[str] = field(default_factory=list)

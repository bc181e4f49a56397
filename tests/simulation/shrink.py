"""Shrink a failing seed: leave out steps of its story and faults while it still fails."""

from collections.abc import Sequence
from dataclasses import dataclass

from tests.simulation.cases import Case
from tests.simulation.delta_debugging import shortest
from tests.simulation.engine.faults import FaultProfile
from tests.simulation.engine.outcome import Outcome
from tests.simulation.engine.world import World
from tests.simulation.stories.steps import Step
from tests.simulation.stories.story import story

MAX_RUNS = 400


@dataclass
class _Budget:
    left: int = MAX_RUNS


def shrink(seed: int) -> Case | None:
    """The shortest case found that violates the same invariant as the seed; None when the seed violates none."""
    fault_profile, budget = FaultProfile.of(seed), _Budget()

    def run(steps: Sequence[Step], faults: Sequence[str] | None) -> Outcome:
        budget.left -= 1
        return World(seed, steps, fault_profile, None if faults is None else frozenset(faults)).run()

    whole = run(story(seed), None)
    if not whole.violations:
        return None

    def fails(steps: Sequence[Step], faults: Sequence[str] | None) -> bool:
        return budget.left > 0 and _invariant(run(steps, faults)) == _invariant(whole)

    steps = shortest(story(seed), lambda fewer: fails(fewer, None))
    faults = shortest(run(steps, None).injected, lambda fewer: fails(steps, fewer))
    steps = shortest(steps, lambda fewer: fails(fewer, faults))
    violation = run(steps, faults).violations[0]
    return Case(seed, violation, fault_profile, tuple(faults), tuple(steps))


def _invariant(outcome: Outcome) -> str:
    return outcome.violations[0].partition(":")[0] if outcome.violations else ""

"""Shrink a failing seed: leave out steps of its story and faults while it still fails."""

from collections.abc import Sequence
from dataclasses import dataclass

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


def shrink(seed: int) -> Outcome | None:
    """The shortest run found that violates the same invariant as the seed; None when the seed violates none."""
    fault_profile, budget = FaultProfile.of(seed), _Budget()

    def run(steps: Sequence[Step], faults: Sequence[str] | None) -> Outcome:
        budget.left -= 1
        return World(seed, steps, fault_profile, None if faults is None else frozenset(faults)).run()

    whole = run(story(seed), None)
    if not whole.violations:
        return None

    def fails(steps: Sequence[Step], faults: Sequence[str] | None) -> bool:
        return budget.left > 0 and _kind(run(steps, faults)) == _kind(whole)

    steps = shortest(story(seed), lambda fewer: fails(fewer, None))
    injected = run(steps, None).injected
    injected = shortest(injected, lambda fewer: fails(steps, fewer))
    steps = shortest(steps, lambda fewer: fails(fewer, injected))
    return run(steps, injected)


def _kind(outcome: Outcome) -> str:
    return outcome.violations[0].partition(":")[0] if outcome.violations else ""

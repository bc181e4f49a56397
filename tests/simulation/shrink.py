"""A failing seed made short: steps of its story and faults are left out for as long as it still fails (ddmin)."""

from collections.abc import Sequence
from dataclasses import dataclass

from tests.simulation.delta_debugging import shortest
from tests.simulation.faults import FaultProfile
from tests.simulation.stories import Step, story
from tests.simulation.world import Outcome, World

MAX_RUNS = 400


@dataclass
class _Budget:
    left: int = MAX_RUNS


def shrink(seed: int) -> Outcome | None:
    """The shortest run found that violates the same invariant as the seed does; None when the seed violates none."""
    weather, budget = FaultProfile.of(seed), _Budget()

    def run(steps: Sequence[Step], faults: Sequence[str] | None) -> Outcome:
        budget.left -= 1
        return World(seed, steps, weather, None if faults is None else frozenset(faults)).run()

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

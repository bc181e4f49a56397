"""A failing seed made short: steps of its story and faults are left out for as long as it still fails (ddmin)."""

from collections.abc import Sequence
from dataclasses import dataclass

from tests.simulation.faults import Weather
from tests.simulation.portal import Step, story
from tests.simulation.shortest import shortest
from tests.simulation.world import Outcome, World

MOST_RUNS = 400


@dataclass
class _Budget:
    left: int = MOST_RUNS


def shrink(seed: int) -> Outcome | None:
    """The shortest run found that violates the same invariant as the seed does; None when the seed violates none."""
    weather, budget = Weather.of(seed), _Budget()

    def run(steps: Sequence[Step], faults: Sequence[str] | None) -> Outcome:
        budget.left -= 1
        return World(seed, steps, weather, None if faults is None else frozenset(faults)).run()

    whole = run(story(seed), None)
    if not whole.violations:
        return None

    def fails(steps: Sequence[Step], faults: Sequence[str] | None) -> bool:
        return budget.left > 0 and _kind(run(steps, faults)) == _kind(whole)

    steps = shortest(story(seed), lambda fewer: fails(fewer, None))
    struck = run(steps, None).struck
    struck = shortest(struck, lambda fewer: fails(steps, fewer))
    steps = shortest(steps, lambda fewer: fails(fewer, struck))
    return run(steps, struck)


def _kind(outcome: Outcome) -> str:
    return outcome.violations[0].partition(":")[0] if outcome.violations else ""

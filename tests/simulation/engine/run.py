"""Run one seed."""

import time

from tests.simulation.engine.faults import FaultProfile
from tests.simulation.engine.outcome import Outcome
from tests.simulation.engine.world import World
from tests.simulation.stories.story import story


def run(seed: int) -> Outcome:
    """Run a seed; the same seed gives the same outcome to the byte, whatever ran before it."""
    return World(seed, story(seed), FaultProfile.of(seed)).run()


def measured(seed: int) -> tuple[Outcome, float]:
    """The outcome of a seed without its log, and the seconds of CPU that the run took."""
    began = time.process_time()
    outcome = run(seed)
    outcome.log.clear()
    outcome.injected.clear()
    return outcome, time.process_time() - began

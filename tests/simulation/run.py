"""One seed, from its story to what came of it."""

import time

from tests.simulation.faults import FaultProfile
from tests.simulation.stories import story
from tests.simulation.world import Outcome, World


def run(seed: int) -> Outcome:
    """Run a seed; the same seed gives the same outcome to the byte, whatever ran before it."""
    return World(seed, story(seed), FaultProfile.of(seed)).run()


def measured(seed: int) -> tuple[Outcome, float]:
    """What came of a seed, without its log, and the seconds of CPU that it took."""
    began = time.process_time()
    outcome = run(seed)
    outcome.log.clear()
    outcome.injected.clear()
    return outcome, time.process_time() - began

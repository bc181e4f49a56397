"""One seed, from its story to what came of it."""

from tests.simulation.faults import Weather
from tests.simulation.portal import story
from tests.simulation.world import Outcome, World


def run(seed: int) -> Outcome:
    """Run a seed; the same seed gives the same outcome to the byte, whatever ran before it."""
    return World(seed, story(seed), Weather.of(seed)).run()

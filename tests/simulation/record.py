"""What the service asks DynamoDB in a story without faults, told line by line: moto is asked the same in a test."""

import json
import sys
from typing import Any

from tests.simulation.faults import FaultProfile
from tests.simulation.stories import story
from tests.simulation.wire import Refused
from tests.simulation.world import World


def tell(seed: int) -> None:
    """Run a story and print each request with its answer; indexes and scans are up to date, as moto's are."""
    world, print_to = World(seed, story(seed), FaultProfile()), sys.stdout
    world.dynamodb.lag = lambda: 0
    answer = world.dynamodb.answer

    def told(operation: str, request: dict[str, Any]) -> dict[str, Any]:
        asked = json.loads(json.dumps(request))
        try:
            answered = answer(operation, request)
        except Refused as refused:
            answered = {"refused": refused.code}
            raise
        finally:
            print_to.write(json.dumps({"operation": operation, "asked": asked, "answer": answered}) + "\n")
        return answered

    world.dynamodb.answer = told  # type: ignore[method-assign]  # looked at on its way, and passed on
    print_to.write(json.dumps({"operation": "begin"}) + "\n")
    world.run()

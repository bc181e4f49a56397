"""Records the calls to DynamoDB in a story without faults, for a comparison with moto."""

import json
import sys
from typing import Any

from tests.simulation.engine.faults import FaultProfile
from tests.simulation.engine.world import World
from tests.simulation.services.wire import Refused
from tests.simulation.stories.story import story


def record(seed: int) -> None:
    """Run a story and print each request with its answer as a line of JSON; as in moto, indexes do not lag."""
    world, output = World(seed, story(seed), FaultProfile()), sys.stdout
    world.dynamodb.lag = lambda: 0
    answer = world.dynamodb.answer

    def recorded(operation: str, request: dict[str, Any]) -> dict[str, Any]:
        asked = json.loads(json.dumps(request))
        try:
            answered = answer(operation, request)
        except Refused as refused:
            answered = {"refused": refused.code}
            raise
        finally:
            output.write(json.dumps({"operation": operation, "asked": asked, "answer": answered}) + "\n")
        return answered

    world.dynamodb.answer = recorded  # type: ignore[method-assign]  # our model, wrapped
    output.write(json.dumps({"operation": "begin"}) + "\n")
    world.run()

"""The simulator: it replays to the byte, shrinks lists, and reads batch responses as Lambda does."""

import re
from typing import Any

import pytest

from tests.simulation.delta_debugging import shortest
from tests.simulation.seeds import python
from tests.simulation.services.sqs import failures

REPLAYED = [50, 4, 7, 10, 11, 50]  # 50 draws real documents


def traces(seeds: list[int], hash_seed: str) -> list[str]:
    code = f"from tests.simulation.engine.run import run; print(*(run(seed).trace for seed in {seeds}))"
    return python("-c", code, PYTHONHASHSEED=hash_seed).split()


def test_a_seed_replays_to_the_byte_whatever_ran_before_it_and_whatever_the_hash_seed() -> None:
    once, again = traces(REPLAYED, "1"), traces(REPLAYED[::-1], "2")
    assert once == again[::-1]
    assert once[0] == once[-1]
    assert len(set(once)) == len(once) - 1


def test_a_function_may_read_a_clock_that_is_wrong_by_up_to_a_minute() -> None:
    code = """
from tests.simulation.engine.faults import SKEWED, FaultProfile
from tests.simulation.stories.story import story
from tests.simulation.oracle import milliseconds
from tests.simulation.engine.world import World
for rate in (0, 1):
    world = World(4, story(4), FaultProfile({SKEWED: rate}))
    assert not world.run().violations
    print(*(milliseconds(issue["issued_at"]) for issue in world.observer.issued.values()))
"""
    right, wrong = (list(map(int, line.split())) for line in python("-c", code).splitlines())
    off = [abs(one - other) for one, other in zip(right, wrong, strict=True)]
    assert off
    assert all(0 < by <= 61_000 for by in off)


def test_seeds_are_shared_out_to_processes() -> None:
    output = python("-m", "tests.simulation", "--seeds=1-4", "--processes=2")
    assert re.search(r"^seeds +4$", output, re.MULTILINE)


def test_a_list_is_shrunk_to_the_few_that_fail_together() -> None:
    assert shortest(range(100), lambda some: {13, 57, 58} <= set(some)) == [13, 57, 58]
    assert shortest(range(100), lambda _: True) == []


@pytest.mark.parametrize(
    ("response", "again"),
    [
        (None, ""),
        ({}, ""),
        ({"batchItemFailures": []}, ""),
        ({"batchItemFailures": None}, ""),
        ({"batchItemFailures": [{"itemIdentifier": "a"}]}, "a"),
        ({"batchItemFailures": [{"itemIdentifier": "c"}]}, "ab"),
        ({"batchItemFailures": [{"itemIdentifier": ""}]}, "ab"),
        ({"batchItemFailures": [{"itemIdentifier": None}]}, "ab"),
        ({"batchItemFailures": [{"messageId": "a"}]}, "ab"),
        ({"failures": []}, ""),
        ({"batchItemFailures": "a"}, "ab"),
    ],
    ids=repr,
)
def test_a_batch_response_is_read_as_lambda_documents_it(response: Any, again: str) -> None:
    assert failures(response, ["a", "b"]) == set(again)

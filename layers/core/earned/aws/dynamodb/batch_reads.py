"""Batch reads that wait before they repeat what a throttled table left out."""

import random
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

MAX_KEYS = 100  # of one BatchGetItem
RawItem = dict[str, Any]
RawKeys = list[dict[str, Any]]
Read = Callable[[RawKeys], tuple[list[RawItem], RawKeys]]  # one request: the items, and the keys it did not process


class Throttled(Exception):
    """DynamoDB left keys unprocessed at every attempt; reading them later is safe."""


def _sleep(seconds: float) -> None:
    time.sleep(seconds)  # looked up at each call, because a simulation replaces it


@dataclass(frozen=True)
class Backoff:
    """Random waits below a limit that doubles; `chance` gives numbers from 0 to below 1."""

    sleep: Callable[[float], None] = _sleep
    chance: Callable[[], float] = random.random
    limits: tuple[float, ...] = (0.05, 0.1, 0.2, 0.4, 0.8, 1, 1)  # seconds before each repetition, 3.55 together

    def wait(self, limit: float) -> None:
        self.sleep(self.chance() * limit)


BACKOFF = Backoff()


def read_all(keys: RawKeys, read: Read, backoff: Backoff) -> Iterator[RawItem]:
    """The items of the keys, 100 keys to a request; raises `Throttled`.

    An answer of more than 16 MB leaves keys out too; the first wait is short.
    """
    for start in range(0, len(keys), MAX_KEYS):
        items, left = read(keys[start : start + MAX_KEYS])
        yield from items
        for limit in backoff.limits if left else ():
            backoff.wait(limit)
            items, left = read(left)
            yield from items
            if not left:
                break
        if left:
            raise Throttled(f"{len(left)} of {len(keys)} keys")

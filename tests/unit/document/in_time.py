"""The time limit for hostile input: two seconds of CPU, on a machine that draws a certificate in 30 ms."""

import time
from collections.abc import Iterator
from contextlib import contextmanager

from earned.document.render import NORTHLIGHT
from tests.unit.document.test_pdf import ANNA

LIMIT = 2.0  # seconds of CPU
ORDINARY = 0.03  # seconds of CPU


@contextmanager
def in_time() -> Iterator[None]:
    """Fail if the block takes longer than the limit, which grows with the slowness of the machine."""
    begun = time.process_time()
    yield
    took = time.process_time() - begun
    assert took < LIMIT or took < LIMIT * slowness()


def slowness() -> float:
    """The time that an ordinary certificate takes now, divided by `ORDINARY`."""
    took = []
    for _ in range(5):
        begun = time.process_time()
        NORTHLIGHT.render(ANNA)
        took.append(time.process_time() - begun)
    return min(took) / ORDINARY

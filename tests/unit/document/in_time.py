"""How long what is hostile may take: as long as two seconds of a processor that draws a certificate in 30 ms."""

import time
from collections.abc import Iterator
from contextlib import contextmanager

from earned.document import render as pdf
from tests.unit.document.test_pdf import ANNA

SLOWEST = 2.0  # seconds of CPU
ORDINARY = 0.03


@contextmanager
def in_time() -> Iterator[None]:
    """What is done in it does not take too long, be the machine slow or busy."""
    begun = time.process_time()
    yield
    took = time.process_time() - begun
    assert took < SLOWEST or took < SLOWEST * slowness()


def slowness() -> float:
    """How many times as long an ordinary certificate takes now."""
    took = []
    for _ in range(5):
        begun = time.process_time()
        pdf.render(ANNA)
        took.append(time.process_time() - begun)
    return min(took) / ORDINARY

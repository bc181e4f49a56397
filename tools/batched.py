"""`itertools.batched` until Python 3.12 is the oldest supported version."""

from collections.abc import Iterator, Sequence
from typing import TypeVar

T = TypeVar("T")


def batched(items: Sequence[T], size: int) -> Iterator[Sequence[T]]:
    """Consecutive slices of `size` items; the last may be shorter."""
    return (items[start : start + size] for start in range(0, len(items), size))

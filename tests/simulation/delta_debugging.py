"""Delta debugging (Zeller): reduce a list to the items that matter."""

from collections.abc import Callable, Sequence
from typing import TypeVar

T = TypeVar("T")


def shortest(items: Sequence[T], fails: Callable[[Sequence[T]], bool]) -> list[T]:
    """The items that `fails` needs: it is false without any one of them. Only complements are tried."""
    kept, parts = list(items), 2
    while kept:
        size = -(-len(kept) // parts)
        fewer = next((less for less in _without_a_part(kept, size) if fails(less)), None)
        if fewer is not None:
            kept, parts = fewer, max(parts - 1, 2)
        elif size == 1:
            break
        else:
            parts = min(2 * parts, len(kept))
    return kept


def _without_a_part(items: list[T], size: int) -> list[list[T]]:
    return [items[:start] + items[start + size :] for start in range(0, len(items), size)]

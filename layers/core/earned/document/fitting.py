"""The largest size at which a text fits its slot, found by measuring."""

import math
from collections.abc import Callable

RATIO = 0.93
SCALES = tuple(round(RATIO**step, 3) for step in range(28))  # of the full size; the smallest is 14 %


class DoesNotFit(Exception):
    """A text is too long for its slot even at the smallest size."""


def largest(fullness: Callable[[float], float], at_full_size: float) -> float:
    """The largest of `SCALES` at which `fullness`, the height of the text divided by that of its slot, is at most 1.

    The height of a text with many lines grows with the square of the scale, so the first guess is close and few
    measurements follow. Raises `DoesNotFit`.
    """
    if at_full_size <= 1:
        return SCALES[0]
    last = len(SCALES) - 1
    too_large, fits, fills = 0, None, at_full_size
    while fits is None or fits - too_large > 1:
        if fits is None and too_large == last:
            raise DoesNotFit
        step = min(too_large + _steps_down(fills), last) if fits is None else (too_large + fits) // 2
        fills = fullness(SCALES[step])
        if fills <= 1:
            fits = step
        else:
            too_large = step
    return SCALES[fits]


def _steps_down(fills: float) -> int:
    return max(1, round(math.log(fills) / -2 / math.log(RATIO)))

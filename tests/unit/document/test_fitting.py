"""The largest size at which a text fits."""

from collections.abc import Callable

import pytest

from earned.document.fitting import SCALES, DoesNotFit, largest


def lines(width: float, height: float) -> Callable[[float], float]:
    """The fullness of a slot: the text is `width` times as wide as the slot, and a line `height` times as high."""
    return lambda scale: scale * height * max(1, -(-width * scale // 1))


@pytest.mark.parametrize("width", [0.3, 1.001, 1.3, 2.0, 5.0, 17.0, 90.0])
@pytest.mark.parametrize("height", [0.2, 0.5, 0.84, 1.0])
def test_a_text_gets_the_largest_size_at_which_it_fits(width: float, height: float):
    fullness = lines(width, height)
    fitting = [scale for scale in SCALES if fullness(scale) <= 1]
    if fitting:
        assert largest(fullness, fullness(1.0)) == max(fitting)
    else:
        with pytest.raises(DoesNotFit):
            largest(fullness, fullness(1.0))


@pytest.mark.parametrize("width", [1.3, 5.0, 17.0])
def test_the_largest_size_is_found_in_six_measurements(width: float):
    tried: list[float] = []

    def fullness(scale: float) -> float:
        tried.append(scale)
        return lines(width, 0.84)(scale)

    largest(fullness, fullness(1.0))
    assert len(tried) <= 6


def test_a_text_that_is_far_too_long_is_refused_after_two_measurements():
    tried: list[float] = []

    def fullness(scale: float) -> float:
        tried.append(scale)
        return 1000 * scale

    with pytest.raises(DoesNotFit):
        largest(fullness, fullness(1.0))
    assert len(tried) == 2

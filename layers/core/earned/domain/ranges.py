"""Played ranges of a video: (start, end) pairs in milliseconds from its start."""

from bisect import bisect_left, bisect_right
from collections.abc import Iterable, Sequence

Range = tuple[int, int]
MAX_GAP = 1_000  # milliseconds (C3)
MAX_GAPS = 2_000  # milliseconds, of all gaps together in a video of up to 200 s
MAX_GAPS_SHARE = 100  # of a longer one: one part in this many


def join(ranges: Iterable[Range]) -> list[Range]:
    """The union as disjoint ranges in ascending order, without empty ones."""
    joined: list[Range] = []
    for start, end in sorted(ranges):
        if joined and start <= joined[-1][1]:
            joined[-1] = (joined[-1][0], max(end, joined[-1][1]))
        elif start < end:
            joined.append((start, end))
    return joined


def covers(ranges: Iterable[Range], duration: int) -> bool:
    """Whether the ranges together cover [0, duration] but for the gaps that C3 overlooks."""
    return _cover(sorted((start, end, 0) for start, end in ranges), duration)


def first_covering(ranges: Sequence[Range], duration: int) -> int | None:
    """The index of the range with which the ranges up to it cover [0, duration]; None if all do not (C3).

    More ranges never uncover anything, so a binary search finds it: O(n log n), with one sort.
    """
    ascending = sorted((start, end, index) for index, (start, end) in enumerate(ranges))
    if not _cover(ascending, duration):
        return None
    first, last = 0, len(ranges) - 1
    while first < last:
        middle = (first + last) // 2
        until_middle = [one for one in ascending if one[2] <= middle]
        if _cover(until_middle, duration):
            ascending, last = until_middle, middle
        else:
            first = middle + 1
    return first


def _cover(ascending: Iterable[tuple[int, int, int]], duration: int) -> bool:
    reached = gaps = 0
    most = max(MAX_GAPS, duration // MAX_GAPS_SHARE)
    any_counts = False
    for start, end, _ in ascending:
        if start < 0 or start >= end or start >= duration:
            continue
        any_counts = True
        if start > reached:
            gaps += start - reached
            if start - reached > MAX_GAP or gaps > most:
                return False
        reached = max(reached, end)
    rest = max(0, duration - reached)
    return any_counts and rest <= MAX_GAP and gaps + rest <= most


class RangeSet:
    """A growing union of ranges."""

    def __init__(self) -> None:
        self._starts: list[int] = []
        self._ends: list[int] = []

    def __contains__(self, part: Range) -> bool:
        start, end = part
        index = bisect_right(self._starts, start) - 1
        return index >= 0 and end <= self._ends[index]

    def add(self, part: Range) -> None:
        start, end = part
        first, beyond = bisect_left(self._ends, start), bisect_right(self._starts, end)
        if first < beyond:
            start, end = min(start, self._starts[first]), max(end, self._ends[beyond - 1])
        self._starts[first:beyond] = [start]
        self._ends[first:beyond] = [end]

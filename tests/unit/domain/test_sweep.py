"""When the sweep fully checks a record, whatever the length of its passes, and how much a run reads."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from itertools import pairwise

import pytest

from earned.domain.sweep import DAY, FULL_CHECK_EVERY, SweepPass, is_full_check_due

BEGINNING = datetime(2026, 3, 2, 8, tzinfo=UTC)
SUBJECTS = [f"enr-{number}" for number in range(500)]


@pytest.mark.parametrize("every", [DAY, FULL_CHECK_EVERY], ids=["a day", "two months"])
@pytest.mark.parametrize("hours", [6, 24, 24 * 90])
def test_every_subject_is_fully_checked_once_a_period(every: timedelta, hours: int) -> None:
    step = min(timedelta(hours=hours), every)
    begun = [BEGINNING + number * step for number in range(every // step + 1)]
    passes = [SweepPass(began=began, before=before) for before, began in pairwise(begun)]
    assert {sum(is_full_check_due(subject, one, every) for one in passes) for subject in SUBJECTS} == {1}


def test_full_checks_are_spread_evenly_over_the_passes() -> None:
    part = SweepPass(began=BEGINNING + FULL_CHECK_EVERY / 4, before=BEGINNING)
    assert 0.2 < sum(is_full_check_due(subject, part) for subject in SUBJECTS) / len(SUBJECTS) < 0.3


def test_a_pass_over_a_hundred_million_items_reads_its_share_in_each_run_and_ends_within_a_day() -> None:
    sweep_pass = replace(SweepPass.following(None, BEGINNING, 4), expected=10**8)
    runs = 0
    while sweep_pass.items < 10**8:
        of_run = sweep_pass.items_of_run(6_000)
        assert of_run is not None
        sweep_pass = sweep_pass.past(0, ("pk", "sk"), of_run)
        runs += 1
    assert 22 * 12 < runs < 24 * 12, "a run every five minutes"


@pytest.mark.parametrize(("expected", "items"), [(None, 0), (0, 0), (1_000, 1_000)])
def test_the_first_pass_and_one_over_a_table_that_has_grown_go_as_fast_as_they_can(
    expected: int | None, items: int
) -> None:
    assert replace(SweepPass.following(None, BEGINNING, 4), expected=expected, items=items).items_of_run(10) is None


def test_a_small_table_is_read_in_one_run() -> None:
    last = SweepPass(BEGINNING, items=500)
    assert SweepPass.following(last, BEGINNING, 4).items_of_run(6_000) == 6_000


def test_a_run_reads_at_least_its_share_so_that_the_pass_ends_with_the_day() -> None:
    sweep_pass = replace(SweepPass.following(None, BEGINNING, 4), expected=3 * 270 + 1)
    assert sweep_pass.items_of_run(1) == 4


def test_a_pass_that_is_not_over_goes_on_in_its_own_segments() -> None:
    going = SweepPass.following(None, BEGINNING, 4).past(2, None, 7).past(0, ("pk", "sk"), 5)
    assert (going.is_new, going.is_over, going.items, going.segments) == (False, False, 12, 4)
    assert going.positions == {0: ("pk", "sk"), 1: None, 3: None}
    assert SweepPass.following(going, BEGINNING + DAY, 8) == going


def test_a_pass_is_over_with_its_last_segment_and_the_next_expects_as_many_items() -> None:
    over = SweepPass.following(None, BEGINNING, 1).past(0, None, 9)
    assert (over.is_over, over.segments) == (True, 1)
    after = SweepPass.following(over, BEGINNING + DAY, 2)
    assert (after.began, after.segments, after.positions) == (BEGINNING + DAY, 2, {0: None, 1: None})
    assert (after.before, after.expected, after.items, after.is_new) == (BEGINNING, 9, 0, True)


def test_the_first_pass_fully_checks_every_record() -> None:
    assert all(is_full_check_due(subject, SweepPass(BEGINNING)) for subject in SUBJECTS)

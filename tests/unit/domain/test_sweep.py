"""When the sweep fully checks a record, whatever the length of its passes."""

from datetime import UTC, datetime, timedelta
from itertools import pairwise

import pytest

from earned.domain.sweep import SweepPass, is_full_check_due

BEGINNING = datetime(2026, 3, 2, 8, tzinfo=UTC)
SUBJECTS = [f"enr-{number}" for number in range(500)]


@pytest.mark.parametrize("minutes", [1, 5, 90, 24 * 60])
def test_every_record_is_fully_checked_once_a_day(minutes: int) -> None:
    begun = [BEGINNING + timedelta(minutes=minutes * number) for number in range(24 * 60 // minutes + 1)]
    passes = [SweepPass(began=began, before=before) for before, began in pairwise(begun)]
    assert {sum(is_full_check_due(subject, one) for one in passes) for subject in SUBJECTS} == {1}


def test_full_checks_are_spread_evenly_over_the_passes() -> None:
    six_hours = SweepPass(began=BEGINNING + timedelta(hours=6), before=BEGINNING)
    assert 0.2 < sum(is_full_check_due(subject, six_hours) for subject in SUBJECTS) / len(SUBJECTS) < 0.3


def test_the_first_pass_fully_checks_every_record() -> None:
    assert all(is_full_check_due(subject, SweepPass(BEGINNING)) for subject in SUBJECTS)

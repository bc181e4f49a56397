"""When the sweep looks closely, whatever its turns take."""

from datetime import UTC, datetime, timedelta
from itertools import pairwise

import pytest

from earned.domain.sweep import SweepPass, is_full_check_due

BEGINNING = datetime(2026, 3, 2, 8, tzinfo=UTC)
SUBJECTS = [f"enr-{number}" for number in range(500)]


@pytest.mark.parametrize("minutes", [1, 5, 90, 24 * 60])
def test_everything_is_looked_at_closely_once_a_day(minutes: int) -> None:
    begun = [BEGINNING + timedelta(minutes=minutes * number) for number in range(24 * 60 // minutes + 1)]
    turns = [SweepPass(began=began, before=before) for before, began in pairwise(begun)]
    assert {sum(is_full_check_due(subject, turn) for turn in turns) for subject in SUBJECTS} == {1}


def test_turns_share_the_work_evenly() -> None:
    turn = SweepPass(began=BEGINNING + timedelta(hours=6), before=BEGINNING)
    assert 0.2 < sum(is_full_check_due(subject, turn) for subject in SUBJECTS) / len(SUBJECTS) < 0.3


def test_the_first_turn_looks_at_everything_closely() -> None:
    assert all(is_full_check_due(subject, SweepPass(BEGINNING)) for subject in SUBJECTS)

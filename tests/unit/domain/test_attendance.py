"""Which live events wait for marks, and how long one without waiting people stays on the calendar."""

from datetime import datetime, timedelta

import pytest

from earned.domain.attendance import accepts_marks, awaits_mark, may_be_off_calendar
from earned.domain.facts import Fact
from tests.unit.builders import ENDS, completion, live_event, marked

DAY, MILLISECOND = timedelta(days=1), timedelta(milliseconds=1)


@pytest.mark.parametrize(
    ("now", "cancelled", "expected"),
    [
        (ENDS - MILLISECOND, False, False),
        (ENDS, False, True),
        (ENDS + DAY, False, True),
        (ENDS + DAY, True, False),
    ],
)
def test_people_wait_for_marks_of_an_event_that_has_ended_and_is_not_cancelled(
    now: datetime, cancelled: bool, expected: bool
) -> None:
    event = live_event(cancelled=cancelled)
    assert accepts_marks(event, now) is expected
    assert awaits_mark(completion(training_id="event-1"), event, now) is expected


@pytest.mark.parametrize("mark", [marked(True), marked(False)])
def test_a_person_who_is_marked_waits_no_more(mark: Fact) -> None:
    assert not awaits_mark(completion(mark, training_id="event-1"), live_event(), ENDS + DAY)


def test_an_event_may_leave_the_calendar_more_than_a_day_after_its_end() -> None:
    moments = [ENDS, ENDS + DAY - MILLISECOND, ENDS + DAY, ENDS + DAY + MILLISECOND]
    assert [may_be_off_calendar(live_event(), now) for now in moments] == [False, False, False, True]

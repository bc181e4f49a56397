"""What the sweep finds about one record: each finding with what just misses it."""

from dataclasses import replace
from datetime import datetime, timedelta

import pytest

from earned.domain.certificate import Hold
from earned.domain.enrollment import CompletionRecord, EnrollmentContext
from earned.domain.people import Account
from earned.domain.requirements import Reason
from earned.domain.sweep import Finding, classify, needs_recheck
from earned.domain.training import Course, LiveEvent, Training
from tests.unit.builders import (
    ENDS,
    ENROLLED,
    account,
    after,
    completion,
    course,
    done,
    issue,
    lesson,
    live_event,
    marked,
    removal,
    revocation,
)

TOLERANCE = timedelta(minutes=5)
COURSE: Course = course(lesson())
NEWER = replace(COURSE, version=2)
EVENT: LiveEvent = live_event()
REMOVED = account(removed_at=ENROLLED)
HOLD = Hold(Reason.MISSING_GLYPH, "U+1FAE8", ENROLLED)
UNFINISHED = completion(training_version=1, account_known=True)
COMPLETE = completion(done(), training_version=1, account_known=True)
ISSUED = replace(COMPLETE, issue=issue())
ATTENDED = completion(marked(True), training_id="event-1", training_version=1, account_known=True, issue=issue())
ABSENT = completion(
    marked(True),
    marked(False, after(start=ENDS, minutes=1)),
    training_id="event-1",
    training_version=1,
    account_known=True,
    issue=issue(),
)
NOW = after(60)


def found(
    record: CompletionRecord, training: Training | None = COURSE, of: Account | None = None, now: datetime = NOW
) -> Finding | None:
    return classify(EnrollmentContext(record, training, of, None), now, TOLERANCE)


@pytest.mark.parametrize(
    ("record", "training", "of", "finding"),
    [
        (UNFINISHED, COURSE, account(), None),
        (UNFINISHED, None, account(), None),
        (COMPLETE, COURSE, account(), Finding.COMPLETE_NOT_ISSUED),
        (COMPLETE, COURSE, None, None),
        (COMPLETE, None, account(), None),
        (replace(COMPLETE, removal=removal()), COURSE, account(), None),
        (replace(COMPLETE, removal=removal()), COURSE, REMOVED, None),
        (COMPLETE, COURSE, REMOVED, Finding.ACCOUNT_REMOVED),
        (ISSUED, COURSE, REMOVED, Finding.ACCOUNT_REMOVED),
        (ISSUED, COURSE, account(), None),
        (ISSUED, NEWER, account(), None),
        (replace(ISSUED, account_known=False), COURSE, account(), None),
        (replace(COMPLETE, hold=HOLD), COURSE, account(), Finding.HELD),
        (replace(UNFINISHED, hold=HOLD), COURSE, account(), None),
        (COMPLETE, NEWER, account(), Finding.STALE_VERSION),
        (replace(COMPLETE, training_version=2), COURSE, account(), Finding.COMPLETE_NOT_ISSUED),
        (replace(UNFINISHED, training_version=None), COURSE, account(), Finding.STALE_VERSION),
        (replace(UNFINISHED, training_version=None), None, account(), None),
        (replace(UNFINISHED, account_known=False), COURSE, account(), Finding.STALE_VERSION),
        (replace(UNFINISHED, account_known=False), COURSE, None, None),
        (ABSENT, EVENT, account(), Finding.ABSENT_NOT_REVOKED),
        (replace(ABSENT, revocation=revocation()), EVENT, account(), None),
        (ATTENDED, EVENT, account(), None),
    ],
)
def test_a_record_has_one_finding_or_none(
    record: CompletionRecord, training: Training | None, of: Account | None, finding: Finding | None
) -> None:
    assert found(record, training, of, now=after(start=ENDS, minutes=60)) is finding


def test_a_complete_record_is_overdue_more_than_five_minutes_after_its_completion() -> None:
    moments = [after(0), after(5), after(5, ms=1)]
    expected = [Finding.JUST_COMPLETED, Finding.JUST_COMPLETED, Finding.COMPLETE_NOT_ISSUED]
    assert [found(COMPLETE, of=account(), now=now) for now in moments] == expected


@pytest.mark.parametrize(
    ("record", "training", "again"),
    [
        (UNFINISHED, COURSE, False),
        (UNFINISHED, None, False),
        (replace(UNFINISHED, account_known=False), COURSE, True),
        (replace(UNFINISHED, account_known=False), None, True),
        (replace(UNFINISHED, account_known=False, removal=removal()), COURSE, False),
        (UNFINISHED, NEWER, True),
        (replace(UNFINISHED, training_version=None), COURSE, True),
        (COMPLETE, COURSE, True),
        (replace(COMPLETE, removal=removal()), COURSE, False),
        (ISSUED, COURSE, False),
        (ISSUED, NEWER, False),
        (replace(ISSUED, account_known=False), COURSE, False),
        (ATTENDED, EVENT, False),
        (replace(ATTENDED, issue=None), EVENT, True),
        (ABSENT, EVENT, True),
    ],
)
def test_a_record_is_read_again_if_it_is_suspect_without_its_account_and_its_document(
    record: CompletionRecord, training: Training | None, again: bool
) -> None:
    assert needs_recheck(record, training, after(start=ENDS, minutes=60), TOLERANCE) is again


@pytest.mark.parametrize("decide", ["classify", "needs_recheck"])
def test_the_order_of_steps_is_judged_with_the_tolerance_that_is_configured(decide: str) -> None:
    ordered = course(lesson("first"), lesson("second"))
    record = completion(done("second"), done("first", after(7)), training_version=1, account_known=True)

    def is_complete(tolerance: timedelta) -> bool:
        if decide == "needs_recheck":
            return needs_recheck(record, ordered, NOW, tolerance)
        return classify(EnrollmentContext(record, ordered, account(), None), NOW, tolerance) is not None

    assert [is_complete(timedelta(minutes=minutes)) for minutes in (5, 10)] == [False, True]

"""The diagnosis: the record told as support reads it."""

from datetime import timedelta

from earned.domain.certificate import Hold
from earned.domain.diagnosis import TimelineEntry, diagnose
from earned.domain.requirements import Reason
from tests.unit.builders import LATER, account, after, completion, course, done, lesson

COURSE = course(lesson("a"))
HOLD = Hold(Reason.DOES_NOT_FIT, "the title is too long", after(9))


def test_a_hold_blocks_and_is_the_line_of_the_timeline_at_which_it_began():
    found = diagnose(completion(done("a", after(1)), hold=HOLD), COURSE, account(), LATER, timedelta(0))

    assert [(one.kind, one.reason, one.since) for one in found.blockers] == [
        ("certificate", Reason.DOES_NOT_FIT, after(9))
    ]
    assert found.verdict.complete
    assert [moment.what for moment in found.timeline] == ["enrolled", "completed", "certificate-held"]
    assert found.timeline[-1] == TimelineEntry(
        after(9), "certificate-held", "enrollment-1", detail="does-not-fit: the title is too long"
    )


def test_what_is_outstanding_blocks_first_though_it_was_held():
    found = diagnose(completion(hold=HOLD), COURSE, account(), LATER, timedelta(0))

    assert [one.id for one in found.blockers] == ["a"]


def test_nothing_blocks_what_is_complete_and_not_held():
    found = diagnose(completion(done("a", after(1))), COURSE, account(), LATER, timedelta(0))

    assert (found.blockers, [moment.what for moment in found.timeline]) == ((), ["enrolled", "completed"])

"""The diagnosis of a record for support: its blockers and its timeline."""

from datetime import timedelta

from earned.domain.certificate import Hold
from earned.domain.diagnosis import TimelineEntry, diagnose
from earned.domain.requirements import Reason
from tests.unit.builders import LATER, account, after, completion, course, done, lesson

COURSE = course(lesson("a"))
HOLD = Hold(Reason.DOES_NOT_FIT, "the title is too long", after(9))


def test_a_hold_is_a_blocker_and_an_entry_of_the_timeline() -> None:
    found = diagnose(completion(done("a", after(1)), hold=HOLD), COURSE, account(), LATER, timedelta(0))

    assert [(one.kind, one.reason, one.since) for one in found.blockers] == [
        ("certificate", Reason.DOES_NOT_FIT, after(9))
    ]
    assert found.verdict.complete
    assert [entry.what for entry in found.timeline] == ["enrolled", "completed", "certificate-held"]
    assert found.timeline[-1] == TimelineEntry(
        after(9), "certificate-held", "enrollment-1", detail="does-not-fit: the title is too long"
    )


def test_outstanding_requirements_block_before_a_hold() -> None:
    found = diagnose(completion(hold=HOLD), COURSE, account(), LATER, timedelta(0))

    assert [one.id for one in found.blockers] == ["a"]


def test_a_complete_record_without_a_hold_has_no_blockers() -> None:
    found = diagnose(completion(done("a", after(1))), COURSE, account(), LATER, timedelta(0))

    assert (found.blockers, [entry.what for entry in found.timeline]) == ((), ["enrolled", "completed"])


def test_a_fact_about_a_step_that_the_newest_course_does_not_have_is_in_the_timeline() -> None:
    record = completion(done("a", after(1)), done("gone", after(2)))
    found = diagnose(record, COURSE, account(), LATER, timedelta(0))

    last = found.timeline[-1]
    assert [entry.what for entry in found.timeline] == ["enrolled", "completed", "not-in-training"]
    assert (last.at, last.subject) == (after(2), "course-1")
    assert "step is not in the newest version" in last.detail

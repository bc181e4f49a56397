"""The diagnosis of a record for support: its blockers and its timeline."""

import json
from dataclasses import replace
from datetime import timedelta

import pytest

from earned.domain.certificate import Hold
from earned.domain.diagnosis import MAX_TIMELINE_TEXT, Attendance, TimelineEntry, diagnose
from earned.domain.requirements import Reason
from tests.unit.builders import (
    ENDS,
    ENROLLED,
    LATER,
    MILLISECOND,
    account,
    after,
    completion,
    course,
    done,
    graded,
    granted,
    issue,
    lesson,
    live_event,
    marked,
    quiz,
    removal,
    revocation,
    video,
    watched,
)

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


CERTIFICATE = "k3f7m2qzt5vx4hbrn6wdyc2jpa"
EVENT = live_event()


def attending(*facts: object, **changes: object) -> object:
    """The record of an enrollment in the live event."""
    return completion(*facts, training_id="event-1", **changes)


def test_a_diagnosis_names_the_record_the_training_and_the_account_that_it_judges() -> None:
    record, person = completion(), account()
    found = diagnose(record, COURSE, person, LATER, timedelta(0))

    assert (found.record, found.training, found.account) == (record, COURSE, person)


def test_each_kind_of_fact_is_told_with_its_time_step_title_and_detail() -> None:
    facts = (
        done("a", after(1)),
        watched((0, 1_500), (2_000, 3_601_234), at=after(2)),
        graded(69.9999999, after(3)),
        granted(2, after(4)),
    )
    found = diagnose(completion(*facts), course(lesson("a"), video(), quiz()), account(), LATER, timedelta(0))

    assert found.timeline[0] == TimelineEntry(ENROLLED, "enrolled", "enrollment-1")
    assert sorted(found.timeline[1:], key=lambda entry: (entry.at, entry.detail)) == [
        TimelineEntry(after(1), "completed", "a", "The a"),
        TimelineEntry(after(2), "watched", "video", "The video", "0-1.5 s"),
        TimelineEntry(after(2), "watched", "video", "The video", "2-3601.234 s"),
        TimelineEntry(after(3), "graded", "quiz", "The quiz", "score 69.9999999"),
        TimelineEntry(after(4), "attempts-granted", "quiz", "The quiz", "2 more, by support-1"),
    ]


def test_a_mark_is_told_with_the_live_event_and_who_made_it() -> None:
    facts = (marked(True, ENDS), marked(False, ENDS + MILLISECOND))
    found = diagnose(attending(*facts), EVENT, account(), LATER, timedelta(0))

    assert found.timeline[1:] == (
        TimelineEntry(ENDS, "marked-present", "event-1", "First aid", "by administrator-1"),
        TimelineEntry(ENDS + MILLISECOND, "marked-absent", "event-1", "First aid", "by administrator-1"),
    )


def test_what_became_of_the_certificate_is_told_with_its_reasons() -> None:
    record = attending(
        issue=issue(issued_at=after(5), revision=2, reissued_at=after(6), reason="a corrected name"),
        revocation=revocation(after(7)),
        removal=removal(after(8)),
    )
    found = diagnose(record, EVENT, account(), LATER, timedelta(0))

    assert found.timeline == (
        TimelineEntry(ENROLLED, "enrolled", "enrollment-1"),
        TimelineEntry(after(5), "certificate-issued", CERTIFICATE),
        TimelineEntry(after(6), "certificate-reissued", CERTIFICATE, detail="a corrected name"),
        TimelineEntry(after(7), "certificate-revoked", CERTIFICATE, detail="marked-absent"),
        TimelineEntry(after(8), "removed", "enrollment-1"),
    )


def test_a_first_revision_is_no_reissue_and_a_reissue_may_have_no_reason() -> None:
    first = diagnose(completion(issue=issue()), COURSE, account(), LATER, timedelta(0))
    second = diagnose(completion(issue=issue(reissued_at=after(6))), COURSE, account(), LATER, timedelta(0))

    assert [entry.what for entry in first.timeline] == ["enrolled", "certificate-issued"]
    assert second.timeline[-1] == TimelineEntry(after(6), "certificate-reissued", CERTIFICATE, detail="")


def test_a_fact_that_counts_nothing_says_why_for_a_course_and_for_a_live_event() -> None:
    gone = diagnose(completion(done("gone", after(2))), COURSE, account(), LATER, timedelta(0)).timeline[-1]
    other = diagnose(attending(marked(True, ENDS, "event-2")), EVENT, account(), LATER, timedelta(0)).timeline[-1]

    rule = "is not in the newest version of the training"
    assert gone == TimelineEntry(
        after(2), "not-in-training", "course-1", "Safe lifting", f"counts nothing: its step {rule}"
    )
    assert other == TimelineEntry(
        ENDS, "not-in-training", "event-1", "First aid", f"counts nothing: its live event {rule}"
    )


def test_facts_about_an_unknown_training_are_not_told() -> None:
    found = diagnose(completion(done("a", after(1))), None, account(), LATER, timedelta(0))

    assert [entry.what for entry in found.timeline] == ["enrolled"]
    assert [one.reason for one in found.blockers] == [Reason.TRAINING_UNKNOWN]
    assert found.attendance is None


def test_the_timeline_is_in_the_order_of_time_and_ends_with_the_latest_500() -> None:
    facts = [done("a", after(minute)) for minute in range(1, 500)]
    everything = diagnose(completion(*facts), COURSE, account(), LATER, timedelta(0)).timeline
    one_more = diagnose(completion(*facts, done("a", after(500))), COURSE, account(), LATER, timedelta(0)).timeline

    assert [entry.at for entry in everything] == [after(minute) for minute in range(500)]
    assert [entry.at for entry in one_more] == [after(minute) for minute in range(1, 501)]


@pytest.mark.parametrize(("more", "told"), [(0, ["enrolled", "certificate-held"]), (1, [])])
def test_the_timeline_has_no_more_text_than_an_answer_holds_titles_and_details_together(
    more: int, told: list[str]
) -> None:
    detail = "x" * (MAX_TIMELINE_TEXT - len("does-not-fit: ") + more)
    found = diagnose(completion(hold=replace(HOLD, detail=detail)), COURSE, account(), LATER, timedelta(0))

    assert [entry.what for entry in found.timeline] == told


def test_the_longest_timeline_is_less_than_half_of_what_lambda_returns() -> None:
    """A character beyond the basic plane takes twelve bytes as JSON, which Lambda's answer holds as a string again."""
    bytes_of_a_character = len(json.dumps(json.dumps("\U0001f469"))) - len(json.dumps(json.dumps("")))
    assert MAX_TIMELINE_TEXT * bytes_of_a_character < 6 * 1024**2 / 2


def test_a_course_has_no_attendance() -> None:
    assert diagnose(completion(), COURSE, account(), LATER, timedelta(0)).attendance is None


def test_attendance_is_not_marked_until_a_mark_from_the_end_on() -> None:
    early = attending(marked(True, ENDS - MILLISECOND))

    assert diagnose(attending(), EVENT, account(), LATER, timedelta(0)).attendance == Attendance("not-marked")
    assert diagnose(early, EVENT, account(), LATER, timedelta(0)).attendance == Attendance("not-marked")


@pytest.mark.parametrize(("present", "status"), [(True, "present"), (False, "absent")])
def test_attendance_is_the_latest_mark(present: bool, status: str) -> None:
    record = attending(marked(present, ENDS + MILLISECOND), marked(not present, ENDS))
    found = diagnose(record, EVENT, account(), LATER, timedelta(0))

    assert found.attendance == Attendance(status, "administrator-1", ENDS + MILLISECOND)


@pytest.mark.parametrize("present", [True, False])
def test_of_two_marks_of_one_instant_the_greater_source_and_id_is_the_attendance(present: bool) -> None:
    record = attending(marked(present, stamp="portal\0b"), marked(not present, stamp="portal\0a"))
    found = diagnose(record, EVENT, account(), LATER, timedelta(0))

    assert found.attendance is not None
    assert (found.attendance.status == "present") is present


def test_two_marks_of_one_event_that_differ_leave_the_person_absent_as_the_rules_do() -> None:
    record = attending(marked(True), marked(False))
    found = diagnose(record, EVENT, account(), LATER, timedelta(0))

    assert found.attendance == Attendance("absent", "administrator-1", ENDS)
    assert [one.reason for one in found.verdict.outstanding] == [Reason.MARKED_ABSENT]


def test_the_tolerance_and_the_time_of_the_question_decide_as_in_generation() -> None:
    two = course(lesson("a"), lesson("b"))
    early = completion(done("b", after(1)), done("a", after(5)))

    assert diagnose(early, two, account(), LATER, timedelta(minutes=5)).verdict.complete
    assert not diagnose(early, two, account(), LATER, timedelta(minutes=3)).verdict.complete
    before_the_end = diagnose(attending(marked(True)), EVENT, account(), ENDS - MILLISECOND, timedelta(0))
    assert [one.reason for one in before_the_end.blockers] == [Reason.EVENT_NOT_ENDED]


def test_an_unknown_account_blocks() -> None:
    found = diagnose(completion(done("a", after(1))), COURSE, None, LATER, timedelta(0))

    assert found.account is None
    assert [one.reason for one in found.blockers] == [Reason.ACCOUNT_UNKNOWN]


def test_a_cancelled_event_keeps_its_attendance() -> None:
    cancelled = replace(EVENT, cancelled=True)
    found = diagnose(attending(marked(True)), cancelled, account(), LATER, timedelta(0))

    assert found.attendance == Attendance("present", "administrator-1", ENDS)
    assert [one.reason for one in found.blockers] == [Reason.EVENT_CANCELLED]

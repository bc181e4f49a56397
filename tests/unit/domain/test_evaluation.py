"""Records judged by the rules."""

from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from earned.domain import evaluation as judgement
from earned.domain.certificate import Hold
from earned.domain.enrollment import CompletionRecord
from earned.domain.fact_codec import encode
from earned.domain.requirements import Reason, Requirement, ResponsibleParty, Verdict
from tests.unit.builders import (
    ENDS,
    ENROLLED,
    LATER,
    account,
    after,
    completion,
    course,
    done,
    issue,
    lesson,
    live_event,
    marked,
    quiz,
    revocation,
    watched,
)

COURSE = course(lesson("a"), lesson("b"))
EARNED = completion(done("a", after(1)), done("b", after(2)))
UNFINISHED = completion(done("a", after(1)))
ISSUED = completion(done("a", after(1)), issue=issue(completed_at=after(1)))
AN_HOUR_LATER, TWO_HOURS_LATER = after(60, start=ENDS), after(120, start=ENDS)


def test_a_record_is_judged_by_the_facts_it_holds():
    assert judgement.evaluate_record(EARNED, COURSE, LATER) == Verdict((), after(2))
    assert [one.id for one in judgement.evaluate_record(UNFINISHED, COURSE, LATER).outstanding] == ["b"]


def test_facts_about_something_else_count_nothing():
    record = completion(done("z"), watched(step_id="z"), marked(True))

    assert [one.id for one in judgement.evaluate_record(record, COURSE, LATER).outstanding] == ["a", "b"]


def test_a_live_events_record_is_judged_now():
    record = completion(marked(True), training_id="event-1")

    assert judgement.evaluate_record(record, live_event(), ENDS).complete
    assert not judgement.evaluate_record(record, live_event(), ENDS - timedelta(seconds=1)).complete


def test_the_tolerance_is_passed_on():
    record = completion(done("b", after(0)), done("a", after(10)))

    assert not judgement.evaluate_record(record, COURSE, LATER).complete
    assert judgement.evaluate_record(record, COURSE, LATER, timedelta(minutes=10)).complete
    assert judgement.evaluate_for_issue(record, COURSE, account(), LATER, timedelta(minutes=10)).complete
    assert judgement.is_due(record, COURSE, LATER, timedelta(minutes=10))


def test_an_unknown_training_is_the_one_thing_outstanding_and_supports_to_act_on():
    (only,) = judgement.evaluate_record(EARNED, None, LATER).outstanding

    assert only == Requirement("training", "course-1", "", Reason.TRAINING_UNKNOWN, ENROLLED)
    assert only.who is ResponsibleParty.SUPPORT


@pytest.mark.parametrize("training", [None, course(lesson("c")), course(lesson("a"), quiz(attempts=1))])
def test_an_issued_certificate_stays_complete_whatever_is_published_or_said_since(training):
    assert judgement.evaluate_record(ISSUED, training, LATER) == Verdict((), after(1))
    assert judgement.evaluate_for_issue(ISSUED, training, None, LATER) == Verdict((), after(1))


def test_a_record_that_waits_for_its_account_is_not_complete_however_much_was_done():
    verdict = judgement.evaluate_for_issue(EARNED, COURSE, None, LATER)

    assert verdict == Verdict((Requirement("account", "account-1", "", Reason.ACCOUNT_UNKNOWN, after(2)),), None)
    assert verdict.outstanding[0].who is ResponsibleParty.SUPPORT


def test_an_unknown_account_comes_after_what_the_learner_has_to_do():
    outstanding = judgement.evaluate_for_issue(UNFINISHED, COURSE, None, LATER).outstanding

    assert [(one.kind, one.since) for one in outstanding] == [("lesson", after(1)), ("account", ENROLLED)]


def test_with_its_account_known_a_record_is_judged_by_the_rules_alone():
    assert judgement.evaluate_for_issue(EARNED, COURSE, account(), LATER) == Verdict((), after(2))


def test_neither_training_nor_account_known_are_both_outstanding():
    outstanding = judgement.evaluate_for_issue(EARNED, None, None, LATER).outstanding

    assert [one.reason for one in outstanding] == [Reason.TRAINING_UNKNOWN, Reason.ACCOUNT_UNKNOWN]


@pytest.mark.parametrize(
    ("record", "training", "due"),
    [
        (EARNED, COURSE, True),
        (UNFINISHED, COURSE, False),
        (EARNED, None, False),
        (ISSUED, COURSE, False),
        (completion(done("a"), done("b"), removed_at=after(9)), COURSE, False),
        (completion(done("a"), done("b"), enrolled_at=None), COURSE, False),
        (completion(done("a"), done("b"), enrolled_at=None, removed_at=after(9)), COURSE, False),
        (CompletionRecord("enrollment-1", "account-1", EARNED.evidence), COURSE, False),
    ],
    ids=[
        "earned",
        "unfinished",
        "training unknown",
        "issued",
        "removed",
        "not enrolled",
        "removed before",
        "bare facts",
    ],
)
def test_a_certificate_is_due_when_it_is_earned_the_enrollment_stands_and_there_is_none(record, training, due):
    assert judgement.is_due(record, training, LATER) is due


# L2: present corrected to absent, and back.

ATTENDED = completion(marked(True), training_id="event-1", issue=issue(completed_at=ENDS))
CORRECTED = completion(
    marked(True), marked(False, AN_HOUR_LATER), training_id="event-1", issue=issue(completed_at=ENDS)
)
REVOKED = replace(CORRECTED, revocation=revocation(AN_HOUR_LATER))
RETURNED = replace(REVOKED, evidence=REVOKED.evidence | {encode(marked(True, TWO_HOURS_LATER))})


@pytest.mark.parametrize(
    ("record", "due", "absent_since"),
    [
        (ATTENDED, False, None),
        (CORRECTED, True, AN_HOUR_LATER),
        (REVOKED, False, None),
        (RETURNED, True, None),
        (replace(RETURNED, revocation=None), False, None),
        (replace(CORRECTED, removed_at=LATER), False, None),
        (replace(RETURNED, removed_at=LATER), False, None),
        (replace(CORRECTED, issue=None), False, None),
    ],
    ids=["attended", "corrected", "revoked", "returned", "restored", "removed", "removed after return", "never issued"],
)
def test_a_certificate_is_due_for_revocation_once_corrected_and_for_return_once_corrected_back(
    record, due, absent_since
):
    assert judgement.is_due(record, live_event(), LATER) is due
    assert judgement.absent_since(record, live_event()) == absent_since


def test_a_revoked_certificate_is_judged_by_the_rules_again():
    (only,) = judgement.evaluate_record(REVOKED, live_event(), LATER).outstanding

    assert (only.reason, only.since) == (Reason.MARKED_ABSENT, AN_HOUR_LATER)
    assert judgement.evaluate_record(RETURNED, live_event(), LATER) == Verdict((), TWO_HOURS_LATER)
    assert [one.kind for one in judgement.evaluate_for_issue(RETURNED, live_event(), None, LATER).outstanding] == [
        "account"
    ]


@pytest.mark.parametrize("changes", [{"cancelled": True}, {"ends_at": LATER}, {"ends_at": ENDS + timedelta(days=1)}])
def test_rescheduling_or_cancelling_after_issue_leaves_the_certificate_standing(changes: dict[str, Any]):
    assert judgement.evaluate_record(ATTENDED, live_event(**changes), LATER) == Verdict((), ENDS)
    assert not judgement.is_due(ATTENDED, live_event(**changes), LATER)


def test_marks_from_before_the_end_revoke_nothing():
    early = completion(marked(True), marked(False, ENDS - timedelta(minutes=1)), issue=issue(), training_id="event-1")

    assert not judgement.is_due(early, live_event(), LATER)


def test_no_later_version_nor_unknown_training_revokes_anything():
    stray = replace(ISSUED, evidence=ISSUED.evidence | {encode(marked(False, live_event_id="a"))})

    for training in (None, COURSE, course(lesson("c"))):
        for record in (ISSUED, stray):
            assert judgement.absent_since(record, training) is None
            assert not judgement.is_due(record, training, LATER)


@pytest.mark.parametrize(
    ("record", "status"),
    [
        (EARNED, None),
        (replace(EARNED, removed_at=LATER), None),
        (ISSUED, "issued"),
        (REVOKED, "revoked"),
        (replace(ISSUED, removed_at=LATER), "withdrawn"),
        (replace(REVOKED, removed_at=LATER), "withdrawn"),
    ],
)
def test_a_certificate_is_issued_revoked_or_withdrawn(record: CompletionRecord, status: str | None):
    assert record.certificate_status == status


def test_facts_without_an_enrollment_are_judged_without_failing():
    bare = CompletionRecord("enrollment-1", "account-1", EARNED.evidence)

    unknown = judgement.evaluate_for_issue(bare, None, None, LATER).outstanding[0]
    assert (unknown.id, unknown.reason) == ("", Reason.TRAINING_UNKNOWN)


@given(st.sets(st.sampled_from("abcxyz")), st.booleans(), st.booleans(), st.booleans())
def test_a_certificate_is_due_if_and_only_if_nothing_is_outstanding_and_it_awaits_one(steps, known, removed, enrolled):
    record = completion(
        *(done(step, after(ord(step))) for step in steps),
        removed_at=after(1) if removed else None,
        enrolled_at=ENROLLED if enrolled else None,
    )
    verdict = judgement.evaluate_record(record, COURSE if known else None, LATER)

    assert verdict.complete is (known and {"a", "b"} <= steps)
    assert judgement.is_due(record, COURSE if known else None, LATER) is (verdict.complete and enrolled and not removed)


# A certificate that is held: earned, and not to be printed as it should be.

HOLD = Hold(Reason.MISSING_GLYPH, "no font has U+1FAE8", LATER)


def blocking(record: CompletionRecord) -> tuple[Requirement, ...]:
    return judgement.blockers(record, COURSE, judgement.evaluate_for_issue(record, COURSE, account(), LATER))


def test_a_hold_is_what_blocks_when_nothing_is_outstanding_and_supports_to_act_on():
    (only,) = blocking(replace(EARNED, hold=HOLD))

    assert only == Requirement("certificate", "enrollment-1", "Safe lifting", HOLD.reason, LATER, HOLD.detail)
    assert only.who is ResponsibleParty.SUPPORT
    assert only.message == (
        "The certificate for “Safe lifting” is held because a character on it cannot be printed; "
        "support can have the text corrected or a font added (no font has U+1FAE8)."
    )


def test_what_is_held_is_complete_and_due_all_the_same():
    held = replace(EARNED, hold=HOLD)

    assert judgement.evaluate_for_issue(held, COURSE, account(), LATER) == Verdict((), after(2))
    assert judgement.is_due(held, COURSE, LATER)


@pytest.mark.parametrize(
    "record",
    [EARNED, ISSUED, replace(ISSUED, hold=HOLD), replace(EARNED, hold=HOLD, removed_at=LATER)],
    ids=["not held", "issued", "issued, whatever stands there", "removed"],
)
def test_nothing_blocks_what_is_not_held_or_awaits_no_certificate(record):
    assert blocking(record) == ()


def test_what_is_outstanding_is_told_before_a_hold():
    assert [one.id for one in blocking(replace(UNFINISHED, hold=HOLD))] == ["b"]


@pytest.mark.parametrize("reason", [Reason.MISSING_GLYPH, Reason.DOES_NOT_FIT, Reason.LOGO_GONE])
def test_every_reason_for_a_hold_says_who_must_act_and_what_is_wrong(reason):
    (only,) = blocking(replace(EARNED, hold=replace(HOLD, reason=reason)))

    assert only.who is ResponsibleParty.SUPPORT
    assert "“Safe lifting” is held because" in only.message
    assert "support can have" in only.message
    assert only.message.endswith("(no font has U+1FAE8).")

"""Evaluation of records: what blocks a certificate, and when one is due."""

from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from earned.domain import evaluation
from earned.domain.certificate import Hold
from earned.domain.enrollment import CompletionRecord, EnrollmentContext
from earned.domain.people import Account
from earned.domain.requirements import Reason, Requirement, ResponsibleParty, Verdict
from earned.domain.training import Training
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
    removal,
    revocation,
    stored,
    watched,
)

COURSE = course(lesson("a"), lesson("b"))
EARNED = completion(done("a", after(1)), done("b", after(2)))
UNFINISHED = completion(done("a", after(1)))
ISSUED = completion(done("a", after(1)), issue=issue(completed_at=after(1)))
AN_HOUR_LATER, TWO_HOURS_LATER = after(60, start=ENDS), after(120, start=ENDS)


def test_a_record_is_evaluated_by_its_facts() -> None:
    assert evaluation.evaluate_record(EARNED, COURSE, LATER) == Verdict((), after(2))
    assert [one.id for one in evaluation.evaluate_record(UNFINISHED, COURSE, LATER).outstanding] == ["b"]


def test_facts_of_other_trainings_do_not_count() -> None:
    record = completion(done("z"), watched(step_id="z"), marked(True))

    assert [one.id for one in evaluation.evaluate_record(record, COURSE, LATER).outstanding] == ["a", "b"]


def test_a_live_event_is_evaluated_at_the_time_handed_in() -> None:
    record = completion(marked(True), training_id="event-1")

    assert evaluation.evaluate_record(record, live_event(), ENDS).complete
    assert not evaluation.evaluate_record(record, live_event(), ENDS - timedelta(seconds=1)).complete


def test_the_tolerance_is_passed_to_the_rules() -> None:
    record = completion(done("b", after(0)), done("a", after(10)))

    assert not evaluation.evaluate_record(record, COURSE, LATER).complete
    assert evaluation.evaluate_record(record, COURSE, LATER, timedelta(minutes=10)).complete
    assert evaluation.evaluate_for_issue(record, COURSE, account(), LATER, timedelta(minutes=10)).complete
    assert evaluation.is_due(record, COURSE, LATER, timedelta(minutes=10))


def test_an_unknown_training_is_the_only_requirement_and_support_must_act() -> None:
    (only,) = evaluation.evaluate_record(EARNED, None, LATER).outstanding

    assert only == Requirement("training", "course-1", "", Reason.TRAINING_UNKNOWN, ENROLLED)
    assert only.who is ResponsibleParty.SUPPORT


@pytest.mark.parametrize("training", [None, course(lesson("c")), course(lesson("a"), quiz(attempts=1))])
def test_a_record_with_a_certificate_stays_complete_whatever_is_published_later(training: Training | None) -> None:
    assert evaluation.evaluate_record(ISSUED, training, LATER) == Verdict((), after(1))
    assert evaluation.evaluate_for_issue(ISSUED, training, None, LATER) == Verdict((), after(1))


def test_a_finished_record_with_an_unknown_account_is_not_complete() -> None:
    verdict = evaluation.evaluate_for_issue(EARNED, COURSE, None, LATER)

    assert verdict == Verdict((Requirement("account", "account-1", "", Reason.ACCOUNT_UNKNOWN, after(2)),), None)
    assert verdict.outstanding[0].who is ResponsibleParty.SUPPORT


def test_an_unknown_account_is_listed_after_the_learners_requirements() -> None:
    outstanding = evaluation.evaluate_for_issue(UNFINISHED, COURSE, None, LATER).outstanding

    assert [(one.kind, one.since) for one in outstanding] == [("lesson", after(1)), ("account", ENROLLED)]


def test_a_record_with_a_known_account_is_evaluated_by_the_rules_alone() -> None:
    assert evaluation.evaluate_for_issue(EARNED, COURSE, account(), LATER) == Verdict((), after(2))


def test_an_unknown_training_and_an_unknown_account_are_both_outstanding() -> None:
    outstanding = evaluation.evaluate_for_issue(EARNED, None, None, LATER).outstanding

    assert [one.reason for one in outstanding] == [Reason.TRAINING_UNKNOWN, Reason.ACCOUNT_UNKNOWN]


@pytest.mark.parametrize(
    ("record", "training", "due"),
    [
        (EARNED, COURSE, True),
        (UNFINISHED, COURSE, False),
        (EARNED, None, False),
        (ISSUED, COURSE, False),
        (completion(done("a"), done("b"), removal=removal(after(9))), COURSE, False),
    ],
    ids=[
        "earned",
        "unfinished",
        "training unknown",
        "issued",
        "removed",
    ],
)
def test_a_certificate_is_due_when_earned_by_an_active_enrollment_that_has_none(
    record: CompletionRecord, training: Training | None, due: bool
) -> None:
    assert evaluation.is_due(record, training, LATER) is due


# L2: present corrected to absent, and back.

ATTENDED = completion(marked(True), training_id="event-1", issue=issue(completed_at=ENDS))
CORRECTED = completion(
    marked(True), marked(False, AN_HOUR_LATER), training_id="event-1", issue=issue(completed_at=ENDS)
)
REVOKED = replace(CORRECTED, revocation=revocation(AN_HOUR_LATER))
RETURNED = replace(REVOKED, evidence=REVOKED.evidence | stored(marked(True, TWO_HOURS_LATER)))


@pytest.mark.parametrize(
    ("record", "due", "absent_since"),
    [
        (ATTENDED, False, None),
        (CORRECTED, True, AN_HOUR_LATER),
        (REVOKED, False, None),
        (RETURNED, True, None),
        (replace(RETURNED, revocation=None), False, None),
        (replace(CORRECTED, removal=removal()), False, None),
        (replace(RETURNED, removal=removal()), False, None),
        (replace(CORRECTED, issue=None), False, None),
    ],
    ids=["attended", "corrected", "revoked", "returned", "restored", "removed", "removed after return", "never issued"],
)
def test_revocation_is_due_after_a_correction_to_absent_and_restoring_after_one_back(
    record: CompletionRecord, due: bool, absent_since: datetime | None
) -> None:
    assert evaluation.is_due(record, live_event(), LATER) is due
    assert evaluation.absent_since(record, live_event()) == absent_since


def test_a_record_with_a_revoked_certificate_is_evaluated_by_the_rules_again() -> None:
    (only,) = evaluation.evaluate_record(REVOKED, live_event(), LATER).outstanding

    assert (only.reason, only.since) == (Reason.MARKED_ABSENT, AN_HOUR_LATER)
    assert evaluation.evaluate_record(RETURNED, live_event(), LATER) == Verdict((), TWO_HOURS_LATER)
    assert [one.kind for one in evaluation.evaluate_for_issue(RETURNED, live_event(), None, LATER).outstanding] == [
        "account"
    ]


@pytest.mark.parametrize("changes", [{"cancelled": True}, {"ends_at": LATER}, {"ends_at": ENDS + timedelta(days=1)}])
def test_rescheduling_or_cancelling_after_issue_changes_nothing(changes: dict[str, Any]) -> None:
    assert evaluation.evaluate_record(ATTENDED, live_event(**changes), LATER) == Verdict((), ENDS)
    assert not evaluation.is_due(ATTENDED, live_event(**changes), LATER)


def test_marks_from_before_the_end_revoke_nothing() -> None:
    early = completion(marked(True), marked(False, ENDS - timedelta(minutes=1)), issue=issue(), training_id="event-1")

    assert not evaluation.is_due(early, live_event(), LATER)


def test_neither_a_later_version_nor_an_unknown_training_revokes_a_certificate() -> None:
    stray = replace(ISSUED, evidence=ISSUED.evidence | stored(marked(False, live_event_id="a")))

    for training in (None, COURSE, course(lesson("c"))):
        for record in (ISSUED, stray):
            assert evaluation.absent_since(record, training) is None
            assert not evaluation.is_due(record, training, LATER)


@pytest.mark.parametrize(
    ("record", "status"),
    [
        (EARNED, None),
        (replace(EARNED, removal=removal()), None),
        (ISSUED, "issued"),
        (REVOKED, "revoked"),
        (replace(ISSUED, removal=removal()), "withdrawn"),
        (replace(REVOKED, removal=removal()), "withdrawn"),
    ],
)
def test_a_certificate_is_issued_revoked_or_withdrawn(record: CompletionRecord, status: str | None) -> None:
    assert record.certificate_status == status


@pytest.mark.parametrize(
    ("record", "person", "active"),
    [
        (EARNED, account(), True),
        (EARNED, None, True),
        (EARNED, account(removed_at=after(9)), False),
        (replace(EARNED, removal=removal()), account(), False),
        (replace(EARNED, removal=removal()), account(removed_at=after(9)), False),
    ],
    ids=["both there", "account unknown", "account removed", "enrollment removed", "both removed"],
)
def test_a_context_is_active_while_neither_its_enrollment_nor_its_account_is_removed(
    record: CompletionRecord, person: Account | None, active: bool
) -> None:
    assert EnrollmentContext(record, COURSE, person, None).is_active is active


@given(st.sets(st.sampled_from("abcxyz")), st.booleans(), st.booleans())
def test_a_certificate_is_due_if_and_only_if_an_active_record_without_one_is_complete(
    steps: set[str], known: bool, removed: bool
) -> None:
    record = completion(
        *(done(step, after(ord(step))) for step in steps),
        removal=removal(after(1)) if removed else None,
    )
    verdict = evaluation.evaluate_record(record, COURSE if known else None, LATER)

    assert verdict.complete is (known and {"a", "b"} <= steps)
    assert evaluation.is_due(record, COURSE if known else None, LATER) is (verdict.complete and not removed)


# Holds: the certificate is earned but cannot be printed.

HOLD = Hold(Reason.MISSING_GLYPH, "no font has U+10FFFD", LATER)


def blockers(record: CompletionRecord) -> tuple[Requirement, ...]:
    return evaluation.blockers(record, COURSE, evaluation.evaluate_for_issue(record, COURSE, account(), LATER))


def test_a_hold_is_the_only_blocker_of_a_complete_record_and_support_must_act() -> None:
    (only,) = blockers(replace(EARNED, hold=HOLD))

    assert only == Requirement("certificate", "enrollment-1", "Safe lifting", HOLD.reason, LATER, HOLD.detail)
    assert only.who is ResponsibleParty.SUPPORT
    assert only.message == (
        "The certificate for “Safe lifting” is held because a character on it cannot be printed; "
        "support can have the text corrected or a font added (no font has U+10FFFD)."
    )


def test_a_record_with_a_hold_is_still_complete_and_due() -> None:
    held = replace(EARNED, hold=HOLD)

    assert evaluation.evaluate_for_issue(held, COURSE, account(), LATER) == Verdict((), after(2))
    assert evaluation.is_due(held, COURSE, LATER)


@pytest.mark.parametrize(
    "record",
    [EARNED, ISSUED, replace(ISSUED, hold=HOLD), replace(EARNED, hold=HOLD, removal=removal())],
    ids=["not held", "issued", "issued despite a hold", "removed"],
)
def test_a_record_without_a_hold_or_not_awaiting_a_certificate_has_no_blockers(record: CompletionRecord) -> None:
    assert blockers(record) == ()


def test_outstanding_requirements_are_listed_instead_of_a_hold() -> None:
    assert [one.id for one in blockers(replace(UNFINISHED, hold=HOLD))] == ["b"]


@pytest.mark.parametrize("reason", [Reason.MISSING_GLYPH, Reason.DOES_NOT_FIT, Reason.LOGO_GONE])
def test_every_hold_says_what_is_wrong_and_that_support_must_act(reason: Reason) -> None:
    (only,) = blockers(replace(EARNED, hold=replace(HOLD, reason=reason)))

    assert only.who is ResponsibleParty.SUPPORT
    assert "“Safe lifting” is held because" in only.message
    assert "support can have" in only.message
    assert only.message.endswith("(no font has U+10FFFD).")

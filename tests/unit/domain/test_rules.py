"""The rules C1 to C6 and L1 to L3, with the interpretations that the contract fixes."""

import random
from collections.abc import Callable, Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from typing import NamedTuple

import pytest
from hypothesis import given
from hypothesis import strategies as st

from earned.domain import ranges, rules
from earned.domain.fact_codec import decode
from earned.domain.facts import AttemptsGranted, Fact, QuizGraded, StepDone, VideoWatched
from earned.domain.requirements import Reason, ResponsibleParty, Verdict
from earned.domain.training import Course, LiveEvent, Step, StepKind, Training
from tests.unit.builders import (
    ENDS,
    ENROLLED,
    LATER,
    MILLISECOND,
    after,
    course,
    done,
    graded,
    granted,
    lesson,
    live_event,
    marked,
    quiz,
    stored,
    video,
    watched,
)

GRACE = timedelta(minutes=5)

Case = tuple[Training, list[Fact]]
Sketch = tuple[int, int, int, int]  # step, variant, minute, millisecond


def evaluated(training: Training, *facts: Fact, now: datetime = LATER) -> Verdict:
    return rules.evaluate(training, facts, now, ENROLLED)


def reasons(training: Training, *facts: Fact, now: datetime = LATER) -> dict[str, Reason]:
    return {one.id: one.reason for one in evaluated(training, *facts, now=now).outstanding}


# Each rule, unmet and met.


class Row(NamedTuple):
    training: Training
    facts: tuple[Fact, ...]
    kind: str
    reason: str
    who: str
    since: datetime
    now: datetime = LATER


AFTER_LESSON = course(lesson(), quiz(attempts=1))
UNMET = {
    "C1 lesson": Row(course(lesson()), (), "lesson", "not-completed", "learner", ENROLLED),
    "C1 reading": Row(course(lesson(kind=StepKind.READING)), (), "reading", "not-completed", "learner", ENROLLED),
    "C1 activity": Row(course(lesson(kind=StepKind.ACTIVITY)), (), "activity", "not-completed", "learner", ENROLLED),
    "C1 second step": Row(
        course(lesson(), lesson("b")), (done(at=after(30)),), "lesson", "not-completed", "learner", after(30)
    ),
    "C1 second step, unordered": Row(
        course(lesson(), lesson("b"), ordered=False),
        (done(at=after(30)),),
        "lesson",
        "not-completed",
        "learner",
        ENROLLED,
    ),
    "C1 second step, the first done before the enrollment was announced": Row(
        course(lesson(), lesson("b")), (done(at=after(-30)),), "lesson", "not-completed", "learner", ENROLLED
    ),
    "C2 out of order": Row(
        course(lesson(), lesson("b")),
        (done("b", after(0)), done(at=after(30))),
        "lesson",
        "out-of-order",
        "learner",
        after(30),
    ),
    "C2 video out of order": Row(
        course(lesson(), video()), (watched(), done(at=after(30))), "video", "out-of-order", "learner", after(30)
    ),
    "C2 quiz out of order": Row(
        course(lesson(), quiz()), (graded(90), done(at=after(30))), "quiz", "out-of-order", "learner", after(30)
    ),
    "C3 not watched": Row(course(video()), (), "video", "not-watched-to-the-end", "learner", ENROLLED),
    "C3 partly watched": Row(
        course(video()), (watched((0, 58_999)),), "video", "not-watched-to-the-end", "learner", ENROLLED
    ),
    "C4 not tried": Row(course(quiz(attempts=1)), (), "quiz", "not-passed", "learner", ENROLLED),
    "C4 failed": Row(course(quiz(attempts=2)), (graded(69),), "quiz", "not-passed", "learner", ENROLLED),
    "C4 failed, unlimited": Row(course(quiz()), (graded(69),) * 9, "quiz", "not-passed", "learner", ENROLLED),
    "C4 exhausted": Row(course(quiz(attempts=1)), (graded(69),), "quiz", "attempts-exhausted", "support", ENROLLED),
    "C4 exhausted by a pass out of order": Row(
        AFTER_LESSON, (graded(90), done(at=after(30))), "quiz", "attempts-exhausted", "support", after(30)
    ),
    "L1 not ended": Row(live_event(), (), "event", "event-not-ended", "nobody", ENROLLED, now=ENDS - MILLISECOND),
    "L1 not ended, though marked": Row(
        live_event(), (marked(True),), "event", "event-not-ended", "nobody", ENROLLED, now=ENDS - MILLISECOND
    ),
    "L1 not marked": Row(live_event(), (), "attendance", "attendance-not-marked", "administrator", ENDS, now=ENDS),
    "L1 marked before the end": Row(
        live_event(), (marked(True, ENDS - MILLISECOND),), "attendance", "attendance-not-marked", "administrator", ENDS
    ),
    "L1 marked at another event": Row(
        live_event(), (marked(True, live_event_id="b"),), "attendance", "attendance-not-marked", "administrator", ENDS
    ),
    "L1 enrolled after the end": Row(
        live_event(ends_at=after(-60)), (), "attendance", "attendance-not-marked", "administrator", ENROLLED
    ),
    "L2 marked absent": Row(live_event(), (marked(False),), "attendance", "marked-absent", "administrator", ENDS),
    "L2 corrected to absent": Row(
        live_event(),
        (marked(True), marked(False, after(9, start=ENDS))),
        "attendance",
        "marked-absent",
        "administrator",
        after(9, start=ENDS),
    ),
    "L3 cancelled": Row(live_event(cancelled=True), (), "event", "event-cancelled", "nobody", ENROLLED),
    "L3 cancelled, not ended": Row(
        live_event(cancelled=True), (), "event", "event-cancelled", "nobody", ENROLLED, now=ENROLLED
    ),
    "L3 cancelled, though marked": Row(
        live_event(cancelled=True), (marked(True),), "event", "event-cancelled", "nobody", ENROLLED
    ),
}


@pytest.mark.parametrize("row", UNMET.values(), ids=UNMET)
def test_one_unmet_rule_gives_exactly_one_outstanding_requirement(row: Row) -> None:
    verdict = evaluated(row.training, *row.facts, now=row.now)

    (only,) = verdict.outstanding
    assert (only.kind, only.reason, only.who, only.since) == (row.kind, row.reason, row.who, row.since)
    assert not verdict.complete
    assert verdict.completed_at is None


@pytest.mark.parametrize("row", UNMET.values(), ids=UNMET)
def test_a_requirement_names_the_missing_step_by_id_and_title_and_has_a_message(row: Row) -> None:
    (only,) = evaluated(row.training, *row.facts, now=row.now).outstanding

    known = {step.step_id: step.title for step in row.training.steps} if isinstance(row.training, Course) else {}
    assert only.title == (known[only.id] if known else "First aid")
    assert known or only.id == "event-1"
    assert only.title in only.message
    assert only.message.endswith(".")


MET: dict[str, tuple[Training, tuple[Fact, ...], datetime]] = {
    "C1 lesson": (course(lesson()), (done(at=after(1)),), after(1)),
    "C1 reading": (course(lesson(kind=StepKind.READING)), (done(at=after(1)),), after(1)),
    "C1 activity": (course(lesson(kind=StepKind.ACTIVITY)), (done(at=after(1)),), after(1)),
    "C1 done twice": (course(lesson()), (done(at=after(2)), done(at=after(1))), after(1)),
    "C2 in order": (course(lesson(), lesson("b")), (done(at=after(1)), done("b", after(9))), after(9)),
    "C2 done again after it": (
        course(lesson(), lesson("b")),
        (done("b", after(0)), done(at=after(30)), done("b", after(31))),
        after(31),
    ),
    "C2 unordered": (
        course(lesson(), lesson("b"), ordered=False),
        (done("b", after(0)), done(at=after(30))),
        after(30),
    ),
    "C3 in one sitting": (course(video()), (watched(at=after(1)),), after(1)),
    "C3 in two sittings": (
        course(video()),
        (watched((30_000, 60_000), at=after(1)), watched((0, 30_000), at=after(2))),
        after(2),
    ),
    "C4 passed exactly": (course(quiz(attempts=1)), (graded(70, after(1)),), after(1)),
    "C4 at the last attempt": (course(quiz(attempts=2)), (graded(1, after(1)), graded(70, after(2))), after(2)),
    "C4 with an attempt granted": (
        course(quiz(attempts=1)),
        (graded(1, after(1)), granted(1, after(2)), graded(70, after(3))),
        after(3),
    ),
    "C4 failed afterwards": (course(quiz(attempts=9)), (graded(70, after(1)), graded(1, after(2))), after(1)),
    "C4 a pass that exhausts the attempts": (AFTER_LESSON, (done(at=after(1)), graded(70, after(2))), after(2)),
    "L1 marked at the end": (live_event(), (marked(True, ENDS),), ENDS),
    "L1 marked later": (live_event(), (marked(True, after(9, start=ENDS)),), after(9, start=ENDS)),
    "L2 corrected to present": (
        live_event(),
        (marked(False, ENDS), marked(True, after(9, start=ENDS))),
        after(9, start=ENDS),
    ),
}


@pytest.mark.parametrize(("training", "facts", "since"), MET.values(), ids=MET)
def test_a_training_is_complete_from_when_its_last_rule_was_met(
    training: Training, facts: tuple[Fact, ...], since: datetime
) -> None:
    assert evaluated(training, *facts) == Verdict((), since)


@pytest.mark.parametrize(
    ("reason", "who"),
    [
        (Reason.NOT_COMPLETED, ResponsibleParty.LEARNER),
        (Reason.NOT_WATCHED_TO_THE_END, ResponsibleParty.LEARNER),
        (Reason.NOT_PASSED, ResponsibleParty.LEARNER),
        (Reason.OUT_OF_ORDER, ResponsibleParty.LEARNER),
        (Reason.ATTEMPTS_EXHAUSTED, ResponsibleParty.SUPPORT),
        (Reason.EVENT_NOT_ENDED, ResponsibleParty.NOBODY),
        (Reason.EVENT_CANCELLED, ResponsibleParty.NOBODY),
        (Reason.ATTENDANCE_NOT_MARKED, ResponsibleParty.ADMINISTRATOR),
        (Reason.MARKED_ABSENT, ResponsibleParty.ADMINISTRATOR),
    ],
)
def test_the_table_of_unmet_rules_covers_every_reason_of_the_rules(reason: Reason, who: ResponsibleParty) -> None:
    assert (reason, who) in {(row.reason, row.who) for row in UNMET.values()}


# C1: every required step.


def test_one_missing_step_of_many_keeps_the_course_incomplete() -> None:
    steps = [lesson(f"step-{n}") for n in range(40)]
    facts = [done(step.step_id, after(n)) for n, step in enumerate(steps)]

    assert evaluated(course(*steps), *facts).completed_at == after(39)
    assert reasons(course(*steps), *facts[:-1]) == {"step-39": Reason.NOT_COMPLETED}


def test_optional_steps_are_never_outstanding_and_have_no_place_in_the_order() -> None:
    optional = lesson("extra", required=False)
    training = course(lesson("a"), optional, lesson("b"))

    assert reasons(training, done("b", after(2)), done("a", after(1))) == {}
    assert reasons(training, done("b", after(2)), done("extra", after(60)), done("a", after(1))) == {}
    assert evaluated(
        training, done("b", after(2)), done("extra", after(60)), done("a", after(1))
    ).completed_at == after(2)
    assert "extra" not in reasons(training)


def test_a_fact_of_another_kind_does_not_complete_a_step() -> None:
    training = course(lesson("a"), video("v"), quiz("q"), ordered=False)
    facts = [
        watched(step_id="a"),
        graded(99, step_id="a"),
        granted(9, step_id="a"),
        marked(True, live_event_id="a"),
        done("v"),
        graded(99, step_id="v"),
        done("q"),
        watched(step_id="q"),
    ]

    assert reasons(training, *facts) == reasons(training)


def test_facts_of_steps_that_are_not_in_the_training_do_not_count() -> None:
    assert reasons(course(lesson("a")), done("b"), marked(True)) == {"a": Reason.NOT_COMPLETED}
    assert reasons(live_event(), done("event-1", ENDS)) == {"event-1": Reason.ATTENDANCE_NOT_MARKED}


# C2: order by time of occurrence, with a tolerance that does not chain.


@pytest.mark.parametrize(("early", "counts"), [(0, True), (300_000, True), (300_001, False)])
@pytest.mark.parametrize(
    ("step", "fact"),
    [
        (lesson("b"), lambda at: done("b", at)),
        (video(), lambda at: watched(at=at)),
        (quiz(), lambda at: graded(70, at)),
    ],
    ids=["lesson", "video", "quiz"],
)
def test_a_step_may_be_up_to_exactly_five_minutes_ahead_of_its_predecessor(
    step: Step, fact: Callable[[datetime], Fact], early: int, counts: bool
) -> None:
    facts = [done("a", after(60)), fact(after(60, ms=-early))]

    assert evaluated(course(lesson("a"), step), *facts).complete is counts


def test_a_step_within_the_tolerance_counts_from_when_its_predecessor_counted() -> None:
    assert evaluated(course(lesson("a"), lesson("b")), done("a", after(5)), done("b", after(0))).completed_at == after(
        5
    )


def test_the_tolerance_does_not_chain() -> None:
    training = course(lesson("a"), lesson("b"), lesson("c"))
    a, b = done("a", after(10)), done("b", after(5))

    assert reasons(training, a, b, done("c", after(0))) == {"c": Reason.OUT_OF_ORDER}
    assert reasons(training, a, b, done("c", after(5, ms=-1))) == {"c": Reason.OUT_OF_ORDER}
    assert reasons(training, a, b, done("c", after(5))) == {}


@pytest.mark.parametrize(("seconds", "counts"), [(0, False), (59, False), (60, True)])
def test_the_tolerance_is_configurable(seconds: int, counts: bool) -> None:
    facts = [done("a", after(1)), done("b", after(0))]

    verdict = rules.evaluate(course(lesson("a"), lesson("b")), facts, LATER, ENROLLED, timedelta(seconds=seconds))

    assert verdict.complete is counts


def test_the_first_step_counts_even_if_completed_before_the_enrollment() -> None:
    assert evaluated(course(lesson("a")), done("a", after(-60 * 24 * 365))).complete


def test_a_step_whose_predecessor_is_missing_is_out_of_order() -> None:
    assert reasons(course(lesson("a"), lesson("b")), done("b")) == {
        "a": Reason.NOT_COMPLETED,
        "b": Reason.OUT_OF_ORDER,
    }


def test_a_step_counts_from_its_first_completion_after_the_predecessor_counted() -> None:
    times = [after(minutes) for minutes in (0, 20, 40, 60)]
    facts = [done("a", after(30)), *(done("b", at) for at in times)]

    assert evaluated(course(lesson("a"), lesson("b")), *facts).completed_at == after(40)


def test_all_steps_after_one_out_of_order_must_be_repeated() -> None:
    training = course(lesson("a"), lesson("b"), lesson("c"))
    early = [done("b", after(0)), done("c", after(1)), done("a", after(30))]

    assert reasons(training, *early) == {"b": Reason.OUT_OF_ORDER, "c": Reason.OUT_OF_ORDER}
    assert reasons(training, *early, done("b", after(40))) == {"c": Reason.OUT_OF_ORDER}
    assert evaluated(training, *early, done("b", after(40)), done("c", after(50))).completed_at == after(50)


def test_without_order_each_step_counts_on_its_own() -> None:
    steps = [lesson("a"), video("v"), quiz("q")]
    facts = [graded(70, after(0), "q"), watched(at=after(60), step_id="v"), done("a", after(120))]

    assert reasons(course(*steps), *facts) == {"v": Reason.OUT_OF_ORDER, "q": Reason.OUT_OF_ORDER}
    assert evaluated(course(*steps, ordered=False), *facts) == Verdict((), after(120))


# C3: videos.


@pytest.mark.parametrize(
    ("played", "counts"),
    [
        ([(0, 10_000)], True),
        ([(1_000, 10_000)], True),
        ([(1_001, 10_000)], False),
        ([(0, 9_000)], True),
        ([(0, 8_999)], False),
        ([(0, 5_000), (6_000, 10_000)], True),
        ([(0, 5_000), (6_001, 10_000)], False),
        ([(1_000, 4_000), (5_000, 9_000)], False),
        ([(1_000, 4_000), (5_000, 10_000)], True),
        ([(1_000, 4_000), (5_000, 9_500), (9_501, 10_000)], False),
        ([(0, 4_000), (5_000, 8_000), (9_000, 9_000)], False),
        ([(6_000, 10_000), (0, 5_000)], True),
        ([(0, 5_000), (2_000, 3_000), (6_001, 10_000)], False),
        ([(0, 9_000), (1_000, 2_000)], True),
        ([(0, 4_000), (0, 4_000), (4_000, 10_000), (0, 10_000)], True),
        ([], False),
        ([(0, 99_999_999)], True),
        ([(9_000, 99_999_999)], False),
        ([(10_000, 99_999_999)], False),
        ([(-1, 10_000)], False),
        ([(-5_000, -1), (0, 10_000)], True),
        ([(10_000, 0)], False),
        ([(5_000, 5_000)], False),
        ([(10_000, 0), (0, 10_000)], True),
        ([(9_500, 10_500), (0, 8_500)], True),
    ],
)
def test_a_video_counts_if_its_ranges_cover_it_with_gaps_of_at_most_a_second_and_two_together(
    played: list[tuple[int, int]], counts: bool
) -> None:
    assert ranges.covers(played, 10_000) is counts
    assert evaluated(course(video(duration=10_000)), watched(*played or [(0, 0)])).complete is counts


def test_a_video_shorter_than_a_second_counts_only_if_some_of_it_was_played() -> None:
    assert not ranges.covers([], 700)
    assert not ranges.covers([(700, 900)], 700)
    assert ranges.covers([(699, 900)], 700)


@pytest.mark.parametrize(
    ("duration", "seconds", "counts"),
    [(60_000, 2, True), (60_000, 3, False), (200_000, 2, True), (299_000, 3, False), (300_000, 3, True)],
)
def test_all_gaps_together_come_to_two_seconds_or_one_percent(duration: int, seconds: int, counts: bool) -> None:
    starts = [gap * 10_000 for gap in range(seconds)]
    played = [(start + 1_000, start + 10_000) for start in starts] + [(seconds * 10_000, duration)]

    assert ranges.covers(played, duration) is counts
    assert evaluated(course(video(duration=duration)), watched(*played)).complete is counts


def test_sittings_of_an_instant_each_second_do_not_complete_a_video() -> None:
    sittings = [watched((second * 1_000, second * 1_000 + 40), at=after(second)) for second in range(60)]

    assert reasons(course(video()), *sittings) == {"video": Reason.NOT_WATCHED_TO_THE_END}


def test_a_video_counts_from_the_sitting_that_completes_it() -> None:
    sittings = [watched((0, 20_000), at=after(1)), watched((40_000, 60_000), at=after(3)), watched(at=after(9))]

    assert evaluated(course(video()), *sittings, watched((20_000, 40_000), at=after(2))).completed_at == after(3)


def test_sittings_from_before_the_predecessor_counted_do_not_add_to_the_union() -> None:
    training = course(lesson("a"), video())
    a, last = done("a", after(60)), watched((30_000, 60_000), at=after(61))

    assert reasons(training, a, last, watched((0, 30_000), at=after(55, ms=-1))) == {"video": Reason.OUT_OF_ORDER}
    assert evaluated(training, a, last, watched((0, 30_000), at=after(55))).completed_at == after(61)


def test_pausing_and_rewatching_do_no_harm() -> None:
    pieces = [watched((second * 1_000, second * 1_000 + 1_000), at=after(second)) for second in range(59)]
    again = [watched((0, 500), at=after(90)), watched((59_000, 60_000), at=after(91))]

    assert evaluated(course(video()), *pieces, *again).completed_at == after(58)


# C4: quizzes.


def test_a_pass_within_the_attempts_counts_despite_later_failures() -> None:
    facts = [graded(70, after(1)), *(graded(0, after(minute)) for minute in range(2, 9))]

    assert evaluated(course(quiz(attempts=2)), *facts).completed_at == after(1)


def test_a_pass_beyond_the_attempts_does_not_count() -> None:
    facts = [graded(1, after(1)), graded(2, after(2)), graded(100, after(3))]

    assert reasons(course(quiz(attempts=2)), *facts) == {"quiz": Reason.ATTEMPTS_EXHAUSTED}
    assert evaluated(course(quiz(attempts=3)), *facts).complete


@pytest.mark.parametrize(
    ("score", "passing_score", "passes"),
    [
        (56.99999999999999, 57, True),
        (57, 57.00000000000001, True),
        (56.999999999, 57, False),
        (69.9999999994, 70, False),
        (69.9999999996, 70, True),
    ],
)
def test_scores_are_compared_with_nine_decimals(score: float, passing_score: float, passes: bool) -> None:
    assert evaluated(course(quiz(passing_score=passing_score)), graded(score)).complete is passes


def test_the_score_must_reach_the_passing_score() -> None:
    assert not evaluated(course(quiz()), graded(69.999)).complete
    assert evaluated(course(quiz()), graded(70)).complete


def test_a_grant_does_not_make_an_earlier_pass_beyond_the_limit_valid() -> None:
    facts = [graded(1, after(1)), graded(100, after(2)), granted(1, after(3))]

    assert reasons(course(quiz(attempts=1)), *facts) == {"quiz": Reason.NOT_PASSED}
    assert evaluated(course(quiz(attempts=1)), *facts, graded(70, after(4))).completed_at == after(4)


def test_attempts_beyond_the_limit_do_not_use_up_a_later_grant() -> None:
    facts = [*(graded(minute, after(minute)) for minute in range(9)), granted(1, after(10))]

    assert evaluated(course(quiz(attempts=1)), *facts, graded(70, after(11))).completed_at == after(11)


def test_a_grant_is_used_up_like_the_first_attempts() -> None:
    facts = [graded(1, after(1)), granted(2, after(2)), graded(2, after(3))]

    assert reasons(course(quiz(attempts=1)), *facts) == {"quiz": Reason.NOT_PASSED}
    assert reasons(course(quiz(attempts=1)), *facts, graded(3, after(4))) == {"quiz": Reason.ATTEMPTS_EXHAUSTED}


def test_grants_add_up_and_may_come_before_they_are_needed() -> None:
    facts = [granted(1, after(0)), granted(2, after(0)), *(graded(minute, after(minute)) for minute in (1, 2, 3))]

    assert evaluated(course(quiz(attempts=1)), *facts, graded(70, after(4))).complete
    assert not evaluated(course(quiz(attempts=1)), *facts, graded(4, after(4)), graded(70, after(5))).complete


def test_a_grant_in_the_same_millisecond_as_an_attempt_allows_it() -> None:
    for event in "abcdefgh":
        facts = [graded(1, after(1)), granted(1, after(2)), graded(70, after(2), event=event)]
        assert evaluated(course(quiz(attempts=1)), *facts).complete


def test_a_grant_to_a_quiz_without_a_limit_changes_nothing() -> None:
    assert evaluated(course(quiz()), granted(1, after(0)), graded(1, after(1)), graded(70, after(2))).complete


def test_a_grant_and_an_attempt_with_the_same_event_id_both_count() -> None:
    facts = [graded(1, after(1), event="event-1"), granted(1, after(2), event="event-1")]

    assert evaluated(course(quiz(attempts=1)), *facts, graded(70, after(3))).complete


def test_a_grant_for_another_quiz_changes_nothing() -> None:
    training = course(quiz("a", attempts=1), quiz("b", attempts=1), ordered=False)

    assert reasons(training, graded(1, step_id="a"), granted(1, step_id="b")) == {
        "a": Reason.ATTEMPTS_EXHAUSTED,
        "b": Reason.NOT_PASSED,
    }


def test_attempts_before_the_predecessor_counted_use_up_attempts_too() -> None:
    training = course(lesson("a"), quiz(attempts=2))
    early = [graded(100, after(1)), graded(1, after(2)), done("a", after(60))]

    assert reasons(training, *early) == {"quiz": Reason.ATTEMPTS_EXHAUSTED}
    assert reasons(training, *early, graded(100, after(61))) == {"quiz": Reason.ATTEMPTS_EXHAUSTED}
    assert evaluated(training, *early, granted(1, after(61)), graded(70, after(62))).completed_at == after(62)


def test_the_same_attempt_reported_twice_is_one_attempt() -> None:
    twice = [graded(1, after(1), event="attempt-1")] * 2

    assert reasons(course(quiz(attempts=2)), *twice) == {"quiz": Reason.NOT_PASSED}


def test_two_reports_with_the_same_source_and_id_are_one_attempt() -> None:
    facts = [graded(1, after(1), event="attempt-1"), graded(2, after(2), event="attempt-1")]

    assert reasons(course(quiz(attempts=2)), *facts) == {"quiz": Reason.NOT_PASSED}
    assert evaluated(course(quiz(attempts=2)), *facts, graded(70, after(3))).complete


def test_two_attempts_in_the_same_millisecond_both_count() -> None:
    twins = [graded(1, after(1), event="attempt-1"), graded(1, after(1), event="attempt-2")]
    kept = [*decode("enrollment-1", stored(*twins), course(quiz()))]

    assert reasons(course(quiz(attempts=2)), *kept) == {"quiz": Reason.ATTEMPTS_EXHAUSTED}


# L1-L3: live events.


def test_enrollment_in_a_live_event_alone_does_not_complete_it() -> None:
    assert not evaluated(live_event()).complete


def test_a_live_event_has_ended_exactly_at_its_end() -> None:
    assert evaluated(live_event(), marked(True, ENDS), now=ENDS).complete
    assert not evaluated(live_event(), marked(True, ENDS), now=ENDS - MILLISECOND).complete


def test_marks_before_the_end_never_count_and_do_not_affect_later_ones() -> None:
    early = [marked(True, ENDS - MILLISECOND), marked(False, ENDS - timedelta(hours=1))]

    assert reasons(live_event(), *early) == {"event-1": Reason.ATTENDANCE_NOT_MARKED}
    assert evaluated(live_event(), *early, marked(True, after(1, start=ENDS))).completed_at == after(1, start=ENDS)
    assert reasons(live_event(), *early, marked(False)) == {"event-1": Reason.MARKED_ABSENT}


def test_a_mark_dated_in_the_future_completes_nothing_before_the_end() -> None:
    future = marked(True, ENDS + timedelta(days=1))

    assert reasons(live_event(), future, now=ENDS - MILLISECOND) == {"event-1": Reason.EVENT_NOT_ENDED}
    assert evaluated(live_event(), future, now=ENDS).complete


@pytest.mark.parametrize(
    ("marks", "complete", "since"),
    [
        ("P", True, 0),
        ("A", False, 0),
        ("PA", False, 1),
        ("PAA", False, 1),
        ("AP", True, 1),
        ("PAP", True, 2),
        ("PAAP", True, 3),
        ("PAPA", False, 3),
        ("PP", True, 0),
        ("APPP", True, 1),
        ("PAPP", True, 2),
    ],
)
def test_the_latest_mark_wins_and_its_status_dates_from_the_first_of_an_unbroken_run(
    marks: str, complete: bool, since: int
) -> None:
    facts = [marked(mark == "P", after(minute, start=ENDS)) for minute, mark in enumerate(marks)]
    latest = facts[-1].at
    random.Random(marks).shuffle(facts)
    verdict = evaluated(live_event(), *facts)

    assert verdict.complete is complete
    assert (verdict.completed_at or verdict.outstanding[0].since) == after(since, start=ENDS)
    assert rules.corrected_to_absent(live_event(), facts) == (None if complete else latest)


@pytest.mark.parametrize(
    ("first", "second", "absent"),
    [
        ("portal\0mark-1", "portal\0mark-2", True),
        ("portal\0mark-2", "portal\0mark-1", False),
        ("portal\0mark-2", "portal-2\0mark-1", True),
        ("portal\0mark-10", "portal\0mark-9", True),
        ("portal\0mark-1", "portal\0mark-1", True),
    ],
    ids=["greater id", "smaller id", "greater source", "texts, not numbers", "one event that says both"],
)
def test_of_two_marks_in_the_same_millisecond_the_one_of_the_greater_source_and_id_wins(
    first: str, second: str, absent: bool
) -> None:
    tie = [marked(True, stamp=first), marked(False, stamp=second)]
    expected = {"event-1": Reason.MARKED_ABSENT} if absent else {}

    assert reasons(live_event(), *tie) == reasons(live_event(), *reversed(tie)) == expected
    assert rules.corrected_to_absent(live_event(), tie) == (ENDS if absent else None)


def test_marks_are_evaluated_against_the_latest_schedule() -> None:
    early = marked(True, ENDS)
    later = live_event(ends_at=ENDS + timedelta(days=1))

    assert evaluated(live_event(), early).complete
    assert reasons(later, early) == {"event-1": Reason.ATTENDANCE_NOT_MARKED}
    assert reasons(later, early, now=ENDS) == {"event-1": Reason.EVENT_NOT_ENDED}
    assert evaluated(live_event(ends_at=ENDS - timedelta(days=1)), early).complete


# C6: the same facts under another version.


def test_a_shortened_course_is_complete_when_the_remaining_steps_are() -> None:
    facts = [done("a", after(1)), done("c", after(2))]
    long, short = course(lesson("a"), lesson("b"), lesson("c")), course(lesson("a"), lesson("c"))

    assert reasons(long, *facts) == {"b": Reason.NOT_COMPLETED, "c": Reason.OUT_OF_ORDER}
    assert evaluated(short, *facts).completed_at == after(2)


# Properties over random courses and facts. Hypothesis draws small integers, which is fast; they index steps and facts.

STEPS: Sequence[Callable[[str], Step]] = (
    lesson,
    lambda name: lesson(name, StepKind.READING),
    lambda name: lesson(name, StepKind.ACTIVITY, required=False),
    lambda name: video(name, 900),
    lambda name: video(name, 6_000),
    lambda name: video(name, 6_000, required=False),
    quiz,
    lambda name: quiz(name, 1),
    lambda name: quiz(name, 2),
    lambda name: quiz(name, 3, required=False),
)
WITHOUT_QUIZZES = 6


def video_fact(step: Step, at: datetime, variant: int) -> Fact:
    half, end = step.duration // 2, step.duration
    sittings: Sequence[Sequence[tuple[int, int]]] = (
        [(0, end)],
        [(0, half)],
        [(half, end)],
        [(0, half - 400), (half + 600, end)],
        [(0, half - 400), (half + 601, end + 999)],
        [(end, 0), (half, half)],
        [],
    )
    return VideoWatched(step.step_id, at, tuple(sittings[variant]))


def quiz_fact(step: Step, at: datetime, variant: int) -> Fact:
    if variant in (5, 6):
        return granted(variant - 4, at, step.step_id)
    return graded((0, 69.5, 70, 100, 1)[variant], at, step.step_id)


def lesson_fact(step: Step, at: datetime, variant: int) -> Fact:
    strays = {5: graded(100, at, step.step_id), 6: marked(True, at, step.step_id)}
    return strays.get(variant, done(step.step_id, at))


FACTS = {StepKind.VIDEO: video_fact, StepKind.QUIZ: quiz_fact}


def as_fact(training: Course, sketch: Sketch) -> Fact:
    index, variant, minute, ms = sketch
    step = training.steps[index % len(training.steps)]
    return FACTS.get(step.kind, lesson_fact)(step, after(minute, ms=ms), variant)


def as_course(kinds: Sequence[int], ordered: bool) -> Course:
    steps = [STEPS[kind](name) for kind, name in zip(kinds, "abcd", strict=False)]
    return course(lesson("first"), *steps, ordered=ordered)


def walk(training: Course, start: int = 60) -> list[Fact]:
    """The facts that complete a course, one step after the other."""
    facts: list[Fact] = []
    for index, step in enumerate(training.steps):
        at = after(start + 10 * index)
        facts.append(FACTS.get(step.kind, lesson_fact)(step, at, 3 if step.kind is StepKind.QUIZ else 0))
    return facts


SKETCHES = st.lists(
    st.tuples(st.integers(0, 4), st.integers(0, 6), st.sampled_from([-10, 0, 4, 5, 6, 10, 11, 20]), st.integers(-1, 1)),
    max_size=12,
)


def cases(kinds: int = len(STEPS)) -> st.SearchStrategy[tuple[Course, list[Fact]]]:
    """A course and random facts; some include all or the first steps of a complete walk through the course."""

    def case(steps: list[int], ordered: bool, sketches: list[Sketch], walked: int) -> tuple[Course, list[Fact]]:
        training = as_course(steps, ordered)
        facts = [as_fact(training, sketch) for sketch in sketches] + walk(training)[:walked]
        return training, list(dict.fromkeys(facts))

    steps = st.lists(st.integers(0, kinds - 1), max_size=4)
    return st.builds(case, steps, st.booleans(), SKETCHES, st.integers(0, 5))


def live_cases() -> st.SearchStrategy[tuple[LiveEvent, list[Fact]]]:
    def mark(minute: int, present: bool) -> Fact:
        return marked(present, after(minute, start=ENDS), "b" if minute == 3 else "event-1")

    marks = st.lists(st.builds(mark, st.integers(-3, 3), st.booleans()), max_size=8, unique=True)
    return st.tuples(st.builds(live_event, cancelled=st.sampled_from([False, False, True])), marks)


@given(cases() | live_cases(), st.randoms(use_true_random=False))
def test_any_order_and_any_duplication_of_the_same_facts_gives_the_same_verdict(
    case: Case, chance: random.Random
) -> None:
    training, facts = case
    verdict = evaluated(training, *facts)
    again = facts + chance.choices(facts, k=5) if facts else []
    chance.shuffle(again)

    assert evaluated(training, *again) == verdict


@given(cases() | live_cases(), st.randoms(use_true_random=False))
def test_facts_stored_in_random_batches_give_the_same_verdict(case: Case, chance: random.Random) -> None:
    training, facts = case
    deliveries = facts + chance.choices(facts, k=4) if facts else []
    chance.shuffle(deliveries)
    record: set[bytes] = set()
    while deliveries:
        size = chance.randint(1, 4)
        record |= stored(*deliveries[:size])
        deliveries = deliveries[size:]

    assert evaluated(training, *decode("enrollment-1", record, training)) == evaluated(training, *facts)


@given(cases() | live_cases())
def test_a_training_is_complete_if_and_only_if_nothing_is_outstanding(case: Case) -> None:
    verdict = evaluated(case[0], *case[1])

    assert verdict.complete == (verdict.outstanding == ()) == (verdict.completed_at is not None)


@given(cases(WITHOUT_QUIZZES), SKETCHES)
def test_more_facts_never_undo_or_delay_completion_of_a_course_without_quizzes(
    case: tuple[Course, list[Fact]], more: list[Sketch]
) -> None:
    training, facts = case
    before = evaluated(training, *facts, *walk(training))
    verdict = evaluated(training, *facts, *walk(training), *(as_fact(training, sketch) for sketch in more))

    assert before.completed_at is not None
    assert verdict.completed_at is not None
    assert verdict.completed_at <= before.completed_at


@given(cases(), SKETCHES)
def test_facts_after_completion_change_nothing(case: tuple[Course, list[Fact]], more: list[Sketch]) -> None:
    training, facts = case
    earned = facts + [granted(99, after(59), step.step_id) for step in training.steps] + walk(training)
    before = evaluated(training, *dict.fromkeys(earned))
    review = [replace(as_fact(training, sketch), at=after(sketch[2], start=LATER)) for sketch in more]

    assert before.completed_at is not None
    assert evaluated(training, *dict.fromkeys(earned), *dict.fromkeys(review)) == before


# An oracle written in another way: coverage by a bitmap, quizzes by counting, order by trying every time.


def covered_by_bitmap(played: Sequence[tuple[int, int]], duration: int) -> bool:
    seen = bytearray(duration)
    for start, end in played:
        if 0 <= start < end:
            seen[start:end] = b"\1" * len(seen[start:end])
    gaps = [len(gap) for gap in bytes(seen).split(b"\1")]
    return any(seen) and max(gaps) <= 1_000 and sum(gaps) <= max(2_000, duration // 100)


def allowed(step: Step, facts: Sequence[Fact], attempt: QuizGraded) -> bool:
    if step.attempts is None:
        return True
    earlier = [f for f in facts if isinstance(f, QuizGraded) and (f.at, f.attempt) < (attempt.at, attempt.attempt)]
    granted_by_then = sum(f.attempts for f in facts if isinstance(f, AttemptsGranted) and f.at <= attempt.at)
    return sum(allowed(step, facts, one) for one in earlier) < step.attempts + granted_by_then


def is_done(step: Step, facts: Sequence[Fact], start: datetime | None, end: datetime) -> bool:
    within = [fact for fact in facts if (start is None or start <= fact.at) and fact.at <= end]
    match step.kind:
        case StepKind.VIDEO:
            played = [pair for fact in within if isinstance(fact, VideoWatched) for pair in fact.played]
            return covered_by_bitmap(played, step.duration)
        case StepKind.QUIZ:
            attempts = [fact for fact in within if isinstance(fact, QuizGraded)]
            return any(a.score >= step.passing_score and allowed(step, facts, a) for a in attempts)
        case _:
            return any(isinstance(fact, StepDone) for fact in within)


def counted_at(step: Step, facts: Sequence[Fact], previous: datetime | None) -> datetime | None:
    """The first time of any fact by which the step is done, looking from the predecessor's tolerance on."""
    start = previous - GRACE if previous else None
    candidates = sorted({fact.at for fact in facts} | ({previous} if previous else set()))
    return next((t for t in candidates if (not previous or t >= previous) and is_done(step, facts, start, t)), None)


def oracle(training: Course, facts: Sequence[Fact]) -> tuple[list[tuple[str, str, datetime]], datetime | None]:
    outstanding: list[tuple[str, str, datetime]] = []
    counted: list[datetime] = []
    blocked = False
    for step in (step for step in training.steps if step.required):
        step_facts = [fact for fact in facts if getattr(fact, "step_id", None) == step.step_id]
        previous = counted[-1] if counted and training.ordered else None
        at = None if blocked and training.ordered else counted_at(step, step_facts, previous)
        if at is not None:
            counted.append(at)
            continue
        since = max(previous, ENROLLED) if previous and not blocked else ENROLLED
        outstanding.append((step.step_id, why_not(step, step_facts), since))
        blocked = True
    return outstanding, None if outstanding else max(counted)


def why_not(step: Step, step_facts: Sequence[Fact]) -> str:
    if step.kind is StepKind.QUIZ and step.attempts is not None:
        used = sum(allowed(step, step_facts, fact) for fact in step_facts if isinstance(fact, QuizGraded))
        if used == step.attempts + sum(fact.attempts for fact in step_facts if isinstance(fact, AttemptsGranted)):
            return "attempts-exhausted"
    if is_done(step, step_facts, None, LATER):
        return "out-of-order"
    return {"video": "not-watched-to-the-end", "quiz": "not-passed"}.get(step.kind, "not-completed")


TENTHS = st.integers(-5, 65).map(lambda tenth: tenth * 100)


@given(st.lists(st.tuples(TENTHS, TENTHS), max_size=6), st.sampled_from([500, 1_000, 1_001, 3_000, 6_000, 250_000]))
def test_coverage_agrees_with_a_bitmap(played: list[tuple[int, int]], duration: int) -> None:

    assert ranges.covers(played, duration) is covered_by_bitmap(played, duration)


@given(cases())
def test_the_rules_agree_with_an_oracle_that_tries_every_time(case: tuple[Course, list[Fact]]) -> None:
    training, facts = case
    verdict = evaluated(training, *facts)

    found = [(one.id, one.reason, one.since) for one in verdict.outstanding]
    assert (found, verdict.completed_at) == oracle(training, facts)

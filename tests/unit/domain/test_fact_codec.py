"""Facts in their stored form."""

import random
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from earned.domain import fact_codec, timestamps
from earned.domain.facts import AttemptsGranted, AttendanceMarked, Fact, QuizGraded, StepDone, VideoWatched
from tests.unit.builders import (
    ENDS,
    after,
    course,
    done,
    graded,
    granted,
    lesson,
    live_event,
    marked,
    quiz,
    video,
    watched,
)

TRAINING = course(lesson("a"), video("b"), quiz("c"))
OF_EACH_KIND: list[Fact] = [
    done("a", after(1, ms=7)),
    watched((0, 1), (500, 59_999), at=after(2), step_id="b"),
    VideoWatched("b", after(2), ()),
    graded(69.55, after(3), "c"),
    granted(3, after(4), "c"),
]
MARKS: list[Fact] = [marked(True, ENDS), marked(False, ENDS)]

MOMENTS = st.datetimes(datetime(1970, 1, 1), datetime(9999, 12, 31), timezones=st.just(UTC)).map(  # noqa: DTZ001  # bounds of a strategy, which wants them naive
    lambda at: at.replace(microsecond=at.microsecond // 1_000 * 1_000)
)
EVENTS = st.text("0123456789abcdef", min_size=12, max_size=12)
IDS = st.text("azAZ09._:-", min_size=1, max_size=64)
MILLISECONDS = st.integers(0, fact_codec.MAX_VIDEO_MILLISECONDS)
SCORES = st.floats(allow_nan=False, allow_infinity=False)
ANY_FACT = st.one_of(
    st.builds(StepDone, st.just("a"), MOMENTS),
    st.builds(
        VideoWatched, st.just("b"), MOMENTS, st.lists(st.tuples(MILLISECONDS, MILLISECONDS), max_size=4).map(tuple)
    ),
    st.builds(QuizGraded, st.just("c"), MOMENTS, SCORES, EVENTS),
    st.builds(AttemptsGranted, st.just("c"), MOMENTS, st.integers(1, 10**6), IDS, EVENTS),
)
ANY_MARK = st.builds(AttendanceMarked, st.just("event-1"), MOMENTS, st.booleans(), IDS)


@pytest.mark.parametrize("fact", OF_EACH_KIND, ids=lambda fact: type(fact).__name__)
def test_a_fact_of_a_course_comes_back_as_it_was_stored(fact: Fact):
    assert [*fact_codec.decode([fact_codec.encode(fact)], TRAINING)] == [fact]


@pytest.mark.parametrize("fact", MARKS)
def test_a_mark_comes_back_as_it_was_stored(fact: Fact):
    assert [*fact_codec.decode([fact_codec.encode(fact)], live_event())] == [fact]


@given(ANY_FACT)
def test_any_fact_of_a_course_comes_back_as_it_was_stored(fact: Fact):
    assert [*fact_codec.decode([fact_codec.encode(fact)], TRAINING)] == [fact]


@given(ANY_MARK)
def test_any_mark_comes_back_as_it_was_stored(fact: Fact):
    assert [*fact_codec.decode([fact_codec.encode(fact)], live_event())] == [fact]


def test_times_are_kept_to_the_millisecond_rounded_down():
    (kept,) = fact_codec.decode([fact_codec.encode(done("a", after() + timedelta(microseconds=7_999)))], TRAINING)

    assert kept.at == after(ms=7)


@given(MOMENTS)
def test_milliseconds_and_moments_are_each_others_inverse(at: datetime):
    assert timestamps.moment(timestamps.milliseconds(at)) == at


@pytest.mark.parametrize(
    ("one", "other"),
    [
        (done("a"), done("a")),
        (done("a", after(1)), done("a", after(1).astimezone(tz=None))),
        (graded(70), graded(70.0)),
        (QuizGraded("c", after(), 0.0, "0" * 12), QuizGraded("c", after(), -0.0, "0" * 12)),
    ],
    ids=["same", "another time zone", "whole number", "negative zero"],
)
def test_equal_facts_have_equal_forms(one: Fact, other: Fact):
    assert one == other
    assert fact_codec.encode(one) == fact_codec.encode(other)


@given(ANY_FACT | ANY_MARK, ANY_FACT | ANY_MARK)
def test_different_facts_have_different_forms(one: Fact, other: Fact):
    assert (fact_codec.encode(one) == fact_codec.encode(other)) is (one == other)


def test_facts_that_differ_in_one_field_have_different_forms():
    variants: list[Fact] = [
        done("a"),
        done("b"),
        done("a", after(ms=1)),
        watched((0, 1), step_id="a"),
        watched((0, 2), step_id="a"),
        watched((0, 1), (0, 2), step_id="a"),
        graded(1, event="x"),
        graded(1, event="y"),
        graded(1.0000000000000002, event="x"),
        granted(1, event="x"),
        granted(2, event="x"),
        marked(True),
        marked(False),
        AttendanceMarked("event-1", ENDS, True, "administrator-2"),
    ]

    assert len({fact_codec.encode(fact) for fact in variants}) == len(variants)


def test_a_done_lesson_takes_ten_bytes_and_fifty_fit_one_write_unit():
    lessons = [fact_codec.encode(done(f"a-rather-long-identifier-of-step-{n}", after(n))) for n in range(50)]

    assert {len(stored) for stored in lessons} == {10}
    assert len(b"".join(lessons)) <= 600


def test_a_sitting_takes_a_byte_for_seven_bits_and_an_attempt_a_score_and_six():
    assert len(fact_codec.encode(watched((0, 60_000), (2, 3)))) == 10 + (1 + 3) + (1 + 1)
    assert len(fact_codec.encode(graded(85))) == 10 + 6 + len("85")


def test_facts_about_other_steps_and_trainings_are_ignored():
    told = [done("a"), done("z"), marked(True), marked(True, live_event_id="other")]
    evidence = [fact_codec.encode(fact) for fact in told]

    assert [*fact_codec.decode(evidence, TRAINING)] == [done("a")]
    assert [*fact_codec.decode(evidence, live_event())] == [marked(True)]
    assert [*fact_codec.decode(evidence, course(lesson("y")))] == []


def test_evidence_of_an_unknown_kind_is_not_passed_over_in_silence():
    with pytest.raises(ValueError, match="unknown kind"):
        list(
            fact_codec.decode(
                [bytes([fact_codec.encode(done("a"))[0] | 0b111_00000]) + fact_codec.encode(done("a"))[1:]], TRAINING
            )
        )


def test_the_digest_does_not_depend_on_the_order():
    evidence = [fact_codec.encode(fact) for fact in OF_EACH_KIND]
    shuffled = random.Random(1).sample(evidence, len(evidence))

    assert fact_codec.digest(shuffled) == fact_codec.digest(evidence) == fact_codec.digest(frozenset(evidence))
    assert len(fact_codec.digest([])) == 64


def test_the_digest_changes_with_any_fact_and_with_where_one_ends():
    evidence = [fact_codec.encode(fact) for fact in OF_EACH_KIND]
    without_one = [fact_codec.digest(evidence[:n] + evidence[n + 1 :]) for n in range(len(evidence))]

    assert len({fact_codec.digest(evidence), *without_one}) == len(evidence) + 1
    assert fact_codec.digest([b"ab", b"c"]) != fact_codec.digest([b"a", b"bc"]) != fact_codec.digest([b"abc"])


def test_an_event_is_identified_by_source_and_id_together():
    assert fact_codec.identify("portal", "1") == fact_codec.identify("portal", "1")
    assert (
        len(
            {fact_codec.identify(*pair) for pair in [("portal", "1"), ("portal", "2"), ("other", "1"), ("portal1", "")]}
        )
        == 4
    )
    assert len(bytes.fromhex(fact_codec.identify("portal", "1"))) == 6

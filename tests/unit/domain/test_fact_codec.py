"""The stored form of facts, and times in milliseconds."""

import random
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from earned.domain import fact_codec, timestamps
from earned.domain.facts import AttemptsGranted, AttendanceMarked, Fact, QuizGraded, StepDone, VideoWatched
from tests.unit.builders import (
    ENDS,
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

EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
TIMES = st.integers(0, (datetime(9999, 12, 31, tzinfo=UTC) - EPOCH) // MILLISECOND).map(
    lambda count: EPOCH + count * MILLISECOND
)
EVENTS = st.text("0123456789abcdef", min_size=12, max_size=12)
IDS = st.text("azAZ09._:-", min_size=1, max_size=64)
MILLISECONDS = st.integers(0, fact_codec.MAX_VIDEO_MILLISECONDS)
SCORES = st.floats(allow_nan=False, allow_infinity=False)
ANY_FACT = st.one_of(
    st.builds(StepDone, st.just("a"), TIMES),
    st.builds(
        VideoWatched, st.just("b"), TIMES, st.lists(st.tuples(MILLISECONDS, MILLISECONDS), max_size=4).map(tuple)
    ),
    st.builds(QuizGraded, st.just("c"), TIMES, SCORES, EVENTS),
    st.builds(AttemptsGranted, st.just("c"), TIMES, st.integers(1, 10**6), IDS, EVENTS),
)
ANY_MARK = st.builds(AttendanceMarked, st.just("event-1"), TIMES, st.booleans(), IDS)


@pytest.mark.parametrize("fact", OF_EACH_KIND, ids=lambda fact: type(fact).__name__)
def test_a_fact_of_a_course_comes_back_as_it_was_stored(fact: Fact) -> None:
    assert [*fact_codec.decode([fact_codec.encode(fact)], TRAINING)] == [fact]


@pytest.mark.parametrize("fact", MARKS)
def test_a_mark_comes_back_as_it_was_stored(fact: Fact) -> None:
    assert [*fact_codec.decode([fact_codec.encode(fact)], live_event())] == [fact]


@given(ANY_FACT)
def test_any_fact_of_a_course_comes_back_as_it_was_stored(fact: Fact) -> None:
    assert [*fact_codec.decode([fact_codec.encode(fact)], TRAINING)] == [fact]


@given(ANY_MARK)
def test_any_mark_comes_back_as_it_was_stored(fact: Fact) -> None:
    assert [*fact_codec.decode([fact_codec.encode(fact)], live_event())] == [fact]


def test_times_are_kept_to_the_millisecond_rounded_down() -> None:
    (kept,) = fact_codec.decode([fact_codec.encode(done("a", after() + timedelta(microseconds=7_999)))], TRAINING)

    assert kept.at == after(ms=7)


@given(TIMES)
def test_a_time_survives_conversion_to_milliseconds_and_back(at: datetime) -> None:
    assert timestamps.from_milliseconds(timestamps.to_milliseconds(at)) == at


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
def test_equal_facts_have_equal_forms(one: Fact, other: Fact) -> None:
    assert one == other
    assert fact_codec.encode(one) == fact_codec.encode(other)


@given(ANY_FACT | ANY_MARK, ANY_FACT | ANY_MARK)
def test_different_facts_have_different_forms(one: Fact, other: Fact) -> None:
    assert (fact_codec.encode(one) == fact_codec.encode(other)) is (one == other)


def test_facts_that_differ_in_one_field_have_different_forms() -> None:
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


def test_a_completed_lesson_takes_ten_bytes_and_fifty_fit_one_write_unit() -> None:
    lessons = [fact_codec.encode(done(f"a-rather-long-identifier-of-step-{n}", after(n))) for n in range(50)]

    assert {len(stored) for stored in lessons} == {10}
    assert len(b"".join(lessons)) <= 600


def test_ranges_take_a_byte_for_seven_bits_and_an_attempt_six_bytes_and_its_score() -> None:
    assert len(fact_codec.encode(watched((0, 60_000), (2, 3)))) == 10 + (1 + 3) + (1 + 1)
    assert len(fact_codec.encode(graded(85))) == 10 + 6 + len("85")


def test_facts_about_other_steps_and_trainings_are_ignored() -> None:
    told = [done("a"), done("z"), marked(True), marked(True, live_event_id="other")]
    evidence = [fact_codec.encode(fact) for fact in told]

    assert [*fact_codec.decode(evidence, TRAINING)] == [done("a")]
    assert [*fact_codec.decode(evidence, live_event())] == [marked(True)]
    assert [*fact_codec.decode(evidence, course(lesson("y")))] == []


def test_a_stored_fact_of_an_unknown_kind_raises_an_error() -> None:
    first, *rest = fact_codec.encode(done("a"))
    unknown = bytes([first | 0b111_00000, *rest])

    with pytest.raises(ValueError, match="unknown kind"):
        list(fact_codec.decode([unknown], TRAINING))


def test_the_digest_does_not_depend_on_the_order() -> None:
    evidence = [fact_codec.encode(fact) for fact in OF_EACH_KIND]
    shuffled = random.Random(1).sample(evidence, len(evidence))

    assert fact_codec.digest(shuffled) == fact_codec.digest(evidence) == fact_codec.digest(frozenset(evidence))
    assert len(fact_codec.digest([])) == 64


def test_the_digest_changes_with_any_fact_and_with_the_boundaries_between_facts() -> None:
    evidence = [fact_codec.encode(fact) for fact in OF_EACH_KIND]
    without_one = [fact_codec.digest(evidence[:n] + evidence[n + 1 :]) for n in range(len(evidence))]

    assert len({fact_codec.digest(evidence), *without_one}) == len(evidence) + 1
    assert fact_codec.digest([b"ab", b"c"]) != fact_codec.digest([b"a", b"bc"]) != fact_codec.digest([b"abc"])


def test_an_event_is_identified_by_source_and_id_together() -> None:
    pairs = [("portal", "1"), ("portal", "2"), ("other", "1"), ("portal1", "")]

    assert fact_codec.identify("portal", "1") == fact_codec.identify("portal", "1")
    assert len({fact_codec.identify(*pair) for pair in pairs}) == len(pairs)
    assert len(bytes.fromhex(fact_codec.identify("portal", "1"))) == 6

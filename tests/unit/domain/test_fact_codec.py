"""The stored form of facts, and times in milliseconds."""

import random
from collections.abc import Iterable
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from earned.domain import fact_codec, timestamps
from earned.domain.facts import AttemptsGranted, AttendanceMarked, Fact, QuizGraded, StepDone, VideoWatched
from earned.domain.ranges import join
from earned.domain.training import Completion, StepKind, Training
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
    stored,
    video,
    watched,
)

TRAINING = course(lesson("a"), video("b"), quiz("c"))
OF_EACH_KIND: list[Fact] = [
    done("a", after(1, ms=7)),
    watched((500, 59_999), at=after(2), step_id="b"),
    VideoWatched("b", after(2), ()),
    graded(69.55, after(3), "c"),
    granted(3, after(4), "c"),
]
MARKS: list[Fact] = [marked(True, ENDS), marked(False, ENDS, stamp="a\0b\0c")]

EPOCH = datetime(2000, 1, 1, tzinfo=UTC)
TIMES = st.integers(0, 2**42 - 1).map(lambda count: EPOCH + count * MILLISECOND)
EVENTS = st.text("0123456789abcdef", min_size=20, max_size=20)
IDS = (
    st.text("azAZ09._:-", min_size=1, max_size=64) | st.uuids().map(str) | st.uuids().map(lambda one: str(one).upper())
)
MILLISECONDS = st.integers(0, fact_codec.MAX_VIDEO_MILLISECONDS)
SCORES = st.floats(allow_nan=False, allow_infinity=False)
ANY_FACT = st.one_of(
    st.builds(StepDone, st.just("a"), TIMES),
    st.builds(
        VideoWatched,
        st.just("b"),
        TIMES,
        st.lists(st.tuples(MILLISECONDS, MILLISECONDS), max_size=1).map(lambda ranges: tuple(join(ranges))),
    ),
    st.builds(QuizGraded, st.just("c"), TIMES, SCORES, EVENTS),
    st.builds(AttemptsGranted, st.just("c"), TIMES, st.integers(1, 10**6), IDS, EVENTS),
)
ANY_MARK = st.builds(AttendanceMarked, st.just("event-1"), TIMES, st.booleans(), IDS, st.text(max_size=40))


def encode(fact: Fact, enrollment_id: str = "enrollment-1") -> bytes:
    (stored,) = fact_codec.encode(enrollment_id, fact)
    return stored


def decode(evidence: Iterable[bytes], training: Training, enrollment_id: str = "enrollment-1") -> list[Fact]:
    return [*fact_codec.decode(enrollment_id, evidence, training)]


@pytest.mark.parametrize("fact", OF_EACH_KIND, ids=lambda fact: type(fact).__name__)
def test_a_fact_of_a_course_comes_back_as_it_was_stored(fact: Fact) -> None:
    assert decode([encode(fact)], TRAINING) == [fact]


@pytest.mark.parametrize("fact", MARKS)
def test_a_mark_comes_back_as_it_was_stored(fact: Fact) -> None:
    assert decode([encode(fact)], live_event()) == [fact]


@given(ANY_FACT)
def test_any_fact_of_a_course_comes_back_as_it_was_stored(fact: Fact) -> None:
    assert decode([encode(fact)], TRAINING) == [fact]


@given(ANY_MARK)
def test_any_mark_comes_back_as_it_was_stored(fact: Fact) -> None:
    assert decode([encode(fact)], live_event()) == [fact]


def test_times_are_kept_to_the_millisecond_rounded_down() -> None:
    (kept,) = decode([encode(done("a", after() + timedelta(microseconds=7_999)))], TRAINING)

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
        (QuizGraded("c", after(), 0.0, "0" * 20), QuizGraded("c", after(), -0.0, "0" * 20)),
    ],
    ids=["same", "another time zone", "whole number", "negative zero"],
)
def test_equal_facts_have_equal_forms(one: Fact, other: Fact) -> None:
    assert one == other
    assert encode(one) == encode(other)


@given(ANY_FACT | ANY_MARK, ANY_FACT | ANY_MARK)
def test_different_facts_have_different_forms(one: Fact, other: Fact) -> None:
    assert (encode(one) == encode(other)) is (one == other)


def test_facts_that_differ_in_one_field_have_different_forms() -> None:
    variants: list[Fact] = [
        done("a"),
        done("b"),
        done("a", after(ms=1)),
        watched((0, 1), step_id="a"),
        watched((0, 2), step_id="a"),
        watched((0, 128), step_id="a"),
        graded(1, event="x"),
        graded(1, event="y"),
        graded(1.0000000000000002, event="x"),
        granted(1, event="x"),
        granted(2, event="x"),
        marked(True),
        marked(False),
        AttendanceMarked("event-1", ENDS, True, "administrator-2", "portal\0mark-1"),
        marked(True, stamp="portal\0mark-2"),
    ]

    assert len({encode(fact) for fact in variants}) == len(variants)


def test_a_completed_lesson_takes_14_bytes_and_fifty_fit_one_write_unit() -> None:
    lessons = [encode(done(f"a-rather-long-identifier-of-step-{n}", after(n))) for n in range(50)]

    assert {len(stored) for stored in lessons} == {14}


def test_a_range_takes_a_byte_for_seven_bits_and_an_attempt_ten_bytes_and_its_score() -> None:
    assert len(encode(watched((0, 60_000)))) == 14 + (1 + 3)
    assert len(encode(graded(85))) == 14 + 10 + len("85")


def test_a_sitting_of_many_ranges_is_stored_as_small_facts_joined_where_they_overlap() -> None:
    many = watched(*((start, start + 20) for start in range(0, 10_000, 40)), step_id="b")
    overlapping = watched((5, 9), (0, 3), (2, 5), (20, 20), (30, 40), step_id="b")

    stored = fact_codec.encode("enrollment-1", many)
    assert len(stored) == 250
    assert max(map(len, stored)) <= 24
    assert sorted(part for fact in decode(stored, TRAINING) for part in fact.played) == sorted(many.played)  # type: ignore[union-attr]  # all are sittings
    assert fact_codec.encode("enrollment-1", overlapping) == fact_codec.encode(
        "enrollment-1", watched((30, 40), (0, 9), step_id="b")
    )


def test_no_fact_about_a_step_is_larger_than_a_grant_with_the_longest_id() -> None:
    longest = [
        watched((fact_codec.MAX_VIDEO_MILLISECONDS - 1, fact_codec.MAX_VIDEO_MILLISECONDS)),
        graded(-1.7976931348623157e308),
        AttemptsGranted("c", after(), 2**53 - 1, "a" * 64, "0" * 20),
    ]

    assert max(len(encode(fact)) for fact in longest) <= 14 + 10 + 16 + 1 + 64


@pytest.mark.parametrize("at", [EPOCH - MILLISECOND, EPOCH + 2**42 * MILLISECOND])
def test_a_time_before_2000_or_after_2139_cannot_be_stored(at: datetime) -> None:
    with pytest.raises(ValueError, match="out of range"):
        encode(done("a", at))


# Ids chosen by an adversary (docs/decisions/0030).


def test_no_two_of_a_hundred_thousand_step_ids_share_their_stored_form() -> None:
    """29 bits of a hash share one after some 20,000."""
    assert len({encode(done(f"s{number}")) for number in range(100_000)}) == 100_000


def test_a_step_that_stands_for_another_in_one_enrollment_does_not_in_the_next() -> None:
    here, there = (encode(done("a"), enrollment) for enrollment in ("enrollment-1", "enrollment-2"))

    assert here != there
    assert decode([here], TRAINING, "enrollment-2") == []
    assert decode([there], TRAINING, "enrollment-2") == [done("a")]


def test_a_step_and_an_attempt_have_at_least_seventy_bits_of_identity() -> None:
    heads = [int.from_bytes(encode(done(f"s{number}"))) for number in range(2_000)]
    attempts = [int(fact_codec.identify("enrollment-1", "portal", str(number)), 16) for number in range(2_000)]

    for bit in range(70):
        assert 800 < sum(head >> bit & 1 for head in heads) < 1_200
    for bit in range(80):
        assert 800 < sum(attempt >> bit & 1 for attempt in attempts) < 1_200


def test_facts_about_other_steps_and_trainings_are_ignored() -> None:
    told = [done("a"), done("z"), marked(True), marked(True, live_event_id="other")]
    evidence = [encode(fact) for fact in told]

    assert decode(evidence, TRAINING) == [done("a")]
    assert decode(evidence, live_event()) == [marked(True)]
    assert decode(evidence, course(lesson("y"))) == []


def test_the_digest_does_not_depend_on_the_order() -> None:
    evidence = [encode(fact) for fact in OF_EACH_KIND]
    shuffled = random.Random(1).sample(evidence, len(evidence))

    assert fact_codec.digest(shuffled) == fact_codec.digest(evidence) == fact_codec.digest(frozenset(evidence))
    assert len(fact_codec.digest([])) == 64


def test_the_digest_changes_with_any_fact_and_with_the_boundaries_between_facts() -> None:
    evidence = [encode(fact) for fact in OF_EACH_KIND]
    without_one = [fact_codec.digest(evidence[:n] + evidence[n + 1 :]) for n in range(len(evidence))]

    assert len({fact_codec.digest(evidence), *without_one}) == len(evidence) + 1
    assert fact_codec.digest([b"ab", b"c"]) != fact_codec.digest([b"a", b"bc"]) != fact_codec.digest([b"abc"])


def test_an_event_is_identified_by_source_and_id_together() -> None:
    pairs = [
        ("portal", "1"),
        ("portal", "2"),
        ("other", "1"),
        ("portal1", ""),
        ("a", "b", "c"),
        ("a", "b\0c"),
        ("a\0b", "c"),
    ]

    assert fact_codec.identify("portal", "1") == fact_codec.identify("portal", "1")
    assert len({fact_codec.identify(*pair) for pair in pairs}) == len(pairs)
    assert len(bytes.fromhex(fact_codec.identify("portal", "1"))) == 10


FACTS_OF = {
    Completion.DONE: [done("a")],
    Completion.WATCHED: [watched((0, 60), step_id="a")],
    Completion.PASSED: [graded(70, step_id="a"), granted(1, step_id="a")],
}


@pytest.mark.parametrize("kind", StepKind)
def test_the_facts_that_complete_a_step_of_each_kind_are_read_back_and_no_others(kind: StepKind) -> None:
    facts = [fact for facts in FACTS_OF.values() for fact in facts]

    read = fact_codec.decode("enrollment-1", stored(*facts), course(lesson("a", kind)))

    assert set(read) == set(FACTS_OF[kind.completion])

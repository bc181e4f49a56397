"""CPU time of judging one record, by its number of facts: decoding and evaluating, as the functions do."""

import time
from collections.abc import Callable
from datetime import UTC, datetime, timedelta

from earned.domain.fact_codec import decode, encode
from earned.domain.facts import Fact, QuizGraded, StepDone, VideoWatched
from earned.domain.rules import evaluate
from earned.domain.training import Course, Step, StepKind

SIZES = (10, 100, 1_000, 6_000, 20_000)
REPETITIONS = 5
NOON = datetime(2026, 3, 2, 12, tzinfo=UTC)
PART = 400  # milliseconds


def measure() -> dict[str, dict[str, float]]:
    """Milliseconds of CPU, the best of a few, by kind of record and number of facts."""
    return {name: {str(size): _milliseconds(*record(size)) for size in SIZES} for name, record in RECORDS.items()}


def _milliseconds(course: Course, facts: list[Fact]) -> float:
    evidence = frozenset(stored for fact in facts for stored in encode("enrollment", fact))
    return round(min(_once(course, evidence) for _ in range(REPETITIONS)) * 1_000, 2)


def _once(course: Course, evidence: frozenset[bytes]) -> float:
    began = time.process_time()
    evaluate(course, decode("enrollment", evidence, course), NOON, NOON)
    return time.process_time() - began


def _lessons(size: int) -> tuple[Course, list[Fact]]:
    steps = tuple(Step(f"step-{number}", StepKind.LESSON, "A lesson") for number in range(150))
    return Course("course", 1, "Lessons", steps), [StepDone(f"step-{n % 150}", _at(n)) for n in range(size)]


def _sittings(size: int) -> tuple[Course, list[Fact]]:
    """Scattered over the video, which the last one completes."""
    video = Step("video", StepKind.VIDEO, "A video", duration=PART * size)
    starts = (PART * (number * 7_919 % size) for number in range(size))
    sittings: list[Fact] = [VideoWatched("video", _at(n), ((start, start + PART),)) for n, start in enumerate(starts)]
    return Course("course", 1, "A video", (video,)), sittings


def _attempts(size: int) -> tuple[Course, list[Fact]]:
    quiz = Step("quiz", StepKind.QUIZ, "A quiz", passing_score=70, attempts=3)
    return Course("course", 1, "A quiz", (quiz,)), [QuizGraded("quiz", _at(n), 1, f"{n:020x}") for n in range(size)]


def _at(number: int) -> datetime:
    return NOON + timedelta(milliseconds=number)


RECORDS: dict[str, Callable[[int], tuple[Course, list[Fact]]]] = {
    "lessons": _lessons,
    "sittings": _sittings,
    "attempts": _attempts,
}

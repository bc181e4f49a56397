"""The stored form of facts: 14 bytes and what the kind adds, so that fifty steps fit one write unit.

| bytes | content                                                                                                   |
|-------|-----------------------------------------------------------------------------------------------------------|
| 14    | 42 bits for the time, in milliseconds since 2000; 70 bits for the kind and the step or live event         |
| rest  | D (step done): nothing                                                                                    |
|       | V (video watched): start and end of one range in milliseconds, as base-128 varints, lowest digits first   |
|       | Q (quiz graded): 10 bytes of the attempt's identity, the score as text                                    |
|       | G (attempts granted): 10 bytes of the grant's identity, the number as text, who granted it (`packed`)     |
|       | P, A (marked present, absent): who marked it, a zero byte and the event's stamp, as text                  |

The 70 bits are the start of a SHA-256 over enrollment, kind and subject (docs/decisions/0030).
"""

import hashlib
import json
import re
from collections.abc import Iterable, Iterator
from datetime import UTC, datetime, timedelta

from earned.domain.facts import AttemptsGranted, AttendanceMarked, Fact, QuizGraded, StepDone, VideoWatched
from earned.domain.ranges import join
from earned.domain.training import Completion, Course, Training

_HEAD_SIZE = 14
_SUBJECT_BITS = 70
_SUBJECT = (1 << _SUBJECT_BITS) - 1
_IDENTITY_SIZE = 10
MAX_GRANT_TEXT = 24  # bytes; a score has no more
_EPOCH = datetime(2000, 1, 1, tzinfo=UTC)
_MAX_TIME = (1 << 8 * _HEAD_SIZE - _SUBJECT_BITS) - 1
_MILLISECOND = timedelta(milliseconds=1)
_UUID = re.compile("([0-9a-f]{8})-([0-9a-f]{4})-([0-9a-f]{4})-([0-9a-f]{4})-([0-9a-f]{12})")
_FACT_KINDS = {Completion.DONE: "D", Completion.WATCHED: "V", Completion.PASSED: "QG"}
MAX_VIDEO_MILLISECONDS = 2**32 - 1  # 49 days


def identify(*parts: str) -> str:
    """The identity of an event by its parts (CloudEvents' `source` and `id`): 80 bits of a hash, in hexadecimal."""
    return hashlib.sha256(json.dumps(parts).encode()).hexdigest()[: 2 * _IDENTITY_SIZE]


def encode(enrollment_id: str, fact: Fact) -> frozenset[bytes]:
    """Equal facts have equal stored forms, so that a set absorbs repetitions.

    A sitting is stored as one fact for each of its ranges, joined where they overlap: no stored fact is large.
    Raises ValueError for a time before 2000 or after 2139.
    """
    match fact:
        case StepDone():
            return frozenset({_head(enrollment_id, "D", fact.step_id, fact.at)})
        case VideoWatched():
            head = _head(enrollment_id, "V", fact.step_id, fact.at)
            return frozenset(head + _varint(start) + _varint(end) for start, end in join(fact.played)) or frozenset(
                {head}
            )
        case QuizGraded():
            rest = bytes.fromhex(fact.attempt) + f"{fact.score + 0.0:.17g}".encode()
            return frozenset({_head(enrollment_id, "Q", fact.step_id, fact.at) + rest})
        case AttemptsGranted():
            rest = bytes.fromhex(fact.grant) + str(fact.attempts).encode() + packed(fact.granted_by)
            return frozenset({_head(enrollment_id, "G", fact.step_id, fact.at) + rest})
        case AttendanceMarked():
            kind = "P" if fact.present else "A"
            rest = f"{fact.marked_by}\0{fact.stamp}".encode()
            return frozenset({_head(enrollment_id, kind, fact.live_event_id, fact.at) + rest})


def packed(account_id: str) -> bytes:
    """`=` and the 16 bytes of a UUID in its canonical form (RFC 9562, section 4); a space and any other id."""
    groups = _UUID.fullmatch(account_id)
    return b"=" + bytes.fromhex("".join(groups.groups())) if groups else b" " + account_id.encode()


def decode(enrollment_id: str, evidence: Iterable[bytes], training: Training) -> Iterator[Fact]:
    subjects = _subjects(enrollment_id, training)
    for stored in evidence:
        subject, at = _read_head(stored)
        if subject in subjects:
            yield _fact(*subjects[subject], at, stored[_HEAD_SIZE:])


def unknown_times(enrollment_id: str, evidence: Iterable[bytes], training: Training) -> Iterator[datetime]:
    """The times of the facts that `decode` skips: this version of the training does not have their steps."""
    subjects = _subjects(enrollment_id, training)
    for stored in evidence:
        subject, at = _read_head(stored)
        if subject not in subjects:
            yield at


def digest(evidence: Iterable[bytes]) -> str:
    """SHA-256 over the stored facts in hexadecimal, independent of their order."""
    total = hashlib.sha256()
    for stored in sorted(evidence):
        total.update(len(stored).to_bytes(4) + stored)
    return total.hexdigest()


def _subjects(enrollment_id: str, training: Training) -> dict[int, tuple[str, str]]:
    return {_code(enrollment_id, kind, subject): (kind, subject) for kind, subject in _expected(training)}


def _read_head(stored: bytes) -> tuple[int, datetime]:
    head = int.from_bytes(stored[:_HEAD_SIZE])
    return head & _SUBJECT, _EPOCH + timedelta(0, 0, 0, head >> _SUBJECT_BITS)


def _expected(training: Training) -> Iterator[tuple[str, str]]:
    if isinstance(training, Course):
        for step in training.steps:
            yield from ((kind, step.step_id) for kind in _FACT_KINDS[step.kind.completion])
    else:
        yield from ((kind, training.live_event_id) for kind in "PA")


def _head(enrollment_id: str, kind: str, subject: str, at: datetime) -> bytes:
    time = (at - _EPOCH) // _MILLISECOND
    if not 0 <= time <= _MAX_TIME:
        raise ValueError("the time of a fact is out of range")
    return (time << _SUBJECT_BITS | _code(enrollment_id, kind, subject)).to_bytes(_HEAD_SIZE)


def _code(enrollment_id: str, kind: str, subject: str) -> int:
    told = f"{enrollment_id}\0{kind}{subject}".encode()
    return int.from_bytes(hashlib.sha256(told).digest()) >> 256 - _SUBJECT_BITS


def _varint(number: int) -> bytes:
    more, low = divmod(number, 128)
    return bytes([low | 128]) + _varint(more) if more else bytes([low])


def _read_varints(stored: bytes) -> Iterator[int]:
    number = shift = 0
    for byte in stored:
        number |= (byte & 127) << shift
        shift += 7
        if byte < 128:
            yield number
            number = shift = 0


def _read_grant(stored: bytes) -> tuple[int, str]:
    """The number of attempts, and who granted them."""
    digits = len(stored) - len(stored.lstrip(b"0123456789"))
    separator, account_id = stored[digits : digits + 1], stored[digits + 1 :]
    return int(stored[:digits]), _uuid(account_id.hex()) if separator == b"=" else account_id.decode()


def _uuid(digits: str) -> str:
    return "-".join((digits[:8], digits[8:12], digits[12:16], digits[16:20], digits[20:]))


def _fact(kind: str, subject: str, at: datetime, rest: bytes) -> Fact:
    match kind:
        case "D":
            return StepDone(subject, at)
        case "V":
            numbers = _read_varints(rest)
            return VideoWatched(subject, at, tuple(zip(numbers, numbers, strict=True)))
        case "Q":
            return QuizGraded(subject, at, float(rest[_IDENTITY_SIZE:]), rest[:_IDENTITY_SIZE].hex())
        case "G":
            attempts, granted_by = _read_grant(rest[_IDENTITY_SIZE:])
            return AttemptsGranted(subject, at, attempts, granted_by, rest[:_IDENTITY_SIZE].hex())
        case _:
            marked_by, _, stamp = rest.decode().partition("\0")
            return AttendanceMarked(subject, at, kind == "P", marked_by, stamp)

"""The stored form of facts: about ten bytes each, so that the record of a fifty-step course fits one write unit.

| bytes | content                                                                                                   |
|-------|-----------------------------------------------------------------------------------------------------------|
| 4     | 3 bits for the kind, 29 bits for the step or live event (the start of its id's SHA-256)                   |
| 6     | the time in milliseconds since 1970                                                                       |
| rest  | D (step done): nothing                                                                                    |
|       | V (video watched): start and end of each range in milliseconds, as base-128 varints, lowest digits first  |
|       | Q (quiz graded): 6 bytes of the attempt's identity, the score as text                                     |
|       | G (attempts granted): 6 bytes of the grant's identity, the number and who granted it as text              |
|       | P, A (marked present, absent): who marked it, as text                                                     |

Integers are big-endian. A course in which two steps share their 29 bits is refused when it is published.
"""

import hashlib
import struct
from collections.abc import Iterable, Iterator
from datetime import datetime
from itertools import chain

from earned.domain.facts import AttemptsGranted, AttendanceMarked, Fact, QuizGraded, StepDone, VideoWatched
from earned.domain.timestamps import from_milliseconds, to_milliseconds
from earned.domain.training import Training

_HEAD = struct.Struct(">I6s")
_KINDS = b"DVQGPA"  # by number: add new kinds at the end
_SUBJECT_BITS = 29
MAX_VIDEO_MILLISECONDS = 2**32 - 1  # 49 days


def code(subject: str) -> int:
    """The 29 bits that are stored for a step id or a live event id."""
    return int.from_bytes(hashlib.sha256(subject.encode()).digest()[:4]) >> (32 - _SUBJECT_BITS)


def identify(source: str, event_id: str) -> str:
    """The identity of an event: twelve hexadecimal digits of a hash of CloudEvents' `source` and `id`."""
    return hashlib.sha256(f"{source}\n{event_id}".encode()).hexdigest()[:12]


def encode(fact: Fact) -> bytes:
    """Equal facts have equal stored forms, so that a set absorbs repetitions."""
    match fact:
        case StepDone():
            return _head(b"D", fact.step_id, fact.at)
        case VideoWatched():
            return _head(b"V", fact.step_id, fact.at) + b"".join(map(_varint, chain.from_iterable(fact.played)))
        case QuizGraded():
            return (
                _head(b"Q", fact.step_id, fact.at) + bytes.fromhex(fact.attempt) + f"{fact.score + 0.0:.17g}".encode()
            )
        case AttemptsGranted():
            rest = f"{fact.attempts} {fact.granted_by}".encode()
            return _head(b"G", fact.step_id, fact.at) + bytes.fromhex(fact.grant) + rest
        case AttendanceMarked():
            return _head(b"P" if fact.present else b"A", fact.live_event_id, fact.at) + fact.marked_by.encode()


def decode(evidence: Iterable[bytes], training: Training) -> Iterator[Fact]:
    """The facts about `training`; others are skipped."""
    subjects = {code(subject): subject for subject in training.subjects}
    for stored in evidence:
        head, at = _HEAD.unpack_from(stored)
        subject = subjects.get(head & (1 << _SUBJECT_BITS) - 1)
        if subject is not None:
            kind = head >> _SUBJECT_BITS
            yield _fact(_KINDS[kind : kind + 1], subject, from_milliseconds(int.from_bytes(at)), stored[_HEAD.size :])


def unknown_times(evidence: Iterable[bytes], training: Training) -> Iterator[datetime]:
    """The times of the facts that `decode` skips: their steps are not in this version of the training."""
    known = {code(subject) for subject in training.subjects}
    for stored in evidence:
        head, at = _HEAD.unpack_from(stored)
        if head & (1 << _SUBJECT_BITS) - 1 not in known:
            yield from_milliseconds(int.from_bytes(at))


def digest(evidence: Iterable[bytes]) -> str:
    """SHA-256 over the stored facts in hexadecimal, independent of their order."""
    total = hashlib.sha256()
    for stored in sorted(evidence):
        total.update(len(stored).to_bytes(4) + stored)
    return total.hexdigest()


def _head(kind: bytes, subject: str, at: datetime) -> bytes:
    return _HEAD.pack(_KINDS.index(kind) << _SUBJECT_BITS | code(subject), to_milliseconds(at).to_bytes(6))


def _varint(number: int) -> bytes:
    more, low = divmod(number, 128)
    return bytes([low | 128]) + _varint(more) if more else bytes([low])


def _read_varints(rest: bytes) -> Iterator[int]:
    number, shift = 0, 0
    for byte in rest:
        number |= (byte & 127) << shift
        shift += 7
        if byte < 128:
            yield number
            number, shift = 0, 0


def _fact(kind: bytes, subject: str, at: datetime, rest: bytes) -> Fact:
    match kind:
        case b"D":
            return StepDone(subject, at)
        case b"V":
            numbers = _read_varints(rest)
            return VideoWatched(subject, at, tuple(zip(numbers, numbers, strict=True)))
        case b"Q":
            return QuizGraded(subject, at, float(rest[6:]), rest[:6].hex())
        case b"G":
            attempts, _, granted_by = rest[6:].decode().partition(" ")
            return AttemptsGranted(subject, at, int(attempts), granted_by, rest[:6].hex())
        case b"P" | b"A":
            return AttendanceMarked(subject, at, kind == b"P", rest.decode())
        case _:
            raise ValueError("stored fact of unknown kind")

"""Facts in their stored form: a few bytes each, so that a course of fifty steps fits one write unit (DESIGN §9).

A fact is one kind byte, four bytes that stand for the step or live event, six bytes of milliseconds since 1970, and
what only that kind has. The four bytes are a hash; a course in which two steps share one is refused when published.
"""

import hashlib
import struct
from collections.abc import Iterable, Iterator
from datetime import UTC, datetime, timedelta

from earned.models import AttemptsGranted, AttendanceMarked, Fact, QuizGraded, StepDone, Training, VideoWatched

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_HEAD = struct.Struct(">c4s6s")
_RANGE = struct.Struct(">II")
LONGEST_VIDEO = 2**32 - 1


def code(subject: str) -> bytes:
    """Four bytes that stand for a step id or a live event id."""
    return hashlib.sha256(subject.encode()).digest()[:4]


def identify(source: str, event_id: str) -> str:
    """Twelve hexadecimal digits that tell one event from another: CloudEvents' `source` and `id` together."""
    return hashlib.sha256(f"{source}\n{event_id}".encode()).hexdigest()[:12]


def milliseconds(at: datetime) -> int:
    """Milliseconds since 1970, rounded down."""
    return (at - _EPOCH) // timedelta(milliseconds=1)


def moment(milliseconds_since_1970: int) -> datetime:
    """The inverse of `milliseconds`."""
    return _EPOCH + timedelta(milliseconds=milliseconds_since_1970)


def encode(fact: Fact) -> bytes:
    """The stored form of a fact; equal facts have equal forms, so that a set keeps each once."""
    match fact:
        case StepDone():
            return _head(b"D", fact.step_id, fact.at)
        case VideoWatched():
            return _head(b"V", fact.step_id, fact.at) + b"".join(_RANGE.pack(*played) for played in fact.played)
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
    """The facts of stored evidence that speak of `training`; others are kept but mean nothing to it."""
    subjects = {code(subject): subject for subject in training.subjects}
    for stored in evidence:
        kind, subject, at = _HEAD.unpack_from(stored)
        if subject in subjects:
            yield _fact(kind, subjects[subject], moment(int.from_bytes(at)), stored[_HEAD.size :])


def digest(evidence: Iterable[bytes]) -> str:
    """SHA-256 over the stored facts, in hexadecimal: what earned a certificate, in one line."""
    total = hashlib.sha256()
    for stored in sorted(evidence):
        total.update(len(stored).to_bytes(4) + stored)
    return total.hexdigest()


def _head(kind: bytes, subject: str, at: datetime) -> bytes:
    return _HEAD.pack(kind, code(subject), milliseconds(at).to_bytes(6))


def _fact(kind: bytes, subject: str, at: datetime, rest: bytes) -> Fact:
    match kind:
        case b"D":
            return StepDone(subject, at)
        case b"V":
            return VideoWatched(subject, at, tuple(_RANGE.iter_unpack(rest)))
        case b"Q":
            return QuizGraded(subject, at, float(rest[6:]), rest[:6].hex())
        case b"G":
            attempts, _, granted_by = rest[6:].decode().partition(" ")
            return AttemptsGranted(subject, at, int(attempts), granted_by, rest[:6].hex())
        case b"P" | b"A":
            return AttendanceMarked(subject, at, kind == b"P", rest.decode())
        case _:
            raise ValueError(f"stored fact of unknown kind {kind!r}")

"""Facts in their stored form: a few bytes each, so that a course of fifty steps fits one write unit (DESIGN §9).

A fact is three bits that say its kind and 29 that stand for the step or live event, six bytes of milliseconds since
1970, and what only that kind has. The 29 bits are a hash; a course in which two steps share one is refused when
published. Ranges are numbers of seven bits to a byte, the eighth says that more follow: a minute takes three bytes.
"""

import hashlib
import struct
from collections.abc import Iterable, Iterator
from datetime import datetime
from itertools import chain

from earned.domain.facts import AttemptsGranted, AttendanceMarked, Fact, QuizGraded, StepDone, VideoWatched
from earned.domain.timestamps import milliseconds, moment
from earned.domain.training import Training

_HEAD = struct.Struct(">I6s")


_KINDS = b"DVQGPA"


_SUBJECT_BITS = 29


MAX_VIDEO_MILLISECONDS = 2**32 - 1


def code(subject: str) -> int:
    """29 bits that stand for a step id or a live event id."""
    return int.from_bytes(hashlib.sha256(subject.encode()).digest()[:4]) >> (32 - _SUBJECT_BITS)


def identify(source: str, event_id: str) -> str:
    """Twelve hexadecimal digits that tell one event from another: CloudEvents' `source` and `id` together."""
    return hashlib.sha256(f"{source}\n{event_id}".encode()).hexdigest()[:12]


def encode(fact: Fact) -> bytes:
    """The stored form of a fact; equal facts have equal forms, so that a set keeps each once."""
    match fact:
        case StepDone():
            return _head(b"D", fact.step_id, fact.at)
        case VideoWatched():
            return _head(b"V", fact.step_id, fact.at) + b"".join(map(_packed, chain.from_iterable(fact.played)))
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
        head, at = _HEAD.unpack_from(stored)
        subject = subjects.get(head & (1 << _SUBJECT_BITS) - 1)
        if subject is not None:
            kind = head >> _SUBJECT_BITS
            yield _fact(_KINDS[kind : kind + 1], subject, moment(int.from_bytes(at)), stored[_HEAD.size :])


def digest(evidence: Iterable[bytes]) -> str:
    """SHA-256 over the stored facts, in hexadecimal: what earned a certificate, in one line."""
    total = hashlib.sha256()
    for stored in sorted(evidence):
        total.update(len(stored).to_bytes(4) + stored)
    return total.hexdigest()


def _head(kind: bytes, subject: str, at: datetime) -> bytes:
    return _HEAD.pack(_KINDS.index(kind) << _SUBJECT_BITS | code(subject), milliseconds(at).to_bytes(6))


def _packed(number: int) -> bytes:
    more, low = divmod(number, 128)
    return bytes([low | 128]) + _packed(more) if more else bytes([low])


def _unpacked(rest: bytes) -> Iterator[int]:
    number, places = 0, 0
    for byte in rest:
        number |= (byte & 127) << places
        places += 7
        if byte < 128:
            yield number
            number, places = 0, 0


def _fact(kind: bytes, subject: str, at: datetime, rest: bytes) -> Fact:
    match kind:
        case b"D":
            return StepDone(subject, at)
        case b"V":
            numbers = _unpacked(rest)
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

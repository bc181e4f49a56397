"""The stored form of a credential's proof: short, because it must not cost a record its second write unit.

Revision (1 byte), key (4), signature (64), then the numbers of the result as text.
"""

import struct

from earned.domain.certificate import CredentialProof, QuizResult

_HEAD = struct.Struct(">B4s64s")
_REVISIONS = 2**8  # of two revisions that follow each other, the last byte differs


def pack(proof: CredentialProof, revision: int) -> bytes:
    result = proof.result
    numbers = () if result is None else (result.score, result.passing_score, result.max_score)
    text = " ".join(repr(number).removesuffix(".0") for number in numbers if number is not None)
    return _HEAD.pack(revision % _REVISIONS, bytes.fromhex(proof.key), proof.signature) + text.encode()


def unpack(packed: bytes, revision: int) -> CredentialProof | None:
    """None if it is the proof of another revision: the release before, after a rollback, reissues without one."""
    of_revision, key, signature = _HEAD.unpack_from(packed)
    if of_revision != revision % _REVISIONS:
        return None
    numbers = packed[_HEAD.size :].decode().split()
    return CredentialProof(key.hex(), signature, QuizResult(*map(float, numbers)) if numbers else None)

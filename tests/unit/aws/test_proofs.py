"""The stored form of a credential's proof."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from earned.aws.dynamodb.proofs import pack, unpack
from earned.domain.certificate import CredentialProof, QuizResult

SCORES = st.floats(0, 1e9)
RESULTS = st.none() | st.builds(QuizResult, SCORES, SCORES, st.none() | SCORES)


@given(
    key=st.binary(min_size=4, max_size=4),
    signature=st.binary(min_size=64, max_size=64),
    result=RESULTS,
    revision=st.integers(1, 10**6),
)
def test_a_stored_proof_is_read_as_it_was(key: bytes, signature: bytes, result: QuizResult, revision: int) -> None:
    proof = CredentialProof(key.hex(), signature, result)
    assert unpack(pack(proof, revision), revision) == proof


@pytest.mark.parametrize("numbers", [(0.0, 0.0), (0.0, 0.0, 100.0), (1.0, 0.0), (1.0, 0.0, 1.0), (0.5, 1.0, 1.0)])
def test_a_result_of_zeros_is_read_as_it_was(numbers: tuple[float, ...]) -> None:
    """A passing score of 0 is allowed."""
    proof = CredentialProof("00" * 4, b"s" * 64, QuizResult(*numbers))
    assert unpack(pack(proof, 1), 1) == proof


def test_the_proof_of_another_revision_is_none() -> None:
    """After a rollback, the release before reissues without a proof, and leaves that of the first revision."""
    assert unpack(pack(CredentialProof("00" * 4, b"s" * 64), 1), 2) is None


def test_a_proof_with_a_result_takes_75_bytes() -> None:
    """More would cost many records their second write unit."""
    assert len(pack(CredentialProof("00" * 4, b"s" * 64, QuizResult(90.0, 80.0)), 1)) <= 75

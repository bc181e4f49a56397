"""Credentials: built without a clock, in the canonical form that a JSON-LD processor finds, signed by the issuer."""

import dataclasses
import json
from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from hypothesis import given
from hypothesis import strategies as st

from earned.document.credential import Credential
from earned.document.did import issuer_did, multibase, status_did
from earned.document.signatures import SigningKey, proven
from earned.document.status_list import StatusList
from earned.domain.certificate import CredentialProof, Issuance, QuizResult
from earned.domain.training import TrainingKind
from tests.unit.document.credential_proofs import verify
from tests.unit.document.test_pdf import ANNA
from tools.contracts.quads import canonical

EXAMPLE = Path(__file__).parents[3] / "docs" / "examples" / "credential.json"
COMPLETED = datetime(2026, 11, 14, 15, 4, 5, 250_000, tzinfo=UTC)
ISSUE = Issuance(
    revision=1,
    issued_at=COMPLETED + timedelta(seconds=2),
    completed_at=COMPLETED,
    training_version=3,
    evidence_digest="ab" * 32,
    document_sha256="cd" * 32,
    printed=ANNA,
    request="request-1",
)
PLAIN = Credential.of("course-1", ISSUE, None)
SCORED = dataclasses.replace(PLAIN, result=QuizResult(87.5, 80.0))
ON_A_SCALE = dataclasses.replace(PLAIN, result=QuizResult(87.5, 80.0, 100.0))
SEVERAL_DAYS = dataclasses.replace(PLAIN, kind=TrainingKind.LIVE_EVENT, first_day=date(2026, 11, 12))
ALL_PARTS = dataclasses.replace(ON_A_SCALE, first_day=date(2026, 11, 12))
STATUS = StatusList("https://learn.northlight.example", ANNA.certificate_id, 1, True, COMPLETED)
KINDS = {
    "plain": PLAIN,
    "scored": SCORED,
    "on a scale": ON_A_SCALE,
    "several days": SEVERAL_DAYS,
    "all parts": ALL_PARTS,
    "status": STATUS,
}
KEY = SigningKey("a secret for tests alone")
TEXTS = st.text(st.characters(exclude_categories=["Cc", "Cs"]), min_size=1, max_size=40)


def signed(credential: Credential = PLAIN, key: SigningKey = KEY) -> dict[str, Any]:
    proof = CredentialProof(key.key_id, key.sign(credential), credential.result)
    return credential.signed(proof)


@pytest.mark.parametrize("kind", KINDS)
def test_the_quads_are_those_of_a_json_ld_processor(kind: str) -> None:
    assert KINDS[kind].quads == canonical(KINDS[kind].document)


@given(
    holder=TEXTS,
    title=TEXTS,
    version=st.integers(1, 10**9),
    revision=st.integers(1, 10**6),
    minutes=st.integers(0, 10**8),
    digest=st.binary(min_size=32, max_size=32),
    score=st.floats(0, 1e6),
    kind=st.sampled_from([PLAIN, SCORED, SEVERAL_DAYS, ALL_PARTS]),
)
def test_the_quads_of_any_record_are_those_of_a_json_ld_processor(
    holder: str, title: str, version: int, revision: int, minutes: int, digest: bytes, score: float,
    kind: Credential,
) -> None:  # fmt: skip
    one = dataclasses.replace(
        kind,
        address=f"{ANNA.verify_url.partition('?')[0]}?revision={revision}",
        holder=holder,
        title=title,
        training_version=version,
        completed_at=datetime(2000, 1, 1, tzinfo=UTC) + timedelta(minutes=minutes),
        evidence_digest=digest.hex(),
        result=kind.result and dataclasses.replace(kind.result, score=score),
    )
    assert one.quads == canonical(one.document)


def test_control_characters_are_escaped_as_the_specification_demands() -> None:
    """PyLD escapes fewer of them; the texts of events have none."""
    quads = dataclasses.replace(PLAIN, holder='a\b\t\n\f\r"\\\x01\x7f').quads
    assert r'"a\b\t\n\f\r\"\\\u0001\u007F" .' in quads


@pytest.mark.parametrize("kind", KINDS)
def test_a_json_ld_processor_finds_the_signature_valid(kind: str) -> None:
    verify(proven(KINDS[kind], KEY), KEY.public)


def places(document: Any, path: tuple[Any, ...] = ()) -> Iterator[tuple[Any, ...]]:
    """The path to every text and flag of a document."""
    items = document.items() if isinstance(document, dict) else enumerate(document)
    for key, value in items:
        if isinstance(value, dict | list):
            yield from places(value, (*path, key))
        else:
            yield (*path, key)


TRUSTED = {"@context", "proofValue"}  # the contexts are stored; the value of the proof is the signature itself


@pytest.mark.parametrize("path", [path for path in places(signed(ALL_PARTS)) if not TRUSTED & {*path}])
def test_a_change_of_any_value_breaks_the_signature(path: tuple[Any, ...]) -> None:
    document = json.loads(json.dumps(signed(ALL_PARTS)))
    parent: Any = document
    for key in path[:-1]:
        parent = parent[key]
    value = parent[path[-1]]
    parent[path[-1]] = not value if isinstance(value, bool) else CHANGED.get(value, f"{value}0")
    with pytest.raises(InvalidSignature):
        verify(document, KEY.public)


# A term of the vocabulary is changed into another one: an unknown term would be no statement at all.
CHANGED = {
    "AchievementSubject": "Profile",
    "Achievement": "Profile",
    "BitstringStatusListEntry": "BitstringStatusList",
    "DataIntegrityProof": "Profile",
    "Evidence": "Profile",
    "IdentityObject": "Profile",
    "OpenBadgeCredential": "Profile",
    "Profile": "Evidence",
    "Result": "Profile",
    "ResultDescription": "Profile",
    "VerifiableCredential": "VerifiablePresentation",
    "assertionMethod": "authentication",
}


def test_another_key_breaks_the_signature() -> None:
    with pytest.raises(InvalidSignature):
        verify(signed(), SigningKey("another secret").public)


def test_the_credential_says_what_the_document_says_and_what_earned_it() -> None:
    document = signed(ALL_PARTS)
    subject = document["credentialSubject"]
    assert subject["identifier"][0]["identityHash"] == ANNA.holder
    assert subject["achievement"]["name"] == document["name"] == ANNA.title
    assert (subject["activityStartDate"], subject["activityEndDate"]) == (
        "2026-11-12T00:00:00Z",
        "2026-11-14T00:00:00Z",
    )
    assert subject["achievement"]["version"] == "3"
    assert "every required quiz was passed" in subject["achievement"]["criteria"]["narrative"]
    assert (
        "marked the holder as present"
        in SEVERAL_DAYS.document["credentialSubject"]["achievement"]["criteria"]["narrative"]
    )
    assert document["validFrom"] == document["proof"]["created"] == "2026-11-14T15:04:05.250Z"
    assert document["evidence"][0]["id"] == f"urn:sha256:{ISSUE.evidence_digest}"
    [scale] = subject["achievement"]["resultDescription"]
    [result] = subject["result"]
    assert (result["value"], scale["requiredValue"], scale["valueMax"]) == ("87.5", "80", "100")
    assert result["resultDescription"] == scale["id"]
    assert document["credentialStatus"]["statusListCredential"] == (
        f"https://learn.northlight.example/status/{ANNA.certificate_id}/1"
    )


def test_the_example_is_the_credential_of_the_documented_record() -> None:
    """A difference would make every issued document and its signature another one: see decision 46."""
    assert json.loads(EXAMPLE.read_text(encoding="utf-8")) == signed(ON_A_SCALE)


@pytest.mark.parametrize(
    ("base_url", "did"),
    [
        ("https://certificates.example.com", "did:web:certificates.example.com"),
        ("https://example.com:8443", "did:web:example.com%3A8443"),
        ("https://example.com/academy/north", "did:web:example.com:academy:north"),
    ],
)
def test_the_issuer_is_the_public_address(base_url: str, did: str) -> None:
    assert issuer_did(base_url) == did
    assert status_did(base_url) == f"{did}:status"


def test_a_key_is_written_as_the_specifications_write_it() -> None:
    """The first test vector of did:key's Ed25519 keys."""
    public = Ed25519PrivateKey.from_private_bytes(b"\0" * 32).public_key().public_bytes_raw()
    assert multibase(b"\xed\x01" + public) == "z6MkiTBz1ymuepAQ4HEHYSF1H8quG5GLVVQR3djdX3mDooWp"
    assert multibase(b"\0\0\1") == "z112"

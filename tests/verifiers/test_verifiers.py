"""Verifiers that others wrote accept a certificate's credential and refuse every forgery; `-s` prints the table."""

import copy
import re
import sys
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from types import SimpleNamespace
from typing import Any

import pytest

from earned.document.signatures import proven
from earned.domain.certificate import CertificateContent, QuizResult
from tests.verifiers.issuers import Issuer, certificate
from tests.verifiers.judges import VERIFIERS, Case, judged


def case(credential: dict[str, Any], issuer: Issuer, content: CertificateContent | None = None, **changes: Any) -> Case:
    pdf = certificate(content or issuer.content(), credential)
    return Case(pdf, credential, issuer.did, issuer.web(pdf=pdf, **changes))


def genuine(issuer: Issuer) -> Case:
    return case(issuer.signed(), issuer)


def with_a_result(issuer: Issuer) -> Case:
    return case(issuer.signed(result=QuizResult(87.5, 80, 100)), issuer)


def a_live_event_of_several_days(issuer: Issuer) -> Case:
    content = issuer.content(first_day=issuer.content().completed_on - timedelta(days=2))
    return case(issuer.signed(content), issuer, content)


def tampered(issuer: Issuer) -> Case:
    """The name is changed on the page and in the credential."""
    forged = copy.deepcopy(issuer.signed())
    forged["credentialSubject"]["identifier"][0]["identityHash"] = "Mallory Forger"
    return case(forged, issuer, issuer.content(holder="Mallory Forger"))


def an_added_claim(issuer: Issuer) -> Case:
    forged = copy.deepcopy(issuer.signed())
    forged["credentialSubject"]["achievement"]["description"] = "With distinction"
    return case(forged, issuer)


def swapped(issuer: Issuer) -> Case:
    """The genuine credential of another certificate, in the PDF of this one."""
    return case(issuer.signed(), issuer, issuer.content(holder="Mallory Forger"))


def a_swapped_proof(issuer: Issuer) -> Case:
    return case(issuer.signed() | {"proof": issuer.signed(issuer.content(title="Other"))["proof"]}, issuer)


def an_ended_key(issuer: Issuer) -> Case:
    keys = issuer.keys()
    keys["assertionMethod"] = []
    keys["verificationMethod"][0] |= {"expires": "2026-01-01T00:00:00Z", "revoked": "2026-01-01T00:00:00Z"}
    return case(issuer.signed(), issuer, keys=keys)


def revoked(issuer: Issuer) -> Case:
    return case(issuer.signed(), issuer, status=issuer.status(stands=False))


def an_altered_status(issuer: Issuer) -> Case:
    """The bit of a revoked certificate is cleared, under the signature of the list that sets it."""
    status = issuer.status(stands=False)
    status["credentialSubject"] = issuer.status()["credentialSubject"]
    return case(issuer.signed(), issuer, status=status)


def an_old_status(issuer: Issuer) -> Case:
    return case(issuer.signed(), issuer, status=issuer.status(at=datetime.now(UTC) - timedelta(days=2)))


def no_status(issuer: Issuer) -> Case:
    return case(issuer.signed(), issuer, status=None)


def a_foreign_issuer(issuer: Issuer) -> Case:
    """Everything is right, but for who signed: an address that only resembles the issuer's."""
    other = Issuer(issuer.base_url.replace("https://", "https://x-"), "mallory")
    content = other.content()
    return replace(case(other.signed(content), other, content), issuer=issuer.did)


def a_foreign_key(issuer: Issuer) -> Case:
    return case(replace(issuer, seed="mallory").signed(), issuer)


def the_key_of_the_status(issuer: Issuer) -> Case:
    """The key that signs status lists, which the API has, signs a certificate."""
    unsigned = issuer.credential(issuer.content())
    by_another = SimpleNamespace(
        did=f"{issuer.did}:status", created=unsigned.created, document=unsigned.document, quads=unsigned.quads
    )
    return case(proven(by_another, issuer.status_key), issuer)


def no_keys(issuer: Issuer) -> Case:
    return case(issuer.signed(), issuer, keys=None)


ACCEPTED = [genuine, with_a_result, a_live_event_of_several_days]
REFUSED = [
    tampered, an_added_claim, swapped, a_swapped_proof, an_ended_key, revoked, an_altered_status, an_old_status,
    no_status, a_foreign_issuer, a_foreign_key, the_key_of_the_status, no_keys,
]  # fmt: skip


# What a verifier says of each. The consortium's says of every fault of a proof that the signature is not valid.
REASONS = {
    "tampered": "[Ss]ignature|changed after it was signed",
    "an added claim": "[Ss]ignature|contradicts the rest",
    "swapped": "another holder on the page|does not show the credential's holder",
    "a swapped proof": "[Ss]ignature|changed after it was signed",
    "an ended key": "not authorized by controller|signature is not valid|not a key of|no longer",
    "revoked": "status|revoked",
    "an altered status": "status|signature",
    "an old status": "status|not of this moment",
    "no status": "status",
    "a foreign issuer": "another issuer|registered_issuer",
    "a foreign key": "NotFoundError|signature is not valid|not a key of|no longer",
    "the key of the status": "must match the verification method controller|not valid|not a key of|no longer",
    "no keys": "NotFoundError|not valid|did.json",
}


def name(build: Callable[[Issuer], Case]) -> str:
    return build.__name__.replace("_", " ")


@pytest.fixture(scope="module")
def cases() -> dict[str, Case]:
    """Each with an address of its own, because verifiers keep what they fetched."""
    return {name(one): one(Issuer(f"https://n{number}.example")) for number, one in enumerate([*ACCEPTED, *REFUSED])}


@pytest.fixture(scope="module")
def table(cases: dict[str, Case], tmp_path_factory: pytest.TempPathFactory) -> dict[str, dict[str, str | None]]:
    """Why each verifier refuses each case; None where it accepts it."""
    folder = tmp_path_factory.mktemp("verifiers")
    return dict(zip(cases, judged([*cases.values()], folder), strict=True))


def test_every_verifier_accepts_what_is_genuine_and_refuses_everything_else(
    table: dict[str, dict[str, str | None]],
) -> None:
    rows = ["".join(f"{'refused' if row[one] else 'accepted':22}" for one in VERIFIERS) for row in table.values()]
    sys.stdout.write(f"\n{'':32}{''.join(f'{one:22}' for one in VERIFIERS)}\n")
    sys.stdout.writelines(f"{label:32}{row}\n" for label, row in zip(table, rows, strict=True))
    accepted = {(label, verifier) for label, row in table.items() for verifier in VERIFIERS if row[verifier] is None}
    assert accepted == {(name(one), verifier) for one in ACCEPTED for verifier in VERIFIERS}, table


@pytest.mark.parametrize("label", REASONS)
def test_every_refusal_has_the_reason_of_its_case(table: dict[str, dict[str, str | None]], label: str) -> None:
    for verifier, reason in table[label].items():
        assert re.search(REASONS[label], reason or ""), (verifier, reason)


def test_there_is_a_reason_for_every_forgery() -> None:
    assert REASONS.keys() == {name(one) for one in REFUSED}

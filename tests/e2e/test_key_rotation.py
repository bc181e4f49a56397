"""A signing key is rotated on a running stack: what the former key signed stays valid, and its documents' bytes too."""

import io
import json
from typing import Any

import httpx
import pikepdf
import pytest
from typer.testing import CliRunner

from tests.e2e.portal import Portal, wait_for
from tests.e2e.test_recovery import Bucket, made_again, sweep
from tests.unit.document.credential_proofs import verify
from tools.operations.__main__ import app

pytestmark = pytest.mark.stack
STEPS = [{"step_id": "read", "kind": "reading", "title": "Before you start"}]


class Holder:
    """An individual with a certificate."""

    def __init__(self, portal: Portal, name: str) -> None:
        self._portal = portal
        account = {"account_id": portal.id(name)}
        enrollment = account | {"enrollment_id": portal.id(f"enr-{name}")}
        course = {"course_id": portal.id("rotated-course"), "version": 1, "title": "Leading Well", "steps": STEPS}
        person = account | {"kind": "individual", "name": "Ada Sample", "email": f"{name}@example.com"}
        portal.post("directory", "course.published", course)
        portal.post("directory", "account.saved", person)
        portal.post("directory", "enrollment.created", enrollment | {"training_id": course["course_id"]})
        portal.post("progress", "lesson.completed", enrollment | {"step_id": "read"}, minutes=1)
        self._token = portal.token("individual", account["account_id"])
        self.certificate: dict[str, Any] = wait_for(self._look, "the certificate")

    def _look(self) -> dict[str, Any] | None:
        items: list[dict[str, Any]] = self._portal.ask("/v1/certificates", self._token).json()["items"]
        return items[0] if items else None

    def credential(self) -> dict[str, Any]:
        path = f"/v1/certificates/{self.certificate['certificate_id']}/credential"
        answer = self._portal.ask(path, self._token)
        assert (answer.status_code, answer.headers["Content-Type"]) == (200, "application/vc")
        found: dict[str, Any] = answer.json()
        return found


def keys(portal: Portal, address: str = "/.well-known/did.json") -> dict[str, str]:
    """The public keys of a DID document by id, from the printed address, which redirects to the API."""
    answer = httpx.get(f"{portal.stack.issuer}{address}", follow_redirects=True, trust_env=False)
    return {one["id"]: one["publicKeyMultibase"] for one in answer.json()["verificationMethod"]}


def check(portal: Portal, signed: dict[str, Any], address: str = "/.well-known/did.json") -> None:
    verify(signed, keys(portal, address)[signed["proof"]["verificationMethod"]])


def test_a_rotation_leaves_old_documents_verifiable_and_reproducible(
    portal: Portal, tmp_path_factory: pytest.TempPathFactory, monkeypatch: pytest.MonkeyPatch
) -> None:
    described = tmp_path_factory.mktemp("rotation") / "serve.json"
    portal.stack.write(described)
    monkeypatch.setenv("EARNED_STACK", str(described))
    holder, bucket = Holder(portal, "before"), Bucket(portal.stack)
    signed, before = holder.credential(), keys(portal)
    key = bucket.key(holder.certificate)
    document = bucket.read(key)
    with pikepdf.open(io.BytesIO(document)) as pdf:
        assert json.loads(pdf.attachments["credential.json"].get_file().read_bytes()) == signed
    check(portal, signed)

    rotated = CliRunner().invoke(app, ["rotate-key", "--local", "--wait", "0"])
    assert (rotated.exit_code, rotated.exception) == (0, None)
    [new] = keys(portal).keys() - before.keys()
    assert new.partition("#")[2] in rotated.output

    bucket.lose(key)
    assert sweep(portal.stack)["issued-without-document"] == 1
    assert wait_for(lambda: made_again(bucket, key), "the document") == document
    check(portal, signed)
    assert holder.credential() == signed


def test_the_status_of_a_credential_is_signed_by_a_key_that_the_issuer_does_not_list(portal: Portal) -> None:
    signed = Holder(portal, "status").credential()
    address = signed["credentialStatus"]["statusListCredential"].removeprefix(portal.stack.issuer)
    answer = httpx.get(f"{portal.stack.issuer}{address}", follow_redirects=True, trust_env=False)
    assert (answer.status_code, answer.headers["Content-Type"]) == (200, "application/vc")
    check(portal, answer.json(), "/status/did.json")
    assert answer.json()["proof"]["verificationMethod"] not in keys(portal)

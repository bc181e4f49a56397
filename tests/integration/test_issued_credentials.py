"""Every verifier accepts what the service issues, also after a key rotation, and refuses it once it ended."""

import json
from pathlib import Path
from typing import Any

import boto3

from earned.aws.s3 import Documents
from tests.integration.test_credentials import correct_the_name, document, embedded, public
from tests.integration.test_lifecycle import attended as attended  # noqa: PLC0414  # a fixture of this module too
from tests.integration.test_lifecycle import finished as finished  # noqa: PLC0414  # as above
from tests.verifiers.judges import VERIFIERS, Case, judged
from tools.operations.rotate_key import rotate
from tools.story import Story


def case(story: Story, pdf: bytes) -> Case:
    """The document, and what the service publishes about it now."""
    found: dict[str, Any] = json.loads(embedded(pdf))
    base_url = found["issuer"]["url"]
    addresses = [
        found["credentialStatus"]["statusListCredential"],
        f"{base_url}/status/did.json",
        f"{base_url}/.well-known/did.json",
    ]
    web = {url: json.dumps(public(story.service, url)) for url in addresses}
    path, _, revision = found["id"].removeprefix(base_url).partition("?revision=")
    web[found["id"]] = story.service.ask("GET", path, None, query={"revision": revision})["body"]
    return Case(pdf, found, found["issuer"]["id"], web)


def verdicts(story: Story, pdf: bytes, folder: Path) -> dict[str, str | None]:
    [row] = judged([case(story, pdf)], folder)
    return row


def test_every_verifier_accepts_an_issued_document(finished: Story, tmp_path: Path) -> None:
    assert verdicts(finished, document(finished), tmp_path) == dict.fromkeys(VERIFIERS)


def test_a_document_of_before_a_key_rotation_stays_genuine(finished: Story, tmp_path: Path) -> None:
    outputs = finished.service.outputs
    documents = Documents(boto3.client("s3"), outputs["DocumentsBucketName"])
    rotate(boto3.client("secretsmanager"), outputs["CertificateKeyArn"], documents, "certificates", lambda _: None)
    assert verdicts(finished, document(finished), tmp_path) == dict.fromkeys(VERIFIERS)


def test_a_superseded_document_is_refused_and_its_successor_accepted(finished: Story, tmp_path: Path) -> None:
    correct_the_name(finished)
    assert all(verdicts(finished, document(finished), tmp_path).values())
    assert verdicts(finished, document(finished, revision=2), tmp_path) == dict.fromkeys(VERIFIERS)

"""The runbook's procedures on a local stack; `make drill` tests longer outages and deployments."""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import boto3
import pytest
from botocore.exceptions import ClientError
from joserfc.jwk import RSAKey

from tests.e2e.portal import wait_for
from tests.e2e.test_roles import Account
from tools.local import issuer
from tools.local.drill import Drill
from tools.local.oncall import OnCall, PortalBackend
from tools.local.portal import Listener, Reader
from tools.local.stack import KEYS, LocalStack
from tools.operations.stacks import DeployedStack

pytestmark = pytest.mark.stack


@pytest.fixture(scope="module")
def drill(deployed: tuple[LocalStack, Path], tmp_path_factory: pytest.TempPathFactory) -> Iterator[Drill]:
    """A drill on the local stack: services of AWS cannot be stopped."""
    stack, directory = deployed
    if not stack.aws_endpoint.startswith("http://127.0.0.1:"):
        pytest.skip("a local stack is needed")
    described = tmp_path_factory.mktemp("drill") / "serve.json"
    stack.write(described)
    with Listener(stack) as listener:
        yield Drill(stack, directory, PortalBackend(stack), OnCall(stack, described), listener)


def test_a_redrive_after_a_long_outage_loses_nothing(drill: Drill) -> None:
    with drill.oncall.fast_retries():
        outcome = drill.run_incident("DynamoDB down", lambda: drill.stop(["dynamodb"]), lambda **_: None)
    assert outcome.ok, outcome
    assert outcome.redriven > 0
    assert outcome.certificates_due > 0


class Bucket:
    """The documents, for a user with all S3 permissions that the bucket's policy allows."""

    def __init__(self, stack: LocalStack) -> None:
        self.s3 = Account(stack).as_user_with("s3:*")("s3")
        self.owner = stack.session().client(
            "s3", endpoint_url=stack.aws_endpoint
        )  # the emulator's owner is above policies
        self.name = stack.outputs["DocumentsBucketName"]
        self._operations = DeployedStack.described(stack)

    def key(self, certificate: dict[str, Any]) -> str:
        """The key of the revision that the record names; a generation that lost a race can leave another (I5)."""
        folder = f"certificates/{certificate['certificate_id']}/"
        found = self.s3.list_objects_v2(Bucket=self.name, Prefix=folder)["Contents"]
        [key] = {f"{folder}{certificate['revision']}.pdf"} & {document["Key"] for document in found}
        return key

    def read(self, key: str) -> bytes:
        document: bytes = self.s3.get_object(Bucket=self.name, Key=key)["Body"].read()
        return document

    def lose(self, key: str) -> None:
        """Delete an object as the owner; the bucket's policy refuses it to every other user."""
        with pytest.raises(ClientError, match="AccessDenied"):
            self.s3.delete_object(Bucket=self.name, Key=key)
        self.owner.delete_object(Bucket=self.name, Key=key)

    def delete_version(self, key: str, version: str) -> None:
        """Delete a version with the erasure role, as the runbook says; no other role may."""
        with pytest.raises(ClientError, match="AccessDenied"):
            self.s3.delete_object(Bucket=self.name, Key=key, VersionId=version)
        with self._operations.as_eraser():
            boto3.Session().client("s3").delete_object(Bucket=self.name, Key=key, VersionId=version)


@pytest.fixture(scope="module")
def documents(drill: Drill) -> tuple[Bucket, list[str]]:
    """The keys of a few documents."""
    run = drill.begin()
    held = wait_for(lambda: certificates if len(certificates := run.certificates()) == len(run.due) else None, "all")
    bucket = Bucket(drill.stack)
    return bucket, [bucket.key(certificate) for certificate in held]


def test_the_sweep_makes_a_deleted_document_again_byte_for_byte(
    drill: Drill, documents: tuple[Bucket, list[str]]
) -> None:
    bucket, [key, *_] = documents
    document = bucket.read(key)
    bucket.lose(key)
    assert sweep(drill.stack)["issued-without-document"] == 1
    assert wait_for(lambda: made_again(bucket, key), "the document") == document
    assert sweep(drill.stack).get("issued-without-document", 0) == 0


def test_deleting_the_delete_marker_restores_a_document(documents: tuple[Bucket, list[str]]) -> None:
    bucket, [_, key, *_] = documents
    document = bucket.read(key)
    bucket.lose(key)
    found = bucket.s3.list_object_versions(Bucket=bucket.name, Prefix=key)
    bucket.delete_version(key, found["DeleteMarkers"][0]["VersionId"])
    assert bucket.read(key) == document


def test_the_sweep_finds_a_replaced_document_and_deleting_the_version_restores_it(
    drill: Drill, documents: tuple[Bucket, list[str]]
) -> None:
    bucket, [_, _, key, *_] = documents
    document = bucket.read(key)
    false = bucket.owner.put_object(Bucket=bucket.name, Key=key, Body=b"false")["VersionId"]
    assert sweep(drill.stack)["document-differs"] == 1
    bucket.delete_version(key, false)
    assert bucket.read(key) == document
    assert sweep(drill.stack).get("document-differs", 0) == 0


def sweep(stack: LocalStack) -> dict[str, int]:
    """Run a full sweep by hand, as the runbook says; returns its findings."""
    functions = stack.session().client("lambda", endpoint_url=stack.aws_endpoint)
    sweep = stack.outputs["SweepFunctionName"]
    reply = functions.invoke(FunctionName=sweep, Payload=b'{"everything": true}')
    findings: dict[str, int] = json.loads(reply["Payload"].read())["findings"]
    return findings


def made_again(bucket: Bucket, key: str) -> bytes | None:
    """A document, None while it is missing."""
    try:
        return bucket.read(key)
    except bucket.s3.exceptions.NoSuchKey:
        return None


def test_tokens_of_both_keys_are_valid_until_the_old_key_is_removed(drill: Drill) -> None:
    keys = drill.directory / KEYS
    [old] = issuer.keys(keys)
    assert answer(drill, old) == 200
    new = issuer.add_key(keys)
    assert wait_for(lambda: answer(drill, new) == 200 or None, "the new key")
    assert answer(drill, old) == 200
    issuer.remove_key(keys, old)
    assert wait_for(lambda: answer(drill, old) == 401 or None, "the end of the old key")
    assert answer(drill, new) == 200


def answer(drill: Drill, key: RSAKey) -> int:
    """The API's status for a token signed with a key."""
    token = issuer.access_token(key, drill.stack.issuer, sub="acc-1", role="individual")
    return Reader(drill.stack, token).get("/v1/enrollments").status_code

"""What the runbook says to do, done on a stack of our own; outages that take longer, and deployments: `make drill`."""

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
from tools.local.oncall import OnCall, Portal
from tools.local.portal import Listener, Reader
from tools.local.stack import KEYS, LocalStack
from tools.operations.stacks import LocalStack as Operations

pytestmark = pytest.mark.stack


@pytest.fixture(scope="module")
def drill(deployed: tuple[LocalStack, Path], tmp_path_factory: pytest.TempPathFactory) -> Iterator[Drill]:
    """A drill on the local stack: what is AWS's own cannot be stopped."""
    stack, directory = deployed
    if not stack.aws_endpoint.startswith("http://127.0.0.1:"):
        pytest.skip("a local stack is needed")
    described = tmp_path_factory.mktemp("drill") / "serve.json"
    stack.write(described)
    with Listener(stack) as listener:
        yield Drill(stack, directory, Portal(stack), OnCall(stack, described), listener)


def test_what_a_long_outage_puts_into_quarantine_is_sent_back_and_nothing_is_lost(drill: Drill) -> None:
    with drill.oncall.hurrying():
        outcome = drill.go_through("DynamoDB down", lambda: drill.stop(["dynamodb"]), lambda **_: None)
    assert outcome.ok, outcome
    assert outcome.redriven > 0
    assert outcome.certificates_due > 0


class Bucket:
    """The documents, as an operator sees them who may do anything with S3 that the bucket's policy allows."""

    def __init__(self, stack: LocalStack) -> None:
        self.s3 = Account(stack).as_somebody_who_may("s3:*")("s3")
        self.owner = stack.session().client("s3", endpoint_url=stack.aws_endpoint)  # whom no policy stops here
        self.name = stack.outputs["DocumentsBucketName"]
        self._operations = Operations.described(stack)

    def key(self, certificate: dict[str, Any]) -> str:
        """The key of a certificate's document."""
        found = self.s3.list_objects_v2(Bucket=self.name, Prefix=f"certificates/{certificate['certificate_id']}/")
        [document] = found["Contents"]
        return document["Key"]

    def read(self, key: str) -> bytes:
        """An object."""
        return self.s3.get_object(Bucket=self.name, Key=key)["Body"].read()

    def lose(self, key: str) -> None:
        """Delete an object, which needs more rights than anybody has whom the policy stops."""
        with pytest.raises(ClientError, match="AccessDenied"):
            self.s3.delete_object(Bucket=self.name, Key=key)
        self.owner.delete_object(Bucket=self.name, Key=key)

    def delete_version(self, key: str, version: str) -> None:
        """Delete a version as the runbook says: in the role that erases, since nobody else may."""
        with pytest.raises(ClientError, match="AccessDenied"):
            self.s3.delete_object(Bucket=self.name, Key=key, VersionId=version)
        with self._operations.as_eraser():
            boto3.Session().client("s3").delete_object(Bucket=self.name, Key=key, VersionId=version)


@pytest.fixture(scope="module")
def documents(drill: Drill) -> tuple[Bucket, list[str]]:
    """A few documents, by key."""
    study = drill.begin()
    held = wait_for(
        lambda: certificates if len(certificates := study.certificates()) == len(study.due) else None, "all"
    )
    bucket = Bucket(drill.stack)
    return bucket, [bucket.key(certificate) for certificate in held]


def test_a_deleted_document_is_made_again_to_the_byte_by_the_sweep(
    drill: Drill, documents: tuple[Bucket, list[str]]
) -> None:
    bucket, [key, *_] = documents
    document = bucket.read(key)
    bucket.lose(key)
    assert sweep(drill.stack)["issued-without-document"] == 1
    assert wait_for(lambda: made_again(bucket, key), "the document") == document
    assert sweep(drill.stack).get("issued-without-document", 0) == 0


def test_a_deleted_document_is_back_once_its_delete_marker_is_gone(documents: tuple[Bucket, list[str]]) -> None:
    bucket, [_, key, *_] = documents
    document = bucket.read(key)
    bucket.lose(key)
    found = bucket.s3.list_object_versions(Bucket=bucket.name, Prefix=key)
    bucket.delete_version(key, found["DeleteMarkers"][0]["VersionId"])
    assert bucket.read(key) == document


def test_a_document_that_was_replaced_is_found_and_is_back_once_the_false_version_is_gone(
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
    """Run the sweep by hand with all documents, as the runbook says; what it found."""
    functions = stack.session().client("lambda", endpoint_url=stack.aws_endpoint)
    request = {"FunctionName": stack.outputs["SweepFunctionName"], "Payload": b'{"everything": true}'}
    findings: dict[str, int] = json.loads(functions.invoke(**request)["Payload"].read())["findings"]
    return findings


def made_again(bucket: Bucket, key: str) -> bytes | None:
    """A document, once it is there."""
    try:
        return bucket.read(key)
    except bucket.s3.exceptions.NoSuchKey:
        return None


def test_tokens_of_the_old_key_and_of_the_new_are_good_until_the_old_one_is_removed(drill: Drill) -> None:
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
    """How the API answers somebody whose token is signed with a key."""
    token = issuer.access_token(key, drill.stack.issuer, sub="acc-1", role="individual")
    return Reader(drill.stack, token).get("/v1/enrollments").status_code

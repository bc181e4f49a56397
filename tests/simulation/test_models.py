"""The models of DynamoDB and S3 answer like moto, call by call."""

import json
from base64 import b64decode, b64encode
from collections.abc import Iterator
from typing import Any

import boto3
import pytest
from botocore.exceptions import ClientError

from earned.testing.service import aws_in_process, client
from earned.testing.stacks import stand_up
from tests.simulation.seeds import python
from tests.simulation.services import wire
from tests.simulation.services.s3 import S3

SEEDS = "range(1, 13)"
TABLES = {"records": "RecordsTableName", "access": "AccessLogTableName", "support": "SupportTableName"}
_SETS = {"BS", "SS", "NS"}


@pytest.fixture
def storage() -> Iterator[dict[str, str]]:
    """The deployed tables and buckets in moto; their names."""
    with aws_in_process():
        yield stand_up("storage", client)


def recorded() -> list[dict[str, Any]]:
    """The service's calls to DynamoDB in some stories without faults, with the model's answers."""
    code = f"from tests.simulation.engine.record_calls import record; [record(seed) for seed in {SEEDS}]"
    return [json.loads(line) for line in python("-c", code).splitlines()]


def test_the_model_of_dynamodb_answers_what_moto_answers(storage: dict[str, str]) -> None:
    client, calls, kinds = boto3.client("dynamodb"), recorded(), set()
    for number, call in enumerate(calls):
        if call["operation"] == "begin":
            empty_tables(client, storage)
            continue
        operation, asked = call["operation"], json.loads(json.dumps(call["asked"]))
        kinds.add(operation)
        assert plain(ask(client, storage, operation, asked)) == plain(call["answer"]), (number, call)
    assert kinds == {"UpdateItem", "PutItem", "BatchGetItem", "Query", "Scan"}


def ask(client: Any, storage: dict[str, str], operation: str, asked: dict[str, Any]) -> dict[str, Any]:
    if "TableName" in asked:
        asked["TableName"] = storage[TABLES[asked["TableName"]]]
    if "RequestItems" in asked:
        asked["RequestItems"] = {storage[TABLES[name]]: wanted for name, wanted in asked["RequestItems"].items()}
    try:
        answer = client._make_api_call(operation, binary(asked, b64decode))
    except ClientError as error:
        return {"refused": error.response["Error"]["Code"]}
    if "Responses" in answer:
        answer["Responses"] = {
            next(name for name, output in TABLES.items() if storage[output] == table): found
            for table, found in answer["Responses"].items()
        }
    answered: dict[str, Any] = binary(answer, lambda value: b64encode(value).decode())
    return answered


def binary(value: Any, convert: Any) -> Any:
    if isinstance(value, dict):
        if set(value) == {"BS"}:
            return {"BS": [convert(one) for one in value["BS"]]}
        if set(value) == {"B"}:
            return {"B": convert(value["B"])}
        return {name: binary(inside, convert) for name, inside in value.items()}
    return [binary(one, convert) for one in value] if isinstance(value, list) else value


def plain(answer: dict[str, Any]) -> str:
    """An answer without the order of sets, batches and scans, and without the position after a page.

    DynamoDB gives a position after any full page, even after the last one; moto does not.
    """
    kept = {name: answer[name] for name in ("refused", "Attributes", "Items", "Responses") if answer.get(name)}
    return json.dumps(ordered(kept), sort_keys=True)


def ordered(value: Any) -> Any:
    if isinstance(value, dict):
        return {name: ordered(inside) for name, inside in value.items()}
    return (
        sorted(map(ordered, value), key=lambda one: json.dumps(one, sort_keys=True))
        if isinstance(value, list)
        else value
    )


def empty_tables(client: Any, storage: dict[str, str]) -> None:
    for output in TABLES.values():
        keys = [key["AttributeName"] for key in client.describe_table(TableName=storage[output])["Table"]["KeySchema"]]
        for item in client.scan(TableName=storage[output])["Items"]:
            client.delete_item(TableName=storage[output], Key={name: item[name] for name in keys})


def test_the_model_of_s3_answers_what_moto_answers() -> None:
    model = S3()
    modelled = boto3.client("s3", "eu-west-1", aws_access_key_id="testing", aws_secret_access_key="testing")
    wire.attach(modelled)
    with wire.answering(lambda _, operation, request: model.answer(operation, request)):
        ours = list(conversation(modelled, "documents"))
    with aws_in_process():
        assert ours == list(conversation(boto3.client("s3"), stand_up("storage", client)["DocumentsBucketName"]))


def conversation(client: Any, bucket: str) -> Iterator[Any]:
    """The answers of S3 to every kind of request that the service makes."""
    put = {"Bucket": bucket, "Key": "certificates/a/1.pdf", "IfNoneMatch": "*", "ContentType": "application/pdf"}
    yield code(client.head_object, Bucket=bucket, Key="certificates/a/1.pdf", ChecksumMode="ENABLED")
    yield code(client.get_object, Bucket=bucket, Key="certificates/a/1.pdf")
    for body in (b"first" * 100, b"first" * 100, b"second"):
        more = {
            "Metadata": {"sha256": "x"},
            "ContentDisposition": 'attachment; filename="ä.pdf"'.encode().decode("latin-1"),
        }
        yield code(client.put_object, **put, **more, Body=body, ChecksumAlgorithm="SHA256")
    yield client.head_object(Bucket=bucket, Key="certificates/a/1.pdf", ChecksumMode="ENABLED")["ChecksumSHA256"]
    got = client.get_object(Bucket=bucket, Key="certificates/a/1.pdf")
    yield got["Body"].read(), got["ContentLength"], got["ContentType"], got["Metadata"]
    yield (
        code(client.put_object, Bucket=bucket, Key="state", Body=b"1"),
        code(client.put_object, Bucket=bucket, Key="state", Body=b"2"),
    )
    yield client.get_object(Bucket=bucket, Key="state")["Body"].read()
    yield from uploading(client, bucket)


def uploading(client: Any, bucket: str) -> Iterator[Any]:
    archive = {"Bucket": bucket, "Key": "exports/a.zip"}
    parts = [b"a" * 5 * 1024 * 1024, b"the end"]
    upload = client.create_multipart_upload(**archive, ContentType="application/zip")["UploadId"]
    tags = [
        client.upload_part(**archive, UploadId=upload, PartNumber=number, Body=body)["ETag"]
        for number, body in enumerate(parts, start=1)
    ]
    yield tags
    listed = [{"PartNumber": number, "ETag": tag} for number, tag in enumerate(tags, start=1)]
    complete = {"MultipartUpload": {"Parts": listed}, "IfNoneMatch": "*"}
    yield code(client.complete_multipart_upload, **archive, UploadId=upload, **complete)
    yield len(client.get_object(**archive)["Body"].read())


def code(call: Any, **asked: Any) -> str:
    try:
        call(**asked)
    except ClientError as error:
        return str(error.response["Error"]["Code"])
    return "ok"

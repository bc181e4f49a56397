"""A lost table and lost documents come back, and the stack works with them."""

from collections.abc import Iterator
from datetime import datetime
from typing import Any

import boto3
import pytest
from botocore.exceptions import ClientError

from earned.testing.service import REGION, Service
from tests.integration.wire_faults import Request, requests_pass
from tools.operations.restore import NotRestored, copy_documents, prepare, restore, switch_consumers

BODY, HEADERS = (
    b"%PDF-1.7 one",
    {"ContentType": "application/pdf", "ContentDisposition": 'attachment; filename="a.pdf"'},
)


@pytest.fixture
def backup(service: Service) -> Iterator[str]:
    """A bucket with the documents of a stack that was deleted."""
    s3 = boto3.client("s3")
    s3.create_bucket(Bucket="retained", CreateBucketConfiguration={"LocationConstraint": REGION})
    for key in ("certificates/one/1.pdf", "certificates/two/1.pdf", "issuer-keys/certificates/z6Mk", "logos/a"):
        s3.put_object(Bucket="retained", Key=key, Body=BODY, **HEADERS)
    yield "retained"
    for found in s3.list_objects_v2(Bucket="retained")["Contents"]:
        s3.delete_object(Bucket="retained", Key=found["Key"])
    s3.delete_bucket(Bucket="retained")


def documents_bucket(service: Service) -> str:
    return service.outputs["DocumentsBucketName"]


def refuse_what_the_policy_denies(request: Request) -> Any:
    """The documents bucket denies a put without If-None-Match, and with it a copy."""
    denied = request.operation == "CopyObject" or (
        request.operation == "PutObject" and request.parameters.get("IfNoneMatch") != "*"
    )
    if denied:
        raise ClientError({"Error": {"Code": "AccessDenied"}}, request.operation)
    return request.send()


def test_documents_come_back_into_a_bucket_that_refuses_copies_and_overwrites(service: Service, backup: str) -> None:
    s3, target = boto3.client("s3"), documents_bucket(service)
    with requests_pass(refuse_what_the_policy_denies):
        assert list(copy_documents(s3, backup, target)) == [True] * 4
    document = s3.get_object(Bucket=target, Key="certificates/one/1.pdf")
    assert document["Body"].read() == BODY
    assert {name: document[name] for name in HEADERS} == HEADERS


def test_a_repeated_copy_changes_nothing(service: Service, backup: str) -> None:
    s3, target = boto3.client("s3"), documents_bucket(service)
    list(copy_documents(s3, backup, target))
    before = s3.list_object_versions(Bucket=target)["Versions"]
    assert list(copy_documents(s3, backup, target)) == [False] * 4
    assert s3.list_object_versions(Bucket=target)["Versions"] == before


def test_another_document_under_the_same_key_ends_the_copy_and_stays(service: Service, backup: str) -> None:
    s3, target = boto3.client("s3"), documents_bucket(service)
    s3.put_object(Bucket=target, Key="certificates/two/1.pdf", Body=b"%PDF-1.7 other")
    with pytest.raises(NotRestored, match="certificates/two"):
        list(copy_documents(s3, backup, target))
    assert s3.get_object(Bucket=target, Key="certificates/two/1.pdf")["Body"].read() == b"%PDF-1.7 other"


class DynamoDB:
    """Tables by name; a restore makes one that lacks what DynamoDB's restore loses."""

    class Exceptions:
        class TableNotFoundException(Exception):  # its name in the SDK
            pass

        class ResourceNotFoundException(Exception):  # as above
            pass

    exceptions = Exceptions

    def __init__(self, *tables: str, backups: tuple[int, ...] = ()) -> None:
        self.tables: dict[str, dict[str, Any]] = {name: {} for name in tables}
        self.backups, self.asked = backups, 0

    def restore_table_to_point_in_time(self, **request: Any) -> None:
        if request["SourceTableName"] not in self.tables:
            raise self.exceptions.TableNotFoundException
        self.tables[request["TargetTableName"]] = request

    def list_backups(self, **_: Any) -> dict[str, Any]:
        return {"BackupSummaries": [{"BackupArn": f"arn:{at}", "BackupCreationDateTime": at} for at in self.backups]}

    def restore_table_from_backup(self, **request: Any) -> None:
        self.tables[request["TargetTableName"]] = request

    def describe_table(self, TableName: str) -> dict[str, Any]:  # noqa: N803  # the argument's name in the SDK
        self.asked += 1
        return {"Table": {"TableStatus": "ACTIVE" if self.asked > 2 else "CREATING", "TableArn": f"arn:{TableName}"}}


AT = datetime.fromisoformat("2026-11-30T08:00:00Z")


@pytest.mark.parametrize(
    ("at", "asked"), [(AT, {"RestoreDateTime": AT}), (None, {"UseLatestRestorableTime": True})], ids=["then", "last"]
)
def test_a_table_is_restored_under_another_name_with_the_key_of_the_stack(
    at: datetime | None, asked: dict[str, Any]
) -> None:
    dynamodb: Any = DynamoDB("records")
    waited: list[float] = []
    name = restore(dynamodb, "records", at, "arn:key", wait=waited.append)
    assert name != "records"
    assert asked.items() <= dynamodb.tables[name].items()
    assert dynamodb.tables[name]["SSESpecificationOverride"]["KMSMasterKeyId"] == "arn:key"
    assert len(waited) == 2


def test_a_deleted_table_is_restored_from_its_newest_backup() -> None:
    dynamodb: Any = DynamoDB(backups=(1, 3, 2))
    name = restore(dynamodb, "records", None, "arn:key", wait=lambda _: None)
    assert dynamodb.tables[name]["BackupArn"] == "arn:3"


def test_a_table_without_a_backup_is_lost() -> None:
    dynamodb: Any = DynamoDB()
    with pytest.raises(NotRestored, match="no backup"):
        restore(dynamodb, "records", None, "arn:key", wait=lambda _: None)


@pytest.fixture
def bare() -> Iterator[str]:
    """A table as a restore makes it."""
    dynamodb = boto3.client("dynamodb")
    dynamodb.create_table(
        TableName="bare",
        BillingMode="PAY_PER_REQUEST",
        KeySchema=[{"AttributeName": "pk", "KeyType": "HASH"}],
        AttributeDefinitions=[{"AttributeName": "pk", "AttributeType": "S"}],
    )
    yield "bare"
    dynamodb.update_table(TableName="bare", DeletionProtectionEnabled=False)
    dynamodb.delete_table(TableName="bare")


def test_a_restored_table_gets_back_what_a_restore_loses(service: Service, bare: str) -> None:
    dynamodb = boto3.client("dynamodb")
    for _ in range(2):  # it may be interrupted and repeated
        prepare(dynamodb, bare, {"service": "earned", "stage": "prod"}, protected=True)
    live = dynamodb.describe_time_to_live(TableName=bare)["TimeToLiveDescription"]
    assert (live["TimeToLiveStatus"], live["AttributeName"]) == ("ENABLED", "expires")
    backups = dynamodb.describe_continuous_backups(TableName=bare)["ContinuousBackupsDescription"]
    assert backups["PointInTimeRecoveryDescription"]["PointInTimeRecoveryStatus"] == "ENABLED"
    table = dynamodb.describe_table(TableName=bare)["Table"]
    assert table["DeletionProtectionEnabled"] is True
    tags = dynamodb.list_tags_of_resource(ResourceArn=table["TableArn"])["Tags"]
    assert {one["Key"]: one["Value"] for one in tags} == {"service": "earned", "stage": "prod"}


class Lambda:
    """Event source mappings of this stack and of another."""

    def __init__(self) -> None:
        self.enabled = {"ours": True, "theirs": True}

    def get_paginator(self, _: str) -> "Lambda":
        return self

    def paginate(self) -> list[dict[str, Any]]:
        return [{"EventSourceMappings": [{"UUID": name, "EventSourceArn": f"arn:{name}"}]} for name in self.enabled]

    def update_event_source_mapping(self, UUID: str, Enabled: bool) -> None:  # noqa: N803  # names in the SDK
        self.enabled[UUID] = Enabled


def test_only_the_consumers_of_this_stack_stop() -> None:
    functions: Any = Lambda()
    assert switch_consumers(functions, {"arn:ours"}, enabled=False) == 1
    assert functions.enabled == {"ours": False, "theirs": True}

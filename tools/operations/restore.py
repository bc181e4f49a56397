"""Brings back a lost table and lost documents, into places that the stack then uses.

A restore makes a table of a new name, without time to live, point-in-time recovery, tags and deletion protection. The
parameters Existing…Table let the stack use it; the consumers of the queues are stopped meanwhile.
"""

import time
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from botocore.exceptions import ClientError

if TYPE_CHECKING:
    from mypy_boto3_cloudformation import CloudFormationClient
    from mypy_boto3_dynamodb import DynamoDBClient
    from mypy_boto3_lambda import LambdaClient
    from mypy_boto3_s3 import S3Client

TABLES = {"records": "RecordsTable", "access-log": "AccessLogTable", "support": "SupportTable"}
PREFIXES = ("certificates/", "issuer-keys/", "logos/")
FILE_EXISTS = "PreconditionFailed"
POLL_SECONDS = 5.0


class NotRestored(Exception):
    """The restore cannot go on; the message says why."""


def restore(
    dynamodb: "DynamoDBClient",
    lost: str,
    at: datetime | None,
    key_arn: str,
    *,
    wait: Callable[[float], None] = time.sleep,
) -> str:
    """Restore a table as it was at a time, or at the last moment possible; returns the new table's name.

    A deleted table is restored from the backup that DynamoDB makes of it.
    """
    name = f"{lost[:220]}-{datetime.now(UTC):%Y%m%d%H%M%S}"
    kept: dict[str, Any] = {"SSESpecificationOverride": {"Enabled": True, "SSEType": "KMS", "KMSMasterKeyId": key_arn}}
    moment: dict[str, Any] = {"UseLatestRestorableTime": True} if at is None else {"RestoreDateTime": at}
    try:
        dynamodb.restore_table_to_point_in_time(SourceTableName=lost, TargetTableName=name, **moment, **kept)
    except (dynamodb.exceptions.TableNotFoundException, dynamodb.exceptions.ResourceNotFoundException):
        backups = dynamodb.list_backups(TableName=lost, BackupType="ALL")["BackupSummaries"]
        if not backups:
            raise NotRestored(f"There is no table {lost}, and no backup of it.") from None
        newest = max(backups, key=lambda one: one["BackupCreationDateTime"])
        dynamodb.restore_table_from_backup(TargetTableName=name, BackupArn=newest["BackupArn"], **kept)
    while dynamodb.describe_table(TableName=name)["Table"].get("TableStatus") != "ACTIVE":
        wait(POLL_SECONDS)
    return name


def prepare(dynamodb: "DynamoDBClient", table: str, tags: dict[str, str], *, protected: bool) -> None:
    """Give a table what a restore loses; repeatable, so also for a table that outlived its stack."""
    arn = dynamodb.describe_table(TableName=table)["Table"]["TableArn"]
    live = dynamodb.describe_time_to_live(TableName=table)["TimeToLiveDescription"]
    if live.get("TimeToLiveStatus") not in {"ENABLED", "ENABLING"}:
        expiry = {"AttributeName": "expires", "Enabled": True}
        dynamodb.update_time_to_live(TableName=table, TimeToLiveSpecification=expiry)  # type: ignore[arg-type]  # a plain dict
    recovery = {"PointInTimeRecoveryEnabled": True}
    dynamodb.update_continuous_backups(TableName=table, PointInTimeRecoverySpecification=recovery)  # type: ignore[arg-type]  # as above
    dynamodb.tag_resource(ResourceArn=arn, Tags=[{"Key": key, "Value": value} for key, value in tags.items()])
    dynamodb.update_table(TableName=table, DeletionProtectionEnabled=protected)


def tags_of(cloudformation: "CloudFormationClient", stack: str) -> dict[str, str]:
    [described] = cloudformation.describe_stacks(StackName=stack)["Stacks"]
    return {tag["Key"]: tag["Value"] for tag in described.get("Tags", [])}


def switch_consumers(functions: "LambdaClient", queue_arns: set[str], *, enabled: bool) -> int:
    """Stop or start the functions behind these queues; returns how many event source mappings were changed."""
    changed = 0
    for page in functions.get_paginator("list_event_source_mappings").paginate():
        for mapping in page["EventSourceMappings"]:
            if mapping["EventSourceArn"] in queue_arns:
                functions.update_event_source_mapping(UUID=mapping["UUID"], Enabled=enabled)
                changed += 1
    return changed


def copy_documents(s3: "S3Client", source: str, target: str) -> Iterator[bool]:
    """Put the current version of every document of a bucket into another; yields whether it was not there yet.

    The target refuses a put without If-None-Match, and so CopyObject: each document is read and put.
    """
    for prefix in PREFIXES:
        for page in s3.get_paginator("list_objects_v2").paginate(Bucket=source, Prefix=prefix):
            for found in page.get("Contents", []):
                yield _copy(s3, source, target, found["Key"])


def _copy(s3: "S3Client", source: str, target: str, key: str) -> bool:
    document = s3.get_object(Bucket=source, Key=key)
    body = document["Body"].read()
    headers: dict[str, Any] = {
        name: document[name]
        for name in ("CacheControl", "ContentDisposition", "ContentLanguage", "ContentType", "Metadata")
        if name in document
    }
    try:
        s3.put_object(Bucket=target, Key=key, Body=body, IfNoneMatch="*", ChecksumAlgorithm="SHA256", **headers)
    except ClientError as failure:
        if failure.response["Error"]["Code"] != FILE_EXISTS:
            raise
        there = s3.get_object(Bucket=target, Key=key)["Body"].read()
        if there != body:
            raise NotRestored(f"{target} has another document under {key}: find out which is the issued one.") from None
        return False
    return True

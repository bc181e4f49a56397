"""The restore, rehearsed: a second stack goes on with the restored records and the documents of the first."""

import time
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from tools.local import releases, sam
from tools.local.portal import Reader
from tools.local.stack import LocalStack, StackFailed
from tools.operations.restore import PREFIXES, copy_documents, prepare, restore, switch_consumers
from tools.operations.stacks import DeployedStack

STACK_NAME = "earned-again"
TIMEOUT_SECONDS = 60
SECONDS_OF_A_BATCH = 10
WHAT_A_RESTORE_LOSES = ("TimeToLiveStatus", "PointInTimeRecoveryStatus")


def deploy_again(directory: Path, running: LocalStack) -> None:
    """Restore the records while the consumers stand still, and deploy a stack that has the same certificates.

    An update of the stack that runs is left out: the emulator fails to update the nested stack with the buckets.
    """
    stack = DeployedStack.described(running)
    dynamodb, functions, s3 = (stack.client(service) for service in ("dynamodb", "lambda", "s3"))
    queues = {stack.queue_arn(pair.source) for pair in stack.pairs.values()}
    wait_for_a_document(s3, running.outputs["DocumentsBucketName"])
    switch_consumers(functions, queues, enabled=False)
    time.sleep(SECONDS_OF_A_BATCH)  # what runs already ends: a document is put before its record says so
    restored = restore(dynamodb, running.outputs["RecordsTableName"], None, running.outputs["KeyArn"])
    prepare(dynamodb, restored, {"service": "earned"}, protected=False)
    if lacking := [name for name, status in settings_of(dynamodb, restored).items() if status != "ENABLED"]:
        raise StackFailed(f"The restored table lacks {', '.join(lacking)}.")
    releases.deploy(directory, running, sam.BUILD, STACK_NAME, ExistingRecordsTable=restored)
    again = described(stack, running)
    buckets = running.outputs["DocumentsBucketName"], again.outputs["DocumentsBucketName"]
    if not list(copy_documents(s3, *buckets)) or any(copy_documents(s3, *buckets)):
        raise StackFailed("The first copy of the documents put none, or the second put some again.")
    for certificate in certificates(s3, buckets[0]):
        before, after = (Reader(one, None).get(f"/verify/{certificate}").json() for one in (running, again))
        if before["status"] == "unknown" or before != after:
            raise StackFailed(
                f"{certificate} is {before['status']}, and {after['status']} in the stack deployed again."
            )
    if switch_consumers(functions, queues, enabled=True) != len(queues):
        raise StackFailed("Not every queue is read again.")


def wait_for_a_document(s3: Any, bucket: str) -> None:
    """Raises StackFailed when the people who learned before the incident get no certificate."""
    deadline = time.monotonic() + TIMEOUT_SECONDS
    while not list(certificates(s3, bucket)):
        if time.monotonic() > deadline:
            raise StackFailed("There is no document to restore.")
        time.sleep(1)


def settings_of(dynamodb: Any, table: str) -> dict[str, str | None]:
    live = dynamodb.describe_time_to_live(TableName=table)["TimeToLiveDescription"]
    backups = dynamodb.describe_continuous_backups(TableName=table)["ContinuousBackupsDescription"]
    found = {**live, **backups["PointInTimeRecoveryDescription"]}
    return {name: found.get(name) for name in WHAT_A_RESTORE_LOSES}


def described(stack: DeployedStack, running: LocalStack) -> LocalStack:
    [found] = stack.cloudformation().describe_stacks(StackName=STACK_NAME)["Stacks"]
    outputs = {output["OutputKey"]: output["OutputValue"] for output in found["Outputs"]}
    api = (urlsplit(outputs["ApiUrl"]).hostname or "").partition(".")[0]
    return replace(running, api=f"{running.aws_endpoint}/_aws/execute-api/{api}", outputs=outputs)


def certificates(s3: Any, bucket: str) -> Iterator[str]:
    """The numbers of the certificates that have a document."""
    for page in s3.get_paginator("list_objects_v2").paginate(Bucket=bucket, Prefix=PREFIXES[0], Delimiter="/"):
        for folder in page.get("CommonPrefixes", []):
            yield folder["Prefix"].removeprefix(PREFIXES[0]).rstrip("/")

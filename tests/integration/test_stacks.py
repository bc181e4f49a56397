"""What a portal's tests stand up has the properties that CloudFormation gives it, as moto understands them."""

import json
from typing import Any

import boto3
import pytest

from earned.testing import cloudformation, stacks
from earned.testing.service import Service, client

OF_A_TABLE = "KeySchema", "AttributeDefinitions", "GlobalSecondaryIndexes", "BillingModeSummary"
OF_A_QUEUE = "VisibilityTimeout", "MaximumMessageSize", "MessageRetentionPeriod"


@pytest.fixture(scope="module")
def ours(running: Service) -> dict[str, str]:
    """The outputs of both templates, beside those of the stacks."""
    return {name: value for stack in ("storage", "queues") for name, value in stacks.stand_up(stack, client).items()}


def table(name: str) -> dict[str, Any]:
    described = boto3.client("dynamodb").describe_table(TableName=name)["Table"]
    indexes = described.pop("GlobalSecondaryIndexes", [])
    keys = {index["IndexName"]: (index["KeySchema"], index["Projection"]) for index in indexes}
    return {key: described.get(key) for key in OF_A_TABLE} | {"indexes": keys}


def queue(url: str, outputs: dict[str, str]) -> dict[str, Any]:
    found = boto3.client("sqs").get_queue_attributes(QueueUrl=url, AttributeNames=["All"])["Attributes"]
    redrive = json.loads(found.get("RedrivePolicy", "{}"))
    names = {value: name for name, value in outputs.items()}
    if redrive:
        redrive["deadLetterTargetArn"] = names[redrive["deadLetterTargetArn"]]
    return {key: found[key] for key in OF_A_QUEUE} | {"redrive": redrive}


def test_the_same_outputs_exist(running: Service, ours: dict[str, str]) -> None:
    made = {name: value for name, value in running.outputs.items() if name not in {"CertificateKeyArn", "StatusKeyArn"}}
    assert ours.keys() == made.keys()


def test_the_tables_have_the_same_keys_and_indexes(running: Service, ours: dict[str, str]) -> None:
    names = [name for name in ours if name.endswith("TableName")]
    assert len(names) == 3
    assert {name: table(ours[name]) for name in names} == {name: table(running.outputs[name]) for name in names}


def test_the_queues_have_the_same_times_and_dead_letter_queues(running: Service, ours: dict[str, str]) -> None:
    names = [name for name in ours if name.endswith("QueueUrl")]
    assert len(names) == 14
    of_stacks = {name: queue(running.outputs[name], running.outputs) for name in names}
    assert {name: queue(ours[name], ours) for name in names} == of_stacks


def test_the_buckets_keep_versions_where_the_template_says_so(ours: dict[str, str]) -> None:
    buckets = cloudformation.resources("AWS::S3::Bucket", cloudformation.INFRA / "storage.yaml")
    said = {name: one.get("VersioningConfiguration", {}).get("Status") for name, one in buckets.items()}
    s3 = boto3.client("s3")  # moto's CloudFormation switches no versions on, so there is nothing to compare
    assert {name: s3.get_bucket_versioning(Bucket=ours[f"{name}Name"]).get("Status") for name in buckets} == said
    assert said["DocumentsBucket"] == "Enabled"

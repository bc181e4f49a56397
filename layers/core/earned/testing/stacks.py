"""The tables, queues and buckets of a deployed template in moto, by the calls that CloudFormation makes.

moto's own CloudFormation imports every service that moto has, which takes longer than all else that a test needs.
"""

import json
from collections.abc import Callable, Mapping
from typing import Any

from moto.moto_api._internal import mock_random

from earned.testing import cloudformation

KEY = "arn:aws:kms:eu-central-1:123456789012:key/any"  # moto encrypts nothing
# The properties that moto gives an effect, or that a test may ask for.
PROPERTIES = {
    "AWS::DynamoDB::Table": ("KeySchema", "AttributeDefinitions", "GlobalSecondaryIndexes", "BillingMode"),
    "AWS::SQS::Queue": ("MaximumMessageSize", "MessageRetentionPeriod", "VisibilityTimeout", "RedrivePolicy"),
    "AWS::S3::Bucket": ("VersioningConfiguration",),
}
Client = Callable[[str], Any]  # of a service, by its name
Made = dict[str, str]  # the value of `!Ref` under an empty name, those of `!GetAtt` under the names of the attributes


def stand_up(stack: str, client: Client) -> dict[str, str]:
    """Create what infra/<stack>.yaml has of these kinds, and return its outputs; those of other kinds are invented."""
    path = cloudformation.INFRA / f"{stack}.yaml"
    parameters = cloudformation.read_template(path)["Parameters"].items()
    values = cloudformation.Invented({name: str(one.get("Default", "")) for name, one in parameters} | {"KeyArn": KEY})
    for kind, create in _CREATE.items():
        resources = cloudformation.resources(kind, path).items()
        for logical_id, properties in sorted(resources, key=lambda one: "RedrivePolicy" in one[1]):
            name = f"{stack}-{logical_id}-{mock_random.get_random_hex(8)}".lower()
            given = {key: properties[key] for key in PROPERTIES[kind] if key in properties}
            made = create(client, name, cloudformation.resolved(given, values, path))
            values |= {f"{logical_id}.{attribute}".rstrip("."): value for attribute, value in made.items()}
    outputs = cloudformation.read_template(path)["Outputs"].items()
    return {name: cloudformation.resolved(output["Value"], values, path) for name, output in outputs}


def _create_table(client: Client, name: str, properties: Mapping[str, Any]) -> Made:
    table = client("dynamodb").create_table(TableName=name, **properties)["TableDescription"]
    return {"": name, "Arn": table["TableArn"]}


def _create_queue(client: Client, name: str, properties: Mapping[str, Any]) -> Made:
    sqs = client("sqs")
    texts = {key: json.dumps(value) if isinstance(value, dict) else str(value) for key, value in properties.items()}
    url = sqs.create_queue(QueueName=name, Attributes=texts)["QueueUrl"]
    found = sqs.get_queue_attributes(QueueUrl=url, AttributeNames=["QueueArn"])["Attributes"]
    return {"": url, "Arn": found["QueueArn"], "QueueName": name}


def _create_bucket(client: Client, name: str, properties: Mapping[str, Any]) -> Made:
    s3 = client("s3")
    s3.create_bucket(Bucket=name, CreateBucketConfiguration={"LocationConstraint": s3.meta.region_name})
    if properties:
        s3.put_bucket_versioning(Bucket=name, **properties)
    return {"": name, "Arn": f"arn:aws:s3:::{name}"}


_CREATE: dict[str, Callable[[Client, str, Mapping[str, Any]], Made]] = {
    "AWS::DynamoDB::Table": _create_table,
    "AWS::SQS::Queue": _create_queue,
    "AWS::S3::Bucket": _create_bucket,
}

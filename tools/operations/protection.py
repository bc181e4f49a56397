"""Protects the stacks that keep data: a policy against replacement and deletion, and termination protection."""

import json
from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from mypy_boto3_cloudformation import CloudFormationClient

NESTED_STACK = "AWS::CloudFormation::Stack"
# The resources that are empty after a replacement.
KEEPS_DATA = frozenset(
    {
        "AWS::DynamoDB::Table",
        "AWS::Events::Archive",
        "AWS::KMS::Key",
        "AWS::S3::Bucket",
        "AWS::SQS::Queue",
        "AWS::SecretsManager::Secret",
    }
)


def stack_policy() -> dict[str, Any]:
    """Allows every update, except one that replaces or deletes what keeps data."""
    kept = {"StringEquals": {"ResourceType": sorted(KEEPS_DATA | {NESTED_STACK})}}
    return {
        "Statement": [
            {"Effect": "Allow", "Principal": "*", "Action": "Update:*", "Resource": "*"},
            {
                "Effect": "Deny",
                "Principal": "*",
                "Action": ["Update:Replace", "Update:Delete"],
                "Resource": "*",
                "Condition": kept,
            },
        ]
    }


def protect(cloudformation: "CloudFormationClient", stack: str) -> Iterator[str]:
    """Protect a stack and the stacks nested in it; yields the name of each once it has the policy.

    Termination protection of the outermost stack covers the nested ones. A stack policy covers its own stack alone.
    """
    cloudformation.update_termination_protection(StackName=stack, EnableTerminationProtection=True)
    policy = json.dumps(stack_policy())
    for name in (stack, *nested_stacks(cloudformation, stack)):
        cloudformation.set_stack_policy(StackName=name, StackPolicyBody=policy)
        yield name


def nested_stacks(cloudformation: "CloudFormationClient", stack: str) -> Iterator[str]:
    """The ids of the stacks nested in a stack, at any depth."""
    for page in cloudformation.get_paginator("list_stack_resources").paginate(StackName=stack):
        for resource in page["StackResourceSummaries"]:
            if resource["ResourceType"] == NESTED_STACK and "PhysicalResourceId" in resource:
                yield resource["PhysicalResourceId"]
                yield from nested_stacks(cloudformation, resource["PhysicalResourceId"])

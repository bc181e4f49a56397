"""`make protect`: no update replaces or deletes what keeps data."""

import json
from typing import Any

from earned.testing.cloudformation import INFRA, TEMPLATE, read_template
from tools.operations.protection import KEEPS_DATA, NESTED_STACK, protect, stack_policy

NESTED = {
    "earned-prod": [("AWS::Lambda::Function", "sweep"), (NESTED_STACK, "storage"), (NESTED_STACK, "queues")],
    "storage": [("AWS::S3::Bucket", "documents"), (NESTED_STACK, "deeper")],
    "queues": [],
    "deeper": [],
}


class CloudFormation:
    """Stacks that contain others; it notes what is set on them."""

    def __init__(self) -> None:
        self.policies: dict[str, Any] = {}
        self.protected: list[str] = []

    def get_paginator(self, _: str) -> "CloudFormation":
        return self

    def paginate(self, StackName: str) -> list[dict[str, Any]]:  # noqa: N803  # the argument's name in the SDK
        resources = [{"ResourceType": kind, "PhysicalResourceId": name} for kind, name in NESTED[StackName]]
        return [{"StackResourceSummaries": [one]} for one in resources]

    def set_stack_policy(self, StackName: str, StackPolicyBody: str) -> None:  # noqa: N803 - the name in the SDK
        self.policies[StackName] = json.loads(StackPolicyBody)

    def update_termination_protection(self, StackName: str, EnableTerminationProtection: bool) -> None:  # noqa: N803 - the names in the SDK
        assert EnableTerminationProtection
        self.protected.append(StackName)


def test_the_stack_and_every_nested_stack_get_the_policy() -> None:
    cloudformation: Any = CloudFormation()
    assert list(protect(cloudformation, "earned-prod")) == ["earned-prod", "storage", "deeper", "queues"]
    assert cloudformation.policies == dict.fromkeys(NESTED, stack_policy())
    assert cloudformation.protected == ["earned-prod"]


def test_the_policy_denies_replacing_or_deleting_what_keeps_data() -> None:
    allowed, denied = stack_policy()["Statement"]
    assert (allowed["Effect"], allowed["Action"]) == ("Allow", "Update:*")
    assert (denied["Effect"], denied["Action"]) == ("Deny", ["Update:Replace", "Update:Delete"])
    assert set(denied["Condition"]["StringEquals"]["ResourceType"]) == KEEPS_DATA | {NESTED_STACK}


def test_every_kind_of_resource_that_outlives_the_stack_is_protected() -> None:
    retained = {
        resource["Type"]
        for path in [TEMPLATE, *INFRA.glob("*.yaml")]
        for resource in read_template(path)["Resources"].values()
        if "DeletionPolicy" in resource
    }
    assert retained - {"AWS::S3::BucketPolicy", "AWS::SQS::QueuePolicy"} == KEEPS_DATA

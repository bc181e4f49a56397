"""`make changes`: every change of every nested stack, and which of them endanger data."""

from contextlib import nullcontext
from types import SimpleNamespace
from typing import Any

import pytest
from botocore.exceptions import WaiterError

from earned.testing.cloudformation import ROOT
from tools.operations.changes import NoPreview, changes, collect, parameters, preview, stays_behind
from tools.operations.protection import KEEPS_DATA, NESTED_STACK
from tools.operations.samconfig import Deployment


def resource(action: str, kind: str, name: str = "Thing", **more: str) -> dict[str, Any]:
    return {
        "Type": "Resource",
        "ResourceChange": {"Action": action, "LogicalResourceId": name, "ResourceType": kind, **more},
    }


def answer(stack: str, *found: dict[str, Any]) -> dict[str, Any]:
    return {"StackName": stack, "Changes": list(found)}


@pytest.mark.parametrize("kind", sorted(KEEPS_DATA))
@pytest.mark.parametrize(
    ("action", "more", "endangered"),
    [
        ("Modify", {"Replacement": "True"}, True),
        ("Modify", {"Replacement": "Conditional"}, True),
        ("Modify", {"Replacement": "True", "PolicyAction": "ReplaceAndRetain"}, True),
        ("Remove", {"PolicyAction": "Retain"}, True),
        ("Remove", {}, True),
        ("Dynamic", {}, True),
        ("Modify", {"Replacement": "False"}, False),
        ("Add", {}, False),
    ],
)
def test_a_replaced_or_removed_resource_that_keeps_data_endangers_it(
    kind: str, action: str, more: dict[str, str], endangered: bool
) -> None:
    [found] = changes([answer("earned-prod-Storage", resource(action, kind, **more))])
    assert found.endangers_data is endangered


@pytest.mark.parametrize("kind", ["AWS::Lambda::Function", "AWS::CloudWatch::Alarm", "AWS::IAM::Role"])
def test_a_replaced_resource_without_data_endangers_nothing(kind: str) -> None:
    [found] = changes([answer("earned-prod", resource("Modify", kind, Replacement="True"))])
    assert not found.endangers_data


def test_a_removed_nested_stack_endangers_what_it_holds() -> None:
    removed, modified = resource("Remove", NESTED_STACK), resource("Modify", NESTED_STACK, Replacement="False")
    assert [one.endangers_data for one in changes([answer("earned-prod", removed, modified)])] == [True, False]


def test_a_line_names_the_stack_the_resource_and_the_danger() -> None:
    [found] = changes([answer("Storage", resource("Modify", "AWS::S3::Bucket", "DocumentsBucket", Replacement="True"))])
    assert str(found) == "Storage: Modify DocumentsBucket (AWS::S3::Bucket), replaced  <- KEEPS DATA"


@pytest.mark.parametrize(
    ("others", "behind"),
    [
        ([], ["ServeApi"]),
        ([resource("Modify", "AWS::Lambda::Alias", "ServeApiAliaslive")], []),
        ([resource("Add", "AWS::Lambda::Alias", "ServeApiAliaslive")], []),
    ],
)
def test_a_changed_function_whose_alias_stays_on_the_version_before_is_reported(
    others: list[dict[str, Any]], behind: list[str]
) -> None:
    changed = (
        resource("Modify", "AWS::Lambda::Function", "ServeApi"),
        resource("Modify", "AWS::Lambda::Function", "Sweep"),
    )
    assert stays_behind(changes([answer("earned-prod", *changed, *others)])) == behind


class CloudFormation:
    """Change sets by id; one without an answer fails for the given reason."""

    def __init__(self, answers: dict[str, dict[str, Any]], reason: str = "") -> None:
        self.answers, self.reason = answers, reason

    def get_waiter(self, _: str) -> "CloudFormation":
        return self

    def wait(self, ChangeSetName: str) -> None:  # noqa: N803  # the argument's name in the SDK
        if ChangeSetName not in self.answers:
            raise WaiterError("ChangeSetCreateComplete", "failed", {"StatusReason": self.reason})

    def get_paginator(self, _: str) -> "CloudFormation":
        return self

    def paginate(self, ChangeSetName: str) -> list[dict[str, Any]]:  # noqa: N803 - the name in the SDK
        return [self.answers[ChangeSetName]]


def test_the_changes_of_nested_stacks_are_included_at_any_depth() -> None:
    client: Any = CloudFormation(
        {
            "root": answer("earned-prod", resource("Modify", NESTED_STACK, "Storage", ChangeSetId="storage")),
            "storage": answer("storage", resource("Modify", NESTED_STACK, "Deeper", ChangeSetId="deeper")),
            "deeper": answer("deeper", resource("Modify", "AWS::DynamoDB::Table", Replacement="True")),
        }
    )
    found = changes(list(collect(client, "root")))
    assert [one.stack for one in found] == ["earned-prod", "storage", "deeper"]
    assert [one.endangers_data for one in found] == [False, False, True]


def test_an_update_without_changes_has_none() -> None:
    client: Any = CloudFormation({}, "The submitted information didn't contain changes. Submit different information.")
    assert list(collect(client, "root")) == []


def test_a_change_set_that_fails_is_not_taken_for_no_changes() -> None:
    client: Any = CloudFormation({}, "Parameters: [Issuer] must have values")
    with pytest.raises(NoPreview, match="Issuer"):
        list(collect(client, "root"))


def test_parameters_are_those_of_samconfig_then_those_of_the_stack() -> None:
    deployment = Deployment("earned-prod", {"Stage": "prod", "Forgotten": "1"}, {})
    assert parameters(deployment, {"Stage", "Issuer", "Removed"}, {"Stage": {}, "Issuer": {}, "New": {}}) == [
        {"ParameterKey": "Stage", "ParameterValue": "prod"},
        {"ParameterKey": "Issuer", "UsePreviousValue": True},
    ]


class Recorder(CloudFormation):
    """Keeps what it is asked to create and to delete."""

    def __init__(self, answers: dict[str, dict[str, Any]]) -> None:
        super().__init__(answers)
        self.meta = SimpleNamespace(region_name="eu-central-1")
        self.created: dict[str, Any] = {}
        self.deleted: list[str] = []

    def describe_stacks(self, StackName: str) -> dict[str, Any]:  # noqa: N803  # the argument's name in the SDK
        assert StackName == "earned-prod"
        return {"Stacks": [{"Parameters": [{"ParameterKey": "Stage", "ParameterValue": "prod"}]}]}

    def create_change_set(self, **asked: Any) -> dict[str, str]:
        self.created = asked
        return {"Id": "root"}

    def delete_change_set(self, ChangeSetName: str) -> None:  # noqa: N803  # the argument's name in the SDK
        self.deleted.append(ChangeSetName)


@pytest.mark.parametrize("answers", [{"root": answer("earned-prod", resource("Add", "AWS::IAM::Role"))}, {}])
def test_a_preview_asks_for_the_nested_stacks_and_leaves_no_change_set(answers: dict[str, dict[str, Any]]) -> None:
    client: Any = Recorder(answers)
    deployment = Deployment("earned-prod", {"PaperSize": "letter"}, {"Service": "earned"})
    with nullcontext() if answers else pytest.raises(NoPreview):
        preview(client, deployment, ROOT / "template.yaml", lambda template, region: f"{template.name} in {region}")
    asked = client.created
    assert (asked["StackName"], asked["TemplateBody"]) == ("earned-prod", "template.yaml in eu-central-1")
    assert asked["IncludeNestedStacks"] is True
    assert asked["Parameters"] == [
        {"ParameterKey": "PaperSize", "ParameterValue": "letter"},
        {"ParameterKey": "Stage", "UsePreviousValue": True},
    ]
    assert asked["Tags"] == [{"Key": "Service", "Value": "earned"}]
    assert client.deleted == ["root"]

"""Previews an update of a stack and its nested stacks, and finds the changes that endanger data."""

import os
import subprocess
import tempfile
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from botocore.exceptions import WaiterError

from earned.testing.cloudformation import read_template, resources
from tools.operations.protection import KEEPS_DATA, NESTED_STACK
from tools.operations.samconfig import Deployment

if TYPE_CHECKING:
    from mypy_boto3_cloudformation import CloudFormationClient

SAM = Path(__file__).resolve().parents[2] / ".venv" / "sam" / "bin" / "sam"
Answer = Mapping[str, Any]  # of DescribeChangeSet
FUNCTIONS_WITH_ALIAS = [
    name for name, one in resources("AWS::Serverless::Function").items() if "AutoPublishAlias" in one
]
NOTHING_TO_CHANGE = ("didn't contain changes", "No updates are to be performed")


class NoPreview(Exception):
    """CloudFormation or sam refused; the message says why."""


@dataclass(frozen=True)
class Change:
    """A change of a resource; `replacement` is True, False or Conditional, as CloudFormation writes it."""

    stack: str
    action: str
    resource: str
    kind: str
    replacement: str
    endangers_data: bool

    def __str__(self) -> str:
        replaced = {"True": ", replaced", "Conditional": ", possibly replaced"}.get(self.replacement, "")
        warning = "  <- KEEPS DATA" if self.endangers_data else ""
        return f"{self.stack}: {self.action} {self.resource} ({self.kind}){replaced}{warning}"


def changes(answers: Sequence[Answer]) -> list[Change]:
    """The changes of every stack, from the answers about the root change set and the nested ones."""
    return [
        _change(answer["StackName"], one["ResourceChange"])
        for answer in answers
        for one in answer.get("Changes", [])
        if one.get("Type", "Resource") == "Resource"
    ]


def _change(stack: str, found: Answer) -> Change:
    replacement = found.get("Replacement", "False")
    lost = found["Action"] in {"Remove", "Dynamic"} or replacement != "False" or found.get("PolicyAction") is not None
    return Change(
        stack=stack,
        action=found["Action"],
        resource=found["LogicalResourceId"],
        kind=found["ResourceType"],
        replacement=replacement,
        endangers_data=lost and found["ResourceType"] in KEEPS_DATA | {NESTED_STACK},
    )


def stays_behind(found: Sequence[Change]) -> list[str]:
    """The functions that change while their alias stays on the version before."""
    changed = [one.resource for one in found if one.kind == "AWS::Lambda::Function" and one.action == "Modify"]
    aliases = [one.resource for one in found if one.kind == "AWS::Lambda::Alias"]
    unchanged_alias = (
        name for name in FUNCTIONS_WITH_ALIAS if not any(one.startswith(f"{name}Alias") for one in aliases)
    )
    return [name for name in unchanged_alias if name in changed]


def _packaged(template: Path, region: str) -> str:
    """The template after `sam package` has uploaded the code and the nested templates."""
    with tempfile.TemporaryDirectory() as folder:
        packaged = Path(folder) / "packaged.yaml"
        order = [str(SAM), "package", "--template-file", str(template), "--resolve-s3", "--region", region]
        order += ["--output-template-file", str(packaged)]
        quiet = os.environ | {"SAM_CLI_TELEMETRY": "0"}
        done = subprocess.run(order, env=quiet, capture_output=True, text=True, check=False)  # noqa: S603  # sam, with arguments of our own
        if done.returncode:
            raise NoPreview(f"sam package failed: {done.stderr[-2000:]}")
        return packaged.read_text("utf-8")


def preview(
    cloudformation: "CloudFormationClient",
    deployment: Deployment,
    template: Path,
    package: Callable[[Path, str], str] = _packaged,
) -> list[Change]:
    """Create a change set that includes the nested stacks, read it and delete it; raises `NoPreview`."""
    [stack] = cloudformation.describe_stacks(StackName=deployment.stack)["Stacks"]
    previous = {one["ParameterKey"] for one in stack.get("Parameters", [])}
    created = cloudformation.create_change_set(
        StackName=deployment.stack,
        ChangeSetName=f"preview-{time.time_ns() // 10**6}",
        TemplateBody=package(template, str(cloudformation.meta.region_name)),
        IncludeNestedStacks=True,
        Capabilities=["CAPABILITY_IAM", "CAPABILITY_AUTO_EXPAND"],
        Parameters=parameters(deployment, previous, read_template(template)["Parameters"]),  # type: ignore[arg-type]  # plain dicts
        Tags=[{"Key": key, "Value": value} for key, value in deployment.tags.items()],
    )
    try:
        return changes(list(collect(cloudformation, created["Id"])))
    finally:
        cloudformation.delete_change_set(ChangeSetName=created["Id"])


def parameters(deployment: Deployment, previous: set[str], declared: Mapping[str, Any]) -> list[dict[str, Any]]:
    """The parameters as `sam deploy` gives them: those of samconfig.toml, then those of the stack, then defaults."""
    configured = {name: value for name, value in deployment.overrides.items() if name in declared}
    kept = (previous & declared.keys()) - configured.keys()
    return [
        *({"ParameterKey": name, "ParameterValue": value} for name, value in sorted(configured.items())),
        *({"ParameterKey": name, "UsePreviousValue": True} for name in sorted(kept)),
    ]


def collect(cloudformation: "CloudFormationClient", change_set: str) -> Iterator[Answer]:
    """The answers about a change set, once it is complete, and about those nested in it; raises `NoPreview`."""
    try:
        cloudformation.get_waiter("change_set_create_complete").wait(ChangeSetName=change_set)
    except WaiterError as failure:
        reason = str(failure.last_response.get("StatusReason", failure))
        if not any(text in reason for text in NOTHING_TO_CHANGE):
            raise NoPreview(f"CloudFormation made no change set: {reason}") from None
        return
    for page in cloudformation.get_paginator("describe_change_set").paginate(ChangeSetName=change_set):
        yield page
        for one in page["Changes"]:
            if nested := one.get("ResourceChange", {}).get("ChangeSetId"):
                yield from collect(cloudformation, nested)

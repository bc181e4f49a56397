"""The queues of a stack on AWS or this machine, and its erasure role."""

import os
import re
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from types import MappingProxyType
from typing import TYPE_CHECKING, Any, Self

import boto3
from botocore.config import Config
from botocore.exceptions import ClientError

if TYPE_CHECKING:
    from botocore.credentials import Credentials
    from mypy_boto3_cloudformation import CloudFormationClient
    from mypy_boto3_events import EventBridgeClient
    from mypy_boto3_lambda import LambdaClient
    from mypy_boto3_sqs import SQSClient

    from tools.local import stack as local

DEAD_LETTER_OUTPUT = "DeadLetterQueueUrl"
# Ctrl-C waits for the request in flight.
SHORT_TIMEOUTS = Config(connect_timeout=5, read_timeout=10)


class NoStack(Exception):
    """There is no such stack or queue; the message says what to do."""


@dataclass(frozen=True)
class Pair:
    """A queue and its dead-letter queue; both are URLs, `name` is the operator's name for the queue."""

    name: str
    source: str
    dead_letters: str


@dataclass(frozen=True)
class DeployedStack:
    """A stack's queues, with a client for them; `reached_by` are the environment variables that point the SDK to it."""

    sqs: "SQSClient"
    pairs: Mapping[str, Pair]
    outputs: Mapping[str, str] = field(default_factory=dict)
    reached_by: Mapping[str, str] = field(default_factory=dict)

    @classmethod
    def on_aws(cls, name: str) -> Self:
        """The stack with this name in the account and region of the AWS settings; raises `NoStack`."""
        adopt_region()
        outputs = outputs_of(boto3.client("cloudformation"), name)
        return cls(boto3.client("sqs", config=SHORT_TIMEOUTS), pairs_of(outputs), outputs)

    @classmethod
    def on_this_machine(cls) -> Self:
        """The stack of `make serve`, or the one that the file EARNED_STACK describes; raises `NoStack`."""
        from tools.local import stack  # noqa: PLC0415 - only local stacks need it

        file = Path(os.environ.get("EARNED_STACK") or stack.SERVE_FILE)
        if not file.exists():
            raise NoStack(f"No local stack is running ({file} is missing): start one with `make serve`.")
        stack.isolate()
        return cls.described(stack.LocalStack.read(file))

    @classmethod
    def described(cls, running: "local.LocalStack") -> Self:
        session = running.session()
        sqs = session.client("sqs", endpoint_url=running.aws_endpoint, config=SHORT_TIMEOUTS)
        reached_by = {"AWS_ENDPOINT_URL": running.aws_endpoint, "AWS_DEFAULT_REGION": running.region}
        return cls(sqs, pairs_of(running.outputs), running.outputs, reached_by | _variables(session.get_credentials()))

    def named(self, name: str | None) -> list[Pair]:
        """The pair with this name, or all pairs; raises `NoStack`."""
        if name is None:
            return list(self.pairs.values())
        if name not in self.pairs:
            raise NoStack(f"There is no queue {name!r}: the stack has {', '.join(self.pairs)}.")
        return [self.pairs[name]]

    def client(self, service: str) -> Any:
        with _environment(self.reached_by):
            return boto3.Session().client(service)  # type: ignore[call-overload]  # the name is not a literal

    def queue_arn(self, url: str) -> str:
        return self.sqs.get_queue_attributes(QueueUrl=url, AttributeNames=["QueueArn"])["Attributes"]["QueueArn"]

    def events(self) -> "EventBridgeClient":
        with _environment(self.reached_by):
            return boto3.Session().client("events")

    def lambdas(self, config: Config) -> "LambdaClient":
        with _environment(self.reached_by):
            return boto3.Session().client("lambda", config=config)

    def cloudformation(self) -> "CloudFormationClient":
        with _environment(self.reached_by):
            return boto3.Session().client("cloudformation")

    @contextmanager
    def as_redriver(self) -> Iterator["SQSClient"]:
        """A client of the role that may send to the portal's queues besides the portal, if the stack has that role."""
        if "RedriveRoleArn" not in self.outputs:
            yield self.sqs
            return
        with self._assumed("RedriveRoleArn", "redrive"):
            yield boto3.Session().client("sqs", config=SHORT_TIMEOUTS)

    @contextmanager
    def as_operator(self) -> Iterator[None]:
        """Use the operator's own permissions for the SDK clients that are made inside the block."""
        with _environment(self.reached_by):
            yield

    @contextmanager
    def as_eraser(self, mfa: str = "", code: str = "") -> Iterator[None]:
        """Assume the erasure role for the SDK clients that are made inside the block; raises `NoStack`.

        `mfa` is the ARN of the operator's MFA device, `code` what it shows.
        """
        with self._assumed("ErasureRoleArn", "erase", {"SerialNumber": mfa, "TokenCode": code} if mfa else {}):
            yield

    @contextmanager
    def _assumed(self, output: str, session: str, mfa: Mapping[str, str] = MappingProxyType({})) -> Iterator[None]:
        if output not in self.outputs:
            raise NoStack(f"This stack has no role to {session} (output {output}): deploy the current template first.")
        with _environment(self.reached_by):
            sts = boto3.Session().client("sts")
            role = sts.assume_role(RoleArn=self.outputs[output], RoleSessionName=session, **mfa)["Credentials"]
        taken_on = {
            "AWS_ACCESS_KEY_ID": role["AccessKeyId"],
            "AWS_SECRET_ACCESS_KEY": role["SecretAccessKey"],
            "AWS_SESSION_TOKEN": role["SessionToken"],
        }
        with _environment({**self.reached_by, **taken_on}):
            yield


def outputs_of(cloudformation: "CloudFormationClient", stack: str) -> dict[str, str]:
    """The outputs of a stack in the client's region; raises `NoStack`."""
    try:
        [described] = cloudformation.describe_stacks(StackName=stack)["Stacks"]
    except ClientError as error:
        if error.response["Error"]["Code"] != "ValidationError":
            raise
        where = cloudformation.meta.region_name
        raise NoStack(f"There is no stack {stack!r} in {where}: check its name, AWS_PROFILE and AWS_REGION.") from None
    return {output["OutputKey"]: output["OutputValue"] for output in described.get("Outputs", [])}


def adopt_region() -> None:
    """Let AWS_REGION name the region, as in Lambda and other SDKs; botocore reads AWS_DEFAULT_REGION alone."""
    if "AWS_REGION" in os.environ:
        os.environ["AWS_DEFAULT_REGION"] = os.environ["AWS_REGION"]


@contextmanager
def _environment(variables: Mapping[str, str]) -> Iterator[None]:
    """Set environment variables for the duration of the block: PynamoDB takes credentials from nowhere else."""
    before = {name: os.environ.get(name) for name in variables}
    os.environ.update(variables)
    try:
        yield
    finally:
        for name, value in before.items():
            os.environ.pop(name, None)
            os.environ.update({name: value} if value is not None else {})


def _variables(credentials: "Credentials | None") -> dict[str, str]:
    if credentials is None:
        return {}
    return {"AWS_ACCESS_KEY_ID": credentials.access_key, "AWS_SECRET_ACCESS_KEY": credentials.secret_key}


def pairs_of(outputs: Mapping[str, str]) -> dict[str, Pair]:
    """The queues among a stack's outputs, by name: `<Name>QueueUrl` with `<Name>DeadLetterQueueUrl`."""
    names = sorted(key.removesuffix(DEAD_LETTER_OUTPUT) for key in outputs if key.endswith(DEAD_LETTER_OUTPUT))
    missing = [f"{name}QueueUrl" for name in names if f"{name}QueueUrl" not in outputs]
    if missing or not names:
        raise NoStack(
            f"This is no stack of Earned: it lacks the output {', '.join(missing) or f'<Name>{DEAD_LETTER_OUTPUT}'}."
        )
    return {
        _words(name): Pair(_words(name), outputs[f"{name}QueueUrl"], outputs[f"{name}{DEAD_LETTER_OUTPUT}"])
        for name in names
    }


def _words(name: str) -> str:
    return re.sub(r"(?<!^)(?=[A-Z])", "-", name).lower()

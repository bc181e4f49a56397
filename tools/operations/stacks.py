"""What a stack has, on AWS or on this machine: its queues, and the role that may erase."""

import os
import re
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Self

import boto3
from botocore.config import Config
from botocore.exceptions import ClientError

if TYPE_CHECKING:
    from botocore.credentials import Credentials
    from mypy_boto3_sqs import SQSClient

    from tools.local import stack as local

KEPT = "DeadLetterQueueUrl"
# Ctrl-C waits for the request under way.
PATIENCE = Config(connect_timeout=5, read_timeout=10)


class NoStack(Exception):
    """There is no such stack, or no such queue in it; the message says what to do."""


@dataclass(frozen=True)
class Pair:
    """A queue and its dead-letter queue; both are URLs, `name` is how an operator calls them."""

    name: str
    source: str
    dead_letters: str


@dataclass(frozen=True)
class DeployedStack:
    """A stack's queues and a client that reaches them; `reached_by` are the variables by which AWS's SDK reaches it."""

    sqs: "SQSClient"
    pairs: Mapping[str, Pair]
    outputs: Mapping[str, str] = field(default_factory=dict)
    reached_by: Mapping[str, str] = field(default_factory=dict)

    @classmethod
    def on_aws(cls, name: str) -> Self:
        """The deployed stack of this name in the account and region of the usual AWS settings; raises `NoStack`."""
        try:
            [described] = boto3.client("cloudformation").describe_stacks(StackName=name)["Stacks"]
        except ClientError as error:
            if error.response["Error"]["Code"] != "ValidationError":
                raise
            raise NoStack(f"There is no stack {name!r} here: check --stack, AWS_PROFILE and AWS_REGION.") from None
        outputs = {output["OutputKey"]: output["OutputValue"] for output in described.get("Outputs", [])}
        return cls(boto3.client("sqs", config=PATIENCE), pairs_of(outputs), outputs)

    @classmethod
    def on_this_machine(cls) -> Self:
        """The stack that `make serve` started, or that the file EARNED_STACK describes; raises `NoStack`."""
        from tools.local import stack  # noqa: PLC0415 - nothing on AWS needs the local stack

        file = Path(os.environ.get("EARNED_STACK") or stack.SERVE_FILE)
        if not file.exists():
            raise NoStack(f"No local stack is running ({file} is missing): start one with `make serve`.")
        stack.isolate()
        return cls.described(stack.LocalStack.read(file))

    @classmethod
    def described(cls, running: "local.LocalStack") -> Self:
        """The stack that `out/serve.json` describes."""
        session = running.session()
        sqs = session.client("sqs", endpoint_url=running.aws_endpoint, config=PATIENCE)
        reached_by = {"AWS_ENDPOINT_URL": running.aws_endpoint, "AWS_DEFAULT_REGION": running.region}
        return cls(sqs, pairs_of(running.outputs), running.outputs, reached_by | _variables(session.get_credentials()))

    def named(self, name: str | None) -> list[Pair]:
        """The pair of this name, or all; raises `NoStack`."""
        if name is None:
            return list(self.pairs.values())
        if name not in self.pairs:
            raise NoStack(f"There is no queue {name!r}: the stack has {', '.join(self.pairs)}.")
        return [self.pairs[name]]

    @contextmanager
    def as_eraser(self) -> Iterator[None]:
        """Take on the role that alone may erase, for the SDK's clients that are made inside; raises `NoStack`."""
        if "ErasureRoleArn" not in self.outputs:
            raise NoStack(
                "This stack has no role that may erase (output ErasureRoleArn): deploy today's template first."
            )
        with _environment(self.reached_by):
            sts = boto3.Session().client("sts")
            role = sts.assume_role(RoleArn=self.outputs["ErasureRoleArn"], RoleSessionName="erase")["Credentials"]
        taken_on = {
            "AWS_ACCESS_KEY_ID": role["AccessKeyId"],
            "AWS_SECRET_ACCESS_KEY": role["SecretAccessKey"],
            "AWS_SESSION_TOKEN": role["SessionToken"],
        }
        with _environment({**self.reached_by, **taken_on}):
            yield


@contextmanager
def _environment(variables: Mapping[str, str]) -> Iterator[None]:
    """Environment variables for the duration of the block: PynamoDB takes its credentials from nowhere else."""
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
    names = sorted(key.removesuffix(KEPT) for key in outputs if key.endswith(KEPT))
    missing = [f"{name}QueueUrl" for name in names if f"{name}QueueUrl" not in outputs]
    if missing or not names:
        raise NoStack(f"This is no stack of Earned: it lacks the output {', '.join(missing) or f'<Name>{KEPT}'}.")
    return {_words(name): Pair(_words(name), outputs[f"{name}QueueUrl"], outputs[f"{name}{KEPT}"]) for name in names}


def _words(name: str) -> str:
    return re.sub(r"(?<!^)(?=[A-Z])", "-", name).lower()

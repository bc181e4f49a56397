"""Which queues a stack has, on AWS or on this machine."""

import os
import re
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Self

import boto3
from botocore.config import Config
from botocore.exceptions import ClientError

if TYPE_CHECKING:
    from mypy_boto3_sqs import SQSClient

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
class Stack:
    """A stack's queues and a client that reaches them."""

    sqs: "SQSClient"
    pairs: Mapping[str, Pair]

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
        return cls(boto3.client("sqs", config=PATIENCE), pairs_of(outputs))

    @classmethod
    def on_this_machine(cls) -> Self:
        """The stack that `make serve` started, or that the file EARNED_STACK describes; raises `NoStack`."""
        from local import stack  # noqa: PLC0415 - nothing on AWS needs the local stack

        described = Path(os.environ.get("EARNED_STACK") or stack.SERVE_FILE)
        if not described.exists():
            raise NoStack(f"No local stack is running ({described} is missing): start one with `make serve`.")
        stack.isolate()
        running = stack.Stack.read(described)
        return cls(
            running.session().client("sqs", endpoint_url=running.aws_endpoint, config=PATIENCE),
            pairs_of(running.outputs),
        )

    def named(self, name: str | None) -> list[Pair]:
        """The pair of this name, or all; raises `NoStack`."""
        if name is None:
            return list(self.pairs.values())
        if name not in self.pairs:
            raise NoStack(f"There is no queue {name!r}: the stack has {', '.join(self.pairs)}.")
        return [self.pairs[name]]


def pairs_of(outputs: Mapping[str, str]) -> dict[str, Pair]:
    """The queues among a stack's outputs, by name: `<Name>QueueUrl` with `<Name>DeadLetterQueueUrl`."""
    names = sorted(key.removesuffix(KEPT) for key in outputs if key.endswith(KEPT))
    missing = [f"{name}QueueUrl" for name in names if f"{name}QueueUrl" not in outputs]
    if missing or not names:
        raise NoStack(f"This is no stack of Earned: it lacks the output {', '.join(missing) or f'<Name>{KEPT}'}.")
    return {_words(name): Pair(_words(name), outputs[f"{name}QueueUrl"], outputs[f"{name}{KEPT}"]) for name in names}


def _words(name: str) -> str:
    return re.sub(r"(?<!^)(?=[A-Z])", "-", name).lower()

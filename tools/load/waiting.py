"""Waits until a stack has processed its messages."""

import time
from collections.abc import Iterable

from tools.local.portal import Queues
from tools.local.stack import LocalStack

QUIET_POLLS = 3  # in a row, until a queue counts as empty
POLL_SECONDS = 0.5
TIMEOUT_SECONDS = 120  # without a processed message


class NoProgress(Exception):
    """Messages wait and none was processed for a long time."""


def queues(stack: LocalStack) -> dict[str, str]:
    """The addresses of the queues that functions read, by name."""
    return {
        name.removesuffix("QueueUrl").lower(): url
        for name, url in stack.outputs.items()
        if name.endswith("QueueUrl") and "DeadLetter" not in name
    }


def dead_letters(stack: LocalStack) -> int:
    urls = [url for name, url in stack.outputs.items() if name.endswith("DeadLetterQueueUrl")]
    return Queues(stack).waiting(urls)


def stop_sweep(stack: LocalStack) -> None:
    """The emulator sorts the whole table for each page of a scan, and does nothing else meanwhile."""
    events = stack.session().client("events", endpoint_url=stack.aws_endpoint)
    for rule in events.list_rules()["Rules"]:
        if "Sweep" in rule["Name"]:
            events.disable_rule(Name=rule["Name"])


def settle(portal: Queues, urls: Iterable[str]) -> None:
    """Wait until no message waits; raises `NoProgress`."""
    quiet, before, moved, urls = 0, 0, time.monotonic(), list(urls)
    while quiet < QUIET_POLLS:
        waiting = portal.waiting(urls)
        quiet = quiet + 1 if waiting == 0 else 0
        if waiting != before:
            before, moved = waiting, time.monotonic()
        if waiting and time.monotonic() - moved > TIMEOUT_SECONDS:
            raise NoProgress(f"{waiting} messages wait, and none was processed for {TIMEOUT_SECONDS} s")
        time.sleep(POLL_SECONDS)

"""The functions and queues as the templates configure them, and the sandboxes of the functions."""

import importlib
import os
import time
from dataclasses import dataclass
from typing import Any
from unittest.mock import patch

from earned.document.signatures import SigningKey
from earned.testing import cloudformation
from earned.testing.handlers import Options, compose
from tests.simulation.clock import SECOND
from tests.simulation.services import wire
from tests.simulation.services.dynamodb import Table
from tests.simulation.services.sqs import Queue

RECORDS, ACCESS, SUPPORT = "records", "access", "support"
DOCUMENTS, ASSETS, EXPORTS = "documents", "assets", "exports"


@dataclass(frozen=True)
class Function:
    """A function: its timeout, and the queue, batch size and window (milliseconds) of its event source."""

    name: str
    timeout: int
    queue: str = ""
    batch_size: int = 0
    window: int = 0


def _function(one: cloudformation.Function) -> Function:
    if one.source is None:
        return Function(one.name, one.timeout * SECOND)
    queue = one.source.queue.removesuffix("Queue")
    return Function(one.name, one.timeout * SECOND, queue, one.source.batch_size, one.source.window * SECOND)


FUNCTIONS = {one.name: _function(one) for one in cloudformation.functions().values()}
QUEUES = tuple(function.queue for function in FUNCTIONS.values() if function.queue)
BY_QUEUE = {function.queue: function for function in FUNCTIONS.values() if function.queue}


def url(queue: str) -> str:
    """The URL of a queue, such as `Directory`, or of its dead-letter queue, such as `DirectoryDeadLetter`."""
    return f"https://sqs.eu-west-1.amazonaws.com/123456789012/{queue}"


def queues() -> dict[str, Queue]:
    """Empty queues by URL, with the times and counts of the template."""
    made: dict[str, Queue] = {}
    for logical_id, one in cloudformation.queues().items():
        name, visibility = logical_id.removesuffix("Queue"), one.visibility_timeout * SECOND
        if name in QUEUES:
            dead = made[url(f"{name}DeadLetter")] = Queue(f"{name}DeadLetter", visibility)
            made[url(name)] = Queue(name, visibility, dead, one.max_receive_count)
    return made


def tables() -> dict[str, Table]:
    """Empty tables by name, with the keys and indexes of the template."""
    found = cloudformation.tables()
    names = {RECORDS: "RecordsTable", ACCESS: "AccessLogTable", SUPPORT: "SupportTable"}
    return {name: Table(found[one].key, dict(found[one].indexes)) for name, one in names.items()}


def _values() -> dict[str, str]:
    """What the variables of the functions refer to."""
    queue_urls = {
        f"Queues.Outputs.{queue}{kind}QueueUrl": url(f"{queue}{kind}")
        for queue in QUEUES
        for kind in ("", "DeadLetter")
    }
    tables = {"RecordsTable": RECORDS, "AccessLogTable": ACCESS, "SupportTable": SUPPORT}
    buckets = {"DocumentsBucket": DOCUMENTS, "AssetsBucket": ASSETS, "ExportsBucket": EXPORTS}
    stored = {f"Storage.Outputs.{name}Name": value for name, value in (tables | buckets).items()}
    secrets = {f"Signing.Outputs.{use}KeyArn": f"{use.lower()}-key" for use in ("Certificate", "Status")}
    named = {"AWS::StackName": "earned", "Bus": "announcements"}
    return cloudformation.parameters() | queue_urls | stored | secrets | named


def _imported() -> dict[str, Any]:
    """The modules of the functions by name, each imported with its environment and clients that reach no network."""
    for name in [name for name in os.environ if name.startswith("AWS_")]:
        del os.environ[name]
    os.environ |= {
        "AWS_ACCESS_KEY_ID": "testing",
        "AWS_SECRET_ACCESS_KEY": "testing",
        "AWS_DEFAULT_REGION": "eu-west-1",
        "POWERTOOLS_METRICS_DISABLED": "true",
    }
    wire.install()
    modules: dict[str, Any] = {}
    for one in cloudformation.functions().values():
        with patch.dict(os.environ, cloudformation.environment_here(one.variables, _values())):
            modules[one.name] = importlib.import_module(f"functions.{one.name}.app")
    return modules


APPS = _imported()
SMALL_PAGES = {
    "keys_per_page": 2,
    "items_per_page": 2,
    "enrollments_per_message": 1,
    "events_per_page": 1,
    "messages_per_batch": 2,
}


class OneKey:
    """The same signing key in every sandbox, without Secrets Manager."""

    def __init__(self) -> None:
        self._key = SigningKey("simulated")

    def current(self) -> SigningKey:
        return self._key


class Sandbox:
    """One process of a function with its caches; its clock is wrong by `skew` milliseconds."""

    def __init__(self, function: str, deployment: int, skew: int, options: Options) -> None:
        self.function, self.deployment, self.skew = function, deployment, skew
        self._handler = compose(function, APPS[function], options) if function in APPS else None

    def handle(self, event: dict[str, Any], context: Any) -> Any:
        assert self._handler is not None, f"{self.function} handles no events"
        return self._handler(event, context)


def options(design: Any, *, small_pages: bool) -> Options:
    """The deployed values or, with `small_pages`, sizes that a few enrollments exceed."""
    sizes: dict[str, Any] = SMALL_PAGES if small_pages else {}
    return Options(design=design, monotonic=_monotonic, keys=OneKey(), **sizes)


def _monotonic() -> float:
    return time.monotonic()  # looked up at each call, because the virtual clock replaces it

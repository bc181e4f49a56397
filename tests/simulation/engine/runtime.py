"""The functions and queues as the templates configure them, and the sandboxes of the functions."""

import importlib
import os
import time
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Any

import yaml

from tests.simulation.clock import SECOND
from tests.simulation.services import wire
from tests.simulation.services.dynamodb import Table
from tests.simulation.services.sqs import Queue
from tools.in_process.handlers import Options, compose

ROOT = Path(__file__).resolve().parents[3]
QUEUES = ("Directory", "Progress", "Attendance", "Evaluation", "Generation", "Export")
RECORDS, ACCESS, SUPPORT = "records", "access", "support"
DOCUMENTS, ASSETS, EXPORTS = "documents", "assets", "exports"


class _Template(yaml.SafeLoader):
    """YAML whose CloudFormation tags are read as (tag, value)."""


def _tagged(loader: yaml.SafeLoader, tag: str, node: yaml.Node) -> Any:
    if isinstance(node, yaml.ScalarNode):
        return tag, loader.construct_scalar(node)
    if isinstance(node, yaml.SequenceNode):
        return tag, loader.construct_sequence(node, deep=True)
    assert isinstance(node, yaml.MappingNode)
    return tag, loader.construct_mapping(node, deep=True)


_Template.add_multi_constructor("!", _tagged)


def _template(path: str) -> dict[str, Any]:
    read: dict[str, Any] = yaml.load((ROOT / path).read_text(), _Template)  # a safe loader with our tags
    return read


@dataclass(frozen=True)
class Function:
    """A function: its timeout, and the queue, batch size and window (milliseconds) of its event source."""

    name: str
    timeout: int
    queue: str = ""
    batch_size: int = 0
    window: int = 0


def _functions() -> dict[str, Function]:
    template, found = _template("template.yaml"), {}
    for resource in template["Resources"].values():
        if resource["Type"] != "AWS::Serverless::Function":
            continue
        properties = resource["Properties"]
        name = properties["CodeUri"].removeprefix("functions/")
        timeout = properties.get("Timeout", template["Globals"]["Function"]["Timeout"]) * SECOND
        source: dict[str, Any] = next(
            ({"queue": q} | e["Properties"] for q, e in properties.get("Events", {}).items() if e["Type"] == "SQS"), {}
        )
        window = source.get("MaximumBatchingWindowInSeconds", 0) * SECOND
        found[name] = Function(name, timeout, source.get("queue", ""), source.get("BatchSize", 0), window)
    return found


FUNCTIONS = _functions()
BY_QUEUE = {function.queue: function for function in FUNCTIONS.values() if function.queue}


def url(queue: str) -> str:
    """The URL of a queue, such as `Directory`, or of its dead-letter queue, such as `DirectoryDeadLetter`."""
    return f"https://sqs.eu-west-1.amazonaws.com/123456789012/{queue}"


def queues() -> dict[str, Queue]:
    """Empty queues by URL, with the times and counts of the template."""
    template, made = _template_of_queues(), {}
    for name in QUEUES:
        properties = template["Resources"][f"{name}Queue"]["Properties"]
        visibility = template["Parameters"][properties["VisibilityTimeout"][1]]["Default"] * SECOND
        dead = made[url(f"{name}DeadLetter")] = Queue(f"{name}DeadLetter", visibility)
        max_receives = properties["RedrivePolicy"]["maxReceiveCount"]
        made[url(name)] = Queue(name, visibility, dead, max_receives)
    return made


@lru_cache(maxsize=1)
def _template_of_queues() -> dict[str, Any]:
    return _template("infra/queues.yaml")


@lru_cache(maxsize=1)
def _template_of_storage() -> dict[str, Any]:
    return _template("infra/storage.yaml")


def tables() -> dict[str, Table]:
    """Empty tables by name, with the keys and indexes of the template."""
    resources = _template_of_storage()["Resources"]
    names = {RECORDS: "RecordsTable", ACCESS: "AccessLogTable", SUPPORT: "SupportTable"}
    return {name: _table(resources[resource]["Properties"]) for name, resource in names.items()}


def _table(properties: dict[str, Any]) -> Table:
    indexes = properties.get("GlobalSecondaryIndexes", [])
    return Table(_schema(properties), {index["IndexName"]: _schema(index) for index in indexes})


def _schema(properties: dict[str, Any]) -> tuple[str, ...]:
    return tuple(key["AttributeName"] for key in properties["KeySchema"])


def _environment(function: Function) -> dict[str, str]:
    return {
        "RECORDS_TABLE": RECORDS,
        "SUPPORT_TABLE": SUPPORT,
        "ACCESS_LOG_TABLE": ACCESS,
        "ASSETS_BUCKET": ASSETS,
        "DOCUMENTS_BUCKET": DOCUMENTS,
        "EXPORTS_BUCKET": EXPORTS,
        "EVALUATION_QUEUE_URL": url("Evaluation"),
        "GENERATION_QUEUE_URL": url("Generation"),
        "EXPORT_QUEUE_URL": url("Export"),
        "DEAD_LETTER_QUEUE_URL": url(f"{function.queue}DeadLetter"),
        "ORDER_TOLERANCE_SECONDS": str(_template("template.yaml")["Parameters"]["OrderToleranceSeconds"]["Default"]),
        "BUS_NAME": "announcements",
        "VERIFY_BASE_URL": "https://certificates.example",
        "ROLE_CLAIM": "role",
        "COMPANY_CLAIM": "company_id",
        "CLIENT_CLAIM": "client_id",
        "POWERTOOLS_SERVICE_NAME": "earned",
        "POWERTOOLS_METRICS_DISABLED": "true",
    }


def _imported() -> dict[str, Any]:
    """The modules of the functions by name, each imported with its environment and clients that reach no network."""
    for name in [name for name in os.environ if name.startswith("AWS_")]:
        del os.environ[name]
    os.environ |= {
        "AWS_ACCESS_KEY_ID": "testing",
        "AWS_SECRET_ACCESS_KEY": "testing",
        "AWS_DEFAULT_REGION": "eu-west-1",
    }
    wire.install()
    modules: dict[str, Any] = {}
    for name, function in FUNCTIONS.items():
        os.environ |= _environment(function)
        modules[name] = importlib.import_module(f"functions.{name}.app")
    return modules


APPS = _imported()
SMALL_PAGES = {
    "keys_per_page": 2,
    "records_per_page": 4,
    "enrollments_per_message": 1,
    "events_per_page": 1,
    "messages_per_batch": 2,
}


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
    return Options(design=design, monotonic=_monotonic, **sizes)


def _monotonic() -> float:
    return time.monotonic()  # looked up at each call, because the virtual clock replaces it

"""The CloudFormation templates as data.

Intrinsic functions are in their long form, as in a JSON template: `!Ref X` is {"Ref": "X"}, `!GetAtt X.Y` is
{"Fn::GetAtt": ["X", "Y"]}.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

import yaml
from samtranslator.yaml_helper import intrinsics_multi_constructor

_SHIPPED = Path(__file__).with_name("deployed")  # in a wheel; pyproject.toml says what it has
ROOT = _SHIPPED if _SHIPPED.is_dir() else Path(__file__).resolve().parents[4]
TEMPLATE = ROOT / "template.yaml"
INFRA = ROOT / "infra"
REQUIRED = {  # invented values of the parameters without a default
    "Issuer": "https://issuer.example",
    "Audience": "portal",
    "VerifyBaseUrl": "https://certificates.example",
}


class Invented(dict[str, str]):
    """Values of references; what only AWS knows has its own name as its value."""

    def __missing__(self, name: str) -> str:
        return name


@dataclass(frozen=True)
class EventSource:
    """The queue that feeds a function; `queue` is its logical id in infra/queues.yaml, `window` in seconds.

    `max_concurrency` is the number of batches at a time in production, None without a limit.
    """

    queue: str
    batch_size: int
    window: int
    max_concurrency: int | None


@dataclass(frozen=True)
class Function:
    """A function; `memory` in MB, `timeout` in seconds, `layers` are logical ids, `variables` its whole environment."""

    logical_id: str
    code_uri: str
    handler: str
    memory: int
    timeout: int
    layers: tuple[str, ...]
    variables: Mapping[str, Any]
    source: EventSource | None

    @property
    def name(self) -> str:
        """The folder under functions/, if the template is the source and not a built one."""
        return Path(self.code_uri).name


@dataclass(frozen=True)
class Queue:
    """A queue that functions consume; `visibility_timeout` in seconds."""

    visibility_timeout: int
    max_receive_count: int
    dead_letter_queue: str


@dataclass(frozen=True)
class Table:
    """A table: the attributes of its primary key, hash key first, and those of each index."""

    key: tuple[str, ...]
    indexes: Mapping[str, tuple[str, ...]]


class _Loader(yaml.CSafeLoader if yaml.__with_libyaml__ else yaml.SafeLoader):  # type: ignore[misc]  # either has the same methods
    """Reads the short forms of intrinsic functions; libyaml takes a tenth of the time."""


_Loader.add_multi_constructor("!", intrinsics_multi_constructor)


@cache
def read_template(path: Path = TEMPLATE) -> dict[str, Any]:
    """A template in its long form; callers share it and must not change it."""
    template: dict[str, Any] = yaml.load(path.read_text("utf-8"), _Loader)  # noqa: S506  # a SafeLoader
    return template


def resources(kind: str, path: Path = TEMPLATE) -> dict[str, dict[str, Any]]:
    every = read_template(path)["Resources"].items()
    return {name: resource.get("Properties", {}) for name, resource in every if resource["Type"] == kind}


def functions(path: Path = TEMPLATE) -> dict[str, Function]:
    defaults = read_template(path)["Globals"]["Function"]
    return {name: _function(name, defaults, own) for name, own in resources("AWS::Serverless::Function", path).items()}


def parameters() -> dict[str, str]:
    declared = read_template()["Parameters"].items()
    return {name: str(one["Default"]) for name, one in declared if "Default" in one} | REQUIRED


def environment(variables: Mapping[str, Any], values: Mapping[str, str]) -> dict[str, str]:
    """The variables that the template gives a function (`Function.variables`).

    `values` are what they refer to: parameters, logical ids, and outputs such as `Queues.Outputs.GenerationQueueUrl`.
    Raises `KeyError` for any other reference.
    """
    return {name: _text(value, values) for name, value in variables.items()}


def environment_here(variables: Mapping[str, Any], values: Mapping[str, str]) -> dict[str, str]:
    """As `environment`, without the paths of Lambda: a function in this process finds this machine's fonts."""
    return {name: value for name, value in environment(variables, values).items() if name != "FONTCONFIG_PATH"}


def resolved(value: Any, values: Mapping[str, str], path: Path = TEMPLATE) -> Any:
    """A value of a template with what its references stand for; raises `KeyError` for an unknown one."""
    match value:
        case {"Fn::If": [name, then, otherwise]}:
            holds = _holds(read_template(path)["Conditions"][name], values)
            return resolved(then if holds else otherwise, values, path)
        case {"Ref": _} | {"Fn::GetAtt": _} | {"Fn::Sub": _}:
            return _text(value, values)
        case dict():
            return {name: resolved(one, values, path) for name, one in value.items()}
        case list():
            return [resolved(one, values, path) for one in value]
    return value


def reserved_concurrency(*, provisioned: bool) -> int:
    own = resources("AWS::Serverless::Function").values()
    return sum(_reserved(one["ReservedConcurrentExecutions"], provisioned) for one in own)


def queues() -> dict[str, Queue]:
    path = INFRA / "queues.yaml"
    parameters = read_template(path)["Parameters"]
    return {
        name: Queue(
            visibility_timeout=parameters[queue["VisibilityTimeout"]["Ref"]]["Default"],
            max_receive_count=queue["RedrivePolicy"]["maxReceiveCount"],
            dead_letter_queue=queue["RedrivePolicy"]["deadLetterTargetArn"]["Fn::GetAtt"][0],
        )
        for name, queue in resources("AWS::SQS::Queue", path).items()
        if "RedrivePolicy" in queue
    }


def tables() -> dict[str, Table]:
    return {
        name: Table(
            key=_key(table),
            indexes={index["IndexName"]: _key(index) for index in table.get("GlobalSecondaryIndexes", [])},
        )
        for name, table in resources("AWS::DynamoDB::Table", INFRA / "storage.yaml").items()
    }


def _text(value: Any, values: Mapping[str, str]) -> str:
    match value:
        case {"Ref": name}:
            return values[name]
        case {"Fn::GetAtt": [*path]}:
            return values[".".join(path)]
        case {"Fn::Select": [int(index), {"Fn::Split": [str(separator), text]}]}:
            return _text(text, values).split(separator)[index]
        case {"Fn::Sub": str(text)}:
            return re.sub(r"\$\{([\w.:]+)\}", lambda found: values[found[1]], text)
        case str() | int():
            return str(value)
    raise ValueError(f"cannot evaluate {value}")


def _holds(condition: Any, values: Mapping[str, str]) -> bool:
    match condition:
        case {"Fn::Not": [one]}:
            return not _holds(one, values)
        case {"Fn::Equals": [one, other]}:
            return _text(one, values) == _text(other, values)
    raise ValueError(f"cannot evaluate {condition}")


def _reserved(value: Any, provisioned: bool) -> int:
    match value:
        case {"Fn::If": ["IsReserved", reserved, _]}:
            return _reserved(reserved, provisioned)
        case {"Fn::If": ["PollersAreProvisioned", many, few]}:
            return _reserved(many if provisioned else few, provisioned)
        case {"Fn::FindInMap": [name, first, second]}:
            number: int = read_template()["Mappings"][name][first][second]
            return number
    return int(value)


def _function(logical_id: str, defaults: dict[str, Any], own: dict[str, Any]) -> Function:
    layers = [*defaults.get("Layers", ()), *own.get("Layers", ())]
    sources = [event["Properties"] for event in own.get("Events", {}).values() if event["Type"] == "SQS"]
    return Function(
        logical_id=logical_id,
        code_uri=own["CodeUri"],
        handler=own.get("Handler", defaults["Handler"]),
        memory=own.get("MemorySize", defaults["MemorySize"]),
        timeout=own.get("Timeout", defaults["Timeout"]),
        layers=tuple(layer["Ref"] for layer in layers),
        variables=defaults["Environment"]["Variables"] | own.get("Environment", {}).get("Variables", {}),
        source=_event_source(sources[0]) if sources else None,
    )


def _event_source(mapping: dict[str, Any]) -> EventSource:
    _, output = mapping["Queue"]["Fn::GetAtt"]
    _, in_production, _ = mapping["ScalingConfig"]["Fn::If"] if "ScalingConfig" in mapping else (None, {}, None)
    return EventSource(
        queue=output.removeprefix("Outputs.").removesuffix("Arn"),
        batch_size=mapping["BatchSize"],
        window=mapping.get("MaximumBatchingWindowInSeconds", 0),
        max_concurrency=in_production.get("MaximumConcurrency"),
    )


def _key(table: dict[str, Any]) -> tuple[str, ...]:
    return tuple(key["AttributeName"] for key in table["KeySchema"])

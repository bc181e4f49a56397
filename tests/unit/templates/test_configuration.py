"""What is configured equals configuration.toml, which has a reason for each value."""

import json
import tomllib
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from earned.testing.cloudformation import INFRA, ROOT, read_template, resources

EXPECTED: dict[str, dict[str, tuple[str, str]]] = tomllib.loads(
    Path(__file__).with_name("configuration.toml").read_text("utf-8")
)
STACKS = sorted(INFRA.glob("*.yaml"))
Row = tuple[str, Any]


def plain(value: Any) -> str:
    """A value of a template as one text; `${Name}` stands for a reference."""
    match value:
        case {"Ref": name} | {"Fn::GetAtt": [name, *_]}:
            return f"${{{name}}}"
        case {"Fn::Sub": text}:
            return str(text)
        case {"Fn::If": [condition, then, {"Ref": "AWS::NoValue"}]}:
            return f"if {condition}: {plain(then)}"
        case {"Fn::If": [condition, then, otherwise]}:
            return f"if {condition}: {plain(then)}, else {plain(otherwise)}"
        case {"Fn::Split": [_, text]}:
            return plain(text)
        case dict():
            return ", ".join(f"{name} {plain(one)}" for name, one in value.items() if name not in {"Sid", "Id"})
        case list():
            return " ".join(plain(one) for one in value)
        case bool():
            return json.dumps(value)
    return str(value)


def parameters() -> Iterator[Row]:
    for name, one in read_template()["Parameters"].items():
        yield name, one.get("Default", "no default")


def key_policies() -> Iterator[Row]:
    for path in STACKS:
        for name, key in resources("AWS::KMS::Key", path).items():
            for statement in key["KeyPolicy"]["Statement"]:
                sid = (statement.get("Fn::If") or [None, statement])[1]["Sid"]
                yield f"{path.stem}.{name}.{sid}", statement


def keys() -> Iterator[Row]:
    for path in STACKS:
        for name, key in resources("AWS::KMS::Key", path).items():
            settings = {one: value for one, value in key.items() if one not in {"Description", "KeyPolicy"}}
            yield f"{path.stem}.{name}", settings


def throttles() -> Iterator[Row]:
    [stage] = resources("AWS::ApiGatewayV2::Stage").values()
    yield "every route", stage["DefaultRouteSettings"]
    yield from stage["RouteSettings"].items()


def schedules() -> Iterator[Row]:
    for name, function in resources("AWS::Serverless::Function").items():
        for event in function.get("Events", {}).values():
            if event["Type"] != "SQS":
                yield name, event["Properties"]
    for path in STACKS:
        for name, rule in resources("AWS::Events::Rule", path).items():
            if "ScheduleExpression" in rule:
                yield f"{path.stem}.{name}", rule["ScheduleExpression"]


def lifecycles() -> Iterator[Row]:
    for path in STACKS:
        for name, bucket in resources("AWS::S3::Bucket", path).items():
            yield f"{path.stem}.{name}", bucket.get("LifecycleConfiguration", {}).get("Rules", "for good")


def retentions() -> Iterator[Row]:
    names = "MessageRetentionPeriod", "RetentionInDays", "RetentionDays"
    found: dict[str, set[str]] = {}
    for path in [ROOT / "template.yaml", *STACKS]:
        for name, one in read_template(path)["Resources"].items():
            kept = {name: value for name, value in one.get("Properties", {}).items() if name in names}
            if kept:
                found.setdefault(_alike(path.stem, name), set()).add(plain(kept))
    for name, values in found.items():
        yield name, " and ".join(sorted(values))


def other_origins() -> Iterator[Row]:
    """What pages of other origins may send and read."""
    for path in [ROOT / "template.yaml", *STACKS]:
        for kind in ("AWS::ApiGatewayV2::Api", "AWS::S3::Bucket"):
            for name, one in resources(kind, path).items():
                yield f"{path.stem}.{name}", one.get("CorsConfiguration", "nothing")


def _alike(stack: str, name: str) -> str:
    """One name for the logs of all functions, for all queues, and for all dead-letter queues."""
    if stack == "queues":
        return "every dead-letter queue" if name.endswith("DeadLetterQueue") else "every queue"
    return "the log of every function" if stack == "roles" else f"{stack}.{name}"


def log_formats() -> Iterator[Row]:
    [stage] = resources("AWS::ApiGatewayV2::Stage").values()
    yield "ApiStage", stage["AccessLogSettings"]["Format"]
    for path in STACKS:
        for name, one in resources("AWS::S3::Bucket", path).items():
            yield f"{path.stem}.{name}", one.get("LoggingConfiguration", "no log")


def deployments() -> Iterator[Row]:
    for stage, commands in tomllib.loads((ROOT / "samconfig.toml").read_text()).items():
        if stage != "version":
            for command, settings in commands.items():
                for name, value in settings["parameters"].items():
                    yield f"{stage}.{command}.{name}", value


CONFIGURED: dict[str, Callable[[], Iterator[Row]]] = {
    "parameters": parameters,
    "key_policies": key_policies,
    "keys": keys,
    "throttles": throttles,
    "schedules": schedules,
    "lifecycles": lifecycles,
    "retentions": retentions,
    "log_formats": log_formats,
    "other_origins": other_origins,
    "deployments": deployments,
}


@pytest.mark.parametrize("subject", CONFIGURED)
def test_the_configuration_is_the_expected_one(subject: str) -> None:
    configured = {name: plain(value) for name, value in CONFIGURED[subject]()}
    assert configured == {name: value for name, (value, _reason) in EXPECTED[subject].items()}


def test_every_expected_value_has_its_reason_and_its_subject() -> None:
    assert EXPECTED.keys() == CONFIGURED.keys()
    rows = [(name, reason) for subject in EXPECTED.values() for name, (_, reason) in subject.items()]
    assert [name for name, reason in rows if len(reason) < 10] == []

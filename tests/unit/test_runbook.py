"""The runbook has an entry for every alarm, and a row for every reason, metric and environment variable."""

import ast
import importlib
import json
import re
from collections.abc import Iterator
from dataclasses import fields
from pathlib import Path
from typing import Any

import pytest

from earned.aws import metrics
from earned.aws.metrics import NAMESPACE
from earned.domain.sweep import Finding
from earned.testing.cloudformation import INFRA, TEMPLATE, read_template
from tools.operations.quarantine import FAULT

ROOT = Path(__file__).resolve().parents[2]
RUNBOOK = (ROOT / "docs" / "runbook.md").read_text()
OPERATE = (ROOT / "docs" / "operate.md").read_text()
PARTS = ("Meaning", "Diagnose", "Fix", "Resolved when")
SOURCES = [*(ROOT / "layers" / "core").rglob("*.py"), *(ROOT / "functions").rglob("*.py")]

AWS = {
    ("AWS/SQS", ("QueueName",)): {
        "ApproximateAgeOfOldestMessage",
        "ApproximateNumberOfMessagesVisible",
        "NumberOfMessagesSent",
    },
    ("AWS/Lambda", ("FunctionName",)): {"Duration", "Errors", "RecursiveInvocationsDropped", "Throttles"},
    ("AWS/DynamoDB", ("TableName",)): {"ReadThrottleEvents", "WriteThrottleEvents"},
    ("AWS/DynamoDB", ("GlobalSecondaryIndexName", "TableName")): {"ReadThrottleEvents", "WriteThrottleEvents"},
    ("AWS/DynamoDB", ("Operation", "TableName")): {"ThrottledRequests"},
    ("AWS/ApiGateway", ("ApiId", "Stage")): {"4xx", "5xx", "Count", "Latency"},  # the names of an HTTP API
}
READ_BY_LIBRARIES = {"POWERTOOLS_SERVICE_NAME", "FONTCONFIG_PATH"}
Metric = tuple[str, str, tuple[str, ...]]  # namespace, name, dimensions: together they identify a metric in CloudWatch


def entries() -> dict[str, str]:
    """The runbook's sections by anchor."""
    _, *sections = re.split(r"^## ", RUNBOOK, flags=re.MULTILINE)
    return {
        re.sub(r"[^a-z0-9-]", "", section.split("\n")[0].lower().replace(" ", "-")): section for section in sections
    }


def alarms() -> dict[str, str]:
    """Descriptions of all alarms by name, and of the rules that notify like one."""
    templates = [read_template(path) for path in [TEMPLATE, *INFRA.glob("*.yaml")]]
    return {
        name: resource["Properties"].get("AlarmDescription") or resource["Properties"].get("Description", "")
        for template in templates
        for name, resource in template["Resources"].items()
        if resource["Type"] in {"AWS::CloudWatch::Alarm", "AWS::CloudWatch::CompositeAlarm"} or name == "KeyDisabled"
    }


def reasons(tree: ast.Module) -> Iterator[str]:
    """All values of the first argument of `Rejected(…)` in a module."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id == "Rejected":
            yield from values(node.args[0], tree)


def values(node: ast.expr | None, tree: ast.Module) -> Iterator[str]:
    """The strings that an expression can be: a literal, a conditional, or the results of a function of the module."""
    match node:
        case ast.Constant(value=str(reason)):
            yield reason
        case ast.IfExp():
            yield from values(node.body, tree)
            yield from values(node.orelse, tree)
        case ast.Call(func=ast.Name(id=name)):
            [function] = [one for one in tree.body if isinstance(one, ast.FunctionDef) and one.name == name]
            for statement in ast.walk(function):
                if isinstance(statement, ast.Return):
                    yield from values(statement.value, tree)
        case _:
            raise AssertionError(f"write the reason as a literal: {ast.unparse(node) if node else node}")


def emitted() -> set[Metric]:
    """The metrics that the code emits through earned.aws.metrics; Powertools adds the dimension `service` to each."""
    return {metric for path in SOURCES for metric in metrics_in(ast.parse(path.read_text()))}


def metrics_in(tree: ast.Module) -> Iterator[Metric]:
    """The metrics of a module: `metrics.count("Name", …, dimension=…)`, `metrics.seconds(…)`, `metrics.value(…)`."""
    for node in ast.walk(tree):
        match node:
            case ast.Call(
                func=ast.Attribute(value=ast.Name(id="metrics"), attr="count" | "seconds" | "value"),
                args=[name, *_],
                keywords=dimensions,
            ):
                names = {str(keyword.arg) for keyword in dimensions}
                yield NAMESPACE, ast.literal_eval(name), tuple(sorted({"service", *names}))


def observability() -> list[dict[str, Any]]:
    """The properties of the alarms, the dashboard and the rest of their stack."""
    resources = read_template(INFRA / "observability.yaml")["Resources"]
    return [resource["Properties"] for resource in resources.values()]


def watched() -> set[Metric]:
    """The metrics that alarms are on, those that an alarm adds up included."""
    alarms = [one for one in observability() if "AlarmDescription" in one]
    parts = [part["MetricStat"]["Metric"] for one in alarms for part in one.get("Metrics", []) if "MetricStat" in part]
    return {
        (one["Namespace"], one["MetricName"], tuple(sorted(dimension["Name"] for dimension in one["Dimensions"])))
        for one in [*(one for one in alarms if "MetricName" in one), *parts]
    }


def shown() -> set[Metric]:
    """The metrics on the dashboard, including those of SEARCH expressions."""
    [body] = [one["DashboardBody"]["Fn::Sub"] for one in observability() if "DashboardBody" in one]
    found: set[Metric] = set()
    for widget in json.loads(body)["widgets"]:
        for name, *more in widget["properties"]["metrics"]:
            if isinstance(name, dict):
                [(namespace, dimensions)] = re.findall(r"SEARCH\('{(\w+),([\w,]+)}", name["expression"])
                [metric] = re.findall(r'MetricName="(\w+)"', name["expression"])
                found.add((namespace, metric, tuple(sorted(dimensions.split(",")))))
            elif name != "...":  # the metric before with another last value
                metric, *dimensions = [word for word in more if isinstance(word, str)]
                found.add((name, metric, tuple(sorted(dimensions[::2]))))
    return found


def variables() -> dict[str, set[str]]:
    """The environment variables of each function by its folder; the empty name has those of all functions."""
    template = read_template()
    functions = [
        one["Properties"] for one in template["Resources"].values() if one["Type"] == "AWS::Serverless::Function"
    ]
    given = {one["CodeUri"].removeprefix("functions/"): set(one["Environment"]["Variables"]) for one in functions}
    return {"": set(template["Globals"]["Function"]["Environment"]["Variables"]), **given}


def settings(function: str) -> set[str]:
    """The environment variables that a function reads: the fields of its settings, and of those that it imports."""
    tree = ast.parse((ROOT / "functions" / function / "app.py").read_text())
    [own] = [node for node in tree.body if isinstance(node, ast.ClassDef) and node.name == "Settings"]
    names = {ast.unparse(line.target) for line in own.body if isinstance(line, ast.AnnAssign)}
    imported = {
        alias.name: node.module for node in tree.body if isinstance(node, ast.ImportFrom) for alias in node.names
    }
    for of, read in re.findall(r"from_environment\((?:(\w+)\.)?(\w+), ", ast.unparse(tree)):
        if module := f"{imported[of]}.{of}" if of else imported.get(read):
            names |= {field.name for field in fields(getattr(importlib.import_module(module), read))}
    return {name.upper() for name in names}


def first_column(entry: str) -> list[str]:
    """The names in the first column of an entry's table."""
    rows = [row.split("|")[1] for row in entries()[entry].splitlines() if row.startswith("| `")]
    return [name for row in rows for name in re.findall(r"`(\w+)`", row)]


def test_every_alarm_names_an_entry_with_all_four_parts() -> None:
    described = alarms()
    assert described
    for name, description in described.items():
        anchor = re.search(r"docs/runbook\.md#([a-z0-9-]+)", description)
        assert anchor, f"{name} names no entry"
        entry = entries().get(anchor[1], "")
        assert [part for part in PARTS if f"**{part}.**" not in entry] == [], f"{name}: #{anchor[1]}"


def test_the_runbook_has_exactly_the_reasons_of_the_code() -> None:
    told = re.findall(r"^\| `([a-z-]+)` \|", entries()["reasons"], flags=re.MULTILINE)
    known = {reason for path in SOURCES for reason in reasons(ast.parse(path.read_text()))}
    assert len(known) > 10
    assert sorted(told) == sorted(known | {FAULT})


def test_every_link_within_the_runbook_leads_somewhere() -> None:
    assert set(re.findall(r"\]\(#([^)]+)\)", RUNBOOK)) <= set(entries())


def test_every_make_target_in_the_runbook_exists() -> None:
    named = set(re.findall(r"(?:^|`)make ([a-z-]+)", RUNBOOK, flags=re.MULTILINE))
    targets = re.findall(r"^([a-z-]+):(?!=)", (ROOT / "Makefile").read_text(), flags=re.MULTILINE)
    assert {"quarantine", "redrive", "erase"} <= named <= set(targets)


def test_every_saved_query_is_listed_for_operators_and_the_runbook_names_no_other() -> None:
    queries = [one for one in observability() if "QueryString" in one]
    saved = {one["Name"]["Fn::Sub"].removeprefix("${Service}/") for one in queries}
    listed = re.search(r"saved queries under the stack's name: ([^.]+)\.", " ".join(OPERATE.split()))
    assert listed is not None
    assert set(listed[1].split(", ")) == saved
    assert set(re.findall(r"`STACK/([^`]+)`", RUNBOOK)) <= saved


def test_an_alarm_on_a_sweep_finding_names_a_finding_that_exists() -> None:
    findings = [one["Dimensions"][-1]["Value"] for one in observability() if one.get("MetricName") == "SweepFindings"]
    assert "held" in findings
    assert set(findings) <= set(Finding)


def test_every_metric_has_the_dimension_service(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("POWERTOOLS_SERVICE_NAME", "earned-prod")
    metrics.count("CertificatesHeld", reason="does-not-fit")
    written = json.loads(capsys.readouterr().out)
    [definition] = written["_aws"]["CloudWatchMetrics"]
    assert (definition["Namespace"], sorted(definition["Dimensions"][0])) == (NAMESPACE, ["reason", "service"])
    assert written["service"] == "earned-prod"


def test_only_one_module_writes_metrics() -> None:
    writers = [path.name for path in SOURCES if "aws_lambda_powertools.metrics" in path.read_text()]
    assert writers == ["metrics.py"]


def test_alarms_and_dashboard_use_metrics_with_the_dimensions_that_aws_or_the_code_emits() -> None:
    known = emitted() | {(space, name, dimensions) for (space, dimensions), names in AWS.items() for name in names}
    assert watched() - known == set()
    assert shown() - known == set()


def test_every_metric_with_an_alarm_is_on_the_dashboard() -> None:
    assert {name for _, name, _ in watched()} - {name for _, name, _ in shown()} == set()


def test_every_alarm_reaches_the_topic() -> None:
    assert all(one["AlarmActions"] == [{"Ref": "Alarms"}] for one in observability() if "AlarmDescription" in one)


def test_the_runbook_has_exactly_the_metrics_of_the_code() -> None:
    rows = re.findall(r"^\| `(\w+)` \| (?:`(\w+)`)? ?\|", entries()["metrics"], flags=re.MULTILINE)
    told = {(NAMESPACE, name, tuple(sorted({"service", dimension} - {""}))) for name, dimension in rows}
    assert told == emitted()


def test_a_function_gets_exactly_the_variables_of_its_settings() -> None:
    given = variables()
    common = given.pop("")
    read = {function: settings(function) for function in given}
    for function, names in given.items():
        assert read[function] - names - common == set(), f"{function} lacks them"
        assert names - read[function] - READ_BY_LIBRARIES == set(), f"{function} does not read them"
    assert common - set().union(*read.values()) - READ_BY_LIBRARIES == set()


def test_every_environment_variable_is_explained() -> None:
    assert sorted(first_column("environment-variables")) == sorted(set().union(*variables().values()))

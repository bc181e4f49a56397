"""The runbook: an entry for every alarm, and what to do for every reason that an event can be refused for."""

import ast
import re
from collections.abc import Iterator
from pathlib import Path

from cfnlint.decode.cfn_yaml import load

from earned.sweeping import Finding
from operations.quarantine import FAULT

ROOT = Path(__file__).resolve().parents[2]
RUNBOOK = (ROOT / "docs" / "runbook.md").read_text()
PARTS = ("Means", "Look first", "Do", "Over when")
SOURCES = [*(ROOT / "layers" / "core").rglob("*.py"), *(ROOT / "functions").rglob("*.py")]


def entries() -> dict[str, str]:
    """The runbook's sections by the anchor that leads to them."""
    _, *sections = re.split(r"^## ", RUNBOOK, flags=re.MULTILINE)
    return {
        re.sub(r"[^a-z0-9-]", "", section.split("\n")[0].lower().replace(" ", "-")): section for section in sections
    }


def alarms() -> dict[str, str]:
    """Descriptions of all alarms by name."""
    templates = [load(str(path)) for path in [ROOT / "template.yaml", *(ROOT / "infra").glob("*.yaml")]]
    return {
        name: resource["Properties"].get("AlarmDescription", "")
        for template in templates
        for name, resource in template["Resources"].items()
        if resource["Type"] in {"AWS::CloudWatch::Alarm", "AWS::CloudWatch::CompositeAlarm"}
    }


def reasons(tree: ast.Module) -> Iterator[str]:
    """All that the first argument of a `Rejected(…)` in a module can be."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id == "Rejected":
            yield from values(node.args[0], tree)


def values(node: ast.expr | None, tree: ast.Module) -> Iterator[str]:
    """The strings that an expression can be: a literal, a choice, or what a function of the same module returns."""
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


def test_every_alarm_names_an_entry_that_says_what_it_means_and_what_to_do() -> None:
    described = alarms()
    assert described
    for name, description in described.items():
        anchor = re.search(r"docs/runbook\.md#([a-z0-9-]+)", description)
        assert anchor, f"{name} names no entry"
        entry = entries().get(anchor[1], "")
        assert [part for part in PARTS if f"**{part}.**" not in entry] == [], f"{name}: #{anchor[1]}"


def test_the_table_of_reasons_is_that_of_the_code() -> None:
    told = re.findall(r"^\| `([a-z-]+)` \|", entries()["reasons"], flags=re.MULTILINE)
    known = {reason for path in SOURCES for reason in reasons(ast.parse(path.read_text()))}
    assert len(known) > 10
    assert sorted(told) == sorted(known | {FAULT})


def test_every_link_within_the_runbook_leads_somewhere() -> None:
    assert set(re.findall(r"\]\(#([^)]+)\)", RUNBOOK)) <= set(entries())


def test_an_alarm_on_what_the_sweep_finds_is_on_something_that_it_can_find() -> None:
    template = load(str(ROOT / "infra" / "observability.yaml"))
    properties = [resource["Properties"] for resource in template["Resources"].values()]
    watched = [one["Dimensions"][0]["Value"] for one in properties if one.get("MetricName") == "SweepFindings"]
    assert "held" in watched
    assert set(watched) <= set(Finding)

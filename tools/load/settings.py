"""How the template has its queues consumed: the settings that decide the pace."""

from dataclasses import dataclass
from functools import cache
from typing import Any

from samtranslator.yaml_helper import yaml_parse

from tools.local.stack import ROOT


@dataclass(frozen=True)
class Settings:
    """Of one function in production: messages to a batch, seconds of window, batches at once, MB of memory."""

    batch: int
    window: float
    most: int
    memory: int


@dataclass(frozen=True)
class Provisioned:
    """With the parameter Pollers at `provisioned`: pollers of two queues, units a second of the table."""

    attendance: int
    generation: int
    reads: int
    writes: int


def settings() -> dict[str, Settings]:
    """Of every function that a queue feeds, by its logical id."""
    memory = _template()["Globals"]["Function"]["MemorySize"]
    return {
        name: _of(event["Properties"], resource["Properties"].get("MemorySize", memory))
        for name, resource in _template()["Resources"].items()
        for event in resource["Properties"].get("Events", {}).values()
        if event["Type"] == "SQS"
    }


def provisioned() -> Provisioned:
    """What is provisioned for those who ask for it."""
    mappings = _template()["Mappings"]
    pollers, table = mappings["Provisioned"], mappings["Table"]["provisioned"]
    return Provisioned(
        attendance=pollers["Attendance"]["Pollers"],
        generation=pollers["Generation"]["Pollers"],
        reads=table["ReadUnits"],
        writes=table["WriteUnits"],
    )


@cache
def _template() -> dict[str, Any]:
    described: dict[str, Any] = yaml_parse((ROOT / "template.yaml").read_text("utf-8"))
    return described


def _of(mapping: dict[str, Any], memory: int) -> Settings:
    _, limited, _ = mapping["ScalingConfig"]["Fn::If"]
    window = mapping.get("MaximumBatchingWindowInSeconds", 0)
    return Settings(mapping["BatchSize"], window, limited["MaximumConcurrency"], memory)

"""How the template has its queues consumed: the settings that decide the pace."""

from dataclasses import dataclass
from pathlib import Path
from typing import Any

from samtranslator.yaml_helper import yaml_parse

from local.stack import ROOT


@dataclass(frozen=True)
class Settings:
    """Of one function in production: messages to a batch, seconds of window, batches at once, MB of memory."""

    batch: int
    window: float
    most: int
    memory: int


def settings(template: Path = ROOT / "template.yaml") -> dict[str, Settings]:
    """Of every function that a queue feeds, by its logical id."""
    described = yaml_parse(template.read_text("utf-8"))
    memory = described["Globals"]["Function"]["MemorySize"]
    found = {}
    for name, resource in described["Resources"].items():
        own = resource["Properties"]
        for event in own.get("Events", {}).values():
            if event["Type"] == "SQS":
                found[name] = _of(event["Properties"], own.get("MemorySize", memory))
    return found


def _of(mapping: dict[str, Any], memory: int) -> Settings:
    _, production, _ = mapping["ScalingConfig"]["Fn::If"]
    window = mapping.get("MaximumBatchingWindowInSeconds", 0)
    return Settings(mapping["BatchSize"], window, production["MaximumConcurrency"], memory)

"""The deployments that samconfig.toml describes."""

import shlex
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from earned.testing.cloudformation import ROOT, read_template

SAMCONFIG = ROOT / "samconfig.toml"


class NotConfigured(Exception):
    """samconfig.toml has no deployment of this stack; the message says what to do."""


@dataclass(frozen=True)
class Deployment:
    """A deployment: its stack, the parameters that it sets, and the tags of its resources."""

    stack: str
    overrides: Mapping[str, str]
    tags: Mapping[str, str]

    @property
    def parameters(self) -> dict[str, str]:
        """All parameters of the template, with its defaults."""
        declared = read_template()["Parameters"].items()
        return {name: str(one.get("Default", "")) for name, one in declared} | dict(self.overrides)


def read_deployment(stack: str, more: str = "", samconfig: Path = SAMCONFIG) -> Deployment:
    """The deployment of a stack; `more` are further parameters, `Name=value Name=value`. Raises `NotConfigured`."""
    environments = tomllib.loads(samconfig.read_text("utf-8")).values()
    deployments = [one.get("deploy", {}).get("parameters", {}) for one in environments if isinstance(one, dict)]
    by_name = {one["stack_name"]: one for one in deployments if "stack_name" in one}
    if stack not in by_name:
        raise NotConfigured(f"samconfig.toml has no stack {stack!r}: it has {', '.join(by_name)}.")
    found = by_name[stack]
    overrides = _pairs(found.get("parameter_overrides", "")) | _pairs(more)
    return Deployment(stack, overrides, _pairs(found.get("tags", "")))


def _pairs(given: str | list[str]) -> dict[str, str]:
    words = shlex.split(given) if isinstance(given, str) else given
    return dict(word.partition("=")[::2] for word in words)

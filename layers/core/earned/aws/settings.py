"""Settings: one frozen dataclass per function, read from a mapping."""

from collections.abc import Mapping
from dataclasses import MISSING, fields
from typing import TypeVar

SettingsT = TypeVar("SettingsT")


class MissingSettings(Exception):
    """The environment lacks variables that this function needs."""


def from_environment(kind: type[SettingsT], environment: Mapping[str, str]) -> SettingsT:
    """Fill a dataclass of strings from upper-case variables of the same names; raises naming all that are missing."""
    wanted = {field.name: field for field in fields(kind)}  # type: ignore[arg-type]  # callers pass dataclasses
    found = {name: environment[name.upper()] for name in wanted if environment.get(name.upper())}
    missing = [name.upper() for name, field in wanted.items() if name not in found and field.default is MISSING]
    if missing:
        raise MissingSettings(f"{kind.__qualname__} needs the environment variables {', '.join(sorted(missing))}")
    return kind(**found)

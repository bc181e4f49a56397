"""Settings: one frozen dataclass per function, read from the environment."""

from collections.abc import Mapping
from dataclasses import fields
from datetime import timedelta
from typing import Annotated, TypeVar

from pydantic import BeforeValidator, TypeAdapter, ValidationError

SettingsT = TypeVar("SettingsT")


def _seconds(text: object) -> timedelta:
    try:
        return timedelta(seconds=float(str(text)))
    except (ValueError, OverflowError):
        raise ValueError("must be a number of seconds") from None


Seconds = Annotated[timedelta, BeforeValidator(_seconds)]


class InvalidSettings(Exception):
    """The environment lacks variables that a function needs, or holds malformed ones."""


def from_environment(kind: type[SettingsT], environment: Mapping[str, str]) -> SettingsT:
    """Fill a dataclass from upper-case variables of the same names; an empty variable counts as missing.

    Raises `InvalidSettings`, which names every missing and every malformed variable at once.
    """
    names = [field.name for field in fields(kind)]  # type: ignore[arg-type]  # callers pass dataclasses
    found = {name: environment[name.upper()] for name in names if environment.get(name.upper())}
    try:
        return TypeAdapter(kind).validate_python(found)
    except ValidationError as error:
        faults = sorted(
            f"{str(fault['loc'][0]).upper()} {_fault(fault['type'], fault['msg'])}" for fault in error.errors()
        )
        raise InvalidSettings(f"{kind.__module__}: {'; '.join(faults)}") from None


def _fault(kind: str, message: str) -> str:
    return "is missing" if kind == "missing" else message.removeprefix("Value error, ")

"""Types of parameters and members that pydantic alone reads too generously."""

import re
from datetime import date
from typing import Annotated

from annotated_types import Ge
from pydantic import AwareDatetime, BeforeValidator

from earned.messages.times import read_time

_DAY = re.compile("[0-9]{4}-[0-9]{2}-[0-9]{2}")
_WHOLE_NUMBER = re.compile("[1-9][0-9]*")


def _digits(value: object) -> object:
    if isinstance(value, str) and not _WHOLE_NUMBER.fullmatch(value):
        raise ValueError("must be a whole number from 1 on, in digits")
    return value


def _day_or_time(value: object) -> object:
    if not isinstance(value, str):
        raise ValueError("must be a day (2026-03-02) or a time with its UTC offset (RFC 3339)")
    return date.fromisoformat(value) if _DAY.fullmatch(value) else read_time(value)


InDigits = BeforeValidator(_digits)
Positive = Annotated[int, Ge(1), InDigits]
DayOrTime = Annotated[date | AwareDatetime, BeforeValidator(_day_or_time)]

"""The times and time zones of the portal's events: their validation, and the published schema that says the same."""

import re
from datetime import UTC, datetime, timedelta
from functools import cache
from importlib.resources import files
from typing import Annotated
from zoneinfo import ZoneInfo

from pydantic import AfterValidator, BeforeValidator, WithJsonSchema
from typing_extensions import TypeAliasType

from earned.messages.schema_types import text

EARLIEST = datetime(2000, 1, 1, tzinfo=UTC)
FAR_PAST = datetime.min.replace(tzinfo=UTC)
FAR_FUTURE = datetime.max.replace(tzinfo=UTC)


def _rfc_3339_pattern(century: str, leap_centuries: str) -> str:
    """A pattern of the times that exist, as any validator of JSON Schema can check them; second 60 may be anywhere."""
    year = f"(?:{century})[0-9]{{2}}"
    leap_year = f"(?:(?:{century})(?:0[48]|[2468][048]|[13579][26])|(?:{leap_centuries})00)"
    long_month = "(?:0[13578]|1[02])-(?:0[1-9]|[12][0-9]|3[01])"
    short_month = "(?:0[469]|11)-(?:0[1-9]|[12][0-9]|30)"
    february = "02-(?:0[1-9]|1[0-9]|2[0-8])"
    date = f"(?:{year}-(?:{long_month}|{short_month}|{february})|{leap_year}-02-29)"
    offset = "(?:[Zz]|[+-](?:[01][0-9]|2[0-3]):[0-5][0-9])"
    return f"{date}[Tt](?:[01][0-9]|2[0-3]):[0-5][0-9]:(?:[0-5][0-9]|60)(?:\\.[0-9]+)?{offset}"


_ANY_TIME = re.compile(_rfc_3339_pattern("[0-9]{2}", "[02468][048]|[13579][26]"))
_SCHEDULE_PATTERN = _rfc_3339_pattern("2[01]", "20")
_SCHEDULE = re.compile(_SCHEDULE_PATTERN)


def read_time(value: object) -> datetime:
    """In UTC, to the millisecond; a year that `datetime` does not have is the nearest that it has."""
    text = _written(value)
    try:
        return _with_its_offset(text).astimezone(UTC)
    except (ValueError, OverflowError):
        return FAR_PAST if text < "2000" else FAR_FUTURE


def _scheduled_time(value: object) -> datetime:
    """With the offset that it was written with: in UTC, a time of the first or last hours could have another year."""
    text = _written(value)
    if not _SCHEDULE.fullmatch(text):
        raise ValueError("must lie in the years 2000-2199, as it is written")
    return _with_its_offset(text)


def _written(value: object) -> str:
    """An RFC 3339 time, also of a `datetime` that code hands to a model."""
    text = value.isoformat() if isinstance(value, datetime) else value
    if not isinstance(text, str) or not _ANY_TIME.fullmatch(text):
        raise ValueError("must be an RFC 3339 time that exists, with its UTC offset")
    return text


def _with_its_offset(text: str) -> datetime:
    """To the millisecond."""
    has_leap_second = text[17:19] == "60"
    at = datetime.fromisoformat((f"{text[:17]}59{text[19:]}" if has_leap_second else text).upper())
    return at.replace(microsecond=at.microsecond // 1000 * 1000) + timedelta(seconds=has_leap_second)


Time = Annotated[
    datetime,
    BeforeValidator(read_time),
    text(
        "RFC 3339 with its UTC offset, from 2000 until 5 minutes (OrderToleranceSeconds) after SQS received the event; "
        "second 60 is the start of the next minute; digits beyond milliseconds are dropped.",
        pattern=f"^{_ANY_TIME.pattern}$",
    ),
]

ScheduledTime = Annotated[
    datetime,
    BeforeValidator(_scheduled_time),
    text(
        "RFC 3339 with its UTC offset, in the years 2000-2199 as written; second 60 is the start of the next minute; "
        "digits beyond milliseconds are dropped.",
        pattern=f"^{_SCHEDULE_PATTERN}$",
    ),
]


@cache
def places() -> frozenset[str]:
    """The names of the IANA database: no path, and no zone that is not a place, such as `localtime` or `Factory`."""
    return frozenset(files("tzdata").joinpath("zones").read_text("utf-8").split()) - {"Factory"}


def _timezone(value: str) -> str:
    if value not in places():
        raise ValueError("must be a time zone of the IANA database")
    ZoneInfo(value)
    return value


def _timezone_schema() -> WithJsonSchema:
    return WithJsonSchema(
        {"type": "string", "enum": sorted(places()), "description": "A time zone of the IANA database."}
    )


# A named type: a generator declares the enumeration once.
Timezone = TypeAliasType("Timezone", Annotated[str, AfterValidator(_timezone), _timezone_schema()])

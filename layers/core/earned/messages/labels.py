"""What may be shown of any message of the portal: ids and a type that look like one, so that no name is shown."""

import re
from dataclasses import dataclass
from typing import Any

from pydantic_core import from_json

from earned.messages.schema_types import ID

_EVENT_ID = re.compile(r"[A-Za-z0-9._:/#=+~-]{1,256}")
_TYPE = re.compile(r"[a-z][a-z0-9.-]{0,99}")
_ENROLLMENT_ID = re.compile(ID)


@dataclass(frozen=True)
class Labels:
    event_id: str | None = None
    event_type: str | None = None
    enrollment_id: str | None = None


def labels(body: str) -> Labels:
    """A field is None unless it has the form of an id or type; never raises."""
    event = _object(body)
    data = event.get("data")
    return Labels(
        event_id=_matching(_EVENT_ID, event.get("id")),
        event_type=_matching(_TYPE, event.get("type")),
        enrollment_id=_matching(_ENROLLMENT_ID, data.get("enrollment_id") if isinstance(data, dict) else None),
    )


def _object(body: str) -> dict[str, Any]:
    try:
        event = from_json(body)
    except ValueError:
        return {}
    return event if isinstance(event, dict) else {}


def _matching(pattern: re.Pattern[str], value: object) -> str | None:
    return value if isinstance(value, str) and pattern.fullmatch(value) else None

"""A valid event of every type, and ways to change it."""

import copy
import json
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from hypothesis import strategies as st

from earned.domain.errors import Rejected
from earned.messages import events
from earned.messages.events import ATTENDANCE, DIRECTORY, PROGRESS

EXAMPLES: dict[str, str] = {
    "company.saved": """{"company_id": "co-1", "name": "Larkspur Logistics",
        "logo": {"key": "logos/co-1.svg", "media_type": "image/svg+xml"}}""",
    "account.saved": """{"account_id": "acc-1", "kind": "company-admin", "name": "Ilse Brandvold",
        "email": "ilse@larkspur.example", "company_id": "co-1", "language": "de-AT"}""",
    "account.removed": """{"account_id": "acc-1"}""",
    "course.published": """{"course_id": "course-1", "version": 3, "title": "Safe lifting", "ordered": false,
        "hours": 1.5, "timezone": "Europe/Vienna", "language": "de", "steps": [
            {"step_id": "s1", "kind": "lesson", "title": "Backs"},
            {"step_id": "s2", "kind": "reading", "title": "Loads", "required": false},
            {"step_id": "s3", "kind": "activity", "title": "Try it"},
            {"step_id": "s4", "kind": "video", "title": "Watch it", "duration": 90.5},
            {"step_id": "s5", "kind": "quiz", "title": "Questions", "passing_score": 70, "attempts": 3}]}""",
    "live-event.scheduled": """{"live_event_id": "event-1", "title": "First aid", "hours": 3,
        "starts_at": "2026-04-01T16:00:00+02:00", "ends_at": "2026-04-01T19:00:00+02:00",
        "timezone": "Europe/Vienna", "language": "de"}""",
    "live-event.cancelled": """{"live_event_id": "event-1"}""",
    "enrollment.created": """{"enrollment_id": "en-1", "account_id": "acc-1", "training_id": "course-1",
        "company_id": "co-1"}""",
    "enrollment.removed": """{"enrollment_id": "en-1", "account_id": "acc-1"}""",
    "lesson.completed": """{"enrollment_id": "en-1", "account_id": "acc-1", "step_id": "s1"}""",
    "video.watched": """{"enrollment_id": "en-1", "account_id": "acc-1", "step_id": "s4",
        "played": [[0, 12.25], [12.25, 90.5]]}""",
    "quiz.graded": """{"enrollment_id": "en-1", "account_id": "acc-1", "step_id": "s5", "score": 82.5}""",
    "quiz.attempts-granted": """{"enrollment_id": "en-1", "account_id": "acc-1", "step_id": "s5", "attempts": 2,
        "granted_by": "support-1"}""",
    "attendance.marked": """{"enrollment_id": "en-1", "account_id": "acc-1", "live_event_id": "event-1",
        "status": "present", "marked_by": {"account_id": "admin-1", "role": "administrator"}}""",
}
RECEIVED_AT = datetime(2026, 11, 30, 12, tzinfo=UTC)
TOLERANCE = timedelta(minutes=5)
QUEUES: dict[str, Any] = {"directory": DIRECTORY, "progress": PROGRESS, "attendance": ATTENDANCE}


def queue_of(name: str) -> str:
    match name.partition("."):
        case "lesson" | "video" | "quiz", _, _:
            return "progress"
        case "attendance", _, _:
            return "attendance"
        case _:
            return "directory"


def posted(name: str) -> dict[str, Any]:
    """A valid event as the portal's backend builds it."""
    return {
        "specversion": "1.0",
        "id": "event-0001",
        "source": "https://learn.example/backend",
        "type": f"portal.{name}.v1",
        "time": "2026-03-02T12:30:15.250+01:00",
        "datacontenttype": "application/json",
        "data": json.loads(EXAMPLES[name]),
    }


def with_data(name: str, /, **changes: Any) -> dict[str, Any]:
    event = posted(name)
    event["data"].update(changes)
    return event


def read(event: dict[str, Any], name: str = "") -> Any:
    kind = name or event["type"].removeprefix("portal.").removesuffix(".v1")
    return read_body(json.dumps(event), QUEUES[queue_of(kind)])


def read_body(body: str, kinds: Any) -> Any:
    return events.read(body, kinds, received_at=RECEIVED_AT, tolerance=TOLERANCE)


def reason_of(event: dict[str, Any], name: str = "") -> str:
    with pytest.raises(Rejected) as refusal:
        read(event, name)
    return refusal.value.reason


# Places in an event.

Path = tuple[str | int, ...]
Place = tuple[str, Path]  # the name of an event type, and a path in its example


def paths(value: Any, so_far: Path = ()) -> Iterator[Path]:
    """The path of every value inside a JSON value."""
    items = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    for key, inner in items:
        yield (*so_far, key)
        yield from paths(inner, (*so_far, key))


def at(value: Any, path: Path) -> Any:
    for key in path:
        value = value[key]
    return value


def put(event: dict[str, Any], path: Path, value: Any) -> dict[str, Any]:
    changed = copy.deepcopy(event)
    at(changed, path[:-1])[path[-1]] = value
    return changed


def drop(event: dict[str, Any], path: Path) -> dict[str, Any]:
    changed = copy.deepcopy(event)
    del at(changed, path[:-1])[path[-1]]
    return changed


EVERY_PATH = [(name, path) for name in EXAMPLES for path in paths(posted(name))]


def dotted(value: Any) -> str | None:
    return ".".join(map(str, value)) if isinstance(value, tuple) else None


# Arbitrary JSON, with values that occur in events.

SCALARS = st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=12)
STRINGS = st.sampled_from(["1.0", "en-1", "present", "quiz", "2026-03-02T12:00:00Z", "Europe", "UTC", "x" * 65, "a\n"])
KEYS = st.text(max_size=5)
JSON = st.recursive(
    SCALARS | STRINGS,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(KEYS, inner, max_size=3),
    max_leaves=6,
)

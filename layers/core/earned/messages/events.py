"""The event types of each queue, and the parser of message bodies."""

from collections.abc import Callable, Mapping
from datetime import datetime, timedelta
from typing import Any, TypeVar, get_args

from pydantic import BaseModel, ValidationError

from earned.domain.errors import Rejected
from earned.domain.timestamps import from_milliseconds
from earned.messages.directory import (
    AccountRemovedEvent,
    AccountSavedEvent,
    CompanySavedEvent,
    CoursePublishedEvent,
    DirectoryEvent,
    EnrollmentCreatedEvent,
    EnrollmentRemovedEvent,
    LiveEventCancelledEvent,
    LiveEventScheduledEvent,
)
from earned.messages.envelope import CloudEvent
from earned.messages.learning import AttendanceEvent, ProgressEvent
from earned.messages.times import EARLIEST

__all__ = [
    "ATTENDANCE",
    "DIRECTORY",
    "MAX_EVENT_BYTES",
    "PROGRESS",
    "QUEUES",
    "AccountRemovedEvent",
    "AccountSavedEvent",
    "AttendanceEvent",
    "CompanySavedEvent",
    "CoursePublishedEvent",
    "DirectoryEvent",
    "EnrollmentCreatedEvent",
    "EnrollmentRemovedEvent",
    "LiveEventCancelledEvent",
    "LiveEventScheduledEvent",
    "ProgressEvent",
    "read",
    "reader",
]

MAX_EVENT_BYTES = 128 * 1024
EventT = TypeVar("EventT", bound=CloudEvent[Any])
Kinds = Mapping[str, type[EventT]]


def _by_type(*models: type[EventT]) -> Kinds[EventT]:
    return {get_args(model.model_fields["type"].annotation)[0]: model for model in models}


DIRECTORY: Kinds[DirectoryEvent] = _by_type(*get_args(DirectoryEvent))
PROGRESS: Kinds[ProgressEvent] = _by_type(*get_args(ProgressEvent))
ATTENDANCE: Kinds[AttendanceEvent] = _by_type(AttendanceEvent)
QUEUES: Mapping[str, Kinds[Any]] = {"directory": DIRECTORY, "progress": PROGRESS, "attendance": ATTENDANCE}
_EVERY_TYPE = {**DIRECTORY, **PROGRESS, **ATTENDANCE}


class _Typed(BaseModel):
    """Selects the model, which then parses the text again: pydantic is stricter with Python objects than with JSON."""

    type: str


def reader(kinds: Kinds[EventT], tolerance: timedelta) -> Callable[[str, int], EventT]:
    """A reader of message bodies and the times when SQS received them, in milliseconds since 1970."""
    return lambda body, sent: read(body, kinds, received_at=from_milliseconds(sent), tolerance=tolerance)


def read(body: str, kinds: Kinds[EventT], *, received_at: datetime, tolerance: timedelta) -> EventT:
    """Read one event of the given kinds from a message body; its time may be `tolerance` after `received_at`.

    Raises `Rejected` with a stable reason; its detail names fields and rules, never values (they may be personal).
    """
    if len(body.encode()) > MAX_EVENT_BYTES:
        raise Rejected("too-large", f"body: must not have more than {MAX_EVENT_BYTES} bytes")
    try:
        kind = _Typed.model_validate_json(body).type
    except ValidationError as error:
        raise _no_event(error) from None
    if kind not in kinds:
        raise _unknown(kind)
    try:
        event = kinds[kind].model_validate_json(body)
    except ValidationError as error:
        raise Rejected("invalid-data", _explain(error)) from None
    if not EARLIEST <= event.time <= received_at + tolerance:
        raise Rejected("time-out-of-range", "time: must lie between 2000 and the time of reception, with its tolerance")
    return event


def _no_event(error: ValidationError) -> Rejected:
    if error.errors()[0]["type"] == "json_invalid":
        return Rejected("not-json", "body: must be JSON")
    return Rejected("not-a-cloudevent", "body: must be an object with a type, which is a string")


def _unknown(kind: str) -> Rejected:
    if kind in _EVERY_TYPE:
        return Rejected("wrong-queue", "type: belongs on another queue")
    name, _, _ = kind.rpartition(".")
    if f"{name}.v1" in _EVERY_TYPE:
        return Rejected("unknown-version", "type: has a version that this release does not know")
    return Rejected("unknown-type", "type: is not one of the contract")


def _explain(error: ValidationError) -> str:
    problems = error.errors(include_url=False, include_context=False, include_input=False)
    told = (f"{'.'.join(map(str, problem['loc']))}: {problem['msg']}" for problem in problems)
    return "; ".join(told)

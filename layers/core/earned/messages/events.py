"""The event types of each queue, and the parser of message bodies."""

from collections.abc import Mapping
from typing import TypeVar, get_args

from pydantic import BaseModel, ValidationError

from earned.domain.errors import Rejected
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
from earned.messages.learning import AttendanceEvent, ProgressEvent

__all__ = [
    "ATTENDANCE",
    "DIRECTORY",
    "MAX_EVENT_BYTES",
    "PROGRESS",
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
]

MAX_EVENT_BYTES = 128 * 1024
EventT = TypeVar("EventT", bound=BaseModel)
Kinds = Mapping[str, type[EventT]]


def _by_type(*models: type[EventT]) -> Kinds[EventT]:
    return {get_args(model.model_fields["type"].annotation)[0]: model for model in models}


DIRECTORY: Kinds[DirectoryEvent] = _by_type(*get_args(DirectoryEvent))
PROGRESS: Kinds[ProgressEvent] = _by_type(*get_args(ProgressEvent))
ATTENDANCE: Kinds[AttendanceEvent] = _by_type(AttendanceEvent)
_EVERY_TYPE = {**DIRECTORY, **PROGRESS, **ATTENDANCE}


class _Typed(BaseModel):
    """Selects the model, which then parses the text again: pydantic is stricter with Python objects than with JSON."""

    type: str


def read(body: str, kinds: Kinds[EventT]) -> EventT:
    """Read one event of the given kinds from a message body.

    Raises `Rejected` with a stable reason; its detail names fields and rules, never values (they may be personal).
    """
    if len(body.encode()) > MAX_EVENT_BYTES:
        raise Rejected("too-large", f"an event may have {MAX_EVENT_BYTES} bytes")
    try:
        kind = _Typed.model_validate_json(body).type
    except ValidationError as error:
        not_json = error.errors()[0]["type"] == "json_invalid"
        raise Rejected("not-json" if not_json else "not-a-cloudevent") from None
    if kind not in kinds:
        raise Rejected(_why_unknown(kind))
    try:
        return kinds[kind].model_validate_json(body)
    except ValidationError as error:
        raise Rejected("invalid-data", _explain(error)) from None


def _why_unknown(kind: str) -> str:
    if kind in _EVERY_TYPE:
        return "wrong-queue"
    name, _, _ = kind.rpartition(".")
    return "unknown-version" if f"{name}.v1" in _EVERY_TYPE else "unknown-type"


def _explain(error: ValidationError) -> str:
    problems = error.errors(include_url=False, include_context=False, include_input=False)
    return "; ".join(f"{'.'.join(map(str, problem['loc']))}: {problem['msg']}" for problem in problems[:5])

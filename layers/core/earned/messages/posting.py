"""Events as the portal builds them: typed data in a CloudEvents envelope."""

import json
import uuid
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from earned.messages.directory import (
    AccountRemoved,
    AccountSaved,
    CompanySaved,
    CoursePublished,
    EnrollmentCreated,
    EnrollmentRemoved,
    LiveEventCancelled,
    LiveEventScheduled,
)
from earned.messages.events import QUEUES
from earned.messages.learning import AttemptsGranted, AttendanceMarked, LessonCompleted, QuizGraded, VideoWatched

SOURCE = "portal"
_TYPES: Mapping[Any, str] = {
    model.model_fields["data"].annotation: type_ for models in QUEUES.values() for type_, model in models.items()
}
_QUEUE_OF = {type_: queue for queue, models in QUEUES.items() for type_ in models}

EventData = (
    CompanySaved
    | AccountSaved
    | AccountRemoved
    | CoursePublished
    | LiveEventScheduled
    | LiveEventCancelled
    | EnrollmentCreated
    | EnrollmentRemoved
    | LessonCompleted
    | VideoWatched
    | QuizGraded
    | AttemptsGranted
    | AttendanceMarked
)


@dataclass(frozen=True)
class Event:
    """One thing that happened at `time`, which has a UTC offset; `event` builds it from checked data.

    `group` is the MessageGroupId: the company_id of the person whom the event is about, an individual's account_id, or
    None for an event about a training.
    """

    type: str
    data: Mapping[str, Any]
    time: datetime
    group: str | None = None
    id: str = field(default_factory=lambda: uuid.uuid4().hex)
    source: str = SOURCE

    def __post_init__(self) -> None:
        if self.time.tzinfo is None:
            raise ValueError(f"{self.type}: the time needs a UTC offset")

    @property
    def queue(self) -> str:
        if self.type not in _QUEUE_OF:
            raise ValueError(f"{self.type}: no queue takes events of this type")
        return _QUEUE_OF[self.type]

    def cloud_event(self) -> dict[str, Any]:
        return {
            "specversion": "1.0",
            "id": self.id,
            "source": self.source,
            "type": self.type,
            "time": self.time.isoformat(),
            "datacontenttype": "application/json",
            "data": dict(self.data),
        }

    def body(self) -> str:
        """The CloudEvent in structured JSON, as it is posted; raises ValueError for a text that UTF-8 cannot hold."""
        body = json.dumps(self.cloud_event(), ensure_ascii=False)
        try:
            body.encode()
        except UnicodeEncodeError:
            raise ValueError(f"{self.type} {self.id}: a text has half a character (a lone surrogate)") from None
        return body


def event(
    data: EventData, time: datetime, *, company_id: str | None = None, event_id: str | None = None, source: str = SOURCE
) -> Event:
    """`company_id` is that of the person whom the event is about, if the data does not name it."""
    fields: dict[str, Any] = data.model_dump(mode="json", exclude_none=True)
    group = company_id or fields.get("company_id") or fields.get("account_id")
    return Event(_TYPES[type(data)], fields, time, group, event_id or uuid.uuid4().hex, source)

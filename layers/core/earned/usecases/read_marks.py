"""Read attendance marks; refuse those of non-administrators and those from before the event's end (L1)."""

from datetime import timedelta

from earned.aws.dynamodb import trainings
from earned.domain.errors import Rejected
from earned.domain.people import Role
from earned.domain.training import LiveEvent, Training
from earned.messages.events import ATTENDANCE, AttendanceEvent, reader


class ReadMark:
    """Reads a mark; raises `Rejected` for a mark that the rules exclude.

    `tolerance` is how much later than its reception by SQS a mark may be dated.
    """

    def __init__(self, tolerance: timedelta) -> None:
        self._read = reader(ATTENDANCE, tolerance)
        self._last_read: dict[str, Training] = {}

    def __call__(self, body: str, sent: int) -> AttendanceEvent:
        mark = self._read(body, sent)
        if mark.data.marked_by.role != Role.ADMINISTRATOR:
            raise Rejected("not-an-administrator", "data.marked_by.role: must be administrator")
        event = self._last_read.get(mark.data.live_event_id)
        if not isinstance(event, LiveEvent) or mark.time < event.ends_at:  # only a fresh read may refuse (L3)
            event = self._read_event(mark.data.live_event_id)
        if isinstance(event, LiveEvent) and mark.time < event.ends_at:
            raise Rejected("marked-before-end", "time: must not be before the end of the live event")
        return mark

    def _read_event(self, live_event_id: str) -> Training | None:
        event = trainings.get_training(live_event_id)
        if event is not None:
            self._last_read[live_event_id] = event
        return event

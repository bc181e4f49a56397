"""Check attendance marks; refuse those of non-administrators and those from before the event's end (L1)."""

from collections.abc import Sequence

from earned.aws.dynamodb import trainings
from earned.aws.sqs_batch import ReceivedMessage, SqsBatch
from earned.domain.errors import Rejected
from earned.domain.people import Role
from earned.domain.training import LiveEvent, Training
from earned.messages.events import AttendanceEvent

Messages = Sequence[ReceivedMessage[AttendanceEvent]]


class CheckMarks:
    """Quarantines the marks that the rules exclude, and returns the others."""

    def __init__(self) -> None:
        self._last_read: dict[str, Training] = {}

    def __call__(self, batch: SqsBatch, messages: Messages) -> Messages:
        accepted = []
        for message in messages:
            with batch.retry_on_error(message):
                try:
                    self._check(message.event)
                except Rejected as rejection:
                    batch.quarantine(message, rejection)
                else:
                    accepted.append(message)
        return accepted

    def _check(self, mark: AttendanceEvent) -> None:
        if mark.data.marked_by.role != Role.ADMINISTRATOR:
            raise Rejected("not-an-administrator", "data.marked_by.role: must be administrator")
        event = self._last_read.get(mark.data.live_event_id)
        if not isinstance(event, LiveEvent) or mark.time < event.ends_at:  # only a fresh read may refuse (L3)
            event = self._read_event(mark.data.live_event_id)
        if isinstance(event, LiveEvent) and mark.time < event.ends_at:
            raise Rejected("marked-before-end", "time: must not be before the end of the live event")

    def _read_event(self, live_event_id: str) -> Training | None:
        event = trainings.get_training(live_event_id)
        if event is not None:
            self._last_read[live_event_id] = event
        return event

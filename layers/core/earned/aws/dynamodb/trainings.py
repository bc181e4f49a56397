"""Training items (the newest version and archived ones) and the calendar of live events."""

from collections.abc import Callable, Iterable, Iterator
from dataclasses import replace
from datetime import UTC, datetime
from functools import lru_cache

from pydantic import TypeAdapter
from pynamodb.attributes import NumberAttribute, UnicodeAttribute
from pynamodb.expressions.update import Action

from earned.aws.dynamodb.table import ROOT_SORT_KEY, Row, batch_get, put_if_newer, stored_as, to_json, update_if, whole
from earned.domain.timestamps import to_milliseconds
from earned.domain.training import Course, LiveEvent, Training

CALENDAR = "live-events"
Position = tuple[str, str]  # on the calendar: when the event ends, and its id
EVENTS_PER_PAGE = 25
_TRAINING: TypeAdapter[Training] = TypeAdapter(Training)


@stored_as("training")
class TrainingRow(Row):
    """A course's newest version or a live event's latest schedule, and the time of its last cancellation.

    A live event is on the calendar while people may wait for their attendance mark.
    """

    version = NumberAttribute(null=True)
    cancelled = NumberAttribute(null=True)
    body = UnicodeAttribute(null=True)
    calendar = UnicodeAttribute(null=True)
    ends = UnicodeAttribute(null=True)

    def training(self) -> Training | None:
        """None while only a cancellation has arrived."""
        return _training_from(self.body, int(self.version), whole(self.cancelled)) if self.body else None


def save_training(training: Training) -> None:
    """Store a course version or a schedule, also as the newest unless a newer one is stored."""
    actions = [TrainingRow.version.set(training.version), TrainingRow.body.set(to_json(_TRAINING, training))]
    update_if(_archived(training.training_id, training.version), actions, TrainingRow.version.does_not_exist())
    newest = TrainingRow.version.does_not_exist() | (TrainingRow.version < training.version)
    update_if(_training_row(training.training_id), actions + _on_calendar(training), newest)


def cancel_live_event(live_event_id: str, at: datetime) -> None:
    put_if_newer(
        _training_row(live_event_id), [TrainingRow.cancelled.set(to_milliseconds(at))], TrainingRow.cancelled, at
    )


def ended_events(
    now: datetime, after: Position | None = None, *, page_size: int = EVENTS_PER_PAGE
) -> Iterator[tuple[Position, LiveEvent]]:
    """The live events on the calendar that ended before `now`, oldest first, each with its position.

    The index is eventually consistent: after a reschedule the position may be stale, and the event's own times count.
    """
    while True:
        page = _calendar_page(after, page_size)
        ended = [position for position in page if position[0] < _sortable(now)]
        known = get_trainings([live_event_id for _, live_event_id in ended])
        for position in ended:
            event = known.get(position[1])
            if isinstance(event, LiveEvent):
                yield position, event
        if len(ended) < page_size:
            return
        after = ended[-1]


def _calendar_page(after: Position | None, limit: int) -> list[Position]:
    start = after and {
        "calendar": {"S": CALENDAR},
        "ends": {"S": after[0]},
        "pk": {"S": f"training#{after[1]}"},
        "sk": {"S": ROOT_SORT_KEY},
    }
    rows = Row.by_calendar.query(CALENDAR, last_evaluated_key=start, limit=limit, page_size=limit)
    return [(row.ends, row.pk.removeprefix("training#")) for row in rows if isinstance(row, TrainingRow)]


def remove_from_calendar(event: LiveEvent) -> None:
    unchanged = TrainingRow.ends == _sortable(event.ends_at)
    update_if(_training_row(event.live_event_id), [TrainingRow.calendar.remove()], unchanged)


def add_to_calendar(event: LiveEvent) -> None:
    closed = TrainingRow.ends.exists() & TrainingRow.calendar.does_not_exist()
    update_if(_training_row(event.live_event_id), [TrainingRow.calendar.set(CALENDAR)], closed)


def _on_calendar(training: Training) -> list[Action]:
    if isinstance(training, Course):
        return []
    return [TrainingRow.calendar.set(CALENDAR), TrainingRow.ends.set(_sortable(training.ends_at))]


def _training_row(training_id: str) -> TrainingRow:
    return TrainingRow(f"training#{training_id}", ROOT_SORT_KEY)


def get_trainings(training_ids: Iterable[str]) -> dict[str, Training]:
    """The newest version of each training by id; unknown ones are left out."""
    rows = batch_get([(f"training#{training_id}", ROOT_SORT_KEY) for training_id in dict.fromkeys(training_ids)])
    found = ((row.pk.removeprefix("training#"), row.training()) for row in rows if isinstance(row, TrainingRow))
    return {training_id: training for training_id, training in found if training is not None}


def get_training(training_id: str) -> Training | None:
    row = next(iter(batch_get([(f"training#{training_id}", ROOT_SORT_KEY)])), None)
    return row.training() if isinstance(row, TrainingRow) else None


def get_archived_training(training_id: str, version: int) -> Training | None:
    row = _archived(training_id, version)
    found = next(iter(batch_get([(row.pk, row.sk)])), None)
    return found.training() if isinstance(found, TrainingRow) else None


def _archived(training_id: str, version: int) -> TrainingRow:
    return TrainingRow(f"training#{training_id}", f"version#{version}")


class TrainingCache:
    """The trainings that a sandbox has read; a version never changes, so nothing expires."""

    def __init__(self) -> None:
        self._read: Callable[[str, int], Training | None] = lru_cache(maxsize=256)(
            lambda training_id, _version: get_training(training_id)
        )

    def at(self, training_id: str, version: int) -> Training | None:
        """A training in `version` or a newer one; a record names the version that it is evaluated by."""
        return self._read(training_id, version)


def _sortable(at: datetime) -> str:
    return at.astimezone(UTC).isoformat(timespec="milliseconds")


def _training_from(body: str, version: int, cancelled: int | None) -> Training:
    training = _TRAINING.validate_json(body)
    if cancelled is None or isinstance(training, Course):
        return training
    return replace(training, version=max(version, cancelled), cancelled=cancelled >= version)

"""Training items (the newest version and archived ones) and the calendar of live events.

The body of a large course is in its archived version alone: every certificate reads the newest version's item, and one
partition serves 3,000 read units a second. A sandbox reads each archived body once.
"""

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import replace
from datetime import UTC, datetime
from functools import lru_cache
from time import monotonic

from pydantic import TypeAdapter
from pynamodb.attributes import NumberAttribute, UnicodeAttribute
from pynamodb.expressions.update import Action

from earned.aws.dynamodb.table import ROOT_SORT_KEY, ItemKey, Row, batch_get, is_older, stored_as, to_json, update_if
from earned.domain.stamps import Stamp
from earned.domain.timestamps import to_milliseconds
from earned.domain.training import Course, LiveEvent, Training

CALENDAR = "live-events"
Position = tuple[str, str]  # on the calendar: when the event ends, and its id
EVENTS_PER_PAGE = 25
MAX_BODY_KEPT = 3_000  # bytes of a course in the newest version's item, which is read for one unit (4 KB)
MAX_BODIES_CACHED = 32  # of at most 256 KB
BodyKey = tuple[str, int, int, str | None]  # an item's partition key, and the version and stamp of its body
_TRAINING: TypeAdapter[Training] = TypeAdapter(Training)


@stored_as("training")
class TrainingRow(Row):
    """A course's newest version or a live event's latest schedule, and its latest cancellation, each with its stamp.

    A live event is on the calendar while people may wait for their attendance mark.
    """

    version = NumberAttribute(null=True)
    saved = NumberAttribute(null=True)
    saved_by = UnicodeAttribute(null=True)
    cancelled = NumberAttribute(null=True)
    cancelled_by = UnicodeAttribute(null=True)
    body = UnicodeAttribute(null=True)
    calendar = UnicodeAttribute(null=True)
    ends = UnicodeAttribute(null=True)
    unprintable = UnicodeAttribute(null=True)

    @property
    def archived_body(self) -> BodyKey | None:
        if self.body or self.version is None:
            return None
        return self.pk, int(self.version), int(self.saved), self.saved_by

    def training(self) -> Training | None:
        """None while only a cancellation has arrived, or if only the archived version has the body."""
        if not self.body:
            return None
        training = _TRAINING.validate_json(self.body)
        if isinstance(training, Course) or self.cancelled is None:
            return training
        cancelled = (self.cancelled, self.cancelled_by) > (self.saved, self.saved_by)
        return replace(training, version=max(training.version, int(self.cancelled)), cancelled=cancelled)


def save_training(training: Training, stamp: Stamp) -> None:
    """Store a course version or a schedule, also as the newest unless a newer one is stored.

    Of two that have the same version, the one with the greater stamp wins.
    """
    body = to_json(_TRAINING, training)
    is_kept = isinstance(training, LiveEvent) or len(body.encode()) <= MAX_BODY_KEPT
    stamped: list[Action] = [
        TrainingRow.version.set(training.version),
        TrainingRow.saved.set(to_milliseconds(stamp.at)),
        TrainingRow.saved_by.set(stamp.origin),
    ]
    archived = [*stamped, TrainingRow.body.set(body)]
    current = [*stamped, TrainingRow.body.set(body) if is_kept else TrainingRow.body.remove()]
    older_version = TrainingRow.version.does_not_exist() | (TrainingRow.version < training.version)
    same_version = TrainingRow.version == training.version
    newest = older_version | (same_version & is_older(TrainingRow.saved, TrainingRow.saved_by, stamp))
    update_if(_archived(training.training_id, training.version), archived, newest)
    update_if(_training_row(training.training_id), current + _on_calendar(training), newest)


def cancel_live_event(live_event_id: str, stamp: Stamp) -> None:
    actions = [TrainingRow.cancelled.set(to_milliseconds(stamp.at)), TrainingRow.cancelled_by.set(stamp.origin)]
    latest = is_older(TrainingRow.cancelled, TrainingRow.cancelled_by, stamp)
    update_if(_training_row(live_event_id), actions, latest)


def note_unprintable(training: Training, why: str) -> None:
    if why != training.unprintable:
        action = TrainingRow.unprintable.set(why) if why else TrainingRow.unprintable.remove()
        update_if(_training_row(training.training_id), [action], TrainingRow.version <= training.version)


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


def trainings_of(rows: Iterable[Row]) -> dict[str, Training]:
    newest = {row.pk.removeprefix("training#"): row for row in rows if isinstance(row, TrainingRow)}
    archived = {training_id: row.archived_body for training_id, row in newest.items()}
    bodies = _BODIES.read([key for key in archived.values() if key is not None])
    found = {
        training_id: row.training() if key is None else bodies.get(key)
        for (training_id, row), key in zip(newest.items(), archived.values(), strict=True)
    }
    return {
        training_id: replace(training, unprintable=newest[training_id].unprintable or "")
        for training_id, training in found.items()
        if training is not None
    }


def get_trainings(training_ids: Iterable[str]) -> dict[str, Training]:
    return trainings_of(batch_get([(f"training#{one}", ROOT_SORT_KEY) for one in dict.fromkeys(training_ids)]))


def get_training(training_id: str) -> Training | None:
    return get_trainings([training_id]).get(training_id)


def get_archived_training(training_id: str, version: int) -> Training | None:
    row = _archived(training_id, version)
    found = next(iter(batch_get([(row.pk, row.sk)])), None)
    return found.training() if isinstance(found, TrainingRow) else None


def _archived(training_id: str, version: int) -> TrainingRow:
    return TrainingRow(f"training#{training_id}", f"version#{version}")


class _Bodies:
    """Courses that only archived versions have, by version and stamp: a version may be published again."""

    def __init__(self) -> None:
        self._known: dict[BodyKey, Training] = {}

    def read(self, keys: Sequence[BodyKey]) -> dict[BodyKey, Training]:
        """The archived version is written first, so it has the stamp that the newest names, or a newer one."""
        unread = [key for key in dict.fromkeys(keys) if key not in self._known]
        rows = {(row.pk, row.sk): row for row in batch_get([_archive_key(key) for key in unread])}
        for key in unread:
            row = rows.get(_archive_key(key))
            training = row.training() if isinstance(row, TrainingRow) else None
            if training is not None:
                self._known[key] = training
        found = {key: self._known[key] for key in keys if key in self._known}
        while len(self._known) > MAX_BODIES_CACHED:
            del self._known[next(iter(self._known))]
        return found


_BODIES = _Bodies()


def _archive_key(key: BodyKey) -> ItemKey:
    pk, version, _, _ = key
    return pk, f"version#{version}"


class TrainingCache:
    """The trainings that a sandbox has read within a minute: a version may be published again with other content.

    `clock` gives seconds.
    """

    def __init__(self, clock: Callable[[], float] = monotonic) -> None:
        self._clock = clock
        self._read: Callable[[str, int, int], Training | None] = lru_cache(maxsize=256)(
            lambda training_id, _version, _minute: get_training(training_id)
        )

    def at(self, training_id: str, version: int) -> Training | None:
        """A training in `version` or a newer one; a record names the version that it is evaluated by."""
        return self._read(training_id, version, int(self._clock() // 60))


def _sortable(at: datetime) -> str:
    return at.astimezone(UTC).isoformat(timespec="milliseconds")

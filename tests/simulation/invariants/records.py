"""Stored records and posted events, as the checks read them."""

import json
import zlib
from base64 import b64decode
from collections.abc import Sequence
from datetime import timedelta
from typing import TYPE_CHECKING, Any

from earned.aws.dynamodb import enrollment_keys
from earned.domain.enrollment import EnrollmentKey
from earned.domain.fact_codec import encode
from earned.domain.timestamps import from_milliseconds
from earned.messages import events
from tests.simulation.oracle import FACTS, Posted, Predicate

if TYPE_CHECKING:
    from tests.simulation.engine.world import World

Item = dict[str, Any]
Key = tuple[str, ...]
_KINDS = {"Directory": events.DIRECTORY, "Progress": events.PROGRESS, "Attendance": events.ATTENDANCE}


def facts_of(record: Item) -> set[bytes]:
    return {b64decode(stored) for stored in record.get("f", {}).get("BS", ())}


def issue_of(record: Item) -> Item:
    """The issuance, with the attributes that the record stores beside it."""
    issue: Item = json.loads(zlib.decompress(b64decode(record["issue"]["B"])))
    printed = issue["printed"] | {"certificate_id": record["c"]["S"]}
    return issue | {"revision": int(record["revision"]["N"]), "printed": printed}


def stored_form(posted: Posted) -> frozenset[bytes] | None:
    """A fact as records store it; None for an event that is no fact."""
    if posted.kind not in FACTS or posted.step.refused:
        return None
    if posted.stored is None:
        kinds, received_at = _KINDS[posted.step.queue], from_milliseconds(posted.posted_at)
        event: Any = events.read(posted.step.body, kinds, received_at=received_at, tolerance=timedelta(days=1))
        posted.stored = encode(event.data.enrollment_id, event.fact())
    return posted.stored


def record_key(posted: Posted) -> Key:
    key = EnrollmentKey(str(posted.data.get("enrollment_id")), str(posted.data.get("account_id")))
    return enrollment_keys.row_key(key)


def is_event(posted: Posted) -> bool:
    return bool(posted.event)


def known_at(moment: int) -> Predicate:
    """Whether an event was acknowledged by then, in milliseconds since 1970."""
    return lambda one: one.counts() and one.acknowledged_at is not None and one.acknowledged_at <= moment


def known_before(world: "World") -> Predicate:
    """Whether an event was acknowledged before the present invocation began."""
    return known_at(world.current.began if world.current is not None else world.now)


def enrollment_of(world: "World", key: Key) -> Posted | None:
    posted = world.oracle.posted
    return next((one for one in posted if one.kind == "enrollment.created" and record_key(one) == key), None)


def enrollments_named_by(world: "World", fact: Posted) -> list[Posted]:
    """The events that created the enrollment that a fact names."""
    return world.oracle.events("enrollment.created", is_event, enrollment_id=fact.data.get("enrollment_id"))


def possible_schedules(world: "World", live_event_id: str) -> list[Posted]:
    """The schedules that the present invocation may take for the newest."""
    schedules = world.oracle.events("live-event.scheduled", is_event, live_event_id=live_event_id)
    return possibly_newest(schedules, known_before(world))


def possibly_newest(events: Sequence[Posted], known: Predicate) -> list[Posted]:
    """The newest known one of events that replace each other, and those that take precedence over it."""
    newest = max((one.precedence for one in events if known(one)), default=(0, "", ""))
    return [one for one in events if one.precedence >= newest]

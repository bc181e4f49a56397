"""I3: every accepted event is in its record, or in quarantine with a reason."""

from typing import TYPE_CHECKING

from tests.simulation.engine.runtime import RECORDS
from tests.simulation.invariants.records import (
    Item,
    Key,
    enrollments_named_by,
    facts_of,
    is_event,
    possible_schedules,
    record_key,
    stored_form,
)
from tests.simulation.invariants.violation import require
from tests.simulation.oracle import FACTS, Posted, milliseconds
from tests.simulation.services.sqs import Message

if TYPE_CHECKING:
    from tests.simulation.engine.world import World

MOST_FACTS = ((48, 6_000), (256, 240), (6_000, 8))  # of a record, by the bytes of the largest fact (docs/design.md §3)


def check_facts(before: Item, after: Item) -> None:
    require(facts_of(before) <= facts_of(after), "I3", "facts disappeared from a record")


def check_kept(world: "World", posted: Posted) -> None:
    """An acknowledged event is stored, or its enrollment no longer needs it."""
    table = world.dynamodb.tables[RECORDS].items
    require(_is_kept(table, posted), "I3", f"{posted.step.what} is acknowledged and is stored nowhere")


def _is_kept(table: dict[Key, Item], posted: Posted) -> bool:
    data = posted.data
    if posted.kind in FACTS:
        record = table.get(record_key(posted), {})
        closed = "r" in record or ("issue" in record and posted.step.queue == "Progress")
        form = stored_form(posted)
        return closed or (form is not None and form <= facts_of(record))
    match posted.kind:
        case "company.saved":
            return _number(table, f"company#{data['company_id']}", "saved") >= posted.time
        case "account.saved":
            return _number(table, f"account#{data['account_id']}", "saved") >= posted.time
        case "account.removed":
            return _number(table, f"account#{data['account_id']}", "removed") > 0
        case "course.published":
            newest: int = data["version"]
            return _number(table, f"training#{data['course_id']}", "version") >= newest
        case "live-event.scheduled":
            return _number(table, f"training#{data['live_event_id']}", "version") >= posted.time
        case "live-event.cancelled":
            return _number(table, f"training#{data['live_event_id']}", "cancelled") >= posted.time
        case "enrollment.created":
            return "e" in table.get(record_key(posted), {})
        case "enrollment.removed":
            return "r" in table.get(record_key(posted), {})
        case _:
            return False


def _number(table: dict[Key, Item], pk: str, name: str) -> int:
    return int(table.get((pk, "-"), {}).get(name, {"N": "0"})["N"])


def check_reason(message: Message) -> None:
    require(message.reason is not None, "I3", f"{message.label} is in quarantine without a reason")


def check_refusal(world: "World", posted: Posted, reason: str) -> None:
    """An event in quarantine could never have counted."""
    data, named = posted.data, enrollments_named_by(world, posted)
    match reason:
        case "account-mismatch":
            right = any(one.data["account_id"] != data["account_id"] for one in named)
        case "training-mismatch":
            training_id = data.get("live_event_id", data.get("training_id"))
            right = any(one.data["training_id"] != training_id for one in named)
        case "time-out-of-range":
            right = any(one.is_from_the_future() for one in world.oracle.by_body[posted.step.body])
        case "record-full":
            right = _is_full(world, posted)
        case "removed":
            right = any(one.time < posted.time for one in _removals(world, posted))
        case "marked-before-end":
            schedules = possible_schedules(world, data["live_event_id"])
            right = any(milliseconds(one.data["ends_at"]) > posted.time for one in schedules)
        case _:
            right = posted.step.refused == reason
    require(right, "I3", f"{posted.step.what} is in quarantine as {reason}")


def _is_full(world: "World", posted: Posted) -> bool:
    """Whether a fact of this size does not fit its record any more."""
    form = stored_form(posted) or frozenset()
    most = next(most for size, most in MOST_FACTS if max(map(len, form)) <= size)
    record = world.dynamodb.tables[RECORDS].items.get(record_key(posted), {})
    return len(facts_of(record) | form) > most


def _removals(world: "World", posted: Posted) -> list[Posted]:
    whose = {"account_id": posted.data["account_id"]}
    of_account = world.oracle.events("account.removed", is_event, **whose)
    if "enrollment_id" not in posted.data:
        return of_account
    whose["enrollment_id"] = posted.data["enrollment_id"]
    return of_account + world.oracle.events("enrollment.removed", is_event, **whose)


def check_handled(posted: Posted) -> None:
    """At the end every message is acknowledged, and what must be refused is in quarantine with its reason."""
    require(posted.acknowledged_at is not None, "I3", f"{posted.step.what} was never acknowledged")
    refused = "time-out-of-range" if posted.is_from_the_future() else posted.step.refused
    require(not refused or refused in posted.reasons, "I3", f"{posted.step.what} is not in quarantine as {refused}")


def check_mismatch(world: "World", posted: Posted) -> None:
    """A fact that names another account or event than its enrollment is refused unless it came first.

    A mark is refused when every schedule ends after it and one was known.
    """
    data, reason = posted.data, ""
    named = enrollments_named_by(world, posted)
    before = [one for one in named if one.counts() and _is_known_to(posted, one)]
    if any(one.data["account_id"] != data["account_id"] for one in before):
        reason = "account-mismatch"
    if posted.kind == "attendance.marked":
        schedules = world.oracle.events("live-event.scheduled", live_event_id=data["live_event_id"])
        if any(one.data["training_id"] != data["live_event_id"] and not world.oracle.removed(one) for one in before):
            reason = reason or "training-mismatch"
        known = [one for one in schedules if _is_known_to(posted, one)]
        if known and all(milliseconds(one.data["ends_at"]) > posted.time for one in schedules):
            reason = "marked-before-end"
    refused = posted.reasons & {reason, "time-out-of-range", "record-full"}
    require(not reason or bool(refused), "I3", f"{posted.step.what} is not in quarantine as {reason}")


def _is_known_to(posted: Posted, other: Posted) -> bool:
    """Whether another event was acknowledged before this one was posted."""
    return (other.acknowledged_at or posted.posted_at) < posted.posted_at

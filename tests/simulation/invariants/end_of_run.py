"""The end of a run: fifteen minutes after the last fault, the service agrees with the oracle (I3, I4, I8)."""

from typing import TYPE_CHECKING

from tests.simulation.engine.faults import MAX_SKEW, SKEWED
from tests.simulation.engine.runtime import RECORDS
from tests.simulation.invariants import documents, nothing_lost
from tests.simulation.invariants.records import Item, issue_of
from tests.simulation.invariants.violation import require
from tests.simulation.oracle import FACTS, Posted, milliseconds
from tests.simulation.stories.steps import UNPRINTABLE

if TYPE_CHECKING:
    from tests.simulation.engine.world import World


def check(world: "World") -> None:
    for posted in world.oracle.posted:
        nothing_lost.check_handled(posted)
        if posted.kind in FACTS and not posted.step.refused:
            nothing_lost.check_mismatch(world, posted)
    for queue in world.sqs.queues.values():
        left = [message.label for message in queue.messages.values() if queue.dead_letters or message.reason is None]
        require(not left, "I3", f"{left} are left in {queue.name}")
    for enrollment in world.oracle.enrollments():
        _check_enrollment(world, enrollment)
    for (pk, _), item in world.dynamodb.tables[RECORDS].items.items():
        accepted = pk.startswith("export#") and item["export_id"]["S"] in world.observer.exports_accepted
        require("finished" in item or not accepted, "I3", f"{pk} was accepted and is not finished")


def _check_enrollment(world: "World", enrollment: Posted) -> None:
    if not world.fault_profile.swept and _needs_sweep(world, enrollment):
        return
    record = world.observer.record(enrollment.data["enrollment_id"], enrollment.data["account_id"])
    _check_status(world, enrollment, record)
    if "issue" in record:
        if not world.operations.purged:
            _check_announced(world, record)
        if "r" not in record and "revocation" not in record:
            documents.check_durable(world, record["c"]["S"], issue_of(record))


def _check_status(world: "World", enrollment: Posted, record: Item) -> None:
    """The certificate is issued, missing, held, revoked or withdrawn, as the oracle says."""
    name = enrollment.data["enrollment_id"]
    valid = "issue" in record and "revocation" not in record and "r" not in record
    if world.oracle.removed(enrollment):
        require("r" in record, "I3", f"{name} was removed, and its record is active")
    elif world.oracle.completed_at(enrollment, world.now) is not None:
        accounts = world.oracle.events("account.saved", account_id=enrollment.data["account_id"])
        held = "hold" in record and UNPRINTABLE in accounts[-1].data["name"]
        require(valid or held or not accounts, "I3", f"{name} is complete and has no certificate")
    elif "issue" in record:
        absent = world.oracle.absent(enrollment)
        require(not valid or not absent, "I3", f"{name} was corrected to absent and is not revoked")


def _needs_sweep(world: "World", enrollment: Posted) -> bool:
    return any(_is_dated_ahead(world, fact) for fact in world.oracle.facts(enrollment)) or _is_crossed(
        world, enrollment
    )


def _is_crossed(world: "World", enrollment: Posted) -> bool:
    """Whether an enrollment and a change to its training or account were handled at the same time.

    The enrollment may be written with what was read before the change, after the change looked for enrollments.
    """
    data = enrollment.data
    created = world.oracle.events("enrollment.created", enrollment_id=data["enrollment_id"])
    changes = [
        one
        for one in world.oracle.posted
        if data["training_id"] in (one.data.get("course_id"), one.data.get("live_event_id"))
        or (one.kind in {"account.saved", "account.removed"} and one.data["account_id"] == data["account_id"])
    ]
    return any(_overlap(one, other) for one in created for other in changes if other.step.queue == "Directory")


def _is_dated_ahead(world: "World", fact: Posted) -> bool:
    """Whether a fact was posted before its time, or before a slow clock says that its event is over."""
    schedule = world.oracle.newest("live-event.scheduled", live_event_id=fact.data.get("live_event_id"))
    skewed = schedule is not None and world.fault_profile.rates.get(SKEWED)
    over = milliseconds(schedule.data["ends_at"]) + MAX_SKEW if schedule is not None and skewed else 0
    return fact.posted_at < max(fact.time, over)


def _overlap(one: Posted, other: Posted) -> bool:
    ends = [posted.acknowledged_at or posted.posted_at for posted in (one, other)]
    return one.posted_at <= ends[1] and other.posted_at <= ends[0]


def _check_announced(world: "World", record: Item) -> None:
    revision = record["c"]["S"], int(record["revision"]["N"])
    events = (event for event in world.eventbridge.events if documents.announced_revision(event) == revision)
    announced = {event["type"].split(".")[2] for event in events}
    due = "withdrawn" if "r" in record else "revoked" if "revocation" in record else "issued"
    is_announced = due in announced or (due == "issued" and "reissued" in announced)
    require(is_announced, "I8", f"no announcement says that {revision} is {due}")

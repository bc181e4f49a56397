"""The end of a run: fifteen minutes after the last fault, the service agrees with the oracle (I3, I4, I8)."""

from typing import TYPE_CHECKING

from tests.simulation.engine.faults import MAX_SKEW, SKEWED
from tests.simulation.engine.runtime import RECORDS
from tests.simulation.invariants import documents, nothing_lost
from tests.simulation.invariants.records import Item, issue_of
from tests.simulation.invariants.violation import require
from tests.simulation.oracle import FACTS, Posted, milliseconds, newest_version
from tests.simulation.stories.steps import UNPRINTABLE

if TYPE_CHECKING:
    from tests.simulation.engine.world import World

REPLACED = {  # by kind of event: the prefix of its item's key, the name of its id, and the attribute of its stamp
    "company.saved": ("company", "company_id", "saved_by"),
    "account.saved": ("account", "account_id", "saved_by"),
    "course.published": ("training", "course_id", "saved_by"),
    "live-event.scheduled": ("training", "live_event_id", "saved_by"),
    "live-event.cancelled": ("training", "live_event_id", "cancelled_by"),
}


def check(world: "World") -> None:
    for posted in world.oracle.posted:
        nothing_lost.check_handled(posted)
        if posted.kind in FACTS and not posted.step.refused:
            nothing_lost.check_mismatch(world, posted)
    for queue in world.sqs.queues.values():
        left = [message for message in queue.messages.values() if queue.dead_letters or message.reason is None]
        if queue.name == "Export":  # a copy that met the run of another waits; each export is checked below
            left = [message for message in left if message.visible_at <= world.now]
        require(not left, "I3", f"{[message.label for message in left]} are left in {queue.name}")
    _check_directory(world)
    _check_removals(world)
    for enrollment in world.oracle.enrollments():
        _check_enrollment(world, enrollment)
    for (pk, _), item in world.dynamodb.tables[RECORDS].items.items():
        accepted = pk.startswith("export#") and item["export_id"]["S"] in world.observer.exports_accepted
        require("finished" in item or not accepted, "I3", f"{pk} was accepted and is not finished")


def _check_directory(world: "World") -> None:
    """I4: of the events that replace each other, the one with the greatest precedence is stored.

    Except for a removed account: what is dated after its removal is refused once that has arrived, and stored before.
    """
    newest: dict[tuple[str, str], Posted] = {}
    for kind, (prefix, name, attribute) in REPLACED.items():
        for posted in world.oracle.events(kind):
            if kind == "account.saved" and world.oracle.events("account.removed", account_id=posted.data[name]):
                continue
            key = f"{prefix}#{posted.data[name]}", attribute
            newest[key] = newest_version(one for one in (newest.get(key), posted) if one is not None)
    for (pk, attribute), posted in newest.items():
        stored = world.dynamodb.tables[RECORDS].items.get((pk, "-"), {}).get(attribute, {}).get("S")
        _, source, event_id = posted.precedence
        require(stored == f"{source}\0{event_id}", "I4", f"{pk} does not have {posted.step.what}")


def _check_removals(world: "World") -> None:
    """I4: of the removals of an account, the earliest is stored."""
    earliest: dict[str, Posted] = {}
    for posted in world.oracle.events("account.removed"):
        earliest.setdefault(posted.data["account_id"], posted)
    for account_id, posted in earliest.items():
        account = world.dynamodb.tables[RECORDS].items.get((f"account#{account_id}", "-"), {})
        require(account.get("removed") == {"N": str(posted.time)}, "I4", f"{account_id} lacks {posted.step.what}")


def _check_enrollment(world: "World", enrollment: Posted) -> None:
    if not world.fault_profile.swept and needs_sweep(world, enrollment):
        return
    record = world.observer.record(enrollment.data["enrollment_id"], enrollment.data["account_id"])
    _check_status(world, enrollment, record)
    if "issue" not in record and "r" not in record:
        _check_version(world, enrollment, record)
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


def _check_version(world: "World", enrollment: Posted, record: Item) -> None:
    """I3: a record that awaits its certificate was evaluated by the newest version of its training."""
    training = world.dynamodb.tables[RECORDS].items.get((f"training#{enrollment.data['training_id']}", "-"), {})
    stale = "version" in training and int(record.get("v", {"N": "-1"})["N"]) < int(training["version"]["N"])
    require(not stale, "I3", f"{enrollment.data['enrollment_id']} was not evaluated by the newest version")


def needs_sweep(world: "World", enrollment: Posted) -> bool:
    is_dated_ahead = any(_is_dated_ahead(world, fact) for fact in world.oracle.facts(enrollment))
    return is_dated_ahead or _is_crossed(world, enrollment) or _is_republished(world, enrollment)


def _is_republished(world: "World", enrollment: Posted) -> bool:
    """Whether its training was published with two contents as one version: a sandbox remembers one for a minute."""
    published = [
        (one.data.get("version", one.time), one.data["title"])
        for kind, name in (("course.published", "course_id"), ("live-event.scheduled", "live_event_id"))
        for one in world.oracle.events(kind, **{name: enrollment.data["training_id"]})
    ]
    return len({version for version, _ in published}) < len(set(published))


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

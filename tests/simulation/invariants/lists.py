"""N3 and L3: at the end of a run, the API's lists and summaries say what the oracle says."""

from collections import Counter
from typing import TYPE_CHECKING, Any

from tests.simulation.invariants.end_of_run import needs_sweep
from tests.simulation.invariants.records import Item
from tests.simulation.invariants.violation import require
from tests.simulation.oracle import Posted, marks_of, milliseconds

if TYPE_CHECKING:
    from tests.simulation.engine.world import World

PARTIES = ("learner", "administrator", "support", "nobody")


def check_enrollments(world: "World", company_id: str, items: list[Item]) -> None:
    """A company's list has its active enrollments, with the status that the rules give them."""
    listed = {item["enrollment_id"]: item["status"] for item in items}
    expected = {
        one.data["enrollment_id"]: _status(world, one) for one in _enrolled(world) if _company(world, one) == company_id
    }
    require(listed == expected, "N3", f"the list of {company_id} says {listed}, and the oracle {expected}")


def check_summary(company_id: str, summary: list[Item], items: list[Item]) -> None:
    """The summary counts what the list says."""
    expected: list[dict[str, Any]] = []
    for training_id in sorted({item["training"]["id"] for item in items}):
        own = [item for item in items if item["training"]["id"] == training_id]
        first = {(item["outstanding"][0]["who"], item["account_id"]) for item in own if item["outstanding"]}
        waiting = Counter(who for who, _ in first)
        expected.append(
            {
                "training": own[0]["training"],
                "enrolled": len(own),
                "completed": sum(item["status"] == "completed" for item in own),
                "waiting": {who: waiting[who] for who in PARTIES},
            }
        )
    counted = [{name: value for name, value in item.items() if name != "certificates"} for item in summary]
    require(counted == expected, "N3", f"the summary of {company_id} is {counted}, and its list says {expected}")


def check_waiting(world: "World", event: Posted, items: list[Item]) -> None:
    """The people who wait at an ended event are those whose attendance nobody has marked.

    A mark from before the end of an event that was postponed does not count, but a certificate that it earned stands.
    """
    event_id = event.data["live_event_id"]
    listed = sorted(item["enrollment_id"] for item in items)
    cancelled = world.oracle.newest("live-event.cancelled", live_event_id=event_id)
    is_held = cancelled is None or cancelled.precedence < event.precedence
    has_ended = is_held and milliseconds(event.data["ends_at"]) <= world.now
    enrolled = [one for one in _enrolled(world) if one.data["training_id"] == event_id and has_ended]
    waiting = [one for one in enrolled if not (_stands(world, one) or marks_of(event, world.oracle.facts(one)))]
    expected = sorted(one.data["enrollment_id"] for one in waiting)
    require(listed == expected, "L3", f"{listed} are said to wait at {event_id}, and the oracle says {expected}")


def is_settled(world: "World") -> bool:
    """Whether everything is evaluated; without a sweep, some things wait for one."""
    return world.fault_profile.swept or not any(needs_sweep(world, one) for one in world.oracle.enrollments())


def _enrolled(world: "World") -> list[Posted]:
    return [one for one in world.oracle.enrollments() if not world.oracle.removed(one)]


def _company(world: "World", enrollment: Posted) -> str | None:
    account = world.oracle.newest("account.saved", account_id=enrollment.data["account_id"])
    company: str | None = enrollment.data.get("company_id") or (account.data.get("company_id") if account else None)
    return company


def _stands(world: "World", enrollment: Posted) -> bool:
    record = world.observer.record(enrollment.data["enrollment_id"], enrollment.data["account_id"])
    return "issue" in record and "revocation" not in record


def _status(world: "World", enrollment: Posted) -> str:
    is_known = bool(world.oracle.events("account.saved", account_id=enrollment.data["account_id"]))
    is_complete = is_known and world.oracle.completed_at(enrollment, world.now) is not None
    return "completed" if _stands(world, enrollment) or is_complete else "in-progress"

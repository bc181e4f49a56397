"""I2: two announcements have the same id exactly when they tell the same change."""

from typing import TYPE_CHECKING

from tests.simulation.invariants.records import Item
from tests.simulation.invariants.violation import require

if TYPE_CHECKING:
    from tests.simulation.engine.world import World

Change = tuple[str, ...]
SUBJECTS = "certificate_id", "enrollment_id", "live_event_id", "training_id", "company_id", "queue"


def check_id(world: "World", event: Item) -> None:
    change, changes, ids = change_of(event), world.observer.announced_changes, world.observer.announced_ids
    known = changes.setdefault(event["id"], change)
    require(known == change, "I2", f"one announcement's id tells {known} and {change}")
    if event["type"].split(".")[1] == "certificate":
        same = ids.setdefault(change, event["id"]) == event["id"]
        require(same, "I2", f"{change} is announced under two ids")


def change_of(event: Item) -> Change:
    """Type, subject, revision and cause; of a hold also its time, since an enrollment may be held again."""
    data = event["data"]
    subject = next(data[name] for name in SUBJECTS if name in data)
    since = data["at"] if event["type"] == "earned.certificate.held.v1" else ""
    return event["type"], subject, str(data.get("revision", "")), data.get("reason", ""), since

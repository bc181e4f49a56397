"""I4: the order and the duplication of deliveries do not change the outcome."""

from tests.simulation.invariants.records import Item, Key
from tests.simulation.invariants.violation import require


def check_progress(key: Key, before: Item, after: Item) -> None:
    """Removal is final (A5), the earliest removal counts, and an older value never replaces a newer one."""
    require("e" not in before or before["e"] == after.get("e"), "I4", f"{key[0]} changed when it was enrolled")
    for name in ("r", "removed"):
        is_kept = name not in before or (name in after and _value(after, name) <= _value(before, name))
        require(is_kept, "I4", f"{key[0]} has no removal or a later one")
    for names in (("version", "saved", "saved_by"), ("cancelled", "cancelled_by"), ("v",)):
        earlier, later = ([_value(item, name) for name in names] for item in (before, after))
        require(earlier <= later, "I4", f"{key[0]} went back in time: {names}")


def _value(item: Item, name: str) -> tuple[int, str]:
    """A number or a text, in an order that has both."""
    value = item.get(name, {})
    return int(value.get("N", "0")), value.get("S", "")

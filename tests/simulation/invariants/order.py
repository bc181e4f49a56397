"""I4: the order and the duplication of deliveries do not change the outcome."""

from tests.simulation.invariants.records import Item, Key
from tests.simulation.invariants.violation import require


def check_progress(key: Key, before: Item, after: Item) -> None:
    """Removal is final (A5), and an older value never replaces a newer one."""
    for name in ("e", "r", "removed"):
        require(name not in before or before[name] == after.get(name), "I4", f"{key[0]} changed what is final: {name}")
    for name in ("saved", "version", "cancelled", "v"):
        earlier, later = (int(item.get(name, {"N": "0"})["N"]) for item in (before, after))
        require(earlier <= later, "I4", f"{key[0]} went back in time: {name}")

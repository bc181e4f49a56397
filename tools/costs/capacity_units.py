"""Capacity as DynamoDB counts it, from the items themselves; emulators only estimate it.

Sizes: https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/CapacityUnitCalculations.html; it gives lists
and maps an overhead and does not mention sets, which count here as the sum of their elements.
Units: https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/read-write-operations.html; an update's units
in an index: https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/GSI.html.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

WRITE_STEP, READ_STEP = 1024, 4096
STORED_BESIDE_AN_ITEM = 100  # bytes of index data, paid for as storage and not as capacity
Item = Mapping[str, Mapping[str, Any]]


@dataclass(frozen=True)
class Index:
    """A global secondary index: its keys, and all attributes of an entry, the table's keys among them."""

    name: str
    keys: tuple[str, ...]
    attributes: tuple[str, ...]

    def entry(self, item: Item | None) -> Item | None:
        """An item's entry in the index, None when it lacks one of its keys."""
        if item is None or not all(key in item for key in self.keys):
            return None
        return {name: item[name] for name in self.attributes if name in item}

    def write_units(self, before: Item | None, after: Item | None) -> int:
        """Units of a write in this index: none unless the entry changes; a changed key adds a deletion."""
        old, new = self.entry(before), self.entry(after)
        if old == new:
            return 0
        if old and new and any(old[key] != new[key] for key in self.keys):
            return write_units(old) + write_units(new)
        return write_units(old, new)


def size(item: Item) -> int:
    """Bytes of an item, attribute names included."""
    return sum(len(name.encode()) + _value(value) for name, value in item.items())


def write_units(*forms: Item | None) -> int:
    """Units of a write in the table: kilobytes of the larger of the item before and after, 1 at least."""
    return _steps(max((size(form) for form in forms if form), default=0), WRITE_STEP)


def read_units(sizes: Iterable[int], *, consistent: bool) -> float:
    """Units of a read: 4 KB steps of everything it read, half of them when eventually consistent."""
    steps = _steps(sum(sizes), READ_STEP)
    return steps if consistent else steps / 2


def _steps(length: int, step: int) -> int:
    return max(1, -(-length // step))


def _value(typed: Mapping[str, Any]) -> int:
    kind, value = next(iter(typed.items()))
    match kind:
        case "S":
            return len(value.encode())
        case "B":
            return len(value)
        case "N":
            digits: str = value.lstrip("-").replace(".", "").strip("0")
            return (len(digits) + 1) // 2 + 1 + ("-" in value)
        case "BOOL" | "NULL":
            return 1
        case "L" | "M":
            parts = value if kind == "L" else value.values()
            return 3 + sum(1 + _value(part) for part in parts) + (sum(map(len, value)) if kind == "M" else 0)
        case "SS" | "NS" | "BS":
            return sum(_value({kind[0]: part}) for part in value)
        case _:
            raise ValueError(f"attribute of unknown type {kind}")

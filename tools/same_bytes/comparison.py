"""Two folders that should have the same files."""

from itertools import zip_longest
from pathlib import Path


def differences(one: Path, other: Path) -> list[str]:
    """What differs, a sentence for each file; raises `ValueError` if there is nothing to compare."""
    names = sorted({path.name for folder in (one, other) for path in folder.iterdir()})
    if not names:
        raise ValueError(f"{one} and {other} have no files")
    return [found for name in names if (found := _difference(name, one / name, other / name))]


def _difference(name: str, one: Path, other: Path) -> str | None:
    for path in (one, other):
        if not path.exists():
            return f"{name}: not in {path.parent.name}"
    first, second = one.read_bytes(), other.read_bytes()
    if first == second:
        return None
    pairs = zip_longest(first, second)
    place = next(at for at, (left, right) in enumerate(pairs) if left != right)
    return f"{name}: {len(first):,} bytes and {len(second):,}, from byte {place:,} on"

"""Tampered ids, as the function receives them: after API Gateway has decoded the path."""

from collections.abc import Callable
from itertools import chain
from urllib.parse import quote

from tests.integration.authorization.operations import ids_of
from tests.integration.authorization.world import World

TRICKS: dict[str, Callable[[str], str]] = {
    "as it is": lambda id_: id_,
    "guessed": lambda id_: "a" * len(id_),
    "swapped case": str.swapcase,
    "upper case": str.upper,
    "encoded once more": lambda id_: f"%{ord(id_[0]):02x}{id_[1:]}",
    "encoded in full": lambda id_: "".join(f"%{byte:02X}" for byte in id_.encode()),
    "quoted": lambda id_: quote(f'"{id_}"'),
    "space before": lambda id_: f" {id_}",
    "space after": lambda id_: f"{id_} ",
    "line break after": lambda id_: f"{id_}\n",
    "nul after": lambda id_: f"{id_}\0",
    "zero-width space after": lambda id_: f"{id_}\u200b",
    "look-alike letter": lambda id_: id_.replace("e", "\u0435").replace("a", "\u0430"),
    "full width": lambda id_: "".join(chr(ord(letter) + 0xFEE0) for letter in id_),
    "slash after": lambda id_: f"{id_}/",
    "traversal": lambda id_: f"../{id_}",
    "there and back": lambda id_: f"elsewhere/../{id_}",
    "encoded traversal": lambda id_: f"..%2f{id_}",
    "with its key": lambda id_: f"enrollment#{id_}",
    "fragment after": lambda id_: f"{id_}#",
    "query after": lambda id_: f"{id_}?limit=1",
    "parameter after": lambda id_: f"{id_};limit=1",
    "two": lambda id_: f"{id_},{id_}",
    "a list": lambda id_: f"[{id_}]",
    "cut short": lambda id_: id_[:-1],
    "longer": lambda id_: f"{id_}a",
    "very long": lambda id_: id_ * 200,
    "wildcard": lambda _: "*",
    "percent": lambda _: "%",
}


def of_another_kind(world: World, takes: str) -> list[str]:
    """An id of every other kind than the one that the operation takes."""
    return [ids[0] for kind, ids in ids_of(world).items() if ids and kind not in {takes, ""}]


def tampered(world: World, takes: str, id_: str) -> dict[str, str]:
    """One id after every trick, by the trick's name."""
    others = {f"another kind, {number}": other for number, other in enumerate(of_another_kind(world, takes))}
    return dict(chain(((name, trick(id_)) for name, trick in TRICKS.items()), others.items()))

"""I2: exactly one certificate per enrollment, whatever is delivered."""

from tests.simulation.invariants.records import Item, Key
from tests.simulation.invariants.violation import require


def check_id(known: dict[str, str], key: Key, after: Item) -> None:
    """A partition has one certificate id; `known` are the ids so far."""
    if "c" in after:
        certificate_id = known.setdefault(key[0], after["c"]["S"])
        require(certificate_id == after["c"]["S"], "I2", f"{key[0]} has two certificates")


def check_revision(issued: dict[tuple[str, int], Item], before: Item, after: Item, issue: Item) -> None:
    """A revision is issued once, and revisions only rise."""
    certificate_id, revision = after["c"]["S"], issue["revision"]
    require(issue["printed"]["certificate_id"] == certificate_id, "I2", f"{certificate_id} prints another id")
    require(int(after["revision"]["N"]) == revision, "I2", f"{certificate_id} stores another revision than it issued")
    require((certificate_id, revision) not in issued, "I2", f"{certificate_id} was issued twice as revision {revision}")
    require(revision > int(before.get("revision", {"N": "0"})["N"]), "I2", f"{certificate_id} went back to {revision}")


def check_reissues(key: Key, reissued: int, requested: int) -> None:
    require(reissued <= requested, "I2", f"{key[0]} was reissued {reissued} times for {requested} requests")


def check_request(issued: dict[tuple[str, int], Item], after: Item, issue: Item) -> None:
    """A request for a reissue leads to one revision, however often it is delivered."""
    earlier = [one["request"] for (known, _), one in issued.items() if known == after["c"]["S"]]
    require(issue["request"] not in earlier, "I2", f"{after['c']['S']} was reissued twice for one request")

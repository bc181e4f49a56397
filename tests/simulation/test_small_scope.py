"""The small scope: every case of it, and whether it sees a bug that only one order and one crash in thousands show."""

from tests.planted_bugs.hunt import run_with
from tests.simulation.seeds import python

CASES = 12  # four facts in three deliveries, of two that differ in whose enrollment is called the first one


def test_every_interleaving_with_a_crash_at_every_boundary_ends_in_two_certificates() -> None:
    told = python("-m", "tests.simulation.small_scope")
    assert len(told.splitlines()) == CASES


def test_a_bug_is_told_by_a_shortest_way_to_it() -> None:
    ended = run_with("act-on-winning-the-write", "tests.simulation.small_scope", "5")
    assert ended.returncode == 1, ended.stderr
    _, *way, violation = ended.stdout.splitlines()
    assert violation == "I3: enr-2 is complete and has no certificate"
    wrote, died, *after = way[way.index("delivery-2 dies") - 1 :]
    assert wrote.startswith("delivery-2 dynamodb.UpdateItem")
    assert died == "delivery-2 dies"
    assert [line.split(" ")[0] for line in after] == ["delivery-2'", "delivery-2'"]

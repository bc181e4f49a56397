"""The small scope: all of its cases, and a bug that only one order with one crash in thousands shows."""

from tests.planted_bugs.find_seed import run_with
from tests.simulation.seeds import python

CASES = 12  # four facts in three deliveries; of two cases that differ in the order of the enrollments, one


def test_every_interleaving_with_a_crash_at_every_boundary_ends_in_two_certificates() -> None:
    output = python("-m", "tests.simulation.small_scope")
    assert len(output.splitlines()) == CASES


def test_a_bug_is_reported_with_a_shortest_path_to_it() -> None:
    ended = run_with("act-on-winning-the-write", "tests.simulation.small_scope", "5")
    assert ended.returncode == 1, ended.stderr
    _, *path, violation = ended.stdout.splitlines()
    assert violation == "I3: enr-2 is complete and has no certificate"
    wrote, crashed, *after = path[path.index("delivery-2 crashes") - 1 :]
    assert wrote.startswith("delivery-2 dynamodb.UpdateItem")
    assert crashed == "delivery-2 crashes"
    assert {line.split(" ")[0] for line in after} == {"delivery-2'"}

"""Lambda stops a message after 16 hops through one function: no chain of queues leads back to where it began."""

import re
from collections.abc import Iterator, Mapping
from typing import Any

import pytest

from earned.testing.cloudformation import INFRA, TEMPLATE, functions, read_template, resources

Graph = Mapping[str, frozenset[str]]  # a function, and those that it sends messages to


def senders() -> dict[str, set[str]]:
    """The queues to which the role of each function may send."""
    roles = resources("AWS::IAM::Role", INFRA / "roles.yaml")
    statements = {
        name.removesuffix("Role"): [one for policy in role["Policies"] for one in policy["PolicyDocument"]["Statement"]]
        for name, role in roles.items()
    }
    return {name: {queue for one in some for queue in queues_of(one)} for name, some in statements.items()}


def queues_of(statement: dict[str, Any]) -> Iterator[str]:
    """The queues to which a statement lets a role send."""
    actions, allowed = statement["Action"], statement["Resource"]
    if "sqs:SendMessage" in (actions if isinstance(actions, list) else [actions]):
        for resource in allowed if isinstance(allowed, list) else [allowed]:
            yield resource["Ref"].removesuffix("Arn")


def hops() -> Graph:
    """No function consumes a dead-letter queue: what lies there waits for an operator."""
    consumers = {one.source.queue: name for name, one in functions().items() if one.source}
    return {
        name: frozenset(consumers[queue] for queue in queues if queue in consumers)
        for name, queues in senders().items()
    }


def on_a_cycle(graph: Graph) -> set[str]:
    """The functions from which messages can come back to themselves, directly or through others."""
    return {name for name in graph if name in reached_from(graph, name)}


def reached_from(graph: Graph, name: str) -> set[str]:
    found: set[str] = set()
    waiting = [*graph.get(name, ())]
    while waiting:
        one = waiting.pop()
        if one not in found:
            found.add(one)
            waiting += graph.get(one, ())
    return found


def allowed_to_loop(template: str) -> set[str]:
    """The functions with `RecursiveLoop: Allow` and, on the same line, why their loop ends."""
    found: set[str] = set()
    for block in re.split(r"^(?=  \w+:\n)", template, flags=re.MULTILINE):
        if re.search(r"^ +RecursiveLoop: Allow +# \S+( \S+){3,}", block, flags=re.MULTILINE):
            found.add(block.split(":", 1)[0].strip())
    return found


def test_only_a_function_that_says_why_its_loop_ends_is_on_a_cycle() -> None:
    assert on_a_cycle(hops()) == allowed_to_loop(TEMPLATE.read_text())


def test_the_chain_from_a_changed_training_to_its_certificates_is_known() -> None:
    """The permissions and the event sources are read, so that the test above cannot pass on an empty graph."""
    graph = hops()
    assert graph["RecordDirectory"] == {"FanOutChanges", "EvaluateEnrollments", "GenerateCertificate"}
    assert graph["FanOutChanges"] == {"EvaluateEnrollments"}
    assert graph["EvaluateEnrollments"] == {"GenerateCertificate"}
    assert graph["GenerateCertificate"] == set()


@pytest.mark.parametrize(
    ("graph", "cycle"),
    [
        ({"A": {"A"}}, {"A"}),
        ({"A": {"B"}, "B": {"A"}}, {"A", "B"}),
        ({"A": {"B"}, "B": {"C"}, "C": {"B"}}, {"B", "C"}),
        ({"A": {"B"}, "B": {"C"}}, set()),
    ],
    ids=["its own queue", "over two functions", "behind another function", "a chain"],
)
def test_a_cycle_is_found_at_any_length(graph: dict[str, set[str]], cycle: set[str]) -> None:
    assert on_a_cycle({name: frozenset(others) for name, others in graph.items()}) == cycle


@pytest.mark.parametrize(
    ("line", "is_allowed"),
    [
        ("RecursiveLoop: Allow  # each run takes a part and the parts end", True),
        ("RecursiveLoop: Allow", False),
        ("RecursiveLoop: Allow  # bounded", False),
        ("RecursiveLoop: Terminate  # each run takes a part and the parts end", False),
    ],
)
def test_a_loop_needs_a_reason_in_words(line: str, is_allowed: bool) -> None:
    template = f"Resources:\n  Export:\n    Properties:\n      {line}\n  Other:\n    Properties: {{}}\n"
    assert allowed_to_loop(template) == ({"Export"} if is_allowed else set())


def test_every_function_is_in_the_graph() -> None:
    assert hops().keys() == functions().keys()
    assert read_template()["Resources"].keys() >= hops().keys()

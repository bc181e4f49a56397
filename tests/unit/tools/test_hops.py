"""Hops on the local stack, counted as Lambda counts them."""

from tools.local.hops import through, trace_header

FROM_AWS = "Root=1-5759e988-bd862e3fe1be46a994272793;Parent=53995c3f42cd8ad8;Sampled=0;Lineage=1:fc3b4ff1:0"


def chain(*functions: str) -> dict[str, int]:
    """The counts after one message has led through these functions."""
    headers: list[str] = []
    hops: dict[str, int] = {}
    for function in functions:
        hops = dict(through(function, headers))
        headers = [trace_header(hops)]
    return hops


def test_each_function_of_a_chain_is_counted_once() -> None:
    assert chain("directory", "fan-out", "evaluate") == {"directory": 1, "fan-out": 1, "evaluate": 1}


def test_a_function_that_sends_to_itself_is_counted_each_time() -> None:
    assert chain(*["evaluate"] * 17) == {"evaluate": 17}


def test_a_loop_over_two_functions_counts_both() -> None:
    assert chain("a", "b", "a", "b", "a") == {"a": 3, "b": 2}


def test_a_batch_counts_as_its_message_with_the_longest_chain() -> None:
    short, long = trace_header({"a": 2, "b": 9}), trace_header({"a": 5})
    assert through("a", [short, long]) == {"a": 6, "b": 9}


def test_a_message_without_lineage_or_with_that_of_aws_begins_a_chain() -> None:
    assert through("a", ["", "Root=1-0-0", FROM_AWS]) == {"a": 1}

"""A throttled table: what DynamoDB leaves out is read again, after random waits and not for ever."""

import pytest

from earned.aws.dynamodb.batch_reads import Backoff, RawItem, RawKeys, Throttled, read_all

KEYS: RawKeys = [{"pk": {"S": str(number)}} for number in range(250)]


class Table:
    """Answers the first `of_each` keys of a request; notes how many each request asks for."""

    def __init__(self, of_each: int) -> None:
        self.of_each = of_each
        self.requests: list[int] = []

    def read(self, keys: RawKeys) -> tuple[list[RawItem], RawKeys]:
        self.requests.append(len(keys))
        return keys[: self.of_each], keys[self.of_each :]


def backoff(waited: list[float], chance: float = 1.0) -> Backoff:
    return Backoff(waited.append, lambda: chance)


def test_each_key_is_read_once_in_requests_of_at_most_a_hundred() -> None:
    table, waited = Table(of_each=100), list[float]()
    assert list(read_all(KEYS, table.read, backoff(waited))) == KEYS
    assert (table.requests, waited) == ([100, 100, 50], [])


def test_keys_that_are_left_out_are_read_again_after_a_wait_that_doubles() -> None:
    table, waited = Table(of_each=30), list[float]()
    assert list(read_all(KEYS[:100], table.read, backoff(waited))) == KEYS[:100]
    assert table.requests == [100, 70, 40, 10]
    assert waited == [0.05, 0.1, 0.2]


def test_a_table_that_answers_nothing_is_asked_eight_times_and_the_waits_stay_below_four_seconds() -> None:
    table, waited = Table(of_each=0), list[float]()
    with pytest.raises(Throttled, match="100 of 100 keys"):
        list(read_all(KEYS[:100], table.read, backoff(waited)))
    assert table.requests == [100] * 8
    assert sum(waited) == pytest.approx(3.55)


def test_a_table_that_answers_one_key_at_a_time_is_given_up_as_well() -> None:
    table = Table(of_each=1)
    with pytest.raises(Throttled):
        list(read_all(KEYS[:100], table.read, backoff([])))
    assert len(table.requests) == 8


def test_the_waits_are_random() -> None:
    few, many = list[float](), list[float]()
    list(read_all(KEYS[:100], Table(of_each=60).read, backoff(few, chance=0.1)))
    list(read_all(KEYS[:100], Table(of_each=60).read, backoff(many, chance=0.9)))
    assert few == [pytest.approx(0.005)]
    assert many == [pytest.approx(0.045)]

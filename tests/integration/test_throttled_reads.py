"""A throttled table is asked again after random waits, also through the model that reads its rows."""

from typing import Any

import pytest

from earned.aws.dynamodb import table
from earned.aws.dynamodb.batch_reads import Backoff, Throttled
from earned.testing.service import Service
from tests.integration.wire_faults import Request, requests_pass
from tools.story import Story


def keys_of(story: Story, *accounts: str) -> list[table.ItemKey]:
    for account in accounts:
        story.save_account(account)
    story.service.settle()
    return [(f"account#{story.id(account)}", table.ROOT_SORT_KEY) for account in accounts]


def test_what_a_throttled_table_left_out_is_read_after_a_wait(service: Service, story: Story) -> None:
    keys, waited = keys_of(story, "ada", "bea", "cy"), list[float]()

    def answer_one_key(request: Request) -> Any:
        [(name, asked)] = request.parameters["RequestItems"].items()
        first, left = asked["Keys"][:1], asked["Keys"][1:]
        request.parameters["RequestItems"] = {name: asked | {"Keys": first}}
        return request.send() | {"UnprocessedKeys": {name: asked | {"Keys": left}} if left else {}}

    with requests_pass(answer_one_key):
        rows = table.batch_get(keys, Backoff(waited.append, lambda: 1.0))
    assert sorted(row.pk for row in rows) == sorted(pk for pk, _ in keys)
    assert waited == [0.05, 0.1]


def test_a_table_that_answers_nothing_is_given_up_after_eight_requests(service: Service, story: Story) -> None:
    keys, requests = keys_of(story, "ada"), list[str]()

    def answer_nothing(request: Request) -> Any:
        requests.append(request.operation)
        return {"Responses": {}, "UnprocessedKeys": request.parameters["RequestItems"]}

    with requests_pass(answer_nothing), pytest.raises(Throttled):
        table.batch_get(keys, Backoff(lambda _: None, lambda: 1.0))
    assert requests == ["BatchGetItem"] * 8

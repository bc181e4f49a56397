"""A call that nothing answers fails its own message; the rest of the batch is kept, and the retry completes it."""

from collections.abc import Callable
from contextlib import AbstractContextManager
from typing import Any

from botocore.exceptions import ReadTimeoutError

from earned.testing.service import Service
from tests.integration.record_items import key_of
from tests.integration.wire_faults import Request, requests_pass
from tools.story import Story


def hanging(operation: str, is_meant: Callable[[dict[str, Any]], bool] = bool) -> AbstractContextManager[None]:
    """Give up the calls of an operation with the parameters that are meant, as the SDK does after its last attempt."""

    def give_up(request: Request) -> Any:
        if request.operation == operation and is_meant(request.parameters):
            raise ReadTimeoutError(endpoint_url=f"https://{operation}.example.com")
        return request.send()

    return requests_pass(give_up)


def enroll(story: Story, *accounts: str) -> None:
    story.directory()
    for account in accounts:
        story.save_account(account)
        story.enroll(account)
    story.service.settle()


def finish(story: Story, *accounts: str) -> None:
    story.service.post(
        "Progress", *(event for account in accounts for event in story.do(account, "read", "watch", "quiz"))
    )


def failed(responses: list[dict[str, Any]]) -> int:
    return sum(len(response["batchItemFailures"]) for response in responses)


def holders(story: Story) -> list[str]:
    """The accounts, without the story's suffix, whose certificates the company admin sees."""
    return sorted(item["account_id"].partition("-")[0] for item in story.certificates())


def announced(service: Service) -> int:
    return len(service.announcements())


def test_an_update_that_hangs_leaves_the_other_learners_of_the_batch_recorded(service: Service, story: Story) -> None:
    enroll(story, "ada", "ben")
    finish(story, "ada", "ben")
    of_ada = key_of(story, "ada")["sk"]
    with hanging("UpdateItem", lambda parameters: parameters["Key"]["sk"]["S"] == of_ada):
        assert failed(service.deliver("record_progress")) == 3
    service.settle()
    assert holders(story) == ["ben"]
    service.make_visible("Progress")
    service.settle()
    assert holders(story) == ["ada", "ben"]
    assert announced(service) == 2


def test_a_put_that_hangs_leaves_the_other_certificates_of_the_batch_issued(service: Service, story: Story) -> None:
    enroll(story, "ada", "ben")
    finish(story, "ada", "ben")
    service.deliver("record_progress")
    first: list[str] = []

    def is_first(parameters: dict[str, Any]) -> bool:
        first.append(parameters["Key"])
        return parameters["Key"] == first[0]

    with hanging("PutObject", is_first):
        assert failed(service.deliver("generate_certificate")) == 1
    assert len(holders(story)) == announced(service) == 1
    service.make_visible("Generation")
    service.settle()
    assert holders(story) == ["ada", "ben"]
    assert announced(service) == 1


def test_an_announcement_that_hangs_follows_with_the_retry_after_its_document(service: Service, story: Story) -> None:
    enroll(story, "ada", "ben")
    finish(story, "ada", "ben")
    service.deliver("record_progress")
    with hanging("PutEvents"):
        assert failed(service.deliver("generate_certificate")) == 2
    assert (holders(story), announced(service)) == (["ada", "ben"], 0)
    service.make_visible("Generation")
    service.settle()
    assert (len(story.own_documents()), announced(service)) == (2, 2)


def test_a_generation_request_that_hangs_is_sent_with_the_retry_of_its_event(service: Service, story: Story) -> None:
    enroll(story, "ada", "ben")
    finish(story, "ada", "ben")
    generation = service.url("Generation")
    with hanging("SendMessageBatch", lambda parameters: parameters["QueueUrl"] == generation):
        assert failed(service.deliver("record_progress")) > 0
    service.settle()
    assert holders(story) == []
    service.make_visible("Progress")
    service.settle()
    assert holders(story) == ["ada", "ben"]
    assert announced(service) == 2

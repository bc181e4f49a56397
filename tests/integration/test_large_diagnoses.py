"""The largest diagnoses: 20 accounts of one address with 100 enrollments each, and records with the longest history."""

import json
from datetime import timedelta
from typing import Any

import boto3
import pytest

from earned.aws.dynamodb import enrollments
from earned.aws.dynamodb.enrollment_keys import row_key
from earned.domain.enrollment import EnrollmentKey
from earned.domain.fact_codec import encode
from earned.domain.facts import StepDone
from earned.testing.service import Service
from tests.integration.record_items import key_of
from tools.costs.ledger import counting
from tools.story import NOON, Story, cloud_event

SUPPORT = {"sub": "sup-1", "role": "support"}
ACCOUNTS, ENROLLMENTS = 20, 100
ANSWER_BYTES = 6 * 1024 * 1024  # the most that Lambda returns
EMAIL = "desk@example.com"


def copies(story: Story, enrollments_of: dict[str, int], facts: int = 0) -> None:
    """Give each account so many copies of Ada's issued enrollment, or of her open one with so many facts."""
    table = boto3.resource("dynamodb").Table(story.service.outputs["RecordsTableName"])
    item = table.get_item(Key=key_of(story, "ada"))["Item"]
    with table.batch_writer() as writer:
        for account_id, number in enrollments_of.items():
            for copy in range(number):
                key = EnrollmentKey(f"{account_id}-{copy}", account_id)
                pk, sk = row_key(key)
                own = {"pk": pk, "sk": sk, "h": f"account#{account_id}"}
                if facts:
                    own["f"] = {
                        stored
                        for minute in range(facts)
                        for stored in encode(key.enrollment_id, StepDone("step-1", NOON + timedelta(minutes=minute)))
                    }
                writer.put_item(Item=item | own)


def save(story: Story, *accounts: str) -> list[str]:
    for account in accounts:
        data = {"account_id": story.id(account), "kind": "individual", "name": "Ada Sample", "email": EMAIL}
        story.service.post("Directory", cloud_event("account.saved", data, NOON - timedelta(days=3)))
    story.service.settle()
    return [story.id(account) for account in accounts]


def pages(service: Service, **query: str) -> list[tuple[list[dict[str, Any]], int, int, float]]:
    """Every page: its items, the bytes of Lambda's answer, the requests, and the read units."""
    found, cursor = [], ""
    while not found or cursor:
        with counting() as ledger:
            answer = service.ask("GET", "/v1/diagnoses", SUPPORT, query=query | ({"cursor": cursor} if cursor else {}))
        assert answer["statusCode"] == 200
        body = json.loads(answer["body"])
        found.append((body["items"], len(json.dumps(answer)), len(ledger.calls), ledger.read_units))
        cursor = body.get("next_cursor", "")
    return found


@pytest.fixture
def person(story: Story) -> Story:
    """An individual with a certificate."""
    story.directory()
    save(story, "ada")
    story.enroll("ada")
    story.service.settle()
    story.service.post("Progress", *story.do("ada", "read", "watch", "quiz"))
    story.service.settle()
    assert enrollments.get_record(story.id("enr-ada")) is not None
    return story


def test_twenty_accounts_of_a_hundred_enrollments_are_pages_of_twenty_within_the_limits_of_lambda(
    person: Story,
) -> None:
    accounts = save(person, *(f"acc{number:02}" for number in range(ACCOUNTS)))
    copies(person, dict.fromkeys(accounts, ENROLLMENTS))
    found = pages(person.service, email=EMAIL)
    ids = [item["enrollment"]["enrollment_id"] for items, *_ in found for item in items]
    assert len(ids) == len(set(ids)) == ACCOUNTS * ENROLLMENTS + 1
    assert max(len(items) for items, *_ in found) == 20
    assert len(found) == ACCOUNTS * ENROLLMENTS // 20 + 1
    assert max(size for _, size, _, _ in found) < ANSWER_BYTES / 10
    assert max(requests for _, _, requests, _ in found) <= 40
    assert max(units for *_, units in found) <= 80


def test_every_account_with_the_address_is_diagnosed(person: Story) -> None:
    accounts = save(person, *(f"acc{number:02}" for number in range(ACCOUNTS + 10)))
    copies(person, {accounts[-1]: 1, accounts[3]: 1})
    holders = {item["account"]["account_id"] for items, *_ in pages(person.service, email=EMAIL) for item in items}
    assert holders == {person.id("ada"), accounts[-1], accounts[3]}


def test_the_longest_histories_are_pages_that_lambda_returns(story: Story) -> None:
    """A course with the longest titles of which one step was repeated 600 times: 500 entries with that title."""
    title = "\U0001f469" * 490
    steps = [{"step_id": f"step-{number}", "kind": "lesson", "title": title} for number in range(1, 21)]
    story.directory()
    story.publish(version=2, steps=steps)
    save(story, "ada")
    story.enroll("ada")
    story.service.settle()
    copies(story, dict.fromkeys([story.id("ada")], 8), facts=600)
    found = pages(story.service, account_id=story.id("ada"))
    assert sum(len(items) for items, *_ in found) == 9
    assert max(size for _, size, _, _ in found) < ANSWER_BYTES
    assert min(len(items) for items, *_ in found) >= 1

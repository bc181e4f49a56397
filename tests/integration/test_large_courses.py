"""A course of 128 KB: every certificate reads a small item, and the course itself once in a sandbox."""

import json
from datetime import timedelta
from typing import Any

import boto3
import pytest

from tools.costs.capacity_units import size
from tools.costs.ledger import Ledger, counting
from tools.costs.scenario import stored
from tools.story import NOON, Story, cloud_event

READ = {"step_id": "read", "kind": "reading", "title": "Before you start"}
QUIZ = {"step_id": "quiz", "kind": "quiz", "title": "What you know", "passing_score": 80}
PEOPLE = 10  # a full batch of the generator
UNITS_PER_SECOND = 3_000  # that one partition serves


def padding(steps: int, title: int = 490) -> list[dict[str, Any]]:
    return [
        {"step_id": f"more-{number}", "kind": "lesson", "title": f"{number:03}" + "x" * title, "required": False}
        for number in range(steps)
    ]


LARGE = padding(221)  # an event has at most 128 KB


def publish(story: Story, steps: list[dict[str, Any]], version: int = 1, minutes: int = 0) -> None:
    data = {"course_id": story.course, "version": version, "title": "Leading Well", "steps": steps}
    event = cloud_event("course.published", data, NOON - timedelta(days=2) + timedelta(minutes=minutes))
    story.service.post("Directory", event)
    story.service.settle()


def item(story: Story, sk: str = "-") -> dict[str, Any]:
    key = {"pk": {"S": f"training#{story.course}"}, "sk": {"S": sk}}
    found = stored(story.service.outputs["RecordsTableName"], key)
    assert found is not None
    return dict(found)


def finish(story: Story, *accounts: str) -> Ledger:
    """People enroll and read; the requests of the generator, in one batch."""
    for account in accounts:
        story.save_account(account)
        story.enroll(account)
    story.service.settle()
    story.service.post("Progress", *(event for account in accounts for event in story.do(account, "read")))
    story.service.deliver("record_progress")
    with counting() as ledger:
        story.service.deliver("generate_certificate")
    story.service.settle()
    return ledger


@pytest.fixture
def company(story: Story) -> Story:
    story.directory()
    return story


def batch(name: str) -> list[str]:
    return [f"{name}{number}" for number in range(PEOPLE)]


def units_read(ledger: Ledger) -> list[float]:
    return [call.read_units for call in ledger.of("dynamodb") if call.operation == "BatchGetItem"]


def test_a_batch_of_certificates_reads_a_unit_of_a_course_of_128_kb_and_a_sandbox_the_rest_once(company: Story) -> None:
    with counting() as everything:
        publish(company, [READ, *LARGE], version=2)
        batches = [finish(company, *batch(name)) for name in "ab"]
    body = size(item(company, "version#2"))
    assert body > 120 * 1024
    assert size(item(company)) < 4096
    assert len(company.certificates()) == 2 * PEOPLE
    records_accounts_company_course = 2 * PEOPLE + 1 + 1
    assert [units_read(one) for one in batches] == [[records_accounts_company_course]] * 2
    units_of_body = -(-body // 4096)
    assert [units for units in units_read(everything) if units >= units_of_body] == [units_of_body]
    assert 200 * 1 < UNITS_PER_SECOND < 200 * units_of_body  # of the 200 batches of a second, and what they read before


def test_a_small_course_is_one_item_and_its_certificates_need_no_second_read(company: Story) -> None:
    publish(company, [READ, *padding(4)], version=2)
    assert item(company)["body"] == item(company, "version#2")["body"]
    assert len(units_read(finish(company, *batch("a")))) == 1


def test_people_are_evaluated_by_a_large_course_and_by_the_next_version_of_it(company: Story) -> None:
    publish(company, [READ, QUIZ, *LARGE], version=2)
    finish(company, "ada")
    status, enrollment = company.service.get(
        f"/v1/enrollments/{company.id('enr-ada')}", company.claims("admin", "company-admin", company.company)
    )
    assert status == 200
    assert [one["id"] for one in enrollment["outstanding"]] == ["quiz"]
    publish(company, [READ, *LARGE], version=3)
    assert [one["holder"] for one in company.certificates()] == ["Ada Sample"]


def test_a_version_that_is_published_again_with_other_content_is_read_again(company: Story) -> None:
    publish(company, [READ, QUIZ, *LARGE], version=2)
    finish(company, "ada")
    assert company.certificates() == []
    publish(company, [READ, *LARGE], version=2, minutes=1)
    assert [one["holder"] for one in company.certificates()] == ["Ada Sample"]


@pytest.mark.parametrize("steps", [[READ], [READ, *LARGE]], ids=["small", "large"])
def test_a_course_becomes_large_or_small(company: Story, steps: list[dict[str, Any]]) -> None:
    publish(company, [READ, QUIZ] if len(steps) > 1 else [READ, QUIZ, *LARGE], version=2)
    finish(company, "ada")
    assert company.certificates() == []
    publish(company, steps, version=3)
    assert [one["holder"] for one in company.certificates()] == ["Ada Sample"]
    assert ("body" in item(company)) is (len(steps) == 1)


def test_the_body_that_an_earlier_release_kept_in_the_newest_item_is_still_read(company: Story) -> None:
    publish(company, [READ, *LARGE], version=2)
    body = item(company, "version#2")["body"]
    assert len(json.loads(body["S"])["steps"]) > len(LARGE)
    dynamodb, table = boto3.client("dynamodb"), company.service.outputs["RecordsTableName"]
    dynamodb.put_item(TableName=table, Item=item(company) | {"body": body})
    dynamodb.delete_item(TableName=table, Key={name: item(company, "version#2")[name] for name in ("pk", "sk")})
    finish(company, "ada")
    assert [one["holder"] for one in company.certificates()] == ["Ada Sample"]

"""A changed training or account leads to the evaluation of each of its enrollments, in one invocation."""

import json
from typing import Any

import boto3
import pytest

from earned.testing.queues import receive
from earned.testing.service import Service
from tests.integration.wire_faults import Killed, count_requests, killed_at
from tools.story import Story, cloud_event

PEOPLE = tuple(f"p{number}" for number in range(5))
SHORTER = [{"step_id": "read", "kind": "reading", "title": "Before you start"}]


@pytest.fixture
def people(service: Service, story: Story) -> Story:
    """Five people have nothing left to do but what a shorter course leaves out."""
    story.directory()
    for person in PEOPLE:
        story.save_account(person)
        story.enroll(person)
        service.post("Progress", *story.do(person, "read", "watch"))
    service.settle()
    service.announcements()
    return story


def republish(story: Story) -> None:
    story.publish(2, SHORTER)
    story.service.deliver("record_directory")


def requested(service: Service) -> list[list[str]]:
    """The enrollments of each evaluation request that waits, which stay invisible."""
    found: list[dict[str, Any]] = []
    while batch := receive(service.url("Evaluation")):
        found += [json.loads(message["Body"]) for message in batch]
    return [[enrollment_id for enrollment_id, _ in one["enrollments"]] for one in found]


def announced(service: Service) -> list[str]:
    return [event["type"].split(".")[2] for event in service.announcements()]


@pytest.mark.parametrize("keys_per_page", [1, 2, 5, 6])
def test_every_enrollment_of_a_training_is_named_once_whatever_the_size_of_a_page(
    people: Story, keys_per_page: int
) -> None:
    service = people.service
    service.use("fan_out_changes", keys_per_page=keys_per_page, enrollments_per_message=2)
    republish(people)
    service.deliver("fan_out_changes")
    named = [enrollment for message in requested(service) for enrollment in message]
    assert sorted(named) == sorted(people.id(f"enr-{person}") for person in PEOPLE)


def test_a_change_is_read_to_its_end_in_one_invocation(people: Story) -> None:
    service = people.service
    service.use("fan_out_changes", keys_per_page=1)
    republish(people)
    assert len(service.deliver("fan_out_changes")) == 1
    assert service.waiting("Change") == 0


def test_a_reader_that_dies_halfway_is_repeated_and_nothing_is_announced_twice(people: Story) -> None:
    service = people.service
    service.use("fan_out_changes", keys_per_page=2, enrollments_per_message=1)
    republish(people)
    with pytest.raises(Killed), killed_at(2, "SendMessageBatch", after=True):
        service.deliver("fan_out_changes")
    service.settle()
    assert 0 < len(people.certificates()) < len(PEOPLE)
    service.make_visible("Change")
    service.settle()
    assert len(people.certificates()) == len(PEOPLE)
    assert announced(service) == ["issued"] * len(PEOPLE)


def test_the_requests_of_a_full_page_are_sent_ten_at_a_time(people: Story) -> None:
    service = people.service
    republish(people)
    with count_requests() as operations:
        service.deliver("fan_out_changes")
    assert operations["Query"] == 1
    assert operations["SendMessageBatch"] == 1
    assert [len(message) for message in requested(service)] == [len(PEOPLE)]


def test_a_removed_account_has_each_of_its_enrollments_evaluated(people: Story) -> None:
    service = people.service
    service.use("fan_out_changes", keys_per_page=1)
    people.enroll("p0", people.live_event, enrollment_id=people.id("enr-second"))
    service.settle()
    service.post("Directory", cloud_event("account.removed", {"account_id": people.id("p0")}))
    service.deliver("record_directory")
    service.deliver("fan_out_changes")
    named = [enrollment for message in requested(service) for enrollment in message]
    assert sorted(named) == sorted([people.id("enr-p0"), people.id("enr-second")])


def test_what_is_no_change_is_quarantined_with_its_reason(service: Service) -> None:
    boto3.client("sqs").send_message(QueueUrl=service.url("Change"), MessageBody='{"enrollments": []}')
    service.deliver("fan_out_changes")
    assert [reason for reason, _ in service.quarantined("Change")] == ["not-a-change"]

"""A consumer of announcements that was down hears by a replay what it missed, and what it knows again, in any order."""

import importlib.util
import json
import random
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import boto3
import pytest

from earned.testing.queues import receive
from earned.testing.service import Service
from tools.operations.replay import replay
from tools.story import NOON, Story, cloud_event

EXAMPLE = Path(__file__).resolve().parents[2] / "docs/examples/consumer.py"
SUPPORT = {"sub": "sup-1", "role": "support"}
DAY = timedelta(days=1)


def consumer() -> Any:
    """The example of the documentation, as a portal would copy it."""
    spec = importlib.util.spec_from_file_location("consumer", EXAMPLE)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module.KnownCertificates()


def a_day_of_certificates(service: Service, story: Story) -> list[dict[str, Any]]:
    """One that stands, one reissued, one revoked, one withdrawn; returns the announcements."""
    story.directory()
    for person in ("ada", "bo", "chi", "dee"):
        story.save_account(person)
        story.enroll(person, story.live_event)
    service.settle()
    service.post("Attendance", *(story.mark(person) for person in ("ada", "bo", "chi", "dee")))
    service.settle()
    by_holder = {one["account_id"]: one["certificate_id"] for one in story.certificates()}
    renamed = story.account("bo", name="Bo Renamed")
    service.post("Directory", cloud_event("account.saved", renamed, NOON + timedelta(minutes=1)))
    service.settle()
    service.post_to(f"/v1/certificates/{by_holder[story.id('bo')]}/reissue", {"reason": "a new name"}, SUPPORT)
    service.post("Attendance", story.mark("chi", "absent", NOON + timedelta(minutes=5)))
    service.post("Directory", cloud_event("enrollment.removed", story.enrollment_of("dee")))
    service.settle()
    return service.announcements()


def replayed() -> list[dict[str, Any]]:
    """What a queue hears that asks for a replay of the last two days."""
    events, sqs, now = boto3.client("events"), boto3.client("sqs"), datetime.now(UTC)
    url = sqs.create_queue(QueueName="portal")["QueueUrl"]
    arn = sqs.get_queue_attributes(QueueUrl=url, AttributeNames=["QueueArn"])["Attributes"]["QueueArn"]
    events.put_rule(Name="portal", EventBusName="announcements", EventPattern='{"source": ["earned"]}')
    events.put_targets(Rule="portal", EventBusName="announcements", Targets=[{"Id": "queue", "Arn": arn}])
    *_, last = replay(events, "of-this-test", now - 2 * DAY, now + DAY, wait=lambda _: None)
    assert last.has_succeeded
    heard = []
    while batch := receive(url):
        heard += [json.loads(message["Body"])["detail"] for message in batch]
    return heard


@pytest.fixture
def archived(service: Service) -> Service:
    """The service with an archive of its bus, as infra/announcements.yaml deploys it; moto makes none from there."""
    events = boto3.client("events")
    bus = events.describe_event_bus(Name="announcements")["Arn"]
    events.create_archive(ArchiveName="of-this-test", EventSourceArn=bus, EventPattern='{"source": ["earned"]}')
    return service


def test_a_consumer_that_was_down_for_a_day_catches_up_without_harm(archived: Service, story: Story) -> None:
    announced = a_day_of_certificates(archived, story)
    always_there, was_down = consumer(), consumer()
    for announcement in announced:
        always_there.handle(announcement)
    for announcement in announced[:2]:  # then it went down
        was_down.handle(announcement)

    again = replayed()
    assert sorted(one["id"] for one in again) == sorted(one["id"] for one in announced)
    random.Random(7).shuffle(again)
    news = [was_down.handle(announcement) for announcement in again]
    repeated = [was_down.handle(announcement) for announcement in again]

    assert was_down.newest == always_there.newest
    assert any(news)
    assert not any(repeated)
    assert sorted(was_down.state(one) for one in was_down.newest) == ["revoked", "valid", "valid", "withdrawn"]


def test_the_order_of_announcements_makes_no_difference(service: Service, story: Story) -> None:
    announced = a_day_of_certificates(service, story)
    in_order = consumer()
    for announcement in announced:
        in_order.handle(announcement)
    for seed in range(50):
        mixed, shuffled = announced + announced, consumer()
        random.Random(seed).shuffle(mixed)
        for announcement in mixed:
            shuffled.handle(announcement)
        assert shuffled.newest == in_order.newest

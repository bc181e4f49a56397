"""`make replay`: archived announcements reach the rules of the bus again."""

import json
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

import boto3
import pytest
import typer
from moto import mock_aws

from tools.operations.replay import Progress, replay
from tools.operations.terminal import moment_of

HOUR = timedelta(hours=1)


@pytest.fixture
def aws(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    monkeypatch.setenv("AWS_DEFAULT_REGION", "eu-central-1")
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "testing")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "testing")
    with mock_aws():
        yield


@pytest.mark.usefixtures("aws")
def test_an_announcement_that_no_rule_took_is_delivered_by_a_replay() -> None:
    events, sqs = boto3.client("events"), boto3.client("sqs")
    bus = events.create_event_bus(Name="replayed")["EventBusArn"]
    events.create_archive(ArchiveName="all", EventSourceArn=bus, RetentionDays=90)
    announcement = {"id": "ann-1", "type": "earned.certificate.issued.v1"}
    events.put_events(
        Entries=[
            {"EventBusName": "replayed", "Source": "earned", "DetailType": "x", "Detail": json.dumps(announcement)}
        ]
    )
    url = sqs.create_queue(QueueName="late")["QueueUrl"]
    arn = sqs.get_queue_attributes(QueueUrl=url, AttributeNames=["QueueArn"])["Attributes"]["QueueArn"]
    events.put_rule(Name="late", EventBusName="replayed", EventPattern='{"source": ["earned"]}')
    events.put_targets(Rule="late", EventBusName="replayed", Targets=[{"Id": "queue", "Arn": arn}])

    now = datetime.now(UTC)
    steps = list(replay(events, "all", now - HOUR, now + HOUR, wait=lambda _: None))

    assert steps[-1].has_succeeded
    [message] = sqs.receive_message(QueueUrl=url)["Messages"]
    assert json.loads(message["Body"])["detail"] == announcement


class FailingReplay:
    """EventBridge with a replay that runs for a while and fails."""

    def __init__(self) -> None:
        self.answers = iter(
            [
                {"State": "STARTING"},
                {"State": "RUNNING"},
                {"State": "FAILED", "StateReason": "The bus was deleted"},
            ]
        )

    def describe_archive(self, **_: Any) -> dict[str, str]:
        return {"ArchiveArn": "arn:archive", "EventSourceArn": "arn:bus"}

    def start_replay(self, **_: Any) -> None:
        return None

    def describe_replay(self, **_: Any) -> dict[str, str]:
        return next(self.answers)


def test_a_replay_is_followed_until_it_ends_and_its_failure_is_told() -> None:
    waited: list[float] = []
    client: Any = FailingReplay()
    steps = list(replay(client, "all", datetime.now(UTC) - HOUR, datetime.now(UTC), wait=waited.append))
    assert [step.state for step in steps] == ["STARTING", "RUNNING", "FAILED"]
    assert steps[-1] == Progress("FAILED", "The bus was deleted")
    assert len(waited) == 2


@pytest.mark.parametrize("text", ["yesterday", "2026-11-30T08:00:00"])
def test_a_time_without_a_zone_is_refused(text: str) -> None:
    with pytest.raises(typer.BadParameter):
        moment_of(text)

"""`make replay`: archived announcements reach the rules of the bus again."""

import json
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

import boto3
import pytest
import typer
from moto import mock_aws
from typer.testing import CliRunner

from tools.operations.__main__ import app
from tools.operations.replay import NotArchived, Progress, replay
from tools.operations.terminal import moment_of

HOUR = timedelta(hours=1)
DAY = timedelta(days=1)


# A region for each test: moto is not emptied while the service of the integration tests runs in this process.
REGIONS = iter(("eu-central-1", "eu-north-1", "eu-west-2", "ca-central-1", "sa-east-1", "ap-southeast-2"))


@pytest.fixture
def aws(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    monkeypatch.setenv("AWS_DEFAULT_REGION", next(REGIONS))
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


@pytest.mark.usefixtures("aws")
def test_the_span_that_is_replayed_is_the_one_that_was_asked_for() -> None:
    an_archive(retention_days=90)
    events, now = boto3.client("events"), datetime.now(UTC).replace(microsecond=0)
    list(replay(events, "all", now - 3 * HOUR, now - 2 * HOUR, wait=lambda _: None))
    [started] = events.list_replays()["Replays"]
    assert (started["EventStartTime"], started["EventEndTime"]) == (now - 3 * HOUR, now - 2 * HOUR)


def an_archive(retention_days: int) -> None:
    events = boto3.client("events")
    bus = events.create_event_bus(Name="replayed")["EventBusArn"]
    events.create_archive(ArchiveName="all", EventSourceArn=bus, RetentionDays=retention_days)


def replays() -> list[str]:
    return [one["State"] for one in boto3.client("events").list_replays()["Replays"]]


@pytest.mark.usefixtures("aws")
def test_a_time_before_what_the_archive_keeps_is_refused_and_nothing_is_replayed() -> None:
    an_archive(retention_days=90)
    now = datetime.now(UTC)
    with pytest.raises(NotArchived, match="the archive keeps 90 days: choose a time after 20"):
        list(replay(boto3.client("events"), "all", now - 91 * DAY, now))
    assert replays() == []
    list(replay(boto3.client("events"), "all", now - 89 * DAY, now, wait=lambda _: None))
    assert replays() == ["COMPLETED"]


@pytest.mark.usefixtures("aws")
def test_an_archive_without_a_limit_is_replayed_from_any_time() -> None:
    an_archive(retention_days=0)
    now = datetime.now(UTC)
    list(replay(boto3.client("events"), "all", now - 900 * DAY, now, wait=lambda _: None))
    assert replays() == ["COMPLETED"]


@pytest.mark.usefixtures("aws")
def test_the_command_fails_when_the_archive_does_not_reach_so_far() -> None:
    an_archive(retention_days=90)
    template = {
        "Resources": {"Topic": {"Type": "AWS::SNS::Topic"}},
        "Outputs": {
            "ArchiveName": {"Value": "all"},
            "ProgressQueueUrl": {"Value": "https://example.com/progress"},
            "ProgressDeadLetterQueueUrl": {"Value": "https://example.com/dead-letters"},
        },
    }
    boto3.client("cloudformation").create_stack(StackName="earned-test", TemplateBody=json.dumps(template))
    days_ago = [f"{datetime.now(UTC) - days * DAY:%Y-%m-%dT%H:%M:%SZ}" for days in (91, 1)]
    too_early, recent = (
        CliRunner().invoke(app, ["replay", "--stack", "earned-test", "--since", since]) for since in days_ago
    )
    assert too_early.exit_code == 2
    assert "the archive keeps 90 days" in too_early.stderr
    assert (recent.exit_code, replays()) == (0, ["COMPLETED"])
    assert "Announced again: everything from" in recent.stdout


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

    def describe_archive(self, **_: Any) -> dict[str, Any]:
        return {"ArchiveArn": "arn:archive", "EventSourceArn": "arn:bus", "RetentionDays": 90}

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

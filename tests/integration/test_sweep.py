"""The sweep: what messages should have done and did not is found and mended, and nothing is announced twice."""

import json
import time
from collections import Counter
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

import boto3
import pytest

from earned.aws.dynamodb import enrollments, sweep_cursor
from earned.document.missing_glyph import MissingGlyph
from earned.domain.enrollment import CompletionRecord
from earned.domain.sweep import FULL_CHECK_EVERY, SweepPass
from earned.testing.service import Service
from earned.usecases.sweep import SEGMENTS
from tests.integration.designs import raising
from tests.integration.record_items import key_of
from tests.integration.wire_faults import Killed, Request, count_requests, happening, killed_at
from tools.story import NOON, Story, cloud_event


@pytest.fixture
def enrolled(service: Service, story: Story) -> Story:
    """Ada is enrolled in the course."""
    story.directory()
    story.save_account("ada")
    story.enroll("ada")
    service.settle()
    return story


@pytest.fixture
def finished(enrolled: Story) -> Story:
    """Ada finished the course and has her certificate."""
    enrolled.service.post("Progress", *enrolled.do("ada", "read", "watch", "quiz"))
    enrolled.service.settle()
    assert len(enrolled.service.announcements()) == 1
    return enrolled


@pytest.fixture
def operations() -> Iterator[Counter[str]]:
    """All requests to AWS, by operation."""
    with count_requests() as counts:
        yield counts


def record(story: Story, account: str = "ada") -> CompletionRecord:
    completion = enrollments.get_record(story.id(f"enr-{account}"))
    assert completion is not None
    return completion


def lose(service: Service, queue: str, function: str, *events: dict[str, Any]) -> None:
    """Have events recorded, and lose every message that was sent after it."""
    service.post(queue, *events)
    service.deliver(function)
    service.empty()


def swept(service: Service, **event: Any) -> dict[str, int]:
    """What one run found, once everything it asked for was done."""
    findings: dict[str, int] = service.sweep(**event)["findings"]
    service.settle()
    return findings


def announced(service: Service) -> list[str]:
    return [event["type"].split(".")[2] for event in service.announcements()]


def test_a_complete_course_whose_message_was_lost_gets_its_certificate(enrolled: Story) -> None:
    service = enrolled.service
    lose(service, "Progress", "record_progress", *enrolled.do("ada", "read", "watch", "quiz"))
    assert swept(service) == {"complete-not-issued": 1}
    assert [item["status"] for item in enrolled.certificates()] == ["issued"]
    assert swept(service) == {}
    assert announced(service) == ["issued"]


def test_a_record_completed_a_moment_ago_is_requested_but_is_no_reason_for_an_alarm(enrolled: Story) -> None:
    service, now = enrolled.service, datetime.now(UTC)
    events = enrolled.do("ada", "read", "watch", "quiz", since=now - timedelta(minutes=3))
    service.post("Progress", *events)
    service.deliver("record_progress")
    assert service.sweep()["findings"] == {"just-completed": 1}
    service.settle()
    assert announced(service) == ["issued"]


def test_an_attendance_corrected_to_absent_whose_message_was_lost_revokes(service: Service, story: Story) -> None:
    story.directory()
    story.save_account("ada")
    story.enroll("ada", story.live_event)
    service.settle()
    service.post("Attendance", story.mark("ada"))
    service.settle()
    lose(service, "Attendance", "record_attendance", story.mark("ada", "absent", NOON + timedelta(hours=1)))
    assert swept(service) == {"absent-not-revoked": 1}
    assert [item["status"] for item in story.certificates()] == ["revoked"]
    assert swept(service) == {}
    assert announced(service) == ["revoked"]


def test_a_mark_made_before_its_time_counts_once_the_event_has_ended(service: Service, story: Story) -> None:
    ends_at = datetime.now(UTC) + timedelta(seconds=2)
    story.schedule(ends_at)
    story.save_company()
    story.save_account("ada")
    story.enroll("ada", story.live_event)
    service.settle()
    service.post("Attendance", story.mark("ada", at=ends_at + timedelta(minutes=2)))
    service.settle()
    assert story.reasons("ada") == ["event-not-ended"]
    assert swept(service) == {}
    time.sleep(max(0.0, (ends_at - datetime.now(UTC)).total_seconds()))
    assert swept(service) == {"just-completed": 1}
    assert announced(service) == ["issued"]


def test_a_lost_document_is_made_again_to_the_byte_and_nothing_is_announced(finished: Story) -> None:
    service = finished.service
    [(key, before)] = finished.own_documents().items()
    boto3.client("s3").delete_object(Bucket=service.outputs["DocumentsBucketName"], Key=key)
    assert swept(service, everything=True) == {"issued-without-document": 1}
    assert finished.own_documents() == {key: before}
    assert swept(service, everything=True) == {}
    assert service.announcements() == []


def test_a_document_that_differs_is_told_and_left_alone(finished: Story) -> None:
    service, bucket = finished.service, finished.service.outputs["DocumentsBucketName"]
    [key], forged = finished.own_documents(), b"%PDF-1.7 forged"
    s3 = boto3.client("s3")
    metadata = s3.head_object(Bucket=bucket, Key=key)["Metadata"]
    for checksum in ({}, {"ChecksumAlgorithm": "SHA256"}):
        s3.put_object(Bucket=bucket, Key=key, Body=forged, Metadata=metadata, **checksum)
        assert service.sweep(everything=True)["findings"] == {"document-differs": 1}
    assert (service.waiting("Generation"), service.waiting("Evaluation")) == (0, 0)
    assert finished.own_documents() == {key: forged}


def test_documents_are_looked_at_once_a_quarter(finished: Story, operations: Counter[str]) -> None:
    service = finished.service
    service.sweep()
    assert operations["HeadObject"] == 1
    service.sweep()
    assert operations["HeadObject"] == 1
    sweep_cursor.save_sweep_pass(SweepPass(datetime.now(UTC) - FULL_CHECK_EVERY))
    service.sweep()
    assert operations["HeadObject"] == 2


def test_a_shortened_course_whose_message_was_lost_completes_who_has_nothing_left_to_do(enrolled: Story) -> None:
    service = enrolled.service
    service.post("Progress", *enrolled.do("ada", "read", "watch"))
    service.settle()
    enrolled.publish(2, [{"step_id": "read", "kind": "reading", "title": "Before you start"}])
    service.deliver("record_directory")
    service.empty()
    assert swept(service) == {"out-of-date": 1}
    assert [item["status"] for item in enrolled.certificates()] == ["issued"]
    assert swept(service) == {}
    assert announced(service) == ["issued"]


def test_an_account_whose_message_was_lost_is_noted(service: Service, story: Story) -> None:
    story.directory()
    story.enroll("ada")
    service.settle()
    service.post("Progress", *story.do("ada", "read", "watch", "quiz"))
    service.settle()
    assert swept(service) == {}
    story.save_account("ada")
    service.deliver("record_directory")
    service.empty()
    assert swept(service) == {"out-of-date": 1}
    assert [item["status"] for item in story.certificates()] == ["issued"]
    assert announced(service) == ["issued"]


def test_an_enrollment_left_behind_by_its_account_is_withdrawn(finished: Story) -> None:
    service = finished.service
    removed = cloud_event("account.removed", {"account_id": finished.id("ada")}, NOON)
    lose(service, "Directory", "record_directory", removed)
    assert swept(service, everything=True) == {"account-removed": 1}
    assert record(finished).removal is not None
    assert swept(service, everything=True) == {}
    assert announced(service) == ["withdrawn"]


def test_a_quiet_system_is_sent_nothing_and_asked_little(finished: Story, operations: Counter[str]) -> None:
    service = finished.service
    finished.save_account("bob")
    finished.enroll("bob")
    service.settle()
    service.sweep()
    operations.clear()
    outcome = service.sweep()
    assert (outcome["records"], outcome["findings"], outcome["turn_over"]) == (2, {}, True)
    assert operations["Scan"] == SEGMENTS
    assert operations["UpdateItem"] == 1
    assert operations["SendMessageBatch"] == 0
    assert (service.waiting("Generation"), service.waiting("Evaluation")) == (0, 0)


def test_the_sweep_asks_again_for_what_is_held_but_writes_and_quarantines_it_once(
    service: Service, story: Story
) -> None:
    story.directory()
    story.save_account("ada")
    story.enroll("ada")
    service.settle()
    service.use("generate_certificate", design=raising(MissingGlyph("no glyph")))
    service.post("Progress", *story.do("ada", "read", "watch", "quiz"))
    service.settle()
    before = record(story)
    assert [swept(service), swept(service)] == [{"held": 1}] * 2
    assert record(story) == before
    assert [reason for reason, _ in service.quarantined("Generation")] == ["unprintable"]
    service.use("generate_certificate")
    swept(service)
    assert [item["status"] for item in story.certificates()] == ["issued"]
    assert swept(service) == {}


def crowd(story: Story, number: int) -> list[str]:
    """People who completed the course, whose messages were lost."""
    people = [f"p{index}" for index in range(number)]
    story.directory()
    for person in people:
        story.save_account(person)
        story.enroll(person)
    story.service.settle()
    events = [event for person in people for event in story.do(person, "read", "watch", "quiz")]
    lose(story.service, "Progress", "record_progress", *events)
    return people


@pytest.fixture
def small_steps(service: Service) -> None:
    """A page of each segment a run, of two items; the pass before had read a hundred."""
    service.use("sweep", items_per_page=2, items_per_run=1)
    sweep_cursor.save_sweep_pass(SweepPass(datetime.now(UTC), items=100))


@pytest.mark.usefixtures("small_steps")
def test_a_run_is_bounded_and_the_next_continues_until_the_pass_is_over(story: Story) -> None:
    service, people = story.service, crowd(story, 12)
    outcomes = [service.sweep()]
    while not outcomes[-1]["turn_over"]:
        outcomes.append(service.sweep())
    assert len(outcomes) > 2
    assert all(outcome["records"] <= 8 for outcome in outcomes)
    assert sum(outcome["records"] for outcome in outcomes) == len(people)
    service.settle()
    assert len(story.certificates()) == len(people)
    assert sorted(announced(service)) == ["issued"] * len(people)
    assert service.sweep()["findings"] == {}, "the next pass starts at the first item"


@pytest.mark.parametrize(
    ("operation", "number", "after"),
    [("Scan", SEGMENTS + 2, False), ("Scan", 2 * SEGMENTS, True), ("UpdateItem", 2, False), ("UpdateItem", 2, True)],
    ids=["before its second pages", "before it asks", "before its position is saved", "before it ends"],
)
def test_the_next_run_continues_a_run_that_is_killed(story: Story, operation: str, number: int, after: bool) -> None:
    service, people = story.service, crowd(story, 6)
    service.use("sweep", items_per_page=1)
    with pytest.raises(Killed), killed_at(number, operation, after=after):
        service.sweep()
    reached = sweep_cursor.get_sweep_pass()
    assert reached is not None
    assert not reached.is_over
    while not service.sweep()["turn_over"]:
        pass
    service.settle()
    assert len(story.certificates()) == len(people)
    assert sorted(announced(service)) == ["issued"] * len(people)


def test_several_runs_at_once_do_no_harm(story: Story) -> None:
    service, people = story.service, crowd(story, 6)
    service.use("sweep", items_per_page=2)
    other, pages = service.handler("sweep", items_per_page=2, items_per_run=1), list[int]()

    def another_run(_: Request) -> None:
        pages.append(service.sweep(other)["records"])

    with happening(another_run, "Scan", times=10):
        service.sweep()
    assert sum(pages) >= len(people)
    service.settle()
    assert sorted(announced(service)) == ["issued"] * len(people)
    assert swept(service, everything=True) == {}


def test_a_record_that_cannot_be_judged_is_told_and_does_not_stop_the_sweep(story: Story) -> None:
    service = story.service
    crowd(story, 3)
    garbled = {known + b"\x05" for known in record(story, "p1").evidence}
    boto3.resource("dynamodb").Table(service.outputs["RecordsTableName"]).update_item(
        Key=key_of(story, "p1"),
        UpdateExpression="ADD f :fact",
        ExpressionAttributeValues={":fact": garbled},
    )
    assert swept(service, everything=True) == {"complete-not-issued": 2, "unreadable": 1}
    assert len(story.certificates()) == 2


def test_findings_are_metrics_that_alarms_can_see(enrolled: Story, capsys: pytest.CaptureFixture[str]) -> None:
    service = enrolled.service
    lose(service, "Progress", "record_progress", *enrolled.do("ada", "read", "watch", "quiz"))
    enrolled.enroll("ada", enrolled.live_event, enrollment_id=enrolled.id("enr-live"))
    service.settle()
    capsys.readouterr()
    service.sweep()
    lines = [json.loads(line) for line in capsys.readouterr().out.splitlines()]
    metrics = {line["_aws"]["CloudWatchMetrics"][0]["Metrics"][0]["Name"]: line for line in lines if "_aws" in line}
    assert metrics["SweepFindings"]["SweepFindings"] == [1.0]
    assert metrics["SweepFindings"]["finding"] == "complete-not-issued"
    assert metrics["SweepFindings"]["_aws"]["CloudWatchMetrics"][0]["Dimensions"] == [["finding"]]
    assert metrics["SweepPassHours"]["SweepPassHours"][0] == pytest.approx(0, abs=0.1)
    expected = (datetime.now(UTC) - (NOON - timedelta(days=1))) / timedelta(hours=1)
    assert metrics["OldestUnmarkedAttendanceHours"]["OldestUnmarkedAttendanceHours"][0] == pytest.approx(expected, 0.01)
    assert "Ada" not in str(lines)

"""The sweep's two passes, on the schedule and by hand, and how long it says that certificates are overdue."""

import json
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

import boto3
import pytest

from earned.aws.dynamodb import sweep_cursor
from earned.domain.sweep import SweepPass
from earned.testing.service import Service
from tests.integration.wire_faults import count_requests
from tools.story import Story

PEOPLE = ("ada", "ben", "cid")
START = datetime(2026, 11, 30, 8, tzinfo=UTC)


@pytest.fixture
def enrolled(service: Service, story: Story) -> Story:
    story.directory()
    for person in PEOPLE:
        story.save_account(person)
        story.enroll(person)
    service.settle()
    return story


@pytest.fixture
def certified(enrolled: Story) -> Story:
    enrolled.service.post("Progress", *(event for one in PEOPLE for event in enrolled.do(one, "read", "watch", "quiz")))
    enrolled.service.settle()
    return enrolled


def metrics(captured: pytest.CaptureFixture[str]) -> dict[str, float]:
    lines = [json.loads(line) for line in captured.readouterr().out.splitlines()]
    found = [(line["_aws"]["CloudWatchMetrics"][0]["Metrics"][0]["Name"], line) for line in lines if "_aws" in line]
    return {name: line[name][0] for name, line in found}


def to_the_end(service: Service) -> Iterator[dict[str, Any]]:
    while True:
        outcome = service.sweep(everything=True)
        yield outcome
        if outcome["turn_over"]:
            return


def test_a_pass_by_hand_has_a_position_of_its_own(certified: Story) -> None:
    service = certified.service
    under_way = SweepPass(START, segments=1, positions={0: ("enrollment#zzz", "x")}, items=5, expected=100)
    sweep_cursor.save_sweep_pass(under_way)
    [outcome] = to_the_end(service)
    assert outcome["records"] == len(PEOPLE)
    assert sweep_cursor.get_sweep_pass() == under_way
    service.sweep()
    scheduled = sweep_cursor.get_sweep_pass()
    assert scheduled is not None
    assert scheduled.began == START


def test_a_pass_by_hand_that_runs_out_of_time_says_so_and_is_continued(certified: Story) -> None:
    service = certified.service
    time = iter(range(0, 100_000, 100))
    service.use("sweep", items_per_page=1, monotonic=lambda: float(next(time)))
    outcomes = list(to_the_end(service))
    assert len(outcomes) > 1
    assert [outcome["turn_over"] for outcome in outcomes] == [False] * (len(outcomes) - 1) + [True]
    assert sum(outcome["records"] for outcome in outcomes) == len(PEOPLE)
    items = [outcome["items"] for outcome in outcomes]
    assert items == sorted(items)


def test_a_pass_by_hand_looks_at_every_document_each_time(certified: Story) -> None:
    with count_requests() as operations:
        list(to_the_end(certified.service))
        list(to_the_end(certified.service))
    assert operations["HeadObject"] == 2 * len(PEOPLE)


def test_a_pass_by_hand_does_not_hide_that_the_schedule_has_stopped(
    certified: Story, capsys: pytest.CaptureFixture[str]
) -> None:
    capsys.readouterr()
    list(to_the_end(certified.service))
    assert "SweepPassHours" not in metrics(capsys)


def test_a_run_tells_how_old_its_pass_is(certified: Story, capsys: pytest.CaptureFixture[str]) -> None:
    service = certified.service
    under_way = SweepPass(START, segments=1, positions={0: None}, items=5, expected=100)
    sweep_cursor.save_sweep_pass(under_way)
    service.use("sweep", now=lambda: START + timedelta(hours=25))
    capsys.readouterr()
    service.sweep()
    assert metrics(capsys)["SweepPassHours"] == 25


def test_an_overdue_certificate_is_asked_for_by_each_run_and_its_age_told_until_it_is_issued(
    enrolled: Story, capsys: pytest.CaptureFixture[str]
) -> None:
    """In a pass of many runs too: only the first of these runs reads the record."""
    service = enrolled.service
    service.post("Progress", *enrolled.do("ada", "read", "watch", "quiz"))
    service.deliver("record_progress")
    ages = []
    for minutes in (0, 5, 60):
        service.empty()
        service.use("sweep", now=lambda: START + timedelta(minutes=minutes))  # noqa: B023  # used in this turn
        capsys.readouterr()
        service.sweep()
        ages.append(metrics(capsys).get("OldestOverdueCertificateMinutes"))
        sweep_cursor.save_sweep_pass(SweepPass(START, segments=1, positions={0: ("enrollment#0", "0")}, expected=1))
        _hide_the_rest_of_the_table(service)
        assert service.waiting("Generation") == 1
    assert ages == [None, 5, 60]  # a zero is not written
    service.settle()
    assert [one["status"] for one in enrolled.certificates()] == ["issued"]
    capsys.readouterr()
    service.sweep()
    assert "OldestOverdueCertificateMinutes" not in metrics(capsys)


def _hide_the_rest_of_the_table(service: Service) -> None:
    """Continue behind the last item of the table."""
    items = boto3.client("dynamodb").scan(TableName=service.outputs["RecordsTableName"])["Items"]
    last = items[-1]["pk"]["S"], items[-1]["sk"]["S"]
    sweep_cursor.save_sweep_pass(SweepPass(START, segments=1, positions={0: last}, items=1, expected=10))

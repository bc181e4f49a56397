"""What the drill counts as right, and which incidents it plays."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from earned.aws.clients import LONGEST_CALL_SECONDS
from tools.local import drill, outages
from tools.local.drill import IncidentResult, is_early
from tools.local.portal import Announcement

NOW, MONOTONIC = datetime(2026, 3, 2, 12, tzinfo=UTC), 500.0
RIGHT = IncidentResult("S3 hangs", 30, 20, 0, [200], 1, 1, 4, 4, 0, 4, 0, 4, 0, 2, 0, 3.0)


@pytest.mark.parametrize(
    "wrong",
    [
        {"certificates_made": 3},
        {"documents": 5},
        {"announced": 3},
        {"certificates_not_due": 1},
        {"redriven": 0},
        {"announced_early": 1},
    ],
    ids=str,
)
def test_an_incident_is_right_only_if_nothing_is_lost_doubled_or_early(wrong: dict[str, int]) -> None:
    assert RIGHT.ok
    assert not replace(RIGHT, **wrong).ok  # type: ignore[arg-type] # numbers by name


@pytest.mark.parametrize(("stored_before", "early"), [(1.0, False), (0.0, False), (-1.0, True), (None, True)])
def test_an_announcement_is_early_when_its_document_is_stored_later_or_never(
    stored_before: float | None, *, early: bool
) -> None:
    received = NOW - timedelta(seconds=20)
    announcement = Announcement("issued", {"data": {"certificate_id": "cert", "revision": 1}}, MONOTONIC - 20)
    key = "certificates/cert/1.pdf"
    stored = {} if stored_before is None else {key: received - timedelta(seconds=stored_before)}
    assert is_early(announcement, stored, NOW, MONOTONIC) is early


def test_a_service_hangs_under_a_name_of_its_own_and_only_for_the_duration_of_the_block(tmp_path: Path) -> None:
    (tmp_path / "tmp").mkdir()
    with outages.outage(tmp_path, outages.hanging("sqs")):
        assert [one.name for one in (tmp_path / "tmp" / "down").iterdir()] == ["sqs.hangs"]
    assert list((tmp_path / "tmp" / "down").iterdir()) == []


def test_a_service_hangs_for_longer_than_a_call_to_it_can_take() -> None:
    alone = [services for services in drill.HANGING.values() if len(services) == 1]
    assert {service for [service] in alone} == {"dynamodb", "sqs", "s3", "events"}
    assert all(drill.seconds_hanging(services) > LONGEST_CALL_SECONDS for services in alone)


def test_several_services_hang_for_longer_than_two_calls_of_a_function_and_most_timeouts() -> None:
    [several] = [services for services in drill.HANGING.values() if len(services) > 1]
    assert {"s3", "events"} <= {*several}  # the document and its announcement
    assert drill.seconds_hanging(several) > max(2 * LONGEST_CALL_SECONDS, 30)

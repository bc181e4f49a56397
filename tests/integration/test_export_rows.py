"""Exports as they are stored: what comes back, who may claim one, and what is counted."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta, timezone
from typing import Any

import boto3
import pytest
from pynamodb.exceptions import PynamoDBException

from earned.aws.dynamodb import exports, people
from earned.aws.dynamodb.exports import HourIsFull
from earned.aws.dynamodb.table import RecordChanged
from earned.domain.exports import EVERY_COMPANY, MAX_PER_HOUR, Export, ExportScope, Failure
from earned.testing.service import Service
from tests.integration.wire_faults import client_of, denied, noted

NOON = datetime(2026, 3, 2, 12, 0, 0, 250_000, tzinfo=UTC)
MILLISECOND, MINUTE, HOUR = timedelta(milliseconds=1), timedelta(minutes=1), timedelta(hours=1)
ASKED = Export("co-1", "adm-1", 1, "export-1", NOON)


def stored() -> Export:
    [found] = exports.exports_of("co-1", "adm-1")
    return found


def item(service: Service, key: str) -> dict[str, Any]:
    """The attributes of an item as text, by its partition key."""
    items = boto3.client("dynamodb").scan(TableName=service.outputs["RecordsTableName"])["Items"]
    [found] = [one for one in items if one["pk"]["S"] == key]
    return {name: next(iter(value.values())) for name, value in found.items()}


@pytest.mark.parametrize(
    "export",
    [
        ASKED,
        replace(ASKED, scope=ExportScope("t-1", ("acc-1", "acc-2"), NOON, NOON + HOUR)),
        replace(ASKED, number=12, scope=ExportScope(account_ids=())),
    ],
)
def test_an_export_comes_back_as_it_was_added(service: Service, export: Export) -> None:
    exports.add_export(export)
    assert stored() == export


def test_an_export_is_an_item_of_its_admin_and_company_without_what_it_does_not_have(service: Service) -> None:
    exports.add_export(ASKED)
    assert item(service, "export#co-1#adm-1") == {
        "pk": "export#co-1#adm-1",
        "sk": "000000001",
        "export_id": "export-1",
        "requested": str(int(NOON.timestamp() * 1000)),
        "expires": str(int((NOON + 24 * HOUR).timestamp())),
    }


def test_the_exports_of_an_admin_are_in_the_order_of_their_numbers_and_no_other_admins(service: Service) -> None:
    for number in (2, 10, 1):
        exports.add_export(replace(ASKED, number=number, export_id=f"export-{number}"))
    exports.add_export(replace(ASKED, account_id="adm-2"))
    exports.add_export(replace(ASKED, company_id="co-2"))
    with noted() as requests:
        assert [one.number for one in exports.exports_of("co-1", "adm-1")] == [1, 2, 10]
    assert [one.parameters["ConsistentRead"] for one in requests if one.operation == "Query"] == [True]


def test_an_admin_without_an_export_takes_one_request(service: Service) -> None:
    with noted() as requests:
        assert exports.exports_of("co-1", "adm-1") == []
    assert [one.operation for one in requests] == ["Query"]


def test_a_number_is_given_once_and_a_fault_is_a_fault(service: Service) -> None:
    exports.add_export(ASKED)
    with pytest.raises(RecordChanged):
        exports.add_export(replace(ASKED, export_id="another"))
    assert stored() == ASKED
    with denied(client_of(people.AccountRow), "dynamodb.PutItem"), pytest.raises(PynamoDBException):
        exports.add_export(replace(ASKED, number=2))


def test_a_recall_is_known_to_the_exports_of_its_company(service: Service) -> None:
    exports.add_export(ASKED)
    exports.add_export(replace(ASKED, company_id="co-2"))
    for at in (NOON, NOON + MILLISECOND, NOON - MILLISECOND):
        exports.note_recall("co-1", at)
    assert stored().recalled_at == NOON + MILLISECOND
    [other] = exports.exports_of("co-2", "adm-1")
    assert other.recalled_at is None


def test_a_lease_is_for_one_run_until_it_ends(service: Service) -> None:
    exports.add_export(ASKED)
    exports.claim_export(ASKED, "run-1", NOON, NOON + MINUTE)
    assert stored().lease_until == NOON + MINUTE
    exports.claim_export(ASKED, "run-1", NOON, NOON + 2 * MINUTE)
    with pytest.raises(RecordChanged):
        exports.claim_export(ASKED, "run-2", NOON + 2 * MINUTE - MILLISECOND, NOON + HOUR)
    assert stored().lease_until == NOON + 2 * MINUTE
    exports.claim_export(ASKED, "run-2", NOON + 2 * MINUTE, NOON + HOUR)
    with pytest.raises(RecordChanged):
        exports.claim_export(ASKED, "run-1", NOON + 3 * MINUTE, NOON + HOUR)


def test_an_export_that_expired_or_is_done_is_claimed_by_nobody(service: Service) -> None:
    with pytest.raises(RecordChanged):
        exports.claim_export(ASKED, "run-1", NOON, NOON + MINUTE)
    assert exports.exports_of("co-1", "adm-1") == []
    exports.add_export(ASKED)
    exports.finish_export(ASKED, 0, (), NOON)
    with pytest.raises(RecordChanged):
        exports.claim_export(ASKED, "run-1", NOON, NOON + MINUTE)


def test_an_export_that_is_released_has_its_count_and_is_free_at_once(service: Service) -> None:
    with pytest.raises(RecordChanged):
        exports.release_export(ASKED, 7, NOON)
    exports.add_export(ASKED)
    exports.claim_export(ASKED, "run-1", NOON, NOON + HOUR)
    exports.release_export(ASKED, 7, NOON + MINUTE)
    assert (stored().count, stored().lease_until, stored().finished_at) == (7, NOON + MINUTE, None)
    exports.claim_export(ASKED, "run-2", NOON + MINUTE, NOON + HOUR)


def test_what_finishes_an_export_first_stays(service: Service) -> None:
    failures = tuple(Failure(f"c-{number}", "acc-1", "t-1", "document-missing") for number in range(101))
    exports.finish_export(ASKED, 1, (), NOON)
    assert exports.exports_of("co-1", "adm-1") == [], "an export that expired does not come back"
    exports.add_export(ASKED)
    exports.finish_export(ASKED, 3, failures, NOON + HOUR)
    done = replace(ASKED, finished_at=NOON + HOUR, count=3, failures=failures[:100])
    assert stored() == done
    exports.finish_export(ASKED, 4, (), NOON + 2 * HOUR)
    exports.finish_without_archive(ASKED, NOON + 2 * HOUR)
    assert stored() == done


def test_an_export_without_an_archive_says_that_it_had_too_many_enrollments(service: Service) -> None:
    exports.add_export(ASKED)
    exports.finish_without_archive(ASKED, NOON + HOUR)
    assert stored() == replace(ASKED, finished_at=NOON + HOUR, too_many=True)


@pytest.mark.parametrize("company_id", ["co-1", EVERY_COMPANY])
def test_an_hour_of_utc_has_room_for_ten_exports_of_a_company(service: Service, company_id: str) -> None:
    at = datetime(2026, 3, 2, 14, 59, 59, 1, tzinfo=timezone(2 * HOUR))
    for _ in range(MAX_PER_HOUR):
        exports.count_export(company_id, at)
    exports.count_export("co-2", at)
    with pytest.raises(HourIsFull) as full:
        exports.count_export(company_id, NOON.replace(minute=40, second=0, microsecond=1))
    assert (full.value.seconds, full.value.args) == (20 * 60, (20 * 60,))
    exports.count_export(company_id, NOON + HOUR)
    exports.uncount_export(company_id, at)
    exports.count_export(company_id, at)
    with pytest.raises(HourIsFull):
        exports.count_export(company_id, at)


def test_the_seconds_to_wait_are_those_to_the_end_of_the_hour_rounded_up(service: Service) -> None:
    for _ in range(MAX_PER_HOUR):
        exports.count_export("co-1", NOON)
    for at, seconds in ((NOON.replace(microsecond=0), 3600), (NOON, 3600), (NOON.replace(minute=59, second=59), 1)):
        with pytest.raises(HourIsFull) as full:
            exports.count_export("co-1", at)
        assert full.value.seconds == seconds

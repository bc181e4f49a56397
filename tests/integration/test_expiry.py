"""What goes away by itself: `expires` is in seconds since 1970, and as far away as the documentation promises."""

import re
from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta, timezone

import boto3
import pytest
from pynamodb.exceptions import QueryError

from earned.aws.dynamodb import access_log, exports, support
from earned.domain.exports import Export
from earned.domain.people import SupportRequest
from earned.testing.service import Service
from tests.integration.wire_faults import noted

NOON = datetime(2026, 3, 2, 12, 0, 0, 250_000, tzinfo=UTC)
DAY, HOUR, MINUTE = timedelta(days=1), timedelta(hours=1), timedelta(minutes=1)
REQUEST = SupportRequest("0f" * 8, NOON, "Ada Sample", "ada@example.com", "Leading Well", "Where is it?")


def rows(service: Service, table: str) -> list[dict[str, str]]:
    """All items of a table, each attribute as text."""
    items = boto3.client("dynamodb").scan(TableName=service.outputs[f"{table}TableName"])["Items"]
    return [{name: next(iter(value.values())) for name, value in item.items()} for item in items]


def seconds(at: datetime) -> str:
    return str(int(at.timestamp()))


def test_an_access_is_kept_for_three_years_with_who_when_and_what(service: Service) -> None:
    access_log.log_access("c" * 26, 2, "acc-1", "company-admin", "co-1", NOON)
    [row] = rows(service, "AccessLog")
    assert re.fullmatch(r"2026-03-02T12:00:00\.250\+00:00#[0-9a-f]{8}", row.pop("at"))
    assert row == {
        "certificate": "c" * 26,
        "account": "acc-1",
        "role": "company-admin",
        "company": "co-1",
        "revision": "2",
        "expires": seconds(NOON + 3 * 365 * DAY),
    }


def test_an_access_without_company_and_revision_has_neither(service: Service) -> None:
    access_log.log_access("exports/e-1", None, "acc-1", "individual", None, NOON)
    [row] = rows(service, "AccessLog")
    assert set(row) == {"certificate", "at", "account", "role", "expires"}


def test_two_accesses_of_one_instant_are_two_entries(service: Service) -> None:
    for _ in range(2):
        access_log.log_access("c" * 26, 1, "acc-1", "individual", None, NOON)
    assert len(rows(service, "AccessLog")) == 2


def test_the_accesses_of_a_certificate_are_read_oldest_first_with_who_and_when(service: Service) -> None:
    access_log.log_access("c" * 26, 2, "acc-2", "individual", None, NOON + HOUR)
    access_log.log_access("c" * 26, 1, "acc-1", "company-admin", "co-1", NOON)
    access_log.log_access("d" * 26, 1, "acc-3", "individual", None, NOON)
    with noted() as requests:
        found = list(access_log.accesses_of("c" * 26))
    assert found == [
        ("2026-03-02T12:00:00.250+00:00", "acc-1", "company-admin", "co-1"),
        ("2026-03-02T13:00:00.250+00:00", "acc-2", "individual", None),
    ]
    assert [one.parameters["ConsistentRead"] for one in requests] == [True], "none that was just written is missing"


@pytest.fixture
def another_table(service: Service) -> Iterator[str]:
    """A table that does not exist; the access log and the support requests use their own again afterwards."""
    yield "another-table"
    access_log.bind(service.outputs["AccessLogTableName"])
    support.bind(service.outputs["SupportTableName"])


@pytest.mark.parametrize(
    ("bind", "read"),
    [
        (access_log.bind, lambda: list(access_log.accesses_of("c" * 26))),
        (support.bind, lambda: support.support_requests(None, 1)),
    ],
    ids=["access log", "support requests"],
)
def test_rows_are_those_of_the_table_that_was_bound_last(
    another_table: str, bind: Callable[[str], None], read: Callable[[], object]
) -> None:
    bind(another_table)
    with noted() as requests, pytest.raises(QueryError):
        read()
    assert {one.parameters["TableName"] for one in requests} == {another_table}


def test_a_support_request_is_kept_for_90_days_and_its_counters_for_two_hours(service: Service) -> None:
    assert support.keep_support_request(REQUEST, "192.0.2.1")
    kept = {row["kind"]: row for row in rows(service, "Support")}
    assert kept["request"] == {
        "kind": "request",
        "sk": f"2026-03-02T12:00:00.250+00:00#{'0f' * 8}",
        "name": "Ada Sample",
        "email": "ada@example.com",
        "training": "Leading Well",
        "message": "Where is it?",
        "expires": seconds(NOON + 90 * DAY),
    }
    assert kept["rate"]["expires"] == seconds(NOON + 2 * HOUR)
    assert "ada" not in kept["rate"]["sk"]
    assert support.support_requests(None, 10) == [REQUEST]


def test_requests_are_read_from_the_newest_on_and_continue_after_a_position(service: Service) -> None:
    asked = [replace(REQUEST, request_id=f"{number}#x", at=NOON + timedelta(hours=number)) for number in range(4)]
    for request in asked:
        support.keep_support_request(request, "192.0.2.1")
    newest_first = asked[::-1]
    assert support.support_requests(None, 10) == newest_first
    assert support.support_requests(None, 2) == newest_first[:2]
    assert support.support_requests(support.cursor_position(newest_first[1]), 1) == newest_first[2:3]
    assert support.support_requests(support.cursor_position(newest_first[3]), 10) == []


def test_a_request_that_is_forgotten_is_gone_and_the_others_stay(service: Service) -> None:
    others = replace(REQUEST, request_id="1f" * 8)
    for request in (REQUEST, others):
        support.keep_support_request(request, "192.0.2.1")
    support.forget_support_request(REQUEST)
    assert support.support_requests(None, 10) == [others]


def test_a_dropped_request_is_counted_in_its_minute_for_two_hours(service: Service) -> None:
    for _ in range(support.REQUESTS_PER_PAIR + 2):
        support.keep_support_request(REQUEST, "192.0.2.1")
    [dropped] = [row for row in rows(service, "Support") if row["kind"] == "dropped"]
    assert dropped == {"kind": "dropped", "sk": "2026-03-02T12:00", "sent": "2", "expires": seconds(NOON + 2 * HOUR)}


def test_an_export_is_kept_for_a_day(service: Service) -> None:
    exports.add_export(Export("co-1", "acc-1", 1, "e-1", NOON))
    [row] = rows(service, "Records")
    assert (row["expires"], row["requested"]) == (seconds(NOON + DAY), str(int(NOON.timestamp() * 1000)))


def test_the_count_of_an_hours_exports_is_kept_until_the_hour_ends(service: Service) -> None:
    exports.count_export("co-1", NOON + 40 * MINUTE)
    exports.count_export("co-1", NOON + HOUR - timedelta(milliseconds=251))
    [row] = rows(service, "Records")
    end = NOON.replace(hour=13, microsecond=0)
    assert (row["pk"], row["sk"], row["begun"], row["expires"]) == (
        "export-hour#co-1",
        "2026-03-02T12",
        "2",
        seconds(end),
    )


# The limits of support requests: a window is an hour, by the clock, and moves on.


def sent(number: int, at: datetime, source: str = "192.0.2.1", email: str = "ada@example.com") -> bool:
    """Whether a request is kept."""
    return support.keep_support_request(
        SupportRequest(f"{number:016x}", at, "Ada Sample", email, "Leading Well", None), source
    )


@pytest.mark.parametrize("limit", ["address", "email"])
def test_the_limit_is_that_of_the_hour_and_the_next_hour_begins_anew(service: Service, limit: str) -> None:
    most = {"address": support.REQUESTS_PER_ADDRESS, "email": support.REQUESTS_PER_EMAIL}[limit]
    last_second = NOON.replace(minute=59, second=59)

    def one(number: int, at: datetime) -> bool:
        email = f"{number}@example.com" if limit == "address" else "ada@example.com"
        return sent(number, at, "192.0.2.1" if limit == "address" else f"192.0.2.{number}", email)

    assert one(0, NOON)
    for row in rows(service, "Support"):
        if row["kind"] == "rate":
            support.SupportRow(row["kind"], row["sk"]).update([support.SupportRow.sent.set(most - 1)])
    assert one(most - 1, NOON)
    assert one(most, NOON) is False
    assert not one(most + 1, last_second)
    assert one(most + 2, last_second + timedelta(seconds=1))
    assert support.dropped_since(NOON) == 2


@pytest.mark.parametrize(
    ("one", "other", "together"),
    [
        ("192.0.2.1", "192.0.2.1", True),
        ("192.0.2.1", "192.0.2.2", False),
        ("2001:db8:0:1::1", "2001:db8:0:1:ffff::2", True),
        ("2001:db8:0:1::1", "2001:db8:0:2::1", False),
        ("2001:db8:0:1::1", "2001:DB8::1:0:0:0:9", True),
        ("unknown", "unknown", True),
        ("unknown", "other", False),
    ],
)
def test_one_subscriber_is_one_address_or_one_ipv6_network(
    service: Service, one: str, other: str, together: bool
) -> None:
    for number, source in enumerate((one, other)):
        sent(number, NOON, source, f"{number}@example.com")
    counters = sorted(row["sent"] for row in rows(service, "Support") if row["kind"] == "rate")
    # Each email address has a counter, and each has one together with its source.
    assert counters == ["1"] * 4 + (["2"] if together else ["1", "1"])


def test_dropped_requests_of_another_offset_are_counted_in_their_utc_minute(service: Service) -> None:
    at = NOON.astimezone(timezone(2 * HOUR))
    for number in range(support.REQUESTS_PER_PAIR + 1):
        sent(number, at)
    assert [support.dropped_since(since) for since in (NOON, at, NOON + MINUTE)] == [1, 1, 0]

"""How an export stands, when a request may get one that exists, and which enrollments its scope contains."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from earned.domain.exports import (
    EVERY_COMPANY,
    MAX_ENROLLMENTS,
    MAX_IN_REPORT,
    MAX_PER_HOUR,
    SCHEDULE,
    Export,
    ExportScope,
    ExportStatus,
    weekly_report,
)
from tests.unit.builders import ENDS, completion, issue

MINUTE, MILLISECOND = timedelta(minutes=1), timedelta(milliseconds=1)
DAY = timedelta(days=1)
EXPORT = Export("company-1", "account-1", 1, "export-1", ENDS)
ADAS = ExportScope(account_ids=("account-1",))


def lasting(lease: timedelta) -> Export:
    return replace(EXPORT, lease_until=ENDS + lease)


def done(at: datetime = ENDS, recalled_at: datetime | None = None) -> Export:
    return replace(EXPORT, finished_at=at, recalled_at=recalled_at)


@pytest.mark.parametrize(
    ("export", "after", "status", "reason"),
    [
        (EXPORT, timedelta(0), "queued", None),
        (EXPORT, 75 * MINUTE, "queued", None),
        (EXPORT, 75 * MINUTE + MILLISECOND, "failed", None),
        (lasting(10 * MINUTE), 10 * MINUTE, "running", None),
        (lasting(10 * MINUTE), 85 * MINUTE, "running", None),
        (lasting(10 * MINUTE), 85 * MINUTE + MILLISECOND, "failed", None),
        (done(), DAY - MILLISECOND, "done", None),
        (done(), DAY, "failed", None),
        (replace(done(), lease_until=ENDS), 76 * MINUTE, "done", None),
        (done(recalled_at=ENDS - MILLISECOND), MINUTE, "done", None),
        (done(recalled_at=ENDS), MINUTE, "failed", "out-of-date"),
        (done(recalled_at=ENDS + MINUTE), MINUTE, "failed", "out-of-date"),
        (replace(EXPORT, too_many=True), MINUTE, "failed", "too-many"),
        (replace(EXPORT, too_many=True, recalled_at=ENDS), MINUTE, "failed", "too-many"),
    ],
)
def test_an_export_is_queued_running_done_or_failed_for_its_reason(
    export: Export, after: timedelta, status: str, reason: str | None
) -> None:
    assert export.status(ENDS + after) is ExportStatus(status)
    assert export.reason == reason
    assert export.expires_at == ENDS + DAY


@pytest.mark.parametrize(
    ("export", "after", "reusable"),
    [
        (EXPORT, 75 * MINUTE, True),
        (EXPORT, 75 * MINUTE + MILLISECOND, False),
        (done(), MINUTE - MILLISECOND, True),
        (done(), MINUTE, False),
        (done(recalled_at=ENDS), timedelta(0), False),
        (replace(EXPORT, too_many=True), timedelta(0), False),
    ],
)
def test_a_request_gets_an_export_until_a_minute_after_it_was_done(
    export: Export, after: timedelta, reusable: bool
) -> None:
    assert export.is_reusable(ExportScope(), ENDS + after) is reusable
    assert not export.is_reusable(ADAS, ENDS + after)
    assert replace(export, scope=ADAS).is_reusable(ADAS, ENDS + after) is reusable


def test_a_run_owns_an_export_until_its_lease_ends_and_none_works_on_a_closed_one() -> None:
    lease = lasting(10 * MINUTE)
    moments = [ENDS + 10 * MINUTE - MILLISECOND, ENDS + 10 * MINUTE]
    assert [lease.is_running(now) for now in moments] == [True, False]
    assert not EXPORT.is_running(ENDS)
    assert [EXPORT.is_closed(now) for now in (ENDS + DAY - MILLISECOND, ENDS + DAY)] == [False, True]
    assert done().is_closed(ENDS)


@pytest.mark.parametrize(
    ("scope", "issued", "unissued"),
    [
        (ExportScope(), True, True),
        (ExportScope(training_id="course-1"), True, True),
        (ExportScope(training_id="course-2"), False, False),
        (ExportScope(account_ids=("account-0", "account-1")), True, True),
        (ExportScope(account_ids=("account-2",)), False, False),
        (ExportScope(account_ids=()), False, False),
        (ExportScope(issued_from=ENDS), True, False),
        (ExportScope(issued_from=ENDS + MILLISECOND), False, False),
        (ExportScope(issued_to=ENDS), True, False),
        (ExportScope(issued_to=ENDS - MILLISECOND), False, False),
        (ExportScope(issued_from=ENDS, issued_to=ENDS), True, False),
        (ExportScope("course-1", ("account-1",), ENDS, ENDS), True, False),
        (ExportScope("course-2", ("account-1",), ENDS, ENDS), False, False),
        (ExportScope("course-1", ("account-2",), ENDS, ENDS), False, False),
    ],
)
def test_a_scope_contains_what_meets_all_its_conditions(scope: ExportScope, issued: bool, unissued: bool) -> None:
    record = completion()
    assert scope.includes(replace(record, issue=issue(issued_at=ENDS))) is issued
    assert scope.includes(record) is unissued


def test_the_limits_are_those_of_the_contract() -> None:
    assert (MAX_ENROLLMENTS, MAX_IN_REPORT, MAX_PER_HOUR) == (50_000, 200_000, 10)


@pytest.mark.parametrize(
    ("company_id", "account_id", "is_report", "is_weekly", "most"),
    [
        ("company-1", "account-1", False, False, 50_000),
        ("company-1", SCHEDULE, False, False, 50_000),
        (EVERY_COMPANY, "account-1", True, False, 200_000),
        (EVERY_COMPANY, SCHEDULE, True, True, 200_000),
    ],
)
def test_the_export_of_every_company_is_a_report_and_the_schedules_report_is_the_weekly_one(
    company_id: str, account_id: str, most: int, *, is_report: bool, is_weekly: bool
) -> None:
    export = replace(EXPORT, company_id=company_id, account_id=account_id)
    assert (export.is_report, export.is_weekly, export.max_enrollments) == (is_report, is_weekly, most)


def test_the_weekly_report_of_a_time_is_always_the_same_one() -> None:
    at = datetime(2026, 3, 9, 4, 0, tzinfo=UTC)
    assert weekly_report(at) == Export(EVERY_COMPANY, SCHEDULE, 739_684, "weekly-2026-03-09", at)

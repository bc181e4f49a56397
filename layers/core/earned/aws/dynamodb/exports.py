"""Exports, with the lease of the run that works on each."""

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from math import ceil
from typing import Any

from pydantic import TypeAdapter
from pynamodb.attributes import BooleanAttribute, NumberAttribute, UnicodeAttribute
from pynamodb.exceptions import PynamoDBException
from pynamodb.expressions.update import Action

from earned.aws.dynamodb.table import (
    ROOT_SORT_KEY,
    RecordChanged,
    Row,
    batch_get,
    stored_as,
    to_json,
    to_moment,
    update,
    update_if,
)
from earned.domain.exports import EVERYTHING, MAX_PER_HOUR, Export, ExportScope, Failure
from earned.domain.timestamps import from_milliseconds, to_milliseconds

_FAILURES = TypeAdapter(tuple[Failure, ...])
_SCOPE = TypeAdapter(ExportScope)
MAX_FAILURES_KEPT = 100


@stored_as("export")
class ExportRow(Row):
    """An export or a report; DynamoDB deletes the item some time after `expires`, in seconds since 1970."""

    export_id = UnicodeAttribute()
    requested = NumberAttribute()
    expires = NumberAttribute()
    lease_owner = UnicodeAttribute(attr_name="runner", null=True)
    lease_until = NumberAttribute(attr_name="busy_until", null=True)
    finished = NumberAttribute(null=True)
    files = NumberAttribute(null=True)
    failures = UnicodeAttribute(null=True)
    scope = UnicodeAttribute(null=True)
    too_many = BooleanAttribute(null=True)

    def export(self, recalled_at: datetime | None) -> Export:
        _, company_id, account_id = self.pk.split("#", 2)
        return Export(
            company_id=company_id,
            account_id=account_id,
            number=int(self.sk),
            export_id=self.export_id,
            requested_at=from_milliseconds(int(self.requested)),
            lease_until=to_moment(self.lease_until),
            finished_at=to_moment(self.finished),
            count=int(self.files or 0),
            failures=_FAILURES.validate_json(self.failures) if self.failures else (),
            scope=_SCOPE.validate_json(self.scope) if self.scope else EVERYTHING,
            recalled_at=recalled_at,
            too_many=bool(self.too_many),
        )


@stored_as("company-certificates")
class CompanyCertificatesRow(Row):
    """When a certificate of the company was last revoked or withdrawn, in milliseconds since 1970."""

    recalled = NumberAttribute(null=True)


def note_recall(company_id: str, at: datetime) -> None:
    """Exports that were requested until `at` may contain a certificate that no longer stands."""
    recalled = CompanyCertificatesRow.recalled
    is_newer = recalled.does_not_exist() | (recalled < to_milliseconds(at))
    update_if(_company_row(company_id), [recalled.set(to_milliseconds(at))], is_newer)


def exports_of(company_id: str, account_id: str) -> list[Export]:
    rows = list(ExportRow.query(_export_key(company_id, account_id), consistent_read=True))
    row = _company_row(company_id)
    found = next(iter(batch_get([(row.pk, row.sk)])), None) if rows else None
    recalled = to_moment(found.recalled) if isinstance(found, CompanyCertificatesRow) else None
    return [row.export(recalled) for row in rows]


def _company_row(company_id: str) -> CompanyCertificatesRow:
    return CompanyCertificatesRow(f"company-certificates#{company_id}", ROOT_SORT_KEY)


def add_export(export: Export) -> None:
    """Raises `RecordChanged` when this admin already has an export with the same number."""
    row = _export_row(
        export,
        export_id=export.export_id,
        requested=to_milliseconds(export.requested_at),
        expires=int(export.expires_at.timestamp()),
        scope=None if export.scope == EVERYTHING else to_json(_SCOPE, export.scope),
    )
    try:
        row.save(ExportRow.pk.does_not_exist())
    except PynamoDBException as error:
        if error.cause_response_code == "ConditionalCheckFailedException":
            raise RecordChanged from error
        raise


class HourIsFull(Exception):
    """`MAX_PER_HOUR` exports of a company, or reports, have begun in the hour; the next one begins in `seconds`."""

    def __init__(self, seconds: int) -> None:
        super().__init__(seconds)
        self.seconds = seconds


@stored_as("export-hour")
class ExportHourRow(Row):
    """How many exports a company has begun in an hour of UTC; expires as an export does."""

    begun = NumberAttribute()
    expires = NumberAttribute()


def count_export(company_id: str, at: datetime) -> None:
    """Raises `HourIsFull`; concurrent requests are counted one after the other."""
    hour = at.replace(minute=0, second=0, microsecond=0)
    end = hour + timedelta(hours=1)
    actions = [ExportHourRow.begun.add(1), ExportHourRow.expires.set(int(end.timestamp()))]
    has_room = ExportHourRow.begun.does_not_exist() | (ExportHourRow.begun < MAX_PER_HOUR)
    try:
        update(_hour_row(company_id, at), actions, has_room)
    except RecordChanged:
        raise HourIsFull(ceil((end - at).total_seconds())) from None


def uncount_export(company_id: str, at: datetime) -> None:
    update(_hour_row(company_id, at), [ExportHourRow.begun.add(-1)])


def _hour_row(company_id: str, at: datetime) -> ExportHourRow:
    return ExportHourRow(f"export-hour#{company_id}", at.astimezone(UTC).strftime("%Y-%m-%dT%H"))


def claim_export(export: Export, lease_owner: str, now: datetime, until: datetime) -> None:
    """Take the lease until `until`; raises `RecordChanged` while another run has it, or once the export is finished."""
    free = ExportRow.lease_until.does_not_exist() | (ExportRow.lease_until <= to_milliseconds(now))
    condition = ExportRow.export_id.exists() & ExportRow.finished.does_not_exist()
    actions = [ExportRow.lease_owner.set(lease_owner), ExportRow.lease_until.set(to_milliseconds(until))]
    update(_export_row(export), actions, condition & (free | (ExportRow.lease_owner == lease_owner)))


def release_export(export: Export, count: int, now: datetime) -> None:
    actions = [ExportRow.files.set(count), ExportRow.lease_until.set(to_milliseconds(now))]
    update(_export_row(export), actions, ExportRow.export_id.exists())


def finish_export(export: Export, count: int, failures: Sequence[Failure], now: datetime) -> None:
    kept = to_json(_FAILURES, tuple(failures[:MAX_FAILURES_KEPT]))
    _finish(export, now, ExportRow.files.set(count), ExportRow.failures.set(kept))


def finish_without_archive(export: Export, now: datetime) -> None:
    _finish(export, now, ExportRow.too_many.set(True))


def _finish(export: Export, now: datetime, *outcome: Action) -> None:
    actions = [ExportRow.finished.set(to_milliseconds(now)), *outcome]
    update_if(_export_row(export), actions, ExportRow.export_id.exists() & ExportRow.finished.does_not_exist())


def _export_row(export: Export, **values: Any) -> ExportRow:
    return ExportRow(_export_key(export.company_id, export.account_id), f"{export.number:09}", **values)


def _export_key(company_id: str, account_id: str) -> str:
    return f"export#{company_id}#{account_id}"

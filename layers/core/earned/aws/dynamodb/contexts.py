"""Strongly consistent reads of the context of a decision about an enrollment."""

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from earned.aws.dynamodb.enrollment_keys import PARTITION_HASH_LENGTH, row_key
from earned.aws.dynamodb.enrollments import CompletionRow, list_partition
from earned.aws.dynamodb.people import AccountRow, CompanyRow
from earned.aws.dynamodb.table import ROOT_SORT_KEY, ItemKey, Row, batch_get
from earned.aws.dynamodb.trainings import trainings_of
from earned.domain.enrollment import CompletionRecord, EnrollmentContext, EnrollmentKey
from earned.domain.people import Account, Company
from earned.domain.training import Training

_CERTIFICATE_ID = re.compile(r"[a-z2-7]{26}")
_REMOVAL_OF_AN_ACCOUNT = [AccountRow.pk.attr_name, AccountRow.removed.attr_name]


@dataclass(frozen=True)
class Names:
    training_id: str
    account_id: str
    company_id: str | None

    @classmethod
    def of(cls, record: CompletionRecord) -> "Names":
        return cls(record.training_id, record.account_id, record.company_id)

    def item_keys(self) -> list[ItemKey]:
        company = [] if self.company_id is None else [(f"company#{self.company_id}", ROOT_SORT_KEY)]
        return [
            (f"training#{self.training_id}", ROOT_SORT_KEY),
            (f"account#{self.account_id}", ROOT_SORT_KEY),
            *company,
        ]


def get_contexts(records: Sequence[CompletionRecord]) -> list[EnrollmentContext]:
    directory = _read_directory([Names.of(record) for record in records])
    return [directory.context(record) for record in records]


def get_certificate_contexts(records: Sequence[CompletionRecord]) -> list[EnrollmentContext]:
    """The records, and of their accounts whether they are removed: a list shows what is printed."""
    accounts = sorted({(f"account#{record.account_id}", ROOT_SORT_KEY) for record in records})
    directory = _Directory(batch_get(accounts, attributes=_REMOVAL_OF_AN_ACCOUNT))
    return [directory.context(record) for record in records]


def get_certificate_context(certificate_id: str) -> EnrollmentContext | None:
    """One query and one read: the record and the account, without training and company; None if there is no record."""
    record = get_certificate_record(certificate_id)
    if record is None:
        return None
    return _Directory(batch_get([(f"account#{record.account_id}", ROOT_SORT_KEY)])).context(record)


def get_certificate_record(certificate_id: str) -> CompletionRecord | None:
    if not _CERTIFICATE_ID.fullmatch(certificate_id):
        return None
    partition = list_partition(certificate_id[:PARTITION_HASH_LENGTH])
    return next((one for one in partition if one.certificate_id == certificate_id), None)


def get_directory(names: Names) -> tuple[Training | None, Account | None, Company | None]:
    return _read_directory([names]).of(names)


class ContextReading:
    """Records and their directory items, from one batch read.

    `hints` names the items that belong to each record, which saves a request; a record that names others is read again.
    """

    def __init__(self, hints: Sequence[tuple[EnrollmentKey, Names]]) -> None:
        self._hints = dict(hints)
        rows = batch_get(
            [*dict.fromkeys(row_key(key) for key in self._hints), *_directory_keys(self._hints.values())],
        )
        found = (row.record() for row in rows if isinstance(row, CompletionRow))
        self._records = {one.key: one for one in found if isinstance(one, CompletionRecord)}
        self._directory = _Directory(rows)

    def context(self, key: EnrollmentKey) -> EnrollmentContext | None:
        record = self._records.get(key)
        if record is None:
            return None
        return self._directory.context(record) if Names.of(record) == self._hints[key] else get_contexts([record])[0]


class _Directory:
    def __init__(self, rows: Sequence[Row]) -> None:
        self._rows = {row.pk: row for row in rows}
        self._trainings = trainings_of(rows)

    def context(self, record: CompletionRecord) -> EnrollmentContext:
        return EnrollmentContext(record, *self.of(Names.of(record)))

    def of(self, names: Names) -> tuple[Training | None, Account | None, Company | None]:
        account = self._rows.get(f"account#{names.account_id}")
        company = self._rows.get(f"company#{names.company_id}")
        return (
            self._trainings.get(names.training_id),
            account.account() if isinstance(account, AccountRow) else None,
            company.company() if isinstance(company, CompanyRow) else None,
        )


def _read_directory(names: Iterable[Names]) -> _Directory:
    return _Directory(batch_get(_directory_keys(names)))


def _directory_keys(names: Iterable[Names]) -> list[ItemKey]:
    return sorted({key for one in names for key in one.item_keys()})

"""Consistent reads of all that a decision about an enrollment needs."""

from collections.abc import Iterable, Sequence

from earned.aws.dynamodb.enrollments import (
    _CERTIFICATE_ID,
    PARTITION_HASH_LENGTH,
    CompletionRow,
    _in_partition,
    row_key,
)
from earned.aws.dynamodb.people import AccountRow, CompanyRow
from earned.aws.dynamodb.table import ROOT_SORT_KEY, Row, batch_get
from earned.aws.dynamodb.trainings import TrainingRow
from earned.domain.enrollment import CompletionRecord, EnrollmentContext, Key


def cases(completions: Sequence[CompletionRecord]) -> list[EnrollmentContext]:
    """What each completion is judged by, read together and consistently."""
    directory = _Directory(batch_get(_directory_keys(completions)))
    return [directory.case(completion) for completion in completions]


class Reading:
    """All that is needed to judge some enrollments, as of one consistent batch read.

    The ids of training and company in `hints` save a request: where a record says otherwise, the record is right.
    """

    def __init__(self, hints: Sequence[CompletionRecord]) -> None:
        records = dict.fromkeys(row_key(one.enrollment_id, one.account_id) for one in hints)
        rows = batch_get([*records, *_directory_keys(hints)])
        self._records = {(row.pk, row.sk): row for row in rows if isinstance(row, CompletionRow)}
        self._directory = _Directory(rows)

    def case(self, hint: CompletionRecord) -> EnrollmentContext | None:
        """What a hint's enrollment is judged by, or None when there is no such record."""
        row = self._records.get(row_key(hint.enrollment_id, hint.account_id))
        if row is None:
            return None
        record = row.completion()
        if (record.training_id, record.company_id) != (hint.training_id, hint.company_id):
            return cases([record])[0]
        return self._directory.case(record)


class _Directory:
    """Directory rows of one read, by id."""

    def __init__(self, rows: Iterable[Row]) -> None:
        self._rows = {row.pk: row for row in rows}

    def case(self, completion: CompletionRecord) -> EnrollmentContext:
        """A completion with the training, account and company it names."""
        training = self._rows.get(f"training#{completion.training_id}")
        account = self._rows.get(f"account#{completion.account_id}")
        company = self._rows.get(f"company#{completion.company_id}")
        return EnrollmentContext(
            completion,
            training.training() if isinstance(training, TrainingRow) else None,
            account.account() if isinstance(account, AccountRow) else None,
            company.company() if isinstance(company, CompanyRow) else None,
        )


def _directory_keys(completions: Iterable[CompletionRecord]) -> list[Key]:
    keys = {
        f"{kind}#{value}"
        for c in completions
        for kind, value in (("training", c.training_id), ("account", c.account_id), ("company", c.company_id))
        if value is not None
    }
    return [(key, ROOT_SORT_KEY) for key in sorted(keys)]


def certificate(certificate_id: str) -> EnrollmentContext | None:
    """The record and the account behind a certificate id, strongly consistent, or None."""
    if not _CERTIFICATE_ID.fullmatch(certificate_id):
        return None
    found = (
        one for one in _in_partition(certificate_id[:PARTITION_HASH_LENGTH]) if one.certificate_id == certificate_id
    )
    record = next(found, None)
    if record is None:
        return None
    return _Directory(batch_get([(f"account#{record.account_id}", ROOT_SORT_KEY)])).case(record)

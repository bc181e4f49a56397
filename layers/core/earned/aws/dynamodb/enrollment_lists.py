"""Enrollments by account, company or training, in pages of `limit` keys after a position, ordered by account and id."""

import re
from dataclasses import dataclass

from pynamodb.expressions.condition import Condition

from earned.aws.dynamodb.enrollment_keys import holder_key, key_of, row_key
from earned.aws.dynamodb.enrollments import CompletionRow
from earned.aws.dynamodb.people import AccountRow
from earned.aws.dynamodb.table import ROOT_SORT_KEY, ByHolder, ByTraining, ItemKey, Row, batch_get
from earned.domain.enrollment import CompletionRecord, EnrollmentKey
from earned.messages.schema_types import ID

MAX_HOLDER_LENGTH = len("company#") + 64


def list_account_keys(account_id: str, after: EnrollmentKey | None, limit: int) -> list[EnrollmentKey]:
    if after is not None and after[1] != account_id:
        return []
    account = next(iter(batch_get([(f"account#{account_id}", ROOT_SORT_KEY)])), None)
    companies = account.companies if isinstance(account, AccountRow) else None
    own = Row.sk.startswith(f"{account_id}#")
    holders = [
        holder_key(account_id, None),
        *(holder_key(account_id, company_id) for company_id in sorted(companies or ())),
    ]
    return sorted(key for holder in holders for key in _page(Row.by_holder, "h", holder, after, limit, own))[:limit]


def list_company_keys(
    company_id: str, after: EnrollmentKey | None, limit: int, *, account_id: str | None = None
) -> list[EnrollmentKey]:
    holder = holder_key("", company_id)
    if account_id is None:
        return _page(Row.by_holder, "h", holder, after, limit)
    if not re.fullmatch(ID, account_id) or (after is not None and after.account_id > account_id):
        return []
    start = after if after is not None and after.account_id == account_id else None
    return _page(Row.by_holder, "h", holder, start, limit, Row.sk.startswith(f"{account_id}#"))


def list_training_keys(training_id: str, after: EnrollmentKey | None, limit: int) -> list[EnrollmentKey]:
    return _page(Row.by_training, "t", training_id, after, limit)


def _page(
    index: ByHolder | ByTraining,
    name: str,
    value: str,
    after: EnrollmentKey | None,
    limit: int,
    only: Condition | None = None,
) -> list[EnrollmentKey]:
    if len(value) > MAX_HOLDER_LENGTH:
        return []
    pk, sk = row_key(after) if after else ("", "")
    start = {name: {"S": value}, "pk": {"S": pk}, "sk": {"S": sk}} if after else None
    return [key_of(row) for row in index.query(value, only, last_evaluated_key=start, limit=limit, page_size=limit)]


@dataclass(frozen=True)
class ScannedPage:
    """`unreadable` are the ids of records that a later release wrote; `items` counts those of every kind."""

    records: list[CompletionRecord]
    unreadable: list[str]
    items: int
    after: ItemKey | None  # None at the end of the segment


def scan(segment: int, segments: int, after: ItemKey | None, limit: int) -> ScannedPage:
    """The records among the next `limit` items of one of the table's segments.

    The read is eventually consistent, at half the price: a caller reads a suspect record again.
    """
    start = after and {"pk": {"S": after[0]}, "sk": {"S": after[1]}}
    only = Row.pk.startswith("enrollment#")
    pages = CompletionRow.scan(
        only, segment=segment, total_segments=segments, page_size=limit, last_evaluated_key=start
    ).page_iter
    page = next(pages)
    found = [CompletionRow.from_raw_data(item) for item in page["Items"]]
    last = pages.last_evaluated_key
    records: list[CompletionRecord] = []
    unreadable: list[str] = []
    for row in found:
        try:
            record = row.record() if isinstance(row, CompletionRow) else None
            if isinstance(record, CompletionRecord):
                records.append(record)
        except ValueError:
            unreadable.append(key_of(row).enrollment_id)
    return ScannedPage(records, unreadable, page["ScannedCount"], (last["pk"]["S"], last["sk"]["S"]) if last else None)

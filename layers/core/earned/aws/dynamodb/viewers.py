"""What the record of an account says about the person who asks."""

from collections.abc import Iterable
from typing import NamedTuple

from earned.aws.dynamodb.people import AccountRow
from earned.aws.dynamodb.table import ROOT_SORT_KEY, Row, batch_get
from earned.domain.people import Account, Role


class Recorded(NamedTuple):
    """The account's kind and company, None while the portal has not sent them, and whether it is removed."""

    kind: Role | None
    company_id: str | None
    removed: bool


def get_recorded(account_id: str) -> Recorded:
    return _recorded(account_id, batch_get([(f"account#{account_id}", ROOT_SORT_KEY)]))


def get_recorded_and_holder(account_id: str, holder_id: str) -> tuple[Recorded, Account | None]:
    """What is recorded of the person who asks, and the account of another, in one read."""
    rows = batch_get([(f"account#{one}", ROOT_SORT_KEY) for one in (account_id, holder_id)])
    holder = _account_row(holder_id, rows)
    return _recorded(account_id, rows), None if holder is None else holder.account()


def _recorded(account_id: str, rows: Iterable[Row]) -> Recorded:
    row = _account_row(account_id, rows)
    if row is None:
        return Recorded(None, None, removed=False)
    return Recorded(Role(row.kind) if row.kind else None, row.company, row.removed is not None)


def _account_row(account_id: str, rows: Iterable[Row]) -> AccountRow | None:
    return next((row for row in rows if isinstance(row, AccountRow) and row.pk == f"account#{account_id}"), None)

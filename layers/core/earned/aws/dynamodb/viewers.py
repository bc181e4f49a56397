"""What the records of accounts say about the person who asks, and about a holder."""

from typing import NamedTuple

from earned.aws.dynamodb.people import AccountRow
from earned.aws.dynamodb.table import ROOT_SORT_KEY, batch_get
from earned.domain.people import Role

_READ = [one.attr_name for one in (AccountRow.pk, AccountRow.kind, AccountRow.company, AccountRow.removed)]


class Recorded(NamedTuple):
    """The account's kind and company, None while the portal has not sent them, and whether it is removed."""

    kind: Role | None
    company_id: str | None
    removed: bool


def get_recorded(*account_ids: str) -> list[Recorded]:
    """In one read, without names and addresses."""
    keys = [f"account#{account_id}" for account_id in account_ids]
    rows = batch_get([(key, ROOT_SORT_KEY) for key in keys], attributes=_READ)
    found = {row.pk: row for row in rows if isinstance(row, AccountRow)}
    return [_recorded(found.get(key)) for key in keys]


def _recorded(row: AccountRow | None) -> Recorded:
    if row is None:
        return Recorded(None, None, removed=False)
    return Recorded(Role(row.kind) if row.kind else None, row.company, row.removed is not None)

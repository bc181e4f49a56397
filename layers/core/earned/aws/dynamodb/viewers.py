"""What the record of an account says about the person who asks."""

from typing import NamedTuple

from earned.aws.dynamodb.people import AccountRow
from earned.aws.dynamodb.table import ROOT_SORT_KEY, batch_get
from earned.domain.people import Role


class Recorded(NamedTuple):
    """The account's kind and company, None while the portal has not sent them, and whether it is removed."""

    kind: Role | None
    company_id: str | None
    removed: bool


def get_recorded(account_id: str) -> Recorded:
    row = next(iter(batch_get([(f"account#{account_id}", ROOT_SORT_KEY)])), None)
    if not isinstance(row, AccountRow):
        return Recorded(None, None, removed=False)
    return Recorded(Role(row.kind) if row.kind else None, row.company, row.removed is not None)

"""The access log: who got which download link, and when."""

import secrets
from collections.abc import Iterator
from datetime import datetime, timedelta
from typing import NamedTuple

from pynamodb.attributes import NumberAttribute, UnicodeAttribute
from pynamodb.models import Model

from earned.aws.dynamodb.table import ClientSettings, connect

RETENTION = timedelta(days=3 * 365)


class AccessRow(Model):
    """One download link; the key of an export's is `exports/` and its id, and it has no revision."""

    class Meta(ClientSettings):
        table_name = ""

    certificate = UnicodeAttribute(hash_key=True)
    at = UnicodeAttribute(range_key=True)
    account = UnicodeAttribute()
    role = UnicodeAttribute()
    company = UnicodeAttribute(null=True)
    revision = NumberAttribute(null=True)
    expires = NumberAttribute()


class Access(NamedTuple):
    """Who got a download link; `at` is a time in RFC 3339."""

    at: str
    account_id: str
    role: str
    company_id: str | None


def bind(access_log_table: str) -> None:
    connect(AccessRow, access_log_table)


def log_access(
    what: str, revision: int | None, account_id: str, role: str, company_id: str | None, at: datetime
) -> None:
    """Write the entry before the link is handed out; raises when DynamoDB does not confirm it."""
    stamp = f"{at.isoformat(timespec='milliseconds')}#{secrets.token_hex(4)}"
    AccessRow(
        what,
        stamp,
        account=account_id,
        role=role,
        company=company_id,
        revision=revision,
        expires=int((at + RETENTION).timestamp()),
    ).save()


def accesses_of(what: str) -> Iterator[Access]:
    for row in AccessRow.query(what, consistent_read=True):
        stamp, _, _ = row.at.partition("#")
        yield Access(stamp, row.account, row.role, row.company)

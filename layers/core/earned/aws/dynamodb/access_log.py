"""The access log: who got a download link, to what and when."""

import secrets
from datetime import datetime

from pynamodb.attributes import NumberAttribute, UnicodeAttribute
from pynamodb.models import Model

from earned.aws.dynamodb.table import ClientSettings


class AccessRow(Model):
    """One download link that was handed out; an export's stands under `exports/` and its id, without a revision."""

    class Meta(ClientSettings):
        table_name = ""

    certificate = UnicodeAttribute(hash_key=True)
    at = UnicodeAttribute(range_key=True)
    account = UnicodeAttribute()
    role = UnicodeAttribute()
    company = UnicodeAttribute(null=True)
    revision = NumberAttribute(null=True)


def bind(access_log_table: str) -> None:
    """Name the table, once, before anything else."""
    AccessRow.Meta.table_name = access_log_table


def log_access(
    what: str, revision: int | None, account_id: str, role: str, company_id: str | None, at: datetime
) -> None:
    """Keep who is about to get a download link of what; raises when it cannot be kept."""
    stamp = f"{at.isoformat(timespec='milliseconds')}#{secrets.token_hex(4)}"
    AccessRow(what, stamp, account=account_id, role=role, company=company_id, revision=revision).save()

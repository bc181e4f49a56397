"""Support requests and their rate limit."""

import hashlib
from datetime import datetime, timedelta

from pynamodb.attributes import NumberAttribute, UnicodeAttribute
from pynamodb.models import Model

from earned.aws.dynamodb.table import ClientSettings
from earned.domain.people import SupportRequest

REQUESTS_PER_HOUR = 20
SUPPORT_REQUESTS_LAST = timedelta(days=90)


class SupportRow(Model):
    """A support request, or the number of requests from one source within an hour."""

    class Meta(ClientSettings):
        table_name = ""

    kind = UnicodeAttribute(hash_key=True)
    sk = UnicodeAttribute(range_key=True)
    expires = NumberAttribute()
    sent = NumberAttribute(null=True)
    name = UnicodeAttribute(null=True)
    email = UnicodeAttribute(null=True)
    training = UnicodeAttribute(null=True)
    message = UnicodeAttribute(null=True)

    def support_request(self) -> SupportRequest:
        at, _, request_id = self.sk.partition("#")
        return SupportRequest(
            request_id, datetime.fromisoformat(at), self.name, self.email, self.training, self.message
        )


def bind(support_table: str) -> None:
    SupportRow.Meta.table_name = support_table


def keep_support_request(request: SupportRequest, source: str) -> bool:
    """Keep a request for 90 days; false if `source` has exceeded the hourly limit."""
    hour = request.at.strftime("%Y-%m-%dT%H")
    counter = SupportRow("rate", hashlib.sha256(f"{hour} {source}".encode()).hexdigest()[:32])
    expires = SupportRow.expires.set(int(request.at.timestamp()) + 2 * 3600)
    counter.update([SupportRow.sent.add(1), expires])
    if counter.sent > REQUESTS_PER_HOUR:
        return False
    SupportRow(
        "request",
        cursor_position(request),
        expires=int((request.at + SUPPORT_REQUESTS_LAST).timestamp()),
        name=request.name,
        email=request.email,
        training=request.training,
        message=request.message,
    ).save()
    return True


def support_requests(after: str | None, limit: int) -> list[SupportRequest]:
    """Newest first; `after` is a `cursor_position`."""
    start = {"kind": {"S": "request"}, "sk": {"S": after}} if after else None
    rows = SupportRow.query("request", scan_index_forward=False, last_evaluated_key=start, limit=limit, page_size=limit)
    return [row.support_request() for row in rows]


def forget_support_request(request: SupportRequest) -> None:
    SupportRow("request", cursor_position(request)).delete()


def cursor_position(request: SupportRequest) -> str:
    return f"{request.at.isoformat(timespec='milliseconds')}#{request.request_id}"

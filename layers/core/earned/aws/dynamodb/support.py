"""Support requests and their rate limit."""

import hashlib
from datetime import UTC, datetime, timedelta
from ipaddress import ip_address, ip_network

from pynamodb.attributes import NumberAttribute, UnicodeAttribute
from pynamodb.models import Model

from earned.aws.dynamodb.people import email_code
from earned.aws.dynamodb.table import ClientSettings, connect
from earned.domain.people import SupportRequest

REQUESTS_PER_ADDRESS = 200  # in an hour; many people may share one address
REQUESTS_PER_EMAIL = 200  # in an hour, from all addresses together
REQUESTS_PER_PAIR = 20  # in an hour, from one address about one email
IPV6_PREFIX = 64  # bits that one subscriber gets
SUPPORT_REQUESTS_LAST = timedelta(days=90)


class SupportRow(Model):
    """A support request, the number of requests from one source within an hour, or of those dropped in a minute."""

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
    connect(SupportRow, support_table)


def keep_support_request(request: SupportRequest, source: str) -> bool:
    """Keep a request for 90 days; false, and counted as dropped, beyond an hourly limit.

    `source` is the sender's IP address; the email address is the one that the request names.
    """
    if not _is_within_limits(request, _subscriber(source)):
        _count("dropped", _minute(request.at), request.at)
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


def _is_within_limits(request: SupportRequest, address: str) -> bool:
    """A dropped request does not count for the next limit: a flood from one address leaves room for the person."""
    hour, email = request.at.strftime("%Y-%m-%dT%H"), email_code(request.email)
    limits = {
        f"{hour} {address}": REQUESTS_PER_ADDRESS,
        f"{hour} {address} {email}": REQUESTS_PER_PAIR,
        f"{hour} {email}": REQUESTS_PER_EMAIL,
    }
    return all(_count("rate", _hashed(counted), request.at) <= limit for counted, limit in limits.items())


def dropped_since(since: datetime) -> int:
    rows = SupportRow.query("dropped", SupportRow.sk >= _minute(since))
    return sum(int(row.sent) for row in rows)


def support_requests(after: str | None, limit: int) -> list[SupportRequest]:
    start = {"kind": {"S": "request"}, "sk": {"S": after}} if after else None
    rows = SupportRow.query("request", scan_index_forward=False, last_evaluated_key=start, limit=limit, page_size=limit)
    return [row.support_request() for row in rows]


def forget_support_request(request: SupportRequest) -> None:
    SupportRow("request", cursor_position(request)).delete()


def cursor_position(request: SupportRequest) -> str:
    return f"{request.at.isoformat(timespec='milliseconds')}#{request.request_id}"


def _count(kind: str, sk: str, at: datetime) -> int:
    counter = SupportRow(kind, sk)
    counter.update([SupportRow.sent.add(1), SupportRow.expires.set(int(at.timestamp()) + 2 * 3600)])
    return int(counter.sent)


def _hashed(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()[:32]


def _minute(at: datetime) -> str:
    return at.astimezone(UTC).strftime("%Y-%m-%dT%H:%M")


def _subscriber(source: str) -> str:
    """The address, of IPv6 its network: a subscriber may send from any address of it."""
    try:
        address = ip_address(source)
    except ValueError:
        return source
    return str(ip_network((address, IPV6_PREFIX), strict=False)) if address.version == 6 else str(address)

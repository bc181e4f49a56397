"""What a test makes in moto beside the service, such as a table of the portal: it goes when the test ends."""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Any, TypeVar

from moto.dynamodb.models import dynamodb_backends
from moto.events.models import events_backends
from moto.s3.models import s3_backends
from moto.sqs.models import sqs_backends

Backend = TypeVar("Backend")
_DEFAULT_BUS = "default"  # moto makes it with the first request to a region


@contextmanager
def removed_at_the_end() -> Iterator[None]:
    """Remove the queues, tables, buckets, buses and rules that are made inside; what was there before stays."""
    before = [(named, {*named}) for named in _by_name()]
    try:
        yield
    finally:
        kept = {id(named): names for named, names in before}
        for named in list(_by_name()):
            for name in named.keys() - kept.get(id(named), {_DEFAULT_BUS}):
                del named[name]


def _by_name() -> Iterator[dict[str, Any]]:
    """moto's own dictionaries, of every account and region."""
    yield s3_backends.bucket_accounts
    for s3 in _everywhere(s3_backends):
        yield s3.buckets
    for dynamodb in _everywhere(dynamodb_backends):
        yield dynamodb.tables
    for sqs in _everywhere(sqs_backends):
        yield sqs.queues
    for events in _everywhere(events_backends):
        yield events.event_buses
        for bus in events.event_buses.values():
            yield bus.rules


def _everywhere(backends: Mapping[str, Mapping[str, Backend]]) -> Iterator[Backend]:
    for regions in backends.values():
        yield from regions.values()

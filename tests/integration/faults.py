"""Faults on the wire between an SDK client and AWS."""

import io
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from botocore.awsrequest import AWSResponse
from pynamodb.models import Model
from urllib3 import HTTPResponse

ACCESS_DENIED = b'{"__type": "com.amazon.coral.service#AccessDeniedException", "message": "denied"}'


@contextmanager
def denied(client: Any, operation: str) -> Iterator[None]:
    """AWS denies a client an operation such as `dynamodb.PutItem`; the SDK does not retry it."""

    def answer(request: Any, **_: Any) -> AWSResponse:
        raw = HTTPResponse(io.BytesIO(ACCESS_DENIED), preload_content=False)
        return AWSResponse(request.url, 400, {}, raw)

    events = client.meta.events
    events.register_first(f"before-send.{operation}", answer)
    try:
        yield
    finally:
        events.unregister(f"before-send.{operation}", answer)


def client_of(row: type[Model]) -> Any:
    """The SDK client behind a table; PynamoDB has no public name for it."""
    return row._get_connection().connection.client

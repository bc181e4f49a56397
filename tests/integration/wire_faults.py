"""Requests to AWS counted, and broken on the wire; the SDK signs and retries for real."""

import io
from collections import Counter
from collections.abc import Callable
from typing import Any

import pytest
from botocore.awsrequest import AWSResponse
from botocore.client import BaseClient
from urllib3 import HTTPResponse


def count_requests(patch: pytest.MonkeyPatch) -> Counter[str]:
    """All requests to AWS from now on, by operation."""
    counts: Counter[str] = Counter()
    original: Callable[..., Any] = BaseClient._make_api_call

    def counted(client: Any, operation: str, parameters: dict[str, Any]) -> Any:
        counts[operation] += 1
        return original(client, operation, parameters)

    patch.setattr(BaseClient, "_make_api_call", counted)
    return counts


def cut_short(client: Any, operation: str) -> Callable[[], None]:
    """Let a client's connection break while it reads the answers to an operation, until what is returned is called."""

    def answer(request: Any, **_: Any) -> AWSResponse:
        length = {"content-length": "100"}  # which botocore has urllib3 not look at
        broken = HTTPResponse(io.BytesIO(b'{"'), length, preload_content=False, enforce_content_length=False)
        return AWSResponse(request.url, 200, length, broken)

    events = client.meta.events
    events.register_first(f"before-send.{operation}", answer)
    return lambda: events.unregister(f"before-send.{operation}", answer)

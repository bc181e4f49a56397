"""Requests to AWS: counted, refused, cut short, or with something happening between two of them.

`requests_pass` is the one place that stands between the service and the SDK, for the clients of every function and of
PynamoDB; the rest are uses of it. `denied` and `cut_short` act below the SDK, which signs, parses and retries for real.
"""

import io
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager, suppress
from dataclasses import dataclass
from typing import Any
from unittest.mock import patch

from botocore.awsrequest import AWSResponse
from botocore.client import BaseClient
from botocore.exceptions import ClientError
from pynamodb.models import Model
from urllib3 import HTTPResponse

ACCESS_DENIED = b'{"__type": "com.amazon.coral.service#AccessDeniedException", "message": "denied"}'


class Killed(BaseException):
    """The process died here."""


@dataclass(frozen=True)
class Request:
    """A request that an SDK client is about to send; `send` sends it and returns the parsed answer."""

    operation: str
    parameters: dict[str, Any]
    send: Callable[[], Any]


@contextmanager
def requests_pass(through: Callable[[Request], Any]) -> Iterator[None]:
    """Hand each request to `through`, whose result is the answer that the client gets."""
    original: Callable[..., Any] = BaseClient._make_api_call

    def passing(client: Any, operation: str, parameters: dict[str, Any]) -> Any:
        def send() -> Any:
            return original(client, operation, dict(parameters))  # botocore wraps the body in place

        return through(Request(operation, parameters, send))

    with patch.object(BaseClient, "_make_api_call", passing):
        yield


@contextmanager
def noted() -> Iterator[list[Request]]:
    """The list of all requests, which grows as they are sent."""
    made: list[Request] = []

    def note(request: Request) -> Any:
        made.append(request)
        return request.send()

    with requests_pass(note):
        yield made


@contextmanager
def count_requests() -> Iterator[Counter[str]]:
    """The number of requests by operation, which grows as they are sent."""
    counts: Counter[str] = Counter()

    def count(request: Request) -> Any:
        counts[request.operation] += 1
        return request.send()

    with requests_pass(count):
        yield counts


def killed_at(number: int, operation: str = "", *, after: bool = False) -> AbstractContextManager[None]:
    """Kill the process before, or right after, its n-th request (of an operation), counted from 1."""
    seen = 0

    def kill(request: Request) -> Any:
        nonlocal seen
        seen += not operation or request.operation == operation
        is_it = seen == number and (not operation or request.operation == operation)
        if is_it and not after:
            raise Killed
        answer = request.send()
        if is_it:
            raise Killed
        return answer

    return requests_pass(kill)


def happening(
    event: Callable[[Request], object], operation: str, *, times: int = 1, after: bool = False
) -> AbstractContextManager[None]:
    """Let something happen right before, or right after, the first requests of an operation.

    The requests that the event itself sends pass.
    """
    left, is_happening = times, False

    def happen(request: Request) -> None:
        nonlocal is_happening
        is_happening = True
        try:
            event(request)
        finally:
            is_happening = False

    def meet(request: Request) -> Any:
        nonlocal left
        is_met = request.operation == operation and left > 0 and not is_happening
        left -= is_met
        if is_met and not after:
            happen(request)
        answer = request.send()
        if is_met and after:
            happen(request)
        return answer

    return requests_pass(meet)


def failing(error: Exception, operation: str, *, times: int = 1) -> AbstractContextManager[None]:
    """Fail the first requests of an operation."""

    def fail(_: Request) -> None:
        raise error

    return happening(fail, operation, times=times)


def every_reply_lost_once() -> AbstractContextManager[None]:
    """Apply each request, lose its reply, and let the SDK send it again."""

    def lose(request: Request) -> Any:
        with suppress(ClientError):
            request.send()
        return request.send()

    return requests_pass(lose)


def receiving_at_once() -> AbstractContextManager[None]:
    """No request to receive messages waits for any: an empty queue in moto stays empty."""

    def receive(request: Request) -> Any:
        request.parameters.pop("WaitTimeSeconds", None)
        return request.send()

    return requests_pass(receive)


def refused(code: str, operation: str) -> ClientError:
    """AWS's answer to a request that it refuses."""
    return ClientError({"Error": {"Code": code, "Message": code}}, operation)


@contextmanager
def denied(client: Any, operation: str) -> Iterator[None]:
    """AWS denies a client an operation such as `dynamodb.PutItem`; the SDK does not retry it."""

    def answer(request: Any, **_: Any) -> AWSResponse:
        raw = HTTPResponse(io.BytesIO(ACCESS_DENIED), preload_content=False)
        return AWSResponse(request.url, 400, {}, raw)

    with _answering(client, operation, answer):
        yield


@contextmanager
def cut_short(client: Any, operation: str) -> Iterator[None]:
    """The connection breaks while a client reads the answers to an operation."""

    def answer(request: Any, **_: Any) -> AWSResponse:
        length = {"content-length": "100"}  # which botocore has urllib3 not look at
        broken = HTTPResponse(io.BytesIO(b'{"'), length, preload_content=False, enforce_content_length=False)
        return AWSResponse(request.url, 200, length, broken)

    with _answering(client, operation, answer):
        yield


@contextmanager
def _answering(client: Any, operation: str, answer: Callable[..., AWSResponse]) -> Iterator[None]:
    events = client.meta.events
    events.register_first(f"before-send.{operation}", answer)
    try:
        yield
    finally:
        events.unregister(f"before-send.{operation}", answer)


def client_of(row: type[Model]) -> Any:
    """The SDK client behind a table; PynamoDB has no public name for it."""
    return row._get_connection().connection.client

"""The SDK signs and retries its requests for real; botocore's `before-send` hook answers them from the models."""

import io
import json
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import Any

from botocore import handlers
from botocore.awsrequest import AWSResponse
from botocore.exceptions import BotoCoreError
from botocore.retries.quota import RetryQuota
from botocore.useragent import UserAgentString


class Refused(Exception):
    """The service answers with an error: HTTP status and code."""

    def __init__(self, status: int, code: str) -> None:
        super().__init__(f"{status} {code}")
        self.status, self.code = status, code


@dataclass(frozen=True)
class Answer:
    """A service's response."""

    body: bytes
    headers: dict[str, str] = field(default_factory=dict)
    status: int = 200


class _Raw(io.BytesIO):
    """A body as botocore reads it from a connection."""

    def stream(self, *_: Any, **__: Any) -> Iterator[bytes]:
        yield self.read()


class Broken(BaseException):
    """The simulator failed. Not an `Exception`: the service would take it for a fault and retry."""


Send = Callable[[str, str, Any], Answer]
_sender: list[Send] = []


def _before_send(request: Any, event_name: str, **_more: Any) -> AWSResponse:
    _, service, operation = event_name.split(".")
    try:
        answer = _sender[-1](service, operation, request)
    except Refused as refused:
        answer = refusal(service, refused)
    except BotoCoreError:
        raise
    except Exception as error:
        raise Broken(f"{service}.{operation}: {error!r}") from error
    return AWSResponse(request.url, answer.status, answer.headers, _Raw(answer.body))  # type: ignore[arg-type]  # as moto does


def attach(client: Any) -> None:
    """Connect one client to the models instead of the network."""
    client.meta.events.register_first("before-send", _before_send)


_quotas: list[RetryQuota] = []
_begin = RetryQuota.__init__


def _begin_and_note(quota: RetryQuota, *given: Any, **named: Any) -> None:
    _quotas.append(quota)
    _begin(quota, *given, **named)


def forget_retries() -> None:
    """Reset the retry quotas of all clients, so that a run does not depend on the one before it."""
    for quota in _quotas:
        _begin(quota)


def install() -> None:
    """Connect every client that is created from now on."""
    setattr(RetryQuota, "__init__", _begin_and_note)  # noqa: B010  # mypy refuses a plain assignment
    setattr(UserAgentString, "to_string", lambda _: "simulated")  # noqa: B010  # unread, and an eighth of the run time
    handlers.BUILTIN_HANDLERS.insert(0, ("before-send", _before_send))


class answering:  # noqa: N801  # a context manager
    """Let `send` answer all requests inside the block."""

    def __init__(self, send: Send) -> None:
        self._send = send

    def __enter__(self) -> None:
        _sender.append(self._send)

    def __exit__(self, *_: object) -> None:
        _sender.pop()


def refusal(service: str, refused: Refused) -> Answer:
    if service == "s3":
        body = f"<Error><Code>{refused.code}</Code><Message>-</Message></Error>".encode() if refused.code else b""
        return Answer(body, {"Content-Type": "application/xml"}, refused.status)
    body = json.dumps({"__type": f"aws#{refused.code}", "message": "-"}).encode()
    return Answer(body, {"Content-Type": "application/x-amz-json-1.0"}, refused.status)

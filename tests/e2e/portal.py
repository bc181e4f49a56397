"""The portal's side of a deployed stack: events, tokens and API requests."""

import time
import uuid
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, TypeVar

import httpx
from joserfc.jwk import RSAKey

from earned.messages.posting import Event
from tools.local import issuer
from tools.local import stack as stacks
from tools.local.stack import LocalStack

TIMEOUT_SECONDS = 60
Found = TypeVar("Found")


class Portal:
    """A company with people of every role, with ids of its own, and their API requests."""

    def __init__(self, stack: LocalStack, directory: Path) -> None:
        self.stack, self._directory = stack, directory
        self._sqs = stack.session().client("sqs", endpoint_url=stack.aws_endpoint)
        self._http = httpx.Client(base_url=stack.api, timeout=60, trust_env=False)
        self.tag = uuid.uuid4().hex[:6]
        self.began = datetime.now(UTC) - timedelta(days=3)

    def close(self) -> None:
        self._http.close()
        self._sqs.close()

    def id(self, name: str) -> str:
        """An id that no other test uses."""
        return f"{name}-{self.tag}"

    def post(self, queue: str, kind: str, data: dict[str, Any], minutes: float = 0) -> None:
        """Post one event, dated `minutes` after the portal's start."""
        event = Event(f"portal.{kind}.v1", data, self.began + timedelta(minutes=minutes))
        self._sqs.send_message(QueueUrl=self.stack.queues[queue], MessageBody=event.body())

    def token(self, role: str, account: str, company: str | None = None, expires_in: int = 3600) -> str:
        return stacks.token(self._directory, self.stack, sub=account, role=role, company=company, expires_in=expires_in)

    def issuers_key(self) -> RSAKey:
        """The key that the stack's issuer signs with."""
        return issuer.keys(self._directory / stacks.KEYS)[-1]

    def ask(
        self, path: str, token: str | None = None, method: str = "GET", body: Any = None, **query: str
    ) -> httpx.Response:
        headers = {"Authorization": f"Bearer {token}"} if token else {}
        return self._http.request(
            method, path, params=query or None, headers=headers | {"Accept": "application/json"}, json=body
        )


def wait_for(look: Callable[[], Found | None], what: str) -> Found:
    """Poll until `look` finds something; fails with `what`."""
    deadline = time.monotonic() + TIMEOUT_SECONDS
    while time.monotonic() < deadline:
        if (found := look()) is not None:
            return found
        time.sleep(0.25)
    raise AssertionError(f"{what} did not come within {TIMEOUT_SECONDS} seconds")

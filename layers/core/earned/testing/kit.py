"""What a portal's tests see of the service: events in, announcements, refusals, answers and documents out."""

import json
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from datetime import UTC, datetime
from typing import Any, TypedDict
from urllib.parse import parse_qsl, urlsplit

from moto.moto_api._internal import mock_random

from earned.messages import events
from earned.messages.posting import Event
from earned.testing.handlers import Options, compose
from earned.testing.leftovers import removed_at_the_end
from earned.testing.service import QUEUES, Service, aws_in_process

INTAKE = ("directory", "progress", "attendance")
_QUEUE_OF = {type_.rpartition(".")[0]: queue for queue, models in events.QUEUES.items() for type_ in models}
_NAMES = 1  # the seed of the names that moto invents: an environment that is made again has the same


class Refusal(TypedDict):
    """An event in quarantine; `event` is text if it is no JSON, and `reason` None after too many failed attempts."""

    queue: str
    reason: str | None
    detail: str | None
    event: Any


class Earned:
    """The service for one test: empty at first, and at the present time until `settle` gives another."""

    def __init__(self, service: Service) -> None:
        self._service = service
        self._fixed: datetime | None = None
        self._announced: list[dict[str, Any]] = []
        self._refused: list[Refusal] = []
        service.forget()
        service.clock = self.now
        options = Options(
            recheck_delay_seconds=0, now=self.now, monotonic=lambda: self.now().timestamp(), segments=1
        )  # a test's table is small: to read it in four parts takes four requests
        service.handlers = {name: compose(name, app, options) for name, app in service.apps.items()}

    def now(self) -> datetime:
        return self._fixed or datetime.now(UTC)

    @property
    def queues(self) -> dict[str, str]:
        """The queues' URLs, as `Publisher` takes them."""
        return {queue: self._service.url(queue.capitalize()) for queue in INTAKE}

    def post(self, *posted: Event | Mapping[str, Any] | str, queue: str | None = None) -> None:
        """Post events to the queues of their types, or all to one; a text is posted as it is."""
        for event in posted:
            body = event.cloud_event() if isinstance(event, Event) else event
            to = queue or (_queue_of(body) if isinstance(body, Mapping) else INTAKE[0])
            self._service.post(to.capitalize(), body if isinstance(body, str) else json.dumps(body))

    def settle(self, now: datetime | None = None) -> None:
        """Let the service do all that it has to do, with retries and one run of the sweep.

        `now` is the service's time from here on; raises ValueError if it has no UTC offset.
        """
        if now is not None and now.utcoffset() is None:
            raise ValueError("now: needs a UTC offset, such as datetime(2026, 3, 2, tzinfo=UTC)")
        self._fixed = now or self._fixed
        self._deliver()
        self._service.sweep()
        self._deliver()

    def request(
        self,
        method: str,
        path: str,
        *,
        role: str | None = None,
        sub: str | None = None,
        company: str | None = None,
        json: Mapping[str, Any] | None = None,
    ) -> tuple[int, Any]:
        """Ask the API as a reader with these claims, or without a token; returns the status and the body.

        A JSON body is decoded, an empty one is None, any other is text.
        """
        address = urlsplit(path)
        claims = {"role": role, "sub": sub or "reader-1", "company_id": company}
        answer = self._service.ask(
            method,
            address.path,
            {name: value for name, value in claims.items() if value} if role or sub or company else None,
            query=dict(parse_qsl(address.query, keep_blank_values=True)),
            body=None if json is None else dict(json),
        )
        return answer["statusCode"], _body(answer)

    def announcements(self) -> list[dict[str, Any]]:
        self._announced += self._service.announcements()
        return list(self._announced)

    def refused(self) -> list[Refusal]:
        for queue in QUEUES:
            self._refused += [_refusal(queue.lower(), message) for message in self._service.dead_letters(queue)]
        return list(self._refused)

    def document(self, certificate_id: str) -> bytes:
        """The PDF of the newest revision, a placeholder without the native libraries; raises LookupError."""
        found = self._service.documents(f"certificates/{certificate_id}/")
        if not found:
            raise LookupError(f"{certificate_id}: no document; the reasons are in announcements() and /v1/diagnoses")
        return found[max(found, key=lambda key: int(key.rpartition("/")[2].removesuffix(".pdf")))]

    def _deliver(self) -> None:
        """Until every queue is empty: what fails is tried again, until SQS moves it to the dead-letter queue."""
        while True:
            self._service.settle()
            for queue in QUEUES:
                self._service.make_visible(queue)
            if not any(self._service.waiting(queue) for queue in QUEUES):
                return


class Environment:
    """The service over moto for a session of tests, which use it one after another."""

    def __init__(self) -> None:
        self._service: Service | None = None

    @contextmanager
    def one_test(self) -> Iterator[Earned]:
        """The service, empty, with moto in place of AWS; moto is made again if another test has reset it."""
        with aws_in_process(anew=self._service is None):
            if self._service is None:
                mock_random.seed(_NAMES)
                self._service = Service.start()
            elif not self._service.is_there():
                mock_random.seed(_NAMES)
                Service.without_functions()
            with removed_at_the_end():
                yield Earned(self._service)


def _queue_of(event: Mapping[str, Any]) -> str:
    """The queue of a type in any version; an unknown type is refused by any queue."""
    return _QUEUE_OF.get(str(event.get("type")).rpartition(".")[0], INTAKE[0])


def _refusal(queue: str, message: dict[str, Any]) -> Refusal:
    told = {name: value["StringValue"] for name, value in message.get("MessageAttributes", {}).items()}
    try:
        event = json.loads(message["Body"])
    except ValueError:
        event = message["Body"]
    return Refusal(queue=queue, reason=told.get("reason"), detail=told.get("detail"), event=event)


def _body(answer: dict[str, Any]) -> Any:
    text = answer.get("body") or ""
    kinds = [value for name, value in answer.get("headers", {}).items() if name.lower() == "content-type"]
    return json.loads(text) if text and any("json" in str(kind) for kind in kinds) else text or None

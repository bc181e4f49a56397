"""Sends requests to the API and compares its answers with the policies."""

import json
import pickle
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

from earned.aws.dynamodb import table
from earned.domain.exports import MAX_PER_HOUR
from tests.integration.authorization.operations import Expected, Operation, ids_of
from tests.integration.authorization.oracle import Viewer
from tests.integration.authorization.world import World

SUPPORT_REQUEST = {"name": "Me Sample", "email": "me@example.com", "training": "Well Led"}
READS = ("BatchGetItem", "Query")
Answer = dict[str, Any]


@dataclass(frozen=True)
class Asking:
    """One request: its viewer, operation, id and further query parameters."""

    viewer: Viewer
    operation: Operation
    id: str = ""
    query: tuple[tuple[str, str], ...] = ()

    def expected(self, world: World) -> Expected | None:
        """The answer of the policies; a slash at the end of a path changes nothing."""
        id_ = self.id.removesuffix("/") if self.operation.path.endswith("}") else self.id
        return self.operation.expect(world, self.viewer, id_)

    def names_nothing(self, world: World) -> bool:
        """Whether no resource has its id."""
        return self.id not in ids_of(world)[self.operation.takes]


def ask(world: World, asking: Asking) -> Answer:
    """The function's answer."""
    viewer, operation = asking.viewer, asking.operation
    path, parameters = operation.place(world, asking.id)
    body = SUPPORT_REQUEST if path == "/v1/support-requests" and operation.method == "POST" else None
    query = parameters | dict(asking.query)
    answer = world.service.ask(operation.method, path, viewer.claims, query=query, body=body)
    if operation.method == "POST" and "export_id" in answer["body"]:
        company = asking.id if operation.takes == "company_id" else ""  # a report has none
        world.archives[json.loads(answer["body"])["export_id"]] = (company, viewer.account)
    return answer


def nothing(world: World, viewer: Viewer) -> Answer:
    """The answer for what does not exist."""
    return world.service.ask("GET", "/v1/nothing", viewer.claims)


def mismatch(world: World, asking: Asking, answer: Answer, expected: Expected | None) -> str:
    """The difference between an answer and the expected one; empty when there is none.

    The answer for a forbidden resource equals the one for a missing resource byte for byte; an invalid id may get it.
    """
    if expected == Expected(202) and answer["statusCode"] == 429:
        begun = [company for company, _ in world.archives.values() if company == asking.id]
        return "" if len(begun) >= MAX_PER_HOUR else f"429 after {len(begun)} exports"
    if answer == nothing(world, asking.viewer):
        return "" if expected is None or asking.names_nothing(world) else f"nothing instead of {expected}"
    if expected is None:
        return f"{answer} tells it from nothing"
    found = Expected(answer["statusCode"], *named(world, answer), word=expected.word and said(answer))
    return "" if found == expected else f"{found} is not {expected}"


def named(world: World, answer: Answer) -> tuple[frozenset[str], frozenset[str]]:
    """The enrollments and the certificates whose ids are anywhere in an answer."""
    text = answer["body"] + str(answer["headers"]) + str(answer.get("multiValueHeaders"))
    if world.tag not in text and "certificate" not in text:
        return frozenset(), frozenset()
    enrollments = frozenset(one.enrollment for one in world.enrollments if f'"{one.enrollment}"' in text)
    return enrollments, frozenset(c for one in world.enrollments if (c := one.certificate) and c in text)


def said(answer: Answer) -> str:
    """The `status` of an answer."""
    word: str = json.loads(answer["body"]).get("status", "")
    return word


@contextmanager
def cached_reads() -> Iterator[None]:
    """Cache the reads of the records table until the next write, because moto is slow."""
    remembered: dict[bytes, bytes] = {}
    events = table.Row._get_connection().connection.client.meta.events

    def recall(params: dict[str, Any], model: Any, context: dict[str, Any], **_: Any) -> Any:
        if model.name not in READS:
            remembered.clear()
            return None
        context["asked"] = params["body"]
        found = remembered.get(params["body"])
        return found and pickle.loads(found)

    def keep(http_response: Any, parsed: dict[str, Any], model: Any, context: dict[str, Any], **_: Any) -> None:
        if model.name in READS and http_response.status_code == 200:
            remembered.setdefault(context["asked"], pickle.dumps((CachedResponse(), parsed)))

    events.register("before-call.dynamodb", recall, "recall")
    events.register("after-call.dynamodb", keep, "keep")
    try:
        yield
    finally:
        events.unregister("before-call.dynamodb", recall, "recall")
        events.unregister("after-call.dynamodb", keep, "keep")


class CachedResponse:
    """The HTTP response of a cached read."""

    status_code = 200

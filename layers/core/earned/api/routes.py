"""Routes with their operations of the access table; a role without any of them gets 404."""

import re
import time
from collections.abc import Callable, Collection
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import wraps
from inspect import getdoc
from typing import Any, TypeVar

from aws_lambda_powertools.event_handler.router import APIGatewayHttpRouter

from earned.api.problems import NotAnAccessToken, NotFound, Problem, UnknownRole
from earned.aws.s3 import Archives, Documents
from earned.aws.sqs import Queue
from earned.domain.access import Operation, Scope, Viewer, role_has
from earned.domain.people import Role
from earned.messages.schema_types import ID

AnswerT = TypeVar("AnswerT")
BEARER = "access-token"


@dataclass(frozen=True)
class Dependencies:
    """The adapters and settings that the routes use."""

    documents: Documents
    archives: Archives
    generation: Queue
    export_queue: Queue
    tolerance: timedelta
    role_claim: str
    company_claim: str
    client_claim: str
    monotonic: Callable[[], float] = time.monotonic


@dataclass(frozen=True)
class Route:
    """A path with its operations of the access table; a route without operations is public.

    `scopes` are the scopes of those operations that the route serves; `problems` are specific to the route.
    """

    method: str
    path: str
    operations: tuple[Operation, ...]
    scopes: Collection[Scope]
    problems: tuple[type[Problem], ...] = ()


ROUTES: list[Route] = []


class Routes(APIGatewayHttpRouter):
    """A group of routes; `viewer`, `now` and `dependencies` are those of the current request."""

    @property
    def viewer(self) -> Viewer:
        """Raises `NotAnAccessToken` or `UnknownRole`."""
        account_id = self._id("sub")
        if account_id is None or not self._is_of_an_access_token:
            raise NotAnAccessToken
        try:
            role = Role(self._claim(self.dependencies.role_claim))
        except ValueError:
            raise UnknownRole from None
        return Viewer(account_id, role, self._id(self.dependencies.company_claim))

    @property
    def _is_of_an_access_token(self) -> bool:
        """By `token_use` where the token has it (Cognito), else by the presence of a client id (RFC 9068).

        API Gateway accepts ID tokens too: they have the same issuer and may have the same audience.
        """
        use = self.context["claims"].get("token_use")
        return use == "access" if use is not None else self._claim(self.dependencies.client_claim) != ""

    def _id(self, name: str) -> str | None:
        """None if the claim is missing or is not an id that an event could contain."""
        value = self._claim(name)
        return value if re.fullmatch(ID, value) else None

    def _claim(self, name: str) -> str:
        """Empty if it is missing or not a text; API Gateway turns a list into one text in brackets."""
        value = self.context["claims"].get(name)
        return value if isinstance(value, str) else ""

    @property
    def now(self) -> datetime:
        now: datetime = self.context["now"]
        return now

    @property
    def dependencies(self) -> Dependencies:
        dependencies: Dependencies = self.context["dependencies"]
        return dependencies

    def endpoint(
        self,
        method: str,
        path: str,
        *operations: Operation,
        scopes: Collection[Scope] = tuple(Scope),
        problems: tuple[type[Problem], ...] = (),
        **options: Any,
    ) -> Callable[[Callable[..., AnswerT]], Callable[..., AnswerT]]:
        """Declare a `Route`; `options` are those of Powertools' `route`."""

        def declare(function: Callable[..., AnswerT]) -> Callable[..., AnswerT]:
            @wraps(function)
            def guarded(*arguments: Any, **named: Any) -> AnswerT:
                if operations and not any(role_has(self.viewer, one, scopes) for one in operations):
                    raise NotFound
                return function(*arguments, **named)

            ROUTES.append(Route(method, path, operations, scopes, problems))
            described = _description(function, operations)
            self.route(path, method=[method], **described, **options)(guarded)
            return guarded

        return declare


def _description(function: Callable[..., Any], operations: tuple[Operation, ...]) -> dict[str, Any]:
    return {
        "summary": function.__name__.replace("_", " ").capitalize(),
        "description": getdoc(function),
        "operation_id": function.__name__,
        "tags": [function.__module__.rpartition(".")[2]],
        "security": [{BEARER: []}] if operations else [],
    }

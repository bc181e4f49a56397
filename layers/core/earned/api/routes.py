"""Routes that declare which operations of the access table they are, and refuse every role that has none of them."""

import re
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import wraps
from inspect import getdoc
from typing import Any, TypeVar

from aws_lambda_powertools.event_handler.router import APIGatewayHttpRouter

from earned.api.problems import NOT_AN_ACCESS_TOKEN, NOT_FOUND, UNKNOWN_ROLE, Problem
from earned.aws.s3 import Archives, Documents
from earned.aws.sqs import Queue
from earned.domain.access import Operation, Viewer, role_has
from earned.domain.people import Role
from earned.messages.schema_types import ID

AnswerT = TypeVar("AnswerT")


BEARER = "access-token"


@dataclass(frozen=True)
class Dependencies:
    """What the routes work with."""

    documents: Documents
    archives: Archives
    generation: Queue
    export_queue: Queue
    tolerance: timedelta
    role_claim: str
    company_claim: str
    client_claim: str


@dataclass(frozen=True)
class Route:
    """A path and the operations of the access table it serves; none: everyone, without a token.

    `problems` are those that this route alone answers.
    """

    method: str
    path: str
    operations: tuple[Operation, ...]
    problems: tuple[Problem, ...] = ()


ROUTES: list[Route] = []


class Routes(APIGatewayHttpRouter):
    """A group of routes; `viewer`, `now` and `resources` are those of the request at hand."""

    @property
    def viewer(self) -> Viewer:
        """Who asks, from the token's claims; raises a problem for an ID token or a role that is none of ours."""
        account_id = self._id("sub")
        if account_id is None or not self._is_of_an_access_token:
            raise NOT_AN_ACCESS_TOKEN
        try:
            role = Role(self._claim(self.resources.role_claim))
        except ValueError:
            raise UNKNOWN_ROLE from None
        return Viewer(account_id, role, self._id(self.resources.company_claim))

    @property
    def _is_of_an_access_token(self) -> bool:
        """Whether the claims say so: by `token_use` where there is one (Cognito), else by a client's id (RFC 9068).

        API Gateway cannot tell an ID token, which has the same issuer and may have the same audience.
        """
        use = self.context["claims"].get("token_use")
        return use == "access" if use is not None else self._claim(self.resources.client_claim) != ""

    def _id(self, name: str) -> str | None:
        """The id in a claim, or None: what no event can name is nobody, and no company."""
        value = self._claim(name)
        return value if re.fullmatch(ID, value) else None

    def _claim(self, name: str) -> str:
        """A claim; empty when it is missing or no text. What was a list comes as one text, in brackets."""
        value = self.context["claims"].get(name)
        return value if isinstance(value, str) else ""

    @property
    def now(self) -> datetime:
        """When they ask."""
        now: datetime = self.context["now"]
        return now

    @property
    def resources(self) -> Dependencies:
        """What there is to work with."""
        resources: Dependencies = self.context["resources"]
        return resources

    def endpoint(
        self, method: str, path: str, *operations: Operation, problems: tuple[Problem, ...] = (), **options: Any
    ) -> Callable[[Callable[..., AnswerT]], Callable[..., AnswerT]]:
        """Declare a route: its operations of the access table, its own problems, and `options` of Powertools' `route`."""

        def declare(function: Callable[..., AnswerT]) -> Callable[..., AnswerT]:
            @wraps(function)
            def guarded(*arguments: Any, **named: Any) -> AnswerT:
                if operations and not any(role_has(self.viewer, row) for row in operations):
                    raise NOT_FOUND
                return function(*arguments, **named)

            ROUTES.append(Route(method, path, operations, problems))
            described = _description(function, operations)
            self.route(path, method=[method], **described, **options)(guarded)
            return guarded

        return declare


def _description(function: Callable[..., Any], operations: tuple[Operation, ...]) -> dict[str, Any]:
    """What the OpenAPI document says of a route: in the words of the function, grouped by its module."""
    return {
        "summary": function.__name__.replace("_", " ").capitalize(),
        "description": getdoc(function),
        "operation_id": function.__name__,
        "tags": [function.__module__.rpartition(".")[2]],
        "security": [{BEARER: []}] if operations else None,
    }

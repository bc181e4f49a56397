"""Routes with their operations of the access table; a role without any of them gets 404."""

import re
import time
from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from functools import cached_property, wraps
from inspect import getdoc
from typing import Annotated, Any, TypeVar, get_args, get_origin, get_type_hints

from aws_lambda_powertools.event_handler.openapi.params import Body
from aws_lambda_powertools.event_handler.router import APIGatewayHttpRouter

from earned.api import negotiation
from earned.api.problems import Hidden, NotAnAccessToken, NotFound, Problem, UnknownRole
from earned.api.wording import LANGUAGES
from earned.aws.dynamodb import viewers
from earned.aws.s3 import Archives, Documents
from earned.aws.sqs import Queue
from earned.domain.access import Operation, Scope, Viewer, has_any
from earned.domain.enrollment import CompletionRecord
from earned.domain.people import Role
from earned.messages.schema_types import ID
from earned.usecases.signing_keys import Keys

AnswerT = TypeVar("AnswerT")
BEARER = "access-token"


@dataclass(frozen=True)
class SignIn:
    """How a person signs in to the console; without an issuer, nobody does.

    `console_client_id` is empty where it is the audience; `sign_in_origins` are separated by commas.
    """

    issuer: str = ""
    audience: str = ""
    console_client_id: str = ""
    console_scope: str = "openid"
    sign_in_origins: str = ""


@dataclass(frozen=True)
class Dependencies:
    """The adapters and settings that the routes use."""

    documents: Documents
    archives: Archives
    status_keys: Keys
    verify_base_url: str
    generation: Queue
    export_queue: Queue
    tolerance: timedelta
    role_claim: str
    company_claim: str
    client_claim: str
    sign_in: SignIn = SignIn()
    monotonic: Callable[[], float] = time.monotonic


@dataclass(frozen=True)
class Route:
    """A path with its operations of the access table; a route without operations is public.

    `scopes` are the scopes of those operations that the route serves; `problems` are specific to the route.
    """

    method: str
    path: str
    operations: tuple[Operation, ...] = ()
    scopes: Collection[Scope] = tuple(Scope)
    problems: tuple[type[Problem], ...] = ()
    parameters: frozenset[str] = frozenset()
    takes_body: bool = False
    ignores_query: bool = False
    is_described: bool = True  # in the OpenAPI document
    written: Callable[[str], str] | None = None  # of the id in the path, as people write it; None: as it is

    @cached_property
    def pattern(self) -> re.Pattern[str]:
        return re.compile(re.sub(r"<(\w+)>", r"(?P<\1>[^/]+)", re.escape(self.path)))

    def place(self, ids: Mapping[str, str]) -> str:
        """The path with these ids; raises `NotFound` for a text that is no id."""
        path = self.path
        for name, text in ids.items():
            id_ = self.written(text) if self.written else text
            if not re.fullmatch(ID, id_):
                raise NotFound
            path = path.replace(f"<{name}>", id_)
        return path


class Routes(APIGatewayHttpRouter):
    """A group of routes; `viewer`, `now` and `dependencies` are those of the current request."""

    def __init__(self) -> None:
        super().__init__()
        self.declared: list[Route] = []

    @property
    def viewer(self) -> Viewer:
        """The token's, with what the account's record says; one read per request.

        Raises `NotAnAccessToken`, `UnknownRole`, or `NotFound` for a removed account.
        """
        if "viewer" not in self.context:
            viewer = self.bearer
            [recorded] = viewers.get_recorded(viewer.account_id)
            self.context["viewer"] = _recorded(viewer, recorded)
        found: Viewer = self.context["viewer"]
        return found

    def viewer_of(self, record: CompletionRecord | None) -> tuple[Viewer, bool]:
        """The viewer, and whether the record's account is removed, in one read; raises as `viewer` does."""
        if record is None:
            return self.viewer, False
        viewer = self.bearer
        recorded, holder = viewers.get_recorded(viewer.account_id, record.account_id)
        return _recorded(viewer, recorded), holder.removed

    @property
    def bearer(self) -> Viewer:
        """What the token alone says; raises `NotAnAccessToken` or `UnknownRole`."""
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
    def language(self) -> str:
        return negotiation.language(self.current_event.headers.get("accept-language", ""), LANGUAGES)

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
        written: Callable[[str], str] | None = None,
        ignores_query: bool = False,
        reads_viewer: bool = False,
        **options: Any,
    ) -> Callable[[Callable[..., AnswerT]], Callable[..., AnswerT]]:
        """Declare a `Route`; `options` are those of Powertools' `route`.

        A function that `reads_viewer` reads the viewer's record beside others, so only the token is judged before it.
        """

        def declare(function: Callable[..., AnswerT]) -> Callable[..., AnswerT]:
            @wraps(function)
            def guarded(*arguments: Any, **named: Any) -> AnswerT:
                if operations and not has_any(self.bearer if reads_viewer else self.viewer, operations, scopes):
                    raise Hidden
                return function(*arguments, **named)

            body, query = _inputs(function, path)
            in_document: bool = options.get("include_in_schema", True)
            self.declared.append(
                Route(method, path, operations, scopes, problems, query, body, ignores_query, in_document, written)
            )
            described = _description(function, operations)
            self.route(path, method=[method], **described, **options)(guarded)
            return guarded

        return declare


def _recorded(viewer: Viewer, recorded: viewers.Recorded) -> Viewer:
    """Raises `Hidden` for a removed account (A0)."""
    if recorded.removed:
        raise Hidden
    return replace(viewer, recorded=recorded.kind, recorded_company=recorded.company_id)


def _inputs(function: Callable[..., Any], path: str) -> tuple[bool, frozenset[str]]:
    hints = get_type_hints(function, include_extras=True)
    hints.pop("return", None)
    bodies = {name for name, hint in hints.items() if any(isinstance(part, Body) for part in _parts(hint))}
    return bool(bodies), frozenset(name for name in hints if name not in bodies and f"<{name}>" not in path)


def _parts(hint: Any) -> tuple[Any, ...]:
    return get_args(hint) if get_origin(hint) is Annotated else ()


def _description(function: Callable[..., Any], operations: tuple[Operation, ...]) -> dict[str, Any]:
    return {
        "summary": function.__name__.replace("_", " ").capitalize(),
        "description": getdoc(function),
        "operation_id": function.__name__,
        "tags": [function.__module__.rpartition(".")[2]],
        "security": [{BEARER: []}] if operations else [],
    }

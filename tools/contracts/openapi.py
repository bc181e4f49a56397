"""The OpenAPI 3.1 document: Powertools' description of the routes, with the problems that each may answer."""

import json
import re
from collections import defaultdict
from collections.abc import Iterable

from aws_lambda_powertools.event_handler.openapi.models import Contact, HTTPBearer, License, Tag
from pydantic import TypeAdapter

from earned.api.application import ROUTERS, ROUTES, application
from earned.api.problems import (
    BadRequest,
    InternalError,
    InvalidCursor,
    NotAnAccessToken,
    NotFound,
    NotJson,
    Problem,
    UnknownRole,
)
from earned.api.routes import BEARER, Route
from earned.domain.access import TABLE, Scope
from earned.messages.schema_types import Id
from tools.contracts import VERSION
from tools.contracts.writing import Json

POWERTOOLS_STATUSES = ("422", "500")  # Powertools' own validation errors, which the service answers as problems
TOO_MANY_REQUESTS = 429
GATEWAY_MESSAGES = {401: "Unauthorized", TOO_MANY_REQUESTS: "Too Many Requests"}
COMMON = (NotAnAccessToken, UnknownRole, NotFound, NotJson, InternalError)
ID: Json = TypeAdapter(Id).json_schema()
NUMBER: Json = {"type": "string", "description": "The certificate's number, as it is printed."}
GATEWAY_MESSAGE: Json = {
    "type": "object",
    "description": "The answer of API Gateway to a request that it does not pass on to the service. A client that "
    "reads a problem by this schema finds its members as additional ones.",
    "properties": {"message": {"type": "string"}},
}
WANTED = (
    "An access token from the configured issuer for the configured audience. `token_use` is `access`; a token without "
    "`token_use` has a `client_id` (RFC 9068)."
)
DESCRIPTION = (
    "Progress and certificates. A resource that the token does not give access to is answered like one that does not "
    "exist: 404 with the same body. Times are RFC 3339, UTC, to the millisecond.\n\n"
    "HEAD works wherever GET does. Another method is 405 with `Allow`. A slash at the end of a path changes nothing. "
    "An unknown query parameter is 400. Answers to requests with a token are `Cache-Control: private, no-store`.\n\n"
    "A removed account's token opens nothing. Where the recorded kind of an account differs from the token's role, "
    "only what both allow is allowed."
)
CONTACT = Contact(name="The provider of the certificates")
LICENSE = License(name="MIT", identifier="MIT")
TAGS = {
    "progress": "Enrollments and what is outstanding",
    "summary": "A company's progress by training",
    "attendance": "Live events and people without an attendance mark",
    "certificates": "Lists of certificates and links to documents",
    "exports": "A company's certificates in one archive",
    "support": "Support requests, diagnoses and reissues",
    "verification": "Whether a certificate is genuine, for everyone",
    "credentials": "What a verifier of a credential asks for",
    "openapi": "This document",
    "pages": "The console, and the elements that it is made of",
}
SCOPES = {Scope.OWN: "own", Scope.PERSONAL: "own, of no company", Scope.COMPANY: "own company", Scope.ALL: "all"}


def openapi() -> Json:
    """The document over all routes; at most once in a process, since Powertools changes the routes as it reads them."""
    bearer = HTTPBearer(bearerFormat="JWT", description=WANTED)
    document: Json = json.loads(
        _public_names(
            application(*ROUTERS).openapi_document(
                title="Earned: API",
                version=VERSION,
                description=DESCRIPTION,
                contact=CONTACT,
                license_info=LICENSE,
                tags=[Tag(name=name, description=text) for name, text in TAGS.items()],
                security_schemes={BEARER: bearer},
            )
        )
    )
    for route in (route for route in ROUTES if route.is_described):
        path = route.path.replace("<", "{").replace(">", "}")
        _complete(document["paths"][path][route.method.lower()], route)
    document["paths"] = dict(sorted(document["paths"].items()))
    components = document["components"]
    document["components"] = components | {"schemas": _schemas(components["schemas"]), "responses": _responses()}
    return document


def _complete(operation: Json, route: Route) -> None:
    """Add to an operation who may call it and how it fails; name the ids in its path."""
    for parameter in operation.get("parameters", []):
        in_path = NUMBER if route.written else ID
        parameter["schema"] = (
            parameter["schema"] | in_path if parameter["in"] == "path" else _present(parameter["schema"])
        )
    operation["description"] += _roles(route)
    operation["security"] = [{BEARER: []}] if route.operations else []  # Powertools leaves an empty list out
    responses = {name: answer for name, answer in operation["responses"].items() if name not in POWERTOOLS_STATUSES}
    operation["responses"] = dict(sorted((_failures(operation, route) | responses).items()))


def _present(schema: Json) -> Json:
    """An optional parameter's schema without null: an absent parameter is absent, never null."""
    some = [option for option in schema.get("anyOf", [schema]) if option != {"type": "null"}]
    rest = {name: value for name, value in schema.items() if name != "anyOf"}
    return rest | some[0] if len(some) == 1 else rest | {"anyOf": some}


def _roles(route: Route) -> str:
    allowed = {(role, scope) for one in route.operations for role, scope in TABLE[one].items() if scope in route.scopes}
    roles = ", ".join(f"{role.value} ({SCOPES[scope]})" for role, scope in sorted(allowed))
    return f"\n\nFor: {roles}." if roles else "\n\nPublic, without a token."


def _failures(operation: Json, route: Route) -> Json:
    """The operation's failures by status: shared responses where it has no problem of its own with that status."""
    by_status: dict[int, list[type[Problem]]] = defaultdict(list)
    for problem in _problems(operation, route):
        by_status[problem.status].append(problem)
    shared = {problem.status: {"$ref": f"#/components/responses/{problem.status}"} for problem in (BadRequest, *COMMON)}
    failures: Json = {str(TOO_MANY_REQUESTS): {"$ref": f"#/components/responses/{TOO_MANY_REQUESTS}"}}
    for status, problems in by_status.items():
        is_shared = len(problems) == 1 and status in shared
        failures[str(status)] = shared[status] if is_shared else _response(status, *problems)
    return failures


def _problems(operation: Json, route: Route) -> Iterable[type[Problem]]:
    """Every problem that the operation may answer: by its form, and those of its own."""
    query = {parameter["name"] for parameter in operation.get("parameters", []) if parameter["in"] == "query"}
    yield InternalError
    if route.operations:
        yield from (NotAnAccessToken, UnknownRole, NotFound)
    if "requestBody" in operation:
        yield NotJson
    yield BadRequest  # any operation refuses a query parameter that it does not have
    if "cursor" in query:
        yield InvalidCursor
    yield from route.problems


def _responses() -> Json:
    """The responses that operations share, by status."""
    responses = {str(problem.status): _response(problem.status, problem) for problem in (BadRequest, *COMMON)}
    return responses | {str(TOO_MANY_REQUESTS): _response(TOO_MANY_REQUESTS)}


def _response(status: int, *problems: type[Problem]) -> Json:
    """A response with these problems, and with the gateway's own answer where it has one for this status."""
    content: Json = {}
    if status in GATEWAY_MESSAGES:  # first: a generated client reads a status by its first schema, and this fits both
        schema, example = {"$ref": "#/components/schemas/GatewayMessage"}, {"message": GATEWAY_MESSAGES[status]}
        content["application/json"] = {"schema": schema, "examples": {"gateway": {"value": example}}}
    if problems:
        examples = {_example_name(problem): {"value": problem().body} for problem in problems}
        schema = {"$ref": "#/components/schemas/Problem"}
        content["application/problem+json"] = {"schema": schema, "examples": examples}
    titles = dict.fromkeys(problem.title for problem in problems)
    return {"description": "; ".join(titles) or GATEWAY_MESSAGES[status].capitalize(), "content": content}


def _example_name(problem: type[Problem]) -> str:
    """The problem's code; a subclass that narrows another problem's detail has its code and needs a name of its own."""
    [parent] = problem.__bases__
    return problem.code if parent is Problem else re.sub("(?<=[a-z])(?=[A-Z])", "-", problem.__name__).lower()


def _schemas(schemas: Json) -> Json:
    ours = {name: schema for name, schema in schemas.items() if "ValidationError" not in name}
    return dict(sorted((ours | {"Problem": _problem_schema(), "GatewayMessage": GATEWAY_MESSAGE}).items()))


def _problem_schema() -> Json:
    """Problem details with the list of all types; no enum, so that a client accepts types that are added later."""
    problems = sorted(Problem.__subclasses__(), key=lambda problem: (problem.status, problem.code))
    types = "\n".join(f"- `{problem().body['type']}` ({problem.status}): {problem.detail}" for problem in problems)
    return {
        "type": "object",
        "description": f"Problem details (RFC 9457). `type` is stable:\n\n{types}",
        "required": ["type", "title", "status", "detail"],
        "properties": {
            "type": {
                "type": "string",
                "pattern": "^urn:earned:problem:[a-z-]+$",
                "examples": [problem().body["type"] for problem in problems],
            },
            "title": {"type": "string"},
            "status": {"type": "integer"},
            "detail": {"type": "string"},
        },
    }


def _public_names(document: str) -> str:
    """The document with its schemas named after what they describe, without the suffix of the code's types."""
    return re.sub(r"\b([A-Z]\w+)View\b", r"\1", document)

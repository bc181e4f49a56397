"""The OpenAPI 3.1 document: the routes as Powertools describes them, with the problems that they answer."""

import json
import os
from collections.abc import Iterable
from typing import Any

from aws_lambda_powertools.event_handler.openapi.models import HTTPBearer
from pydantic import TypeAdapter

from earned.api.problems import (
    BAD_REQUEST,
    INTERNAL_ERROR,
    NOT_AN_ACCESS_TOKEN,
    NOT_FOUND,
    NOT_JSON,
    UNKNOWN_ROLE,
    Problem,
)
from earned.api.routes import BEARER, ROUTES, Route
from earned.domain.access import TABLE
from earned.messages.schema_types import Id
from tools.cloudformation import functions
from tools.contracts import VERSION
from tools.contracts.writing import Json

POWERTOOLS_OWN = ("422", "500")  # Powertools' answers to invalid requests; the service has its own
TOO_MANY_REQUESTS = 429
ID: Json = TypeAdapter(Id).json_schema()
PROBLEM: Json = {
    "type": "object",
    "description": "Problem details (RFC 9457); `type` is stable.",
    "required": ["type", "title", "status", "detail"],
    "properties": {
        "type": {"type": "string", "pattern": "^urn:earned:problem:[a-z-]+$"},
        "title": {"type": "string"},
        "status": {"type": "integer"},
        "detail": {"type": "string"},
    },
}
MESSAGE: Json = {
    "type": "object",
    "description": "The answer of API Gateway when it refuses a request itself.",
    "required": ["message"],
    "properties": {"message": {"type": "string"}},
}
WANTED = (
    "An access token of the configured issuer and audience: its `token_use` is `access`, or without one it has a "
    "`client_id` (RFC 9068)."
)
DESCRIPTION = (
    "Progress and certificates. A token gets the same answer for what it may not see and for what does not exist."
)


def openapi() -> Json:
    """The document over all routes of the function; can be generated once in a process."""
    bearer = HTTPBearer(bearerFormat="JWT", description=WANTED)
    document: Json = json.loads(
        _app().get_openapi_json_schema(
            title="Earned: API", version=VERSION, description=DESCRIPTION, security_schemes={BEARER: bearer}
        )
    )
    for route in ROUTES:
        path = route.path.replace("<", "{").replace(">", "}")
        _complete(document["paths"][path][route.method.lower()], route)
    document["paths"] = dict(sorted(document["paths"].items()))
    components = document["components"]
    document["components"] = components | {"schemas": _schemas(components["schemas"]), "responses": _responses()}
    return document


def _app() -> Any:
    """The function's app; generating calls nothing that its environment names."""
    os.environ |= dict.fromkeys(functions()["ServeApi"].variables, "300")
    os.environ |= {"AWS_DEFAULT_REGION": "eu-central-1", "AWS_ACCESS_KEY_ID": "none", "AWS_SECRET_ACCESS_KEY": "none"}
    from functions.serve_api.app import app  # noqa: PLC0415  # it reads the environment

    return app


def _complete(operation: Json, route: Route) -> None:
    """Add the roles that may use a route, and the problems that it answers to others."""
    answers = {status: answer for status, answer in operation["responses"].items() if status not in POWERTOOLS_OWN}
    shared = {str(status): {"$ref": f"#/components/responses/{status}"} for status in _statuses(operation, route)}
    own = {str(problem.status): _response(problem) for problem in route.problems}
    for parameter in operation.get("parameters", []):
        parameter["schema"] = parameter["schema"] | ID if parameter["in"] == "path" else _present(parameter["schema"])
    if "404" in answers:  # the route's own 404, beside that for an unknown path
        answers["404"]["content"] |= _response(NOT_FOUND)["content"]
    operation["description"] += _roles(route)
    operation["responses"] = dict(sorted((shared | answers | own).items()))


def _present(schema: Json) -> Json:
    """A query parameter may be absent, as its `required` says; it is never null."""
    some = [option for option in schema.get("anyOf", [schema]) if option != {"type": "null"}]
    rest = {name: value for name, value in schema.items() if name != "anyOf"}
    return rest | some[0] if len(some) == 1 else rest | {"anyOf": some}


def _roles(route: Route) -> str:
    scopes = sorted({(role.value, scope.value) for row in route.operations for role, scope in TABLE[row].items()})
    roles = ", ".join(f"{role} ({scope})" for role, scope in scopes)
    return f"\n\nRoles: {roles}." if roles else "\n\nPublic: needs no token."


def _statuses(operation: Json, route: Route) -> Iterable[int]:
    """The statuses of the problems that a route of this form can answer."""
    yield from (INTERNAL_ERROR.status, TOO_MANY_REQUESTS)
    if route.operations:
        yield from (NOT_AN_ACCESS_TOKEN.status, UNKNOWN_ROLE.status, NOT_FOUND.status)
    if "requestBody" in operation:
        yield NOT_JSON.status
    if "requestBody" in operation or any(parameter["in"] == "query" for parameter in operation.get("parameters", [])):
        yield BAD_REQUEST.status


def _responses() -> Json:
    """The answers that routes share; API Gateway sends some before it calls the service."""
    problems = (BAD_REQUEST, NOT_AN_ACCESS_TOKEN, UNKNOWN_ROLE, NOT_FOUND, NOT_JSON, INTERNAL_ERROR)
    responses = {str(problem.status): _response(problem) for problem in problems}
    gateway = {"application/json": {"schema": {"$ref": "#/components/schemas/GatewayMessage"}}}
    for status in ("401", "404"):
        responses[status]["content"] |= gateway
    return responses | {str(TOO_MANY_REQUESTS): {"description": "Too many requests", "content": gateway}}


def _response(problem: Problem) -> Json:
    schema = {"$ref": "#/components/schemas/Problem"}
    content = {"application/problem+json": {"schema": schema, "examples": {problem.code: {"value": problem.body()}}}}
    return {"description": problem.title, "content": content}


def _schemas(schemas: Json) -> Json:
    ours = {name: schema for name, schema in schemas.items() if "ValidationError" not in name}
    return dict(sorted((ours | {"Problem": PROBLEM, "GatewayMessage": MESSAGE}).items()))

"""The application: all routes, and the answer to each exception."""

import json
from collections.abc import Iterable, Mapping
from typing import Any

from aws_lambda_powertools import Logger
from aws_lambda_powertools.event_handler import APIGatewayHttpResolver, Response
from aws_lambda_powertools.event_handler.openapi.exceptions import RequestValidationError

from earned.api import (
    attendance,
    certificates,
    credentials,
    exports,
    openapi,
    pages,
    progress,
    summary,
    support,
    verification,
)
from earned.api.problems import BadRequest, Hidden, InternalError, Problem
from earned.api.requests import admit
from earned.api.routes import Route, Routes
from earned.aws import metrics

ROUTERS = tuple(
    one.routes
    for one in (
        progress,
        summary,
        attendance,
        certificates,
        exports,
        support,
        verification,
        credentials,
        openapi,
        pages,
    )
)
ROUTES = tuple(route for router in ROUTERS for route in router.declared)
REFUSALS = {401, 403}  # and a 404 that hides something
# On every answer that does not say otherwise.
ALWAYS = {
    "Cache-Control": "private, no-store",
    "Strict-Transport-Security": "max-age=63072000",  # two years
    "X-Content-Type-Options": "nosniff",
}
logger = Logger()


class Application:
    """Answers requests of API Gateway's HTTP API (payload format 2.0)."""

    def __init__(self, routers: Iterable[Routes]) -> None:
        self._powertools = APIGatewayHttpResolver(enable_validation=True, response_validation_error_http_code=500)
        self._routes: list[Route] = []
        for router in routers:
            self._powertools.include_router(router)
            self._routes += router.declared
        self._powertools.exception_handler(Problem)(self._problem)
        self._powertools.exception_handler(RequestValidationError)(self._bad_request)
        self._powertools.exception_handler(Exception)(_internal_error)

    def __call__(self, event: Mapping[str, Any], context: Any, **of_the_request: Any) -> dict[str, Any]:
        """`of_the_request` are what `Routes` offers to the routes."""
        try:
            request = admit(event, self._routes)
        except Problem as problem:
            return _complete(_answer(problem), is_head=event["requestContext"]["http"]["method"] == "HEAD")
        self._powertools.append_context(route=request.route, claims=_claims(event), **of_the_request)
        return _complete(self._powertools.resolve(request.event, context), request.is_head)

    def openapi_document(self, **described: Any) -> str:
        """At most once in a process, since Powertools changes the routes as it reads them."""
        return self._powertools.get_openapi_json_schema(**described)

    def _problem(self, problem: Problem) -> Response[str]:
        if problem.status in REFUSALS or isinstance(problem, Hidden):
            _report_refusal(problem, self._powertools.context["route"])
        return _response(problem)

    def _bad_request(self, error: RequestValidationError) -> Response[str]:
        """Names parameters and rules, never values: they may be personal data."""
        return _response(BadRequest("; ".join(f"{_name(item['loc'])}: {item['msg']}" for item in error.errors())))


def application(*routers: Routes) -> Application:
    return Application(routers)


def _claims(event: Mapping[str, Any]) -> Mapping[str, Any]:
    """Of the token that API Gateway has checked; none on a public route."""
    return event["requestContext"].get("authorizer", {}).get("jwt", {}).get("claims") or {}


def _report_refusal(problem: Problem, route: Route) -> None:
    """Without ids and account: the route, the status and the problem's code."""
    extra = {"route": f"{route.method} {route.path}", "status": problem.status, "problem": problem.code}
    logger.warning("request refused", extra=extra)
    metrics.count("RequestsRefused")


def _name(location: tuple[str | int, ...]) -> str:
    where, *path = location
    return ".".join(map(str, location if where == "body" or not path else path))


def _internal_error(error: Exception) -> Response[str]:
    """Logs the exception's type only: its message may contain personal data."""
    logger.error("request failed", extra={"error": type(error).__qualname__})
    return _response(InternalError())


def _response(problem: Problem) -> Response[str]:
    return Response(problem.status, "application/problem+json", json.dumps(problem.body), headers=dict(problem.headers))


def _answer(problem: Problem) -> dict[str, Any]:
    return {
        "statusCode": problem.status,
        "headers": {"Content-Type": "application/problem+json", **problem.headers},
        "body": json.dumps(problem.body),
        "isBase64Encoded": False,
        "cookies": [],
    }


def _complete(answer: dict[str, Any], is_head: bool) -> dict[str, Any]:
    answer["headers"] = ALWAYS | answer["headers"]
    return answer | {"body": ""} if is_head else answer

"""The application: all routes, and the answer to each exception."""

import json

from aws_lambda_powertools import Logger
from aws_lambda_powertools.event_handler import APIGatewayHttpResolver, Response
from aws_lambda_powertools.event_handler.exceptions import NotFoundError
from aws_lambda_powertools.event_handler.openapi.exceptions import RequestUnsupportedContentType, RequestValidationError
from aws_lambda_powertools.event_handler.router import APIGatewayHttpRouter

from earned.api import attendance, certificates, exports, openapi, progress, support, verification
from earned.api.problems import BadRequest, InternalError, NotFound, NotJson, Problem

ROUTERS = tuple(one.routes for one in (progress, attendance, certificates, exports, support, verification, openapi))
logger = Logger()


def application(*routers: APIGatewayHttpRouter) -> APIGatewayHttpResolver:
    app = APIGatewayHttpResolver(enable_validation=True, response_validation_error_http_code=500)
    for router in routers:
        app.include_router(router)
    app.exception_handler(Problem)(_problem)
    app.exception_handler(RequestValidationError)(_bad_request)
    app.exception_handler(RequestUnsupportedContentType)(_not_json)
    app.exception_handler(Exception)(_internal_error)
    app.not_found(_no_such_route)
    return app


def _problem(problem: Problem) -> Response[str]:
    return Response(problem.status, "application/problem+json", json.dumps(problem.body))


def _bad_request(error: RequestValidationError) -> Response[str]:
    """Names parameters and rules, never values: they may be personal data."""
    return _problem(BadRequest("; ".join(f"{item['loc'][-1]}: {item['msg']}" for item in error.errors())))


def _not_json(_error: RequestUnsupportedContentType) -> Response[str]:
    return _problem(NotJson())


def _no_such_route(_error: NotFoundError) -> Response[str]:
    return _problem(NotFound())


def _internal_error(error: Exception) -> Response[str]:
    """Logs the exception's type only: its message may contain personal data."""
    logger.error("request failed", extra={"error": type(error).__qualname__})
    return _problem(InternalError())

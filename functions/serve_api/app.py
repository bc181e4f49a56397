"""Serves the HTTP API: progress, certificates and downloads, each to those who may (DESIGN §5)."""

import json
import os
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from typing import Any

import boto3
from aws_lambda_powertools import Logger
from aws_lambda_powertools.event_handler import APIGatewayHttpResolver, Response
from aws_lambda_powertools.event_handler.exceptions import NotFoundError
from aws_lambda_powertools.event_handler.openapi.exceptions import RequestUnsupportedContentType, RequestValidationError
from botocore.config import Config

from earned.api import attendance, certificates, exports, openapi, progress, support, verification
from earned.api.problems import BAD_REQUEST, INTERNAL_ERROR, NOT_FOUND, NOT_JSON, Problem
from earned.api.routes import Dependencies
from earned.aws.dynamodb import access_log, table
from earned.aws.dynamodb import support as support_requests
from earned.aws.s3 import Archives, Documents
from earned.aws.settings import Seconds, from_environment
from earned.aws.sqs import Queue


@dataclass(frozen=True)
class Settings:
    """What this function needs."""

    records_table: str
    access_log_table: str
    support_table: str
    documents_bucket: str
    exports_bucket: str
    generation_queue_url: str
    export_queue_url: str
    role_claim: str
    company_claim: str
    client_claim: str
    order_tolerance_seconds: Seconds


settings = from_environment(Settings, os.environ)
table.bind(settings.records_table)
access_log.bind(settings.access_log_table)
support_requests.bind(settings.support_table)
s3, sqs = boto3.client("s3", config=Config(signature_version="s3v4")), boto3.client("sqs")
resources = Dependencies(
    documents=Documents(s3, settings.documents_bucket),
    archives=Archives(s3, settings.exports_bucket),
    generation=Queue(sqs, settings.generation_queue_url),
    export_queue=Queue(sqs, settings.export_queue_url),
    tolerance=settings.order_tolerance_seconds,
    role_claim=settings.role_claim,
    company_claim=settings.company_claim,
    client_claim=settings.client_claim,
)
logger = Logger()
app = APIGatewayHttpResolver(enable_validation=True, response_validation_error_http_code=500)
for module in (progress, attendance, certificates, exports, support, verification, openapi):
    app.include_router(module.routes)


def handler(event: dict[str, Any], context: Any) -> dict[str, Any]:
    """Answer one request."""
    claims = event["requestContext"].get("authorizer", {}).get("jwt", {}).get("claims") or {}
    app.append_context(resources=resources, claims=claims, now=datetime.now(UTC))
    return app.resolve(event, context)


@app.exception_handler(Problem)
def answer(problem: Problem) -> Response[str]:
    """Answer a problem."""
    return Response(problem.status, "application/problem+json", json.dumps(problem.body()))


@app.exception_handler(RequestValidationError)
def bad_request(error: RequestValidationError) -> Response[str]:
    """Say which parameter was wrong and how; never repeat what was sent."""
    wrong = "; ".join(f"{item['loc'][-1]}: {item['msg']}" for item in error.errors())
    return answer(replace(BAD_REQUEST, detail=wrong))


@app.exception_handler(RequestUnsupportedContentType)
def not_json(_error: RequestUnsupportedContentType) -> Response[str]:
    """A body of another media type than JSON."""
    return answer(NOT_JSON)


@app.not_found
def no_such_route(_error: NotFoundError) -> Response[str]:
    """A path that is none of ours answers like what one may not see."""
    return answer(NOT_FOUND)


@app.exception_handler(Exception)
def fault(error: Exception) -> Response[str]:
    """Say that it is our fault, and keep the details to ourselves."""
    logger.error("request failed", extra={"error": type(error).__qualname__})
    return answer(INTERNAL_ERROR)

"""Serves the HTTP API."""

import os
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from earned import cold_start
from earned.api import application, routes
from earned.aws import clients
from earned.aws.dynamodb import access_log, support, table
from earned.aws.s3 import Archives, Documents
from earned.aws.secrets_manager import Secret
from earned.aws.settings import Seconds, from_environment
from earned.aws.sqs import Queue
from earned.usecases.signing_keys import SigningKeys


@dataclass(frozen=True)
class Settings:
    records_table: str
    access_log_table: str
    support_table: str
    documents_bucket: str
    exports_bucket: str
    generation_queue_url: str
    export_queue_url: str
    status_key_arn: str
    verify_base_url: str
    role_claim: str
    company_claim: str
    client_claim: str
    order_tolerance_seconds: Seconds


settings = from_environment(Settings, os.environ)
table.bind(settings.records_table)
access_log.bind(settings.access_log_table)
support.bind(settings.support_table)
s3, sqs = clients.s3(), clients.sqs()
documents = Documents(s3, settings.documents_bucket)
dependencies = routes.Dependencies(
    documents=documents,
    archives=Archives(s3, settings.exports_bucket),
    status_keys=SigningKeys(Secret(clients.secrets, settings.status_key_arn), documents, "statuses"),
    verify_base_url=settings.verify_base_url,
    generation=Queue(sqs, settings.generation_queue_url),
    export_queue=Queue(sqs, settings.export_queue_url),
    tolerance=settings.order_tolerance_seconds,
    role_claim=settings.role_claim,
    company_claim=settings.company_claim,
    client_claim=settings.client_claim,
    sign_in=from_environment(routes.SignIn, os.environ),
)
app = application.application(*application.ROUTERS)
cold_start.done()


def handler(event: dict[str, Any], context: Any) -> dict[str, Any]:
    return app(event, context, dependencies=dependencies, now=datetime.now(UTC))

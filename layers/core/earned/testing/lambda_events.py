"""What Lambda hands to the functions: contexts, and requests as API Gateway's HTTP API passes them on."""

import json
from typing import Any


class LambdaContext:
    """What Powertools and the export read of a context."""

    function_name = "serve_api"
    memory_limit_in_mb = 512
    invoked_function_arn = "arn:aws:lambda:eu-west-1:123456789012:function:serve_api"
    aws_request_id = "request"

    def __init__(self, remaining_ms: int = 60_000) -> None:
        self._remaining_ms = remaining_ms

    def get_remaining_time_in_millis(self) -> int:
        return self._remaining_ms


def http_event(
    method: str,
    path: str,
    claims: dict[str, str] | None,
    query: dict[str, str],
    body: dict[str, Any] | None,
    headers: dict[str, str],
) -> dict[str, Any]:
    """A request as API Gateway's HTTP API hands it over (payload format 2.0); the claims are of an access token."""
    context: dict[str, Any] = {
        "http": {"method": method, "path": path, "sourceIp": "192.0.2.1"},
        "stage": "$default",
        "requestId": "request",
    }
    if claims is not None:
        context["authorizer"] = {"jwt": {"claims": {"client_id": "portal"} | claims, "scopes": None}}
    event = {
        "version": "2.0",
        "routeKey": "ANY /v1/{proxy+}",
        "rawPath": path,
        "rawQueryString": "&".join(f"{name}={value}" for name, value in query.items()),
        "headers": {"accept": "application/json", "content-type": "application/json"} | headers,
        "queryStringParameters": query,
        "requestContext": context,
        "isBase64Encoded": False,
    }
    return event if body is None else event | {"body": json.dumps(body)}

"""The headers of every answer of the function, whatever the route, the method and the outcome."""

import re

import pytest

from earned.api.application import ROUTES
from earned.api.routes import Route
from earned.testing.service import Service
from tests.integration.wire_faults import failing

SUPPORT = {"sub": "sup-1", "role": "support"}
MAY_BE_CACHED = {"/v1/openapi.json", "/console", "/console/earned.js", "/.well-known/did.json", "/status/did.json"}


@pytest.mark.parametrize("route", ROUTES, ids=[f"{route.method} {route.path}" for route in ROUTES])
@pytest.mark.parametrize("method", ["", "HEAD", "DELETE"])
def test_an_answer_is_never_guessed_at_nor_fetched_without_tls_and_a_private_one_is_not_kept(
    service: Service, route: Route, method: str
) -> None:
    path = re.sub("<.*?>", "some-id", route.path)
    headers = service.ask(method or route.method, path, SUPPORT)["headers"]
    assert headers["X-Content-Type-Options"] == "nosniff"
    assert headers["Strict-Transport-Security"] == "max-age=63072000"
    assert "no-store" in headers["Cache-Control"] or (path in MAY_BE_CACHED and method != "DELETE")


def test_an_internal_error_has_the_same_headers(service: Service) -> None:
    with failing(RuntimeError("broken"), "Query"):
        answer = service.ask("GET", "/v1/support-requests", SUPPORT)
    assert answer["statusCode"] == 500
    assert answer["headers"]["Cache-Control"] == "private, no-store"
    assert answer["headers"]["X-Content-Type-Options"] == "nosniff"
    assert answer["headers"]["Strict-Transport-Security"] == "max-age=63072000"

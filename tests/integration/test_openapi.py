"""The OpenAPI document, and the answers that all routes have in common."""

import json
import re
from typing import Any

import pytest
from typing_extensions import TypedDict

from earned.api.application import application
from earned.api.problems import MethodNotAllowed, Problem
from earned.api.routes import Routes
from earned.testing.lambda_events import LambdaContext, http_event
from earned.testing.service import Service
from tools.contracts import OPENAPI, ROOT

DOCUMENT = json.loads((ROOT / OPENAPI).read_text())
OPERATIONS: dict[str, dict[str, Any]] = {
    operation["operationId"]: operation for item in DOCUMENT["paths"].values() for operation in item.values()
}
SUPPORT_REQUEST = {"name": "Ada Sample", "email": "ada@example.com", "training": "Leading Well"}


def texts(document: Any) -> list[str]:
    """Every summary and description in a document."""
    if isinstance(document, list):
        return [text for one in document for text in texts(one)]
    if not isinstance(document, dict):
        return []
    own = [document[name] for name in ("summary", "description") if isinstance(document.get(name), str)]
    return own + [text for one in document.values() for text in texts(one)]


def problems(operation: str, status: int) -> set[str]:
    """The types of the problems that an operation has with a status."""
    response = OPERATIONS[operation]["responses"][str(status)]
    if "$ref" in response:
        response = DOCUMENT["components"]["responses"][str(status)]
    content = response["content"].get("application/problem+json", {"examples": {}})
    return {example["value"]["type"] for example in content["examples"].values()}


def test_the_document_is_served_without_a_token(service: Service) -> None:
    answer = service.ask("GET", "/v1/openapi.json", None)
    assert (answer["statusCode"], answer["headers"]["Content-Type"]) == (200, "application/json")
    assert json.loads(answer["body"]) == DOCUMENT


def test_no_description_cites_a_rule_of_the_design() -> None:
    assert len(texts(DOCUMENT)) > 50
    assert [text for text in texts(DOCUMENT) if re.search(r"\b[CLANI]\d\b|DESIGN|CONTRACT|§", text)] == []


def test_a_public_operation_says_that_it_needs_no_token() -> None:
    public = {name for name, operation in OPERATIONS.items() if operation["security"] == []}
    assert public == {"create_support_request", "verify_certificate", "verify_number", "get_openapi_document"} | {
        "get_issuer",
        "get_status_issuer",
        "get_credential_status",
        "get_console",
        "get_elements",
    }


def test_the_document_lists_every_type_of_problem() -> None:
    types = {problem().body["type"] for problem in Problem.__subclasses__()}
    schema = DOCUMENT["components"]["schemas"]["Problem"]
    assert set(schema["properties"]["type"]["examples"]) == types
    assert all(f"`{one}`" in schema["description"] for one in types)


def test_every_type_of_problem_is_an_example_of_a_response() -> None:
    types = {problem().body["type"] for problem in Problem.__subclasses__() if problem is not MethodNotAllowed}
    found = {
        problem
        for name, operation in OPERATIONS.items()
        for status in operation["responses"]
        if status >= "400"
        for problem in problems(name, int(status))
    }
    assert found == types


def test_every_list_rejects_a_garbled_cursor() -> None:
    paged = {
        name
        for name, operation in OPERATIONS.items()
        if "cursor" in {parameter["name"] for parameter in operation.get("parameters", [])}
    }
    assert len(paged) == 8
    assert all("urn:earned:problem:garbled-cursor" in problems(name, 400) for name in paged)


def test_no_schema_is_named_after_a_type_of_the_code() -> None:
    assert [name for name in DOCUMENT["components"]["schemas"] if name.endswith("View")] == []
    assert {"Accepted", "ReissueBody", "SupportRequestBody", "TimelineEntry"} <= set(DOCUMENT["components"]["schemas"])


@pytest.mark.parametrize("media_type", ["text/plain", "application/xml"])
def test_a_body_that_is_not_json_is_refused(service: Service, media_type: str) -> None:
    headers = {"content-type": media_type}
    answer = service.ask("POST", "/v1/support-requests", None, body=SUPPORT_REQUEST, headers=headers)
    assert (answer["statusCode"], json.loads(answer["body"])["type"]) == (415, "urn:earned:problem:not-json")


class Promise(TypedDict):
    count: int


def test_a_response_that_breaks_its_schema_is_an_internal_error() -> None:
    routes = Routes()

    @routes.endpoint("GET", "/v1/broken")
    def broken() -> Promise:
        return {"count": "many"}  # type: ignore[typeddict-item]  # the broken promise

    answer = application(routes)(http_event("GET", "/v1/broken", {}, {}, None, {}), LambdaContext())
    problem = json.loads(answer["body"])
    assert (answer["statusCode"], problem["type"]) == (500, "urn:earned:problem:fault")
    assert "many" not in answer["body"]

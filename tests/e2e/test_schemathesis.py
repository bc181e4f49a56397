"""The API against its own OpenAPI document: every answer to any request is as documented."""

import json
import time
from typing import Any

import httpx
import pytest
import requests
import schemathesis
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from schemathesis import APIOperation, Case, GenerationMode
from schemathesis.checks import not_a_server_error
from schemathesis.specs.openapi.checks import (
    content_type_conformance,
    response_schema_conformance,
    status_code_conformance,
)

from tests.e2e.portal import Portal
from tests.e2e.test_access_table import ROLES, World, token_of
from tests.e2e.test_access_table import world as world  # noqa: PLC0414  # a fixture of this module too
from tools.contracts import OPENAPI, ROOT

Operation = APIOperation[Any, Any, Any, Any]
pytestmark = pytest.mark.stack
SECONDS_PER_OPERATION = 2.5
EXAMPLES = 40
CHECKS = [
    not_a_server_error,
    status_code_conformance,
    content_type_conformance,
    response_schema_conformance,
]
DOCUMENT = json.loads((ROOT / OPENAPI).read_text())
SCHEMA = schemathesis.openapi.from_dict(DOCUMENT)
OPERATIONS = [(path, method) for path, item in DOCUMENT["paths"].items() for method in item]


def cases(operation: Operation, ids: dict[str, str]) -> st.SearchStrategy[Case[Any]]:
    """Requests with arbitrary ids, with existing ids, and malformed requests."""
    known = {name: id_ for name, id_ in ids.items() if f"{{{name}}}" in operation.path}
    anything, existing = operation.as_strategy(), operation.as_strategy(path_parameters=known)
    if not len(operation.query) + len(operation.body):
        return anything | existing
    return anything | existing | operation.as_strategy(GenerationMode.NEGATIVE)


def has_line_break(case: Case[Any]) -> bool:
    """Whether an id in the path has one: the emulator's gateway does not route it and answers a 404 of its own."""
    return any(line_break in str(id_) for id_ in case.path_parameters.values() for line_break in ("\n", "%0A"))


@pytest.mark.parametrize(("path", "method"), OPERATIONS)
def test_every_answer_is_as_documented(world: World, path: str, method: str) -> None:
    portal = world.portal
    ids = {
        "company_id": world.company,
        "enrollment_id": portal.id("enr-emp"),
        "certificate_id": world.employee_certificate,
        "live_event_id": portal.id("event"),
    }
    tokens = [token_of(world, role) for role in ROLES]
    enough = time.monotonic() + SECONDS_PER_OPERATION

    @settings(max_examples=EXAMPLES, deadline=None, database=None, suppress_health_check=list(HealthCheck))
    @given(cases(SCHEMA[path][method], ids), st.sampled_from(tokens))
    def ask(case: Case[Any], token: str) -> None:
        if time.monotonic() > enough or has_line_break(case):
            return
        case.headers["Authorization"] = f"Bearer {token}"
        case.call_and_validate(base_url=portal.stack.api, session=session, checks=CHECKS, timeout=30)

    with requests.Session() as session:
        session.trust_env = False
        ask()


def test_the_openapi_document_needs_no_token(portal: Portal) -> None:
    answer = httpx.get(f"{portal.stack.api}/v1/openapi.json", trust_env=False)
    assert answer.status_code == 200
    assert answer.json() == DOCUMENT

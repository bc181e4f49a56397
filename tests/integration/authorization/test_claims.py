"""Malformed claims open nothing, even in a token with a valid signature."""

import json
from typing import Any

import pytest

from earned.api.application import ROUTES
from earned.testing.lambda_events import LambdaContext, http_event
from earned.testing.service import Service
from tools.story import Story

NO_ACCESS_TOKEN = (401, "urn:earned:problem:not-an-access-token")
NO_ROLE = (403, "urn:earned:problem:unknown-role")
NOTHING = (404, "urn:earned:problem:not-found")
SUPPORT: dict[str, Any] = {"sub": "sup-1", "role": "support", "client_id": "portal"}


def without(name: str) -> dict[str, Any]:
    return {claim: value for claim, value in SUPPORT.items() if claim != name}


REFUSED: dict[str, tuple[dict[str, Any], tuple[int, str]]] = {
    "none": ({}, NO_ACCESS_TOKEN),
    "an ID token of Cognito": (SUPPORT | {"token_use": "id"}, NO_ACCESS_TOKEN),
    "an ID token of another issuer": (without("client_id") | {"nonce": "n", "at_hash": "h"}, NO_ACCESS_TOKEN),
    "a client's id that is empty": (SUPPORT | {"client_id": ""}, NO_ACCESS_TOKEN),
    "clients in a list": (SUPPORT | {"client_id": ["portal"]}, NO_ACCESS_TOKEN),
    "a use in capitals": (SUPPORT | {"token_use": "ACCESS"}, NO_ACCESS_TOKEN),
    "two uses": (SUPPORT | {"token_use": "[access id]"}, NO_ACCESS_TOKEN),
    "uses in a list": (SUPPORT | {"token_use": ["access"]}, NO_ACCESS_TOKEN),
    "an empty use": (SUPPORT | {"token_use": ""}, NO_ACCESS_TOKEN),
    "no subject": (without("sub"), NO_ACCESS_TOKEN),
    "an empty subject": (SUPPORT | {"sub": ""}, NO_ACCESS_TOKEN),
    "a subject that is a number": (SUPPORT | {"sub": 1}, NO_ACCESS_TOKEN),
    "a subject that is true": (SUPPORT | {"sub": True}, NO_ACCESS_TOKEN),
    "subjects in a list": (SUPPORT | {"sub": ["sup-1"]}, NO_ACCESS_TOKEN),
    "a list of one subject, as API Gateway writes it": (SUPPORT | {"sub": "[sup-1]"}, NO_ACCESS_TOKEN),
    "a subject with a space": (SUPPORT | {"sub": "sup-1 "}, NO_ACCESS_TOKEN),
    "a subject with a line break": (SUPPORT | {"sub": "sup-1\n"}, NO_ACCESS_TOKEN),
    "a subject that is too long": (SUPPORT | {"sub": "s" * 65}, NO_ACCESS_TOKEN),
    "a subject that is an object": (SUPPORT | {"sub": {"id": "sup-1"}}, NO_ACCESS_TOKEN),
    "a subject by another name": (without("sub") | {"Sub": "sup-1", "username": "sup-1"}, NO_ACCESS_TOKEN),
    "no role": (without("role"), NO_ROLE),
    "an empty role": (SUPPORT | {"role": ""}, NO_ROLE),
    "an unknown role": (SUPPORT | {"role": "root"}, NO_ROLE),
    "a role in capitals": (SUPPORT | {"role": "Support"}, NO_ROLE),
    "a role with a space": (SUPPORT | {"role": "support "}, NO_ROLE),
    "a role as the code calls it": (SUPPORT | {"role": "Role.SUPPORT"}, NO_ROLE),
    "two roles": (SUPPORT | {"role": "support administrator"}, NO_ROLE),
    "a list of one, as API Gateway writes it": (SUPPORT | {"role": "[support]"}, NO_ROLE),
    "a list of two, as API Gateway writes it": (SUPPORT | {"role": "[employee support]"}, NO_ROLE),
    "a list in JSON": (SUPPORT | {"role": '["support"]'}, NO_ROLE),
    "a role in quotes": (SUPPORT | {"role": '"support"'}, NO_ROLE),
    "roles in a list": (SUPPORT | {"role": ["support"]}, NO_ROLE),
    "a role that is a number": (SUPPORT | {"role": 4}, NO_ROLE),
    "a role that is null": (SUPPORT | {"role": None}, NO_ROLE),
    "a role by another name": (without("role") | {"Role": "support", "roles": "support"}, NO_ROLE),
}


def guarded() -> list[tuple[str, str]]:
    """The routes that need a token."""
    return [(route.method, route.path) for route in ROUTES if route.operations]


def answered(service: Service, claims: dict[str, Any] | None, method: str, path: str) -> tuple[int, str, set[str]]:
    """Status, problem type and members of the answer to exactly these claims."""
    event = http_event(method, path.replace("<", "").replace(">", ""), {}, {}, None, {})
    event["requestContext"]["authorizer"] = {"jwt": {"claims": claims, "scopes": None}}
    answer = service.apps["serve_api"].handler(event, LambdaContext())
    body = json.loads(answer["body"])
    return answer["statusCode"], body["type"], set(body)


@pytest.mark.parametrize("case", REFUSED)
def test_claims_without_a_subject_a_use_and_one_role_open_no_route(service: Service, case: str) -> None:
    claims, (status, kind) = REFUSED[case]
    assert {answered(service, claims, *route)[:2] for route in guarded()} == {(status, kind)}


def test_a_request_without_claims_opens_no_route(service: Service) -> None:
    # API Gateway rejects such a request, except on a route that is public by mistake.
    answers = [answered(service, None, *route) for route in guarded()]
    assert {answer[:2] for answer in answers} == {NO_ACCESS_TOKEN}
    assert {frozenset(members) for *_, members in answers} == {frozenset({"type", "title", "status", "detail"})}


@pytest.mark.parametrize(
    "claims", [SUPPORT, without("client_id") | {"token_use": "access"}, SUPPORT | {"token_use": "access"}]
)
def test_a_token_is_an_access_token_by_its_use_or_by_its_client(service: Service, claims: dict[str, str]) -> None:
    event = http_event("GET", "/v1/support-requests", {}, {}, None, {})
    event["requestContext"]["authorizer"] = {"jwt": {"claims": claims, "scopes": None}}
    assert service.apps["serve_api"].handler(event, LambdaContext())["statusCode"] == 200


@pytest.mark.parametrize("company", [None, "", " ", "*", "[{company}]", '["{company}"]', "{company} ", "{COMPANY}"])
def test_a_company_admin_with_a_malformed_company_opens_none(
    service: Service, story: Story, company: str | None
) -> None:
    story.save_company()
    story.save_account("ada")
    story.enroll("ada")
    service.settle()
    claims = {"sub": story.id("admin"), "role": "company-admin"}
    if company is not None:
        claims["company_id"] = company.format(company=story.company, COMPANY=story.company.upper())
    for path in ("enrollments", "certificates"):
        status, body = service.get(f"/v1/companies/{story.company}/{path}", claims)
        assert (status, body["type"]) == NOTHING
    assert service.get(f"/v1/enrollments/{story.id('enr-ada')}", claims)[0] == 404
    assert service.post_to(f"/v1/companies/{story.company}/exports", None, claims)[0] == 404


def test_a_list_of_companies_is_no_company(service: Service, story: Story) -> None:
    claims: dict[str, Any] = {"sub": story.id("admin"), "role": "company-admin", "company_id": [story.company]}
    assert service.get(f"/v1/companies/{story.company}/enrollments", claims)[0] == 404

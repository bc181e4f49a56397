"""The API's description of itself, and the answers that every route has in common."""

import json

import pytest

from tools.contracts import OPENAPI, ROOT
from tools.in_process.portal import Story
from tools.in_process.service import Service

SUPPORT_REQUEST = {"name": "Ada Sample", "email": "ada@example.com", "training": "Leading Well"}


def test_the_document_is_served_without_a_token(service: Service) -> None:
    answer = service.ask("GET", "/v1/openapi.json", None)
    assert (answer["statusCode"], answer["headers"]["Content-Type"]) == (200, "application/json")
    assert json.loads(answer["body"]) == json.loads((ROOT / OPENAPI).read_text())


@pytest.mark.parametrize("media_type", ["text/plain", "application/xml"])
def test_a_body_that_is_not_json_is_refused_and_is_no_fault(service: Service, media_type: str) -> None:
    headers = {"content-type": media_type}
    answer = service.ask("POST", "/v1/support-requests", None, body=SUPPORT_REQUEST, headers=headers)
    assert (answer["statusCode"], json.loads(answer["body"])["type"]) == (415, "urn:earned:problem:not-json")


def test_an_answer_that_breaks_the_promise_is_our_fault_and_not_the_askers(
    service: Service, story: Story, monkeypatch: pytest.MonkeyPatch
) -> None:
    story.directory()
    story.save_account("ada")
    story.enroll("ada")
    service.settle()
    monkeypatch.setattr("earned.api.progress.enrollment_view", lambda *_: {"enrollment_id": "enr-1"})
    status, problem = service.get(f"/v1/enrollments/{story.id('enr-ada')}", story.claims("ada"))
    assert (status, problem["type"]) == (500, "urn:earned:problem:fault")

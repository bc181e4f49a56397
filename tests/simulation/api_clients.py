"""People who ask the API: each is given a link, or told that there is nothing, and held against the table (I6)."""

import json
from typing import TYPE_CHECKING, Any

from tests.simulation import invariants
from tests.simulation.stories import Ask

if TYPE_CHECKING:
    from tests.simulation.world import World


def ask(world: "World", step: Ask) -> None:
    """Carry out one question of the story; whoever asks about a certificate knows its id, guessed or not."""
    certificate_id = world.state.certificate_id_of(step.enrollment_id)
    match step.what:
        case "export":
            event = _event("POST", f"/v1/companies/{step.company_id}/exports", step.claims)
        case "list":
            event = _event("GET", f"/v1/companies/{step.company_id}/certificates", step.claims)
        case "progress":
            event = _event("GET", f"/v1/enrollments/{step.enrollment_id}", step.claims)
        case "verify":
            event = _event("GET", f"/verify/{certificate_id}", None)
        case "reissue":
            event = _event("POST", f"/v1/certificates/{certificate_id}/reissue", step.claims)
            world.state.reissues_asked[step.enrollment_id] += 1
        case _:
            event = _event("GET", f"/v1/certificates/{certificate_id}/download", step.claims)

    def answered(answer: dict[str, Any] | None, began: int) -> None:
        status = answer["statusCode"] if answer is not None else 0
        body = json.loads(answer["body"]) if answer is not None and answer["body"].startswith("{") else {}
        world.note(f"the answer to {step.what} {step.enrollment_id}{step.company_id}: {status}")
        invariants.answered(world, step, status, body, began)

    world.request(event, answered)


def _event(method: str, path: str, claims: dict[str, str] | None) -> dict[str, Any]:
    context: dict[str, Any] = {
        "http": {"method": method, "path": path, "sourceIp": "192.0.2.1"},
        "stage": "$default",
        "requestId": "request",
    }
    if claims is not None:
        context["authorizer"] = {"jwt": {"claims": {"client_id": "portal"} | claims, "scopes": None}}
    return {
        "version": "2.0",
        "routeKey": "ANY /v1/{proxy+}",
        "rawPath": path,
        "rawQueryString": "",
        "headers": {"accept": "application/json", "content-type": "application/json"},
        "queryStringParameters": {},
        "requestContext": context,
        "isBase64Encoded": False,
    }

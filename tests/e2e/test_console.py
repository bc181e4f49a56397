"""The console behind the gateway, and signing in with the stack's issuer as a browser does."""

import re
import secrets
from base64 import urlsafe_b64encode
from hashlib import sha256
from urllib.parse import parse_qs, urlsplit

import httpx
import pytest

from tests.e2e.portal import Portal

pytestmark = pytest.mark.stack
VERIFIER = secrets.token_urlsafe(32)
CHALLENGE = urlsafe_b64encode(sha256(VERIFIER.encode()).digest()).rstrip(b"=").decode()


def flow(portal: Portal, **changed: str) -> dict[str, str]:
    asked = {"response_type": "code", "client_id": portal.stack.audience, "redirect_uri": portal.stack.console}
    return asked | {"state": "s", "code_challenge": CHALLENGE, "code_challenge_method": "S256"} | changed


def code(portal: Portal, role: str = "company-admin", **changed: str) -> httpx.Response:
    """Fill in the issuer's page, and press its button."""
    person = {"account": portal.id("boss"), "role": role, "company": "co-1"}
    return httpx.post(f"{portal.stack.issuer}/authorize", params=flow(portal, **changed), data=person, trust_env=False)


def redeem(portal: Portal, code: str, verifier: str) -> httpx.Response:
    form = {"grant_type": "authorization_code", "code": code, "redirect_uri": portal.stack.console}
    more = {"client_id": portal.stack.audience, "code_verifier": verifier}
    return httpx.post(f"{portal.stack.issuer}/token", data=form | more, trust_env=False)


def test_the_gateway_serves_the_page_and_its_files_without_a_token(portal: Portal) -> None:
    with httpx.Client(trust_env=False) as client:
        page = client.get(portal.stack.console)
        assert page.status_code == 200
        assert page.headers["content-encoding"] == "gzip"
        assert portal.stack.issuer in page.headers["content-security-policy"]
        files = re.findall(r'(?:href|src)="(\.\./console/[^"]+)"', page.text)
        assert len(files) > 5
        for file in files:
            answer = client.get(httpx.URL(portal.stack.console).join(file))
            assert (answer.status_code, answer.headers["cache-control"]) == (200, "public, max-age=31536000, immutable")


def test_the_address_that_certificates_print_leads_to_the_public_page(portal: Portal) -> None:
    with httpx.Client(trust_env=False, follow_redirects=True, headers={"accept": "text/html"}) as client:
        form = client.get(f"{portal.stack.public}/verify")
        unknown = [client.get(portal.stack.public + path) for path in ("/verify?number=none", f"/verify/{'a' * 26}")]
    assert (form.status_code, "<form" in form.text) == (200, True)
    assert [page.status_code for page in unknown] == [404, 404]
    assert all(page.headers["content-type"].startswith("text/html") for page in (form, *unknown))


def test_a_person_signs_in_and_the_token_opens_the_api(portal: Portal) -> None:
    sent = code(portal)
    answer = {name: values[0] for name, values in parse_qs(urlsplit(sent.headers["location"]).query).items()}
    assert (sent.status_code, answer["state"], answer["iss"]) == (303, "s", portal.stack.issuer)
    assert sent.headers["location"].startswith(portal.stack.console)

    token = redeem(portal, answer["code"], VERIFIER).json()["access_token"]
    assert portal.ask("/v1/companies/co-1/enrollments", token).status_code == 200
    assert portal.ask("/v1/companies/co-2/enrollments", token).status_code == 404


def test_a_code_works_once_and_only_with_its_verifier(portal: Portal) -> None:
    first, second = (parse_qs(urlsplit(code(portal).headers["location"]).query)["code"][0] for _ in range(2))

    assert redeem(portal, first, "another").json() == {"error": "invalid_grant"}
    assert redeem(portal, second, VERIFIER).status_code == 200
    assert redeem(portal, second, VERIFIER).json() == {"error": "invalid_grant"}


@pytest.mark.parametrize(
    "changed",
    [
        {"redirect_uri": "https://elsewhere.example.com/"},
        {"code_challenge_method": "plain"},
        {"response_type": "token"},
    ],
    ids=lambda changed: next(iter(changed)),
)
def test_the_issuer_returns_to_this_machine_only_and_only_with_pkce(portal: Portal, changed: dict[str, str]) -> None:
    assert code(portal, **changed).status_code == 400

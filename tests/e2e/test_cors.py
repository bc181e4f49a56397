"""A portal's page on another origin: what its browser is told by the gateway and by the bucket of documents."""

from collections.abc import Iterator

import httpx
import pytest

from tests.e2e.conftest import PORTAL
from tests.e2e.portal import Portal, wait_for

pytestmark = pytest.mark.stack
STRANGER = "https://stranger.example.com"


@pytest.fixture(scope="module")
def token(portal: Portal) -> str:
    return portal.token("company-admin", portal.id("admin"), portal.id("cors-co"))


@pytest.fixture(scope="module")
def http(portal: Portal) -> Iterator[httpx.Client]:
    with httpx.Client(base_url=portal.stack.api, trust_env=False) as client:
        yield client


def allowed(answer: httpx.Response) -> str | None:
    origin: str | None = answer.headers.get("access-control-allow-origin")
    return origin


@pytest.mark.parametrize(("origin", "answered"), [(PORTAL, PORTAL), (STRANGER, None)])
def test_a_preflight_needs_no_token_and_names_the_portals_origin_only(
    portal: Portal, http: httpx.Client, origin: str, answered: str | None
) -> None:
    asked = {
        "Origin": origin,
        "Access-Control-Request-Method": "GET",
        "Access-Control-Request-Headers": "authorization",
    }
    answer = http.options(f"/v1/companies/{portal.id('cors-co')}/enrollments", headers=asked)
    assert allowed(answer) == answered
    assert answer.status_code in {200, 204} or origin == STRANGER
    assert "authorization" in answer.headers.get("access-control-allow-headers", "authorization").lower()


@pytest.mark.parametrize(("origin", "answered"), [(PORTAL, PORTAL), (STRANGER, None)])
def test_an_answer_is_readable_for_the_portals_pages_only(
    portal: Portal, http: httpx.Client, token: str, origin: str, answered: str | None
) -> None:
    path = f"/v1/companies/{portal.id('cors-co')}/enrollments"
    answer = http.get(path, headers={"Origin": origin, "Authorization": f"Bearer {token}"})
    assert (answer.status_code, allowed(answer)) == (200, answered)


def test_a_certificate_is_verified_by_pages_of_every_origin(http: httpx.Client) -> None:
    answer = http.get("/verify/" + "a" * 26, headers={"Origin": PORTAL, "Accept": "application/json"})
    assert (answer.status_code, allowed(answer) in {"*", PORTAL}) == (404, True)


@pytest.mark.parametrize(("origin", "answered"), [(PORTAL, PORTAL), (STRANGER, None)])
def test_a_portals_page_fetches_the_document(portal: Portal, token: str, origin: str, answered: str | None) -> None:
    url = document_url(portal, token)
    with httpx.Client(trust_env=False) as client:
        answer = client.get(url, headers={"Origin": origin})
    assert answer.content.startswith(b"%PDF")
    assert allowed(answer) == answered


def document_url(portal: Portal, token: str) -> str:
    """The download link of a certificate of the company."""
    account, company, course = portal.id("cors-ada"), portal.id("cors-co"), portal.id("cors-course")
    key = {"enrollment_id": portal.id("cors-enr"), "account_id": account}
    person = {"account_id": account, "kind": "employee", "name": "Ada Sample", "email": "ada@example.com"}
    steps = [{"step_id": "s1", "kind": "lesson", "title": "Listening"}]
    portal.post("directory", "company.saved", {"company_id": company, "name": "Sample Lanterns"})
    portal.post("directory", "account.saved", person | {"company_id": company})
    course_data = {"course_id": course, "version": 1, "title": "Leading Well", "steps": steps}
    portal.post("directory", "course.published", course_data)
    portal.post("directory", "enrollment.created", key | {"training_id": course, "company_id": company})
    portal.post("progress", "lesson.completed", key | {"step_id": "s1"}, minutes=5)

    def issued() -> str | None:
        items = portal.ask(f"/v1/companies/{company}/certificates", token, account_id=account).json()["items"]
        return items[0]["certificate_id"] if items else None

    certificate = wait_for(issued, "the certificate")
    url: str = portal.ask(f"/v1/certificates/{certificate}/download", token).json()["url"]
    return url

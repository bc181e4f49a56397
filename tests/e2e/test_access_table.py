"""Every cell of the access table, over HTTP with real tokens."""

import io
from dataclasses import dataclass

import httpx
import pypdf
import pytest

from tests.e2e.portal import Portal, wait_for

pytestmark = pytest.mark.stack


@dataclass
class World:
    """A company's employee and an individual who both hold a certificate."""

    portal: Portal
    company: str
    employee_certificate: str
    individual_certificate: str


@pytest.fixture(scope="module")
def world(portal: Portal) -> World:
    """Post a small world and wait for both certificates."""
    company, course, event = portal.id("co"), portal.id("course"), portal.id("event")
    steps = [{"step_id": "only", "kind": "lesson", "title": "Listening"}]
    portal.post("directory", "company.saved", {"company_id": company, "name": "Sample Lanterns"})
    portal.post(
        "directory", "course.published", {"course_id": course, "version": 1, "title": "Well Led", "steps": steps}
    )
    times = {"starts_at": "2026-01-05T08:00:00Z", "ends_at": "2026-01-05T10:00:00Z", "timezone": "UTC"}
    portal.post("directory", "live-event.scheduled", {"live_event_id": event, "title": "Open Day"} | times)
    for account, kind in (("emp", "employee"), ("adm", "company-admin"), ("ind", "individual")):
        own = {} if kind == "individual" else {"company_id": company}
        data = {"account_id": portal.id(account), "kind": kind, "name": f"{account.title()} Sample"}
        portal.post("directory", "account.saved", data | {"email": f"{account}@example.com"} | own)
    for account in ("emp", "ind"):
        enrollment = {"enrollment_id": portal.id(f"enr-{account}"), "account_id": portal.id(account)}
        portal.post("directory", "enrollment.created", enrollment | {"training_id": course})
        portal.post("progress", "lesson.completed", enrollment | {"step_id": "only"}, minutes=1)
    waiting = {"enrollment_id": portal.id("enr-waiting"), "account_id": portal.id("emp"), "training_id": event}
    portal.post("directory", "enrollment.created", waiting)
    admin = portal.token("company-admin", portal.id("adm"), company)
    individual = portal.token("individual", portal.id("ind"))

    def issued() -> tuple[str, str] | None:
        of_company = portal.ask(f"/v1/companies/{company}/certificates", admin).json()["items"]
        own = portal.ask("/v1/certificates", individual).json()["items"]
        return (of_company[0]["certificate_id"], own[0]["certificate_id"]) if of_company and own else None

    return World(portal, company, *wait_for(issued, "both certificates"))


# The status of each path for each role: the company's own admin, another company's, and so on.
ROLES = ("individual", "employee", "company-admin", "stranger", "administrator", "support")
CELLS = {
    ("GET", "/v1/enrollments"): (200, 200, 200, 200, 404, 404),
    ("GET", "/v1/enrollments/{own_individual}"): (200, 404, 404, 404, 200, 200),
    ("GET", "/v1/enrollments/{own_employee}"): (404, 200, 200, 404, 200, 200),
    ("GET", "/v1/companies/{company}/enrollments"): (404, 404, 200, 404, 200, 200),
    ("GET", "/v1/companies/{company}/summary"): (404, 404, 200, 404, 200, 200),
    ("GET", "/v1/certificates"): (200, 404, 404, 404, 404, 404),
    ("GET", "/v1/companies/{company}/certificates"): (404, 404, 200, 404, 404, 404),
    ("GET", "/v1/certificates/{employee_certificate}/download"): (404, 404, 200, 404, 404, 404),
    ("GET", "/v1/certificates/{individual_certificate}/download"): (200, 404, 404, 404, 404, 404),
    ("GET", "/v1/certificates/{employee_certificate}/credential"): (404, 404, 200, 404, 404, 404),
    ("GET", "/v1/certificates/{individual_certificate}/credential"): (200, 404, 404, 404, 404, 404),
    ("POST", "/v1/companies/{company}/exports"): (404, 404, 202, 404, 404, 404),
    ("POST", "/v1/exports"): (404, 404, 404, 404, 202, 404),
    ("GET", "/v1/unmarked-attendance"): (404, 404, 404, 404, 200, 200),
    ("GET", "/v1/unmarked-attendance/{event}"): (404, 404, 404, 404, 200, 200),
    ("GET", "/v1/support-requests"): (404, 404, 404, 404, 404, 200),
    ("GET", "/v1/diagnoses?account_id={employee}"): (404, 404, 404, 404, 404, 200),
    ("POST", "/v1/certificates/{unknown_certificate}/reissue"): (404, 404, 404, 404, 404, 404),
    ("GET", "/v1/nothing"): (404, 404, 404, 404, 404, 404),
}


def token_of(world: World, role: str) -> str:
    portal, company = world.portal, world.company
    people = {
        "individual": ("individual", portal.id("ind"), None),
        "employee": ("employee", portal.id("emp"), company),
        "company-admin": ("company-admin", portal.id("adm"), company),
        "stranger": ("company-admin", portal.id("stranger"), portal.id("other-co")),
        "administrator": ("administrator", portal.id("administrator"), None),
        "support": ("support", portal.id("support"), None),
    }
    return portal.token(*people[role])


def path_of(world: World, template: str) -> str:
    """A path with the ids of this world."""
    return template.format(
        company=world.company,
        event=world.portal.id("event"),
        employee=world.portal.id("emp"),
        own_individual=world.portal.id("enr-ind"),
        own_employee=world.portal.id("enr-emp"),
        employee_certificate=world.employee_certificate,
        individual_certificate=world.individual_certificate,
        unknown_certificate="a" * 26,
    )


@pytest.mark.parametrize("role", ROLES)
@pytest.mark.parametrize("cell", CELLS, ids=[f"{method} {path}" for method, path in CELLS])
def test_each_role_gets_the_answer_in_its_cell_of_the_table(world: World, cell: tuple[str, str], role: str) -> None:
    method, template = cell
    answer = world.portal.ask(path_of(world, template), token_of(world, role), method)
    assert answer.status_code == CELLS[cell][ROLES.index(role)], answer.text


@pytest.mark.parametrize("cell", CELLS, ids=[f"{method} {path}" for method, path in CELLS])
def test_an_expired_malformed_or_missing_token_is_refused(world: World, cell: tuple[str, str]) -> None:
    method, path = cell[0], path_of(world, cell[1])
    expired = world.portal.token("support", "sup-1", expires_in=-60)
    assert {world.portal.ask(path, token, method).status_code for token in (None, "garbled", expired)} == {401}


def test_an_employee_sees_the_completion_and_no_certificate(world: World) -> None:
    answer = world.portal.ask("/v1/enrollments", token_of(world, "employee"))
    assert "completed" in answer.text
    assert "certificate" not in answer.text
    assert world.employee_certificate not in answer.text


def test_a_download_is_the_document_as_an_attachment(world: World) -> None:
    path = f"/v1/certificates/{world.employee_certificate}/download"
    link = world.portal.ask(path, token_of(world, "company-admin")).json()
    document = httpx.get(link["url"], timeout=60, trust_env=False)
    assert document.headers["content-disposition"].startswith("attachment")
    assert "Emp Sample" in pypdf.PdfReader(io.BytesIO(document.content)).pages[0].extract_text()
    assert "Sample" not in link["url"]
    assert "versionId=" in link["url"]


def test_verification_and_support_requests_need_no_token(world: World) -> None:
    found = world.portal.ask(f"/verify/{world.employee_certificate}")
    assert found.json()["status"] == "valid"
    assert world.portal.ask(f"/verify/{'a' * 26}").status_code == 404
    asked = {"name": "Emp Sample", "email": "emp@example.com", "training": "Well Led"}
    assert world.portal.ask("/v1/support-requests", method="POST", body=asked).status_code == 202


def test_the_unmarked_event_is_listed(world: World) -> None:
    items = world.portal.ask("/v1/unmarked-attendance", token_of(world, "administrator"), limit="100").json()["items"]
    assert {item["live_event_id"]: item["waiting"] for item in items}[world.portal.id("event")] == 1

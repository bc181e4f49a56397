"""Which certificates a list shows, and which a link opens: by state, viewer and filter."""

import hashlib
import json
from base64 import urlsafe_b64encode
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest
import time_machine

from earned.aws.dynamodb import enrollments
from earned.testing.service import Service
from tests.integration.issued_records import ENROLLED, ISSUED, certificate_in, enrolled, issue
from tools.story import NOON, Story

STATES = ["valid", "revoked", "withdrawn", "withdrawn with the account", "revoked, then withdrawn", "never issued"]
SHOWN = {"valid": "issued", "revoked": "revoked"}
UNKNOWN_ID = "a" * 26


def viewers(story: Story) -> dict[str, dict[str, str]]:
    """Everyone who may ask for Ada's certificate and is not to have it: it is her company's."""
    return {
        "Ada as an individual": story.claims("ada", "individual"),
        "Ada as an employee": story.claims("ada"),
        "another company's admin": story.claims("admin", "company-admin", story.id("other")),
        "administrator": {"sub": "adm-1", "role": "administrator"},
        "support": {"sub": "sup-1", "role": "support"},
    }


def admin(story: Story) -> dict[str, str]:
    return story.claims("admin", "company-admin")


def download(story: Story, certificate_id: str, claims: dict[str, str]) -> dict[str, Any]:
    with time_machine.travel(NOON, tick=False):
        return story.service.ask("GET", f"/v1/certificates/{certificate_id}/download", claims)


@pytest.mark.parametrize("state", STATES)
def test_a_list_shows_issued_and_revoked_certificates_with_all_that_is_promised(
    service: Service, story: Story, state: str
) -> None:
    certificate_id = certificate_in(story, state, revision=3)
    expected = {
        "certificate_id": certificate_id,
        "enrollment_id": story.id("enr-ada"),
        "account_id": story.id("ada"),
        "holder": "Ada Sample",
        "training": {"id": "c-1", "kind": "course", "title": "Leading Well"},
        "status": SHOWN.get(state),
        "revision": 3,
        "completed_on": "2026-03-03",
        "issued_at": "2026-03-04T10:30:15.250Z",
    }
    listed = service.get(f"/v1/companies/{story.company}/certificates", admin(story))
    assert listed == (200, {"items": [expected] if state in SHOWN else []})


@pytest.mark.parametrize("state", STATES)
def test_only_a_valid_certificate_has_a_link_and_any_other_is_as_one_that_does_not_exist(
    story: Story, state: str
) -> None:
    certificate_id = certificate_in(story, state, revision=3)
    answer, unknown = (download(story, one, admin(story)) for one in (certificate_id, UNKNOWN_ID))
    assert unknown["statusCode"] == 404
    if state != "valid":
        assert answer == unknown
        return
    link = json.loads(answer["body"])
    path, _, query = link.pop("url").partition("?")
    assert path.endswith(f"/certificates/{certificate_id}/3.pdf")
    assert "versionId" not in query
    assert link == {
        "expires_at": "2026-03-02T12:01:00.000Z",
        "file_name": "Leading Well - Ada Sample - 2026-03-03.pdf",
    }


def test_a_link_names_the_version_that_was_issued(service: Service, story: Story) -> None:
    record = enrolled(story.id("enr-ada"), story.id("ada"), story.company)
    issued = issue(record).issue
    assert issued is not None
    code = hashlib.sha256(service.outputs["DocumentsBucketName"].encode()).hexdigest()[:8]
    other = enrolled(story.id("enr-bea"), story.id("bea"), story.company)
    printed = replace(issued.printed, certificate_id=other.certificate_id)
    enrollments.issue(other, replace(issued, printed=printed, document_version=f"{code}.v-7"))
    url = json.loads(download(story, other.certificate_id, admin(story))["body"])["url"]
    assert "versionId=v-7" in url


def test_a_certificate_of_a_company_is_shown_and_opened_to_its_admins_alone(service: Service, story: Story) -> None:
    certificate_id = certificate_in(story, "valid")
    unknown = download(story, UNKNOWN_ID, admin(story))
    company = f"/v1/companies/{story.company}/certificates"
    for viewer, claims in viewers(story).items():
        assert download(story, certificate_id, claims) == unknown, viewer
        assert service.get(company, claims)[0] == 404, viewer
        assert certificate_id not in json.dumps(service.get("/v1/certificates", claims)), viewer


def test_a_certificate_without_a_company_is_its_holders_and_no_other_persons(service: Service, story: Story) -> None:
    record = issue(enrolled(story.id("enr-ivo"), story.id("ivo"), None))
    issue(enrolled(story.id("enr-ivo-2"), story.id("ivo"), story.company))
    own, others = story.claims("ivo", "individual"), story.claims("ida", "individual")
    listed = [item["certificate_id"] for item in service.get("/v1/certificates", own)[1]["items"]]
    assert listed == [record.certificate_id]
    assert service.get("/v1/certificates", others) == (200, {"items": []})
    answers = [download(story, record.certificate_id, claims)["statusCode"] for claims in (own, others, admin(story))]
    assert answers == [200, 404, 404]


def test_own_certificates_come_in_pages_of_fifty_unless_asked_otherwise(service: Service, story: Story) -> None:
    for number in range(51):
        issue(enrolled(story.id(f"e-{number:02}"), story.id("ada"), story.company), ISSUED)
        issue(enrolled(story.id(f"i-{number:02}"), story.id("ivo"), None), ISSUED)
    company = f"/v1/companies/{story.company}/certificates"
    for path, claims in (("/v1/certificates", story.claims("ivo", "individual")), (company, admin(story))):
        _, first = service.get(path, claims)
        assert len(first["items"]) == 50
        _, rest = service.get(path, claims, cursor=first["next_cursor"])
        assert len(rest["items"]) == 1
        assert "next_cursor" not in rest


@pytest.mark.parametrize(
    "query",
    [
        {"training_id": "c-1"},
        {"account_id": "{ada}"},
        {"issued_from": "2026-03-04"},
        {"issued_to": "2026-03-04"},
    ],
)
def test_a_cursor_continues_the_list_with_its_filter_and_no_other_list(
    service: Service, story: Story, query: dict[str, str]
) -> None:
    query = {name: value.format(ada=story.id("ada")) for name, value in query.items()}
    for number in range(2):
        issue(enrolled(story.id(f"e-{number}"), story.id("ada"), story.company), ENROLLED + timedelta(days=2))
    path = f"/v1/companies/{story.company}/certificates"
    _, page = service.get(path, admin(story), **query, limit="1")
    cursor = page["next_cursor"]
    assert len(service.get(path, admin(story), **query, limit="1", cursor=cursor)[1]["items"]) == 1
    for other in ({}, dict.fromkeys(query, "2026-03-03")):
        status, problem = service.get(path, admin(story), **other, cursor=cursor)
        assert (status, problem["type"]) == (400, "urn:earned:problem:garbled-cursor")


def cursor_of(listed: str, enrollment_id: str, account_id: str) -> str:
    """A cursor as every release so far hands it out."""
    content = json.dumps([listed, [enrollment_id, account_id]], separators=(",", ":"))
    return urlsafe_b64encode(content.encode()).decode().rstrip("=")


def test_a_cursor_of_an_earlier_release_continues_the_list(service: Service, story: Story) -> None:
    for number, company in ((0, None), (1, None), (2, story.company), (3, story.company)):
        issue(enrolled(story.id(f"e-{number}"), story.id("ada"), company))
    filters = {"training_id": "c-1", "issued_from": "2026-03-04", "issued_to": "2026-03-04T12:00:00Z"}
    given = [
        ["issued_from", "2026-03-04T00:00:00+00:00"],
        ["issued_to", "2026-03-04T12:00:00+00:00"],
        ["training_id", "c-1"],
    ]
    bound = hashlib.sha256(json.dumps(given).encode()).hexdigest()[:16]
    of_company, company = f"certificates of company {story.company}", f"/v1/companies/{story.company}/certificates"
    for path, claims, query, listed, first in (
        ("/v1/certificates", story.claims("ada", "individual"), {}, f"certificates of account {story.id('ada')}", 0),
        (company, admin(story), {}, of_company, 2),
        (company, admin(story), filters, f"{of_company} {bound}", 2),
    ):
        cursor = cursor_of(listed, story.id(f"e-{first}"), story.id("ada"))
        status, page = service.get(path, claims, **query, cursor=cursor)
        assert (status, [item["enrollment_id"] for item in page["items"]]) == (200, [story.id(f"e-{first + 1}")])


def test_a_list_whose_days_are_reversed_says_which_parameter_is_wrong(service: Service, story: Story) -> None:
    path = f"/v1/companies/{story.company}/certificates"
    status, problem = service.get(path, admin(story), issued_from="2026-03-05", issued_to="2026-03-04")
    assert (status, problem["detail"]) == (400, "issued_from: later than issued_to")

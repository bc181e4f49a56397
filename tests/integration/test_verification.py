"""Public verification of a certificate number."""

import json
from datetime import timedelta
from typing import Any

import pytest

from earned.aws.dynamodb import enrollments, table
from tests.integration.wire_faults import client_of, denied
from tools.in_process.portal import NOON, Story, cloud_event
from tools.in_process.service import Service


def verify(story: Story, certificate_id: str, accept: str = "application/json", **query: str) -> tuple[int, Any]:
    """Status and body of a verification without a token."""
    answer = story.service.ask("GET", f"/verify/{certificate_id}", None, query=query, headers={"accept": accept})
    body = answer["body"]
    return answer["statusCode"], json.loads(body) if accept == "application/json" else body


@pytest.fixture
def present(service: Service, story: Story) -> Story:
    """Ada attended the live event and has her certificate."""
    story.directory()
    story.save_account("ada", name="Ada <Sample>")
    story.enroll("ada", story.live_event)
    service.settle()
    service.post("Attendance", story.mark("ada"))
    service.settle()
    return story


def certificate_of(story: Story) -> str:
    """The certificate id in the record."""
    record = enrollments.get_record(story.id("enr-ada"))
    assert record is not None
    assert record.certificate_id is not None
    return record.certificate_id


def test_a_valid_certificate_names_its_holder_and_training(present: Story) -> None:
    status, found = verify(present, certificate_of(present))
    assert status == 200
    assert found["status"] == "valid"
    assert (found["holder"], found["training"], found["revision"]) == ("Ada <Sample>", "Open Day", 1)


def test_a_revoked_certificate_has_the_date_and_no_name(present: Story) -> None:
    present.service.post("Attendance", present.mark("ada", "absent", NOON + timedelta(hours=1)))
    present.service.settle()
    status, found = verify(present, certificate_of(present))
    assert (status, found["status"]) == (200, "revoked")
    assert set(found) == {"status", "revoked_at"}


def test_an_older_revision_is_superseded_and_a_later_one_is_unknown(present: Story) -> None:
    present.service.post("Attendance", present.mark("ada", "absent", NOON + timedelta(hours=1)))
    present.service.settle()
    present.service.post("Attendance", present.mark("ada", "present", NOON + timedelta(hours=2)))
    present.service.settle()
    certificate_id = certificate_of(present)
    assert verify(present, certificate_id, revision="1") == (200, {"status": "superseded", "revision": 2})
    assert verify(present, certificate_id, revision="2")[1]["status"] == "valid"
    assert verify(present, certificate_id, revision="3") == (404, {"status": "unknown"})
    assert verify(present, certificate_id)[1]["revision"] == 2


@pytest.mark.parametrize("removed", ["enrollment", "account"])
def test_a_certificate_of_a_removed_enrollment_or_account_is_withdrawn(present: Story, removed: str) -> None:
    data = present.enrollment_of("ada") if removed == "enrollment" else {"account_id": present.id("ada")}
    present.service.post("Directory", cloud_event(f"{removed}.removed", data, NOON))
    present.service.deliver("record_directory")
    assert verify(present, certificate_of(present)) == (200, {"status": "withdrawn"})


@pytest.mark.parametrize("certificate_id", ["a" * 26, "short", "A" * 26, "a" * 3000, "..%2F..", "a" * 25 + "1"])
def test_a_number_that_was_never_issued_is_unknown(present: Story, certificate_id: str) -> None:
    assert verify(present, certificate_id)[0] == 404


def test_a_certificate_that_is_not_earned_yet_is_unknown(service: Service, story: Story) -> None:
    story.directory()
    story.save_account("ada")
    story.enroll("ada")
    service.settle()
    assert verify(story, certificate_of(story)) == (404, {"status": "unknown"})


def test_the_page_escapes_names_and_needs_no_script(present: Story) -> None:
    status, page = verify(present, certificate_of(present), accept="text/html")
    assert status == 200
    assert "Ada &lt;Sample&gt;" in page
    assert "<script" not in page
    assert '<html lang="en">' in page
    assert "This certificate is valid" in page


def test_an_answer_may_not_be_cached_framed_or_scripted(present: Story) -> None:
    headers = present.service.ask("GET", f"/verify/{certificate_of(present)}", None)["headers"]
    assert headers["Cache-Control"] == "no-store"
    assert headers["Content-Security-Policy"].startswith("default-src 'none'; style-src 'sha256-")


def test_a_failed_read_never_answers_that_a_certificate_is_valid(present: Story) -> None:
    certificate_id = certificate_of(present)
    with denied(client_of(table.Row), "dynamodb.Query"):
        status, body = verify(present, certificate_id)
    assert status == 500
    assert body["status"] == 500
    assert "valid" not in json.dumps(body)

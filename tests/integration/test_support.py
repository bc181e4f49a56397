"""Support requests, diagnoses and reissues."""

import secrets
from datetime import UTC, datetime, timedelta
from itertools import product
from typing import Any

import boto3
import pytest

from earned.aws.dynamodb import enrollments, support
from earned.domain.people import SupportRequest
from earned.testing.service import Service
from tools.story import NOON, Story, cloud_event

SUPPORT = {"sub": "sup-1", "role": "support"}
ASKED = {"name": "Ada Sample", "email": "ada@example.com", "training": "Leading Well"}


def diagnosis(story: Story, account: str = "ada", **query: str) -> dict[str, Any]:
    """The one diagnosis of a person."""
    _, answer = story.service.get("/v1/diagnoses", SUPPORT, account_id=story.id(account), **query)
    [item] = answer["items"]
    found: dict[str, Any] = item
    return found


@pytest.fixture
def enrolled(service: Service, story: Story) -> Story:
    """Ada is enrolled in the course, Bea in the live event."""
    story.directory()
    story.save_account("ada", email=f"Ada.{story.tag}@Example.com")
    story.save_account("bea", name="Bea Sample")
    story.enroll("ada")
    story.enroll("bea", story.live_event)
    service.settle()
    return story


def certificate_of(story: Story, account: str) -> str:
    """A certificate id, read from the record."""
    record = enrollments.get_record(story.id(f"enr-{account}"))
    assert record is not None
    assert record.certificate_id is not None
    return record.certificate_id


def test_a_support_request_gets_the_same_answer_for_known_and_unknown_people(service: Service) -> None:
    known = service.post_to("/v1/support-requests", ASKED)
    unknown = service.post_to(
        "/v1/support-requests", ASKED | {"email": "nobody@example.com", "message": "Where is it?"}
    )
    assert known == unknown == (202, {"status": "received"})
    _, page = service.get("/v1/support-requests", SUPPORT, limit="2")
    assert [item["email"] for item in page["items"]] == ["nobody@example.com", "ada@example.com"]
    assert page["items"][0]["message"] == "Where is it?"


@pytest.mark.parametrize(
    "body",
    [
        None,
        {},
        ASKED | {"name": ""},
        ASKED | {"email": 7},
        ASKED | {"message": "x" * 4001},
        ASKED | {"name": "x" * 201},
    ],
)
def test_a_request_that_is_incomplete_or_too_long_is_refused_without_being_repeated(
    service: Service, body: dict[str, Any] | None
) -> None:
    status, answer = service.post_to("/v1/support-requests", body)
    assert (status, answer["type"]) == (400, "urn:earned:problem:bad-request")
    assert "xxx" not in str(answer)


def sent(source: str, email: str = "ada@example.com", at: datetime | None = None) -> bool:
    """Whether a request is kept."""
    asked = ASKED | {"email": email}
    request = SupportRequest(secrets.token_hex(8), at or datetime.now(UTC), **asked, message=None)
    return support.keep_support_request(request, source)


def test_requests_beyond_an_hourly_limit_get_the_same_answer_and_support_is_told_how_many(service: Service) -> None:
    now = datetime.now(UTC)
    for hour, _ in product((now, now + timedelta(hours=1)), range(support.REQUESTS_PER_PAIR)):
        assert sent("192.0.2.1", at=hour)
    before = service.get("/v1/support-requests", SUPPORT, limit="100")[1]
    assert before["dropped_last_hour"] == 0
    for _ in range(3):
        assert service.post_to("/v1/support-requests", ASKED) == (202, {"status": "received"})
    after = service.get("/v1/support-requests", SUPPORT, limit="100")[1]
    assert after == before | {"dropped_last_hour": 3}


def test_support_is_not_told_of_what_was_dropped_more_than_an_hour_ago(service: Service) -> None:
    at = datetime(2026, 3, 2, 12, tzinfo=UTC)
    for _ in range(support.REQUESTS_PER_PAIR + 1):
        sent("192.0.2.1", at=at)
    for minutes, dropped in ((59, 1), (61, 0), (24 * 60 - 1, 0)):
        service.use("serve_api", now=lambda late=at + timedelta(minutes=minutes): late)
        assert service.get("/v1/support-requests", SUPPORT)[1]["dropped_last_hour"] == dropped


def test_a_genuine_request_is_kept_after_twenty_of_another_person_from_the_same_address(service: Service) -> None:
    noon = datetime(2026, 3, 2, 12, tzinfo=UTC)
    for _ in range(support.REQUESTS_PER_PAIR):
        assert sent("192.0.2.1", "bea@example.com", noon)
    assert not sent("192.0.2.1", " Bea@Example.COM ", noon)
    assert sent("192.0.2.1", "ada@example.com", noon)


def test_a_flood_in_a_persons_name_is_dropped_and_the_persons_own_request_is_kept(service: Service) -> None:
    noon = datetime(2026, 3, 2, 12, tzinfo=UTC)
    kept = [sent("192.0.2.1", "ada@example.com", noon) for _ in range(support.REQUESTS_PER_EMAIL + 50)]
    assert kept.count(True) == support.REQUESTS_PER_PAIR
    assert sent("198.51.100.7", "ada@example.com", noon)
    assert support.dropped_since(noon) == len(kept) - support.REQUESTS_PER_PAIR


def test_one_email_has_a_limit_from_however_many_addresses(service: Service) -> None:
    noon = datetime(2026, 3, 2, 12, tzinfo=UTC)
    for number in range(support.REQUESTS_PER_EMAIL):
        assert sent(f"192.0.2.{number}", "ada@example.com", noon)
    assert not sent("198.51.100.7", "ada@example.com", noon)
    assert sent("198.51.100.7", "bea@example.com", noon)


def test_one_address_and_one_ipv6_network_have_a_limit_whatever_emails_they_name(service: Service) -> None:
    noon = datetime(2026, 3, 2, 12, tzinfo=UTC)
    for number in range(support.REQUESTS_PER_ADDRESS):
        assert sent(f"2001:db8:0:1::{number:x}", f"{number}@example.com", noon)
    assert not sent("2001:db8:0:1:ffff::1", "ada@example.com", noon)
    assert sent("2001:db8:0:2::1", "ada@example.com", noon)


def test_dropped_requests_are_counted_for_an_hour(service: Service) -> None:
    noon = datetime(2026, 3, 2, 12, tzinfo=UTC)
    for minute, _ in product((0, 50), range(support.REQUESTS_PER_PAIR + 1)):
        sent("192.0.2.1", at=noon + timedelta(minutes=minute))
    dropped = [support.dropped_since(noon + timedelta(minutes=since)) for since in (0, 1, 51)]
    assert dropped == [22, 21, 0]


def test_requests_are_read_page_by_page(service: Service) -> None:
    for _ in range(3):
        service.post_to("/v1/support-requests", ASKED)
    _, first = service.get("/v1/support-requests", SUPPORT, limit="1")
    _, second = service.get("/v1/support-requests", SUPPORT, limit="1", cursor=first["next_cursor"])
    assert first["items"][0]["request_id"] != second["items"][0]["request_id"]
    _, whole = service.get("/v1/support-requests", SUPPORT, limit="4")
    assert len(whole["items"]) == 3
    assert "next_cursor" not in whole


@pytest.mark.parametrize("role", ["individual", "employee", "company-admin", "administrator"])
def test_other_roles_get_404_on_every_route_of_support(enrolled: Story, role: str) -> None:
    claims = {"sub": enrolled.id("ada"), "role": role, "company_id": enrolled.company}
    service = enrolled.service
    assert service.get("/v1/support-requests", claims)[0] == 404
    assert service.get("/v1/diagnoses", claims, account_id=enrolled.id("ada"))[0] == 404
    path = f"/v1/certificates/{certificate_of(enrolled, 'ada')}/reissue"
    assert service.post_to(path, {}, claims) == service.post_to("/v1/nothing", {}, claims)


def test_a_diagnosis_has_the_blocking_requirement_and_the_timeline(enrolled: Story) -> None:
    enrolled.service.post("Progress", *enrolled.do("ada", "read"))
    enrolled.service.settle()
    found = diagnosis(enrolled)
    assert found["blocking"]["id"] == "watch"
    assert found["blocking"]["who"] == "learner"
    assert [line["what"] for line in found["completion"]["timeline"]] == ["enrolled", "completed"]
    assert found["account"]["name"] == "Ada Sample"
    assert "certificate" not in found


def test_a_diagnosis_is_found_by_email_whatever_its_case(enrolled: Story) -> None:
    _, answer = enrolled.service.get("/v1/diagnoses", SUPPORT, email=f"ADA.{enrolled.tag}@example.COM")
    assert [item["account"]["account_id"] for item in answer["items"]] == [enrolled.id("ada")]


def test_an_account_id_takes_precedence_over_an_email(enrolled: Story) -> None:
    both = {"account_id": enrolled.id("bea"), "email": f"ada.{enrolled.tag}@example.com"}
    _, answer = enrolled.service.get("/v1/diagnoses", SUPPORT, **both)
    assert [item["account"]["account_id"] for item in answer["items"]] == [enrolled.id("bea")]


def test_an_unknown_email_has_no_diagnosis(service: Service) -> None:
    assert service.get("/v1/diagnoses", SUPPORT, email="nobody@nowhere.example") == (200, {"items": []})


def test_a_diagnosis_needs_an_email_or_an_account_id(service: Service) -> None:
    assert service.get("/v1/diagnoses", SUPPORT)[0] == 400


def test_a_diagnosis_can_be_filtered_by_training(enrolled: Story) -> None:
    account = {"account_id": enrolled.id("ada")}
    _, answer = enrolled.service.get("/v1/diagnoses", SUPPORT, training_id="elsewhere", **account)
    assert answer == {"items": []}


def test_a_diagnosis_says_who_marked_attendance(enrolled: Story) -> None:
    assert diagnosis(enrolled, "bea")["attendance"] == {"status": "not-marked"}
    enrolled.service.post("Attendance", enrolled.mark("bea", "absent"))
    enrolled.service.settle()
    found = diagnosis(enrolled, "bea")
    assert (found["attendance"]["status"], found["attendance"]["marked_by"]) == ("absent", "adm-1")
    assert found["blocking"]["reason"] == "marked-absent"


def test_a_diagnosis_says_whether_the_document_is_there_and_intact(enrolled: Story) -> None:
    service, bucket = enrolled.service, enrolled.service.outputs["DocumentsBucketName"]
    service.post("Progress", *enrolled.do("ada", "read", "watch", "quiz"))
    service.settle()
    found = diagnosis(enrolled)
    assert found["blocking"] is None
    assert (found["certificate"]["document_present"], found["certificate"]["document_intact"]) == (True, True)
    key = f"certificates/{certificate_of(enrolled, 'ada')}/1.pdf"
    boto3.client("s3").put_object(Bucket=bucket, Key=key, Body=b"tampered")
    assert diagnosis(enrolled)["certificate"]["document_intact"] is False
    boto3.client("s3").delete_object(Bucket=bucket, Key=key)
    found = diagnosis(enrolled)
    assert (found["certificate"]["document_present"], found["certificate"]["document_intact"]) == (False, False)


def test_a_removed_enrollment_appears_only_in_the_diagnosis(enrolled: Story) -> None:
    service = enrolled.service
    service.post("Directory", cloud_event("enrollment.removed", enrolled.enrollment_of("ada"), NOON))
    service.settle()
    assert service.get(f"/v1/enrollments/{enrolled.id('enr-ada')}", SUPPORT)[0] == 404
    assert diagnosis(enrolled)["enrollment"]["removed_at"] == "2026-03-02T12:00:00.000Z"


def test_support_reissues_with_the_corrected_name(enrolled: Story) -> None:
    service = enrolled.service
    service.post("Progress", *enrolled.do("ada", "read", "watch", "quiz"))
    service.settle()
    enrolled.save_account("ada", name="Ada Stale")
    corrected = {
        "account_id": enrolled.id("ada"),
        "kind": "employee",
        "name": "Ada Corrected",
        "email": "a@example.com",
    }
    service.post("Directory", cloud_event("account.saved", corrected | {"company_id": enrolled.company}, NOON))
    service.settle()
    service.announcements()
    path = f"/v1/certificates/{certificate_of(enrolled, 'ada')}/reissue"
    assert service.post_to(path, {"reason": "misspelt"}, SUPPORT)[0] == 202
    service.settle()
    [certificate] = enrolled.certificates()
    assert (certificate["holder"], certificate["revision"]) == ("Ada Corrected", 2)
    record = enrollments.get_record(enrolled.id("enr-ada"))
    assert record is not None
    assert record.issue is not None
    assert record.issue.reason == "misspelt"
    assert [event["data"]["reason"] for event in service.announcements()] == ["requested"]


def test_a_reissue_that_would_change_nothing_printed_makes_no_revision(enrolled: Story) -> None:
    service = enrolled.service
    service.post("Progress", *enrolled.do("ada", "read", "watch", "quiz"))
    service.settle()
    path = f"/v1/certificates/{certificate_of(enrolled, 'ada')}/reissue"
    assert service.post_to(path, None, SUPPORT) == (202, {"status": "unchanged"})
    assert service.waiting("Generation") == 0


@pytest.mark.parametrize("name", ["Ada SAMPLE", "Ada  Sample", "Ada Sample Jr", "Áda Sample"])
def test_every_difference_of_a_printed_name_is_worth_a_reissue(enrolled: Story, name: str) -> None:
    """Spaces aside, which are cleaned at intake."""
    service = enrolled.service
    service.post("Progress", *enrolled.do("ada", "read", "watch", "quiz"))
    service.settle()
    service.post("Directory", cloud_event("account.saved", enrolled.account("ada", name=name), NOON))
    service.settle()
    service.post_to(f"/v1/certificates/{certificate_of(enrolled, 'ada')}/reissue", None, SUPPORT)
    service.settle()
    [certificate] = enrolled.certificates()
    clean = " ".join(name.split())
    assert (certificate["holder"], certificate["revision"]) == (clean, 1 if clean == "Ada Sample" else 2)


def test_a_reissue_asked_for_twice_makes_one_revision(enrolled: Story) -> None:
    service = enrolled.service
    service.post("Progress", *enrolled.do("ada", "read", "watch", "quiz"))
    service.settle()
    renamed = enrolled.account("ada", name="Ada Corrected")
    service.post("Directory", cloud_event("account.saved", renamed, NOON))
    service.settle()
    service.announcements()
    path = f"/v1/certificates/{certificate_of(enrolled, 'ada')}/reissue"
    answers = [service.post_to(path, None, SUPPORT) for _ in range(2)]
    assert answers == [(202, {"status": "queued"})] * 2
    service.settle()
    assert [(one["holder"], one["revision"]) for one in enrolled.certificates()] == [("Ada Corrected", 2)]
    assert [event["data"]["revision"] for event in service.announcements()] == [2]


def test_diagnoses_come_in_pages_of_at_most_twenty(service: Service, story: Story) -> None:
    story.directory()
    for account in ("ada", "bea"):
        story.save_account(account, email=f"people.{story.tag}@example.com")
        for number in range(12):
            story.enroll(account, enrollment_id=story.id(f"enr-{account}-{number:02}"))
    service.settle()
    subject = {"email": f"people.{story.tag}@example.com"}
    _, first = service.get("/v1/diagnoses", SUPPORT, **subject)
    _, second = service.get("/v1/diagnoses", SUPPORT, cursor=first["next_cursor"], **subject)
    seen = [item["enrollment"]["enrollment_id"] for page in (first, second) for item in page["items"]]
    assert (len(first["items"]), len(second["items"])) == (20, 4)
    assert len(set(seen)) == 24
    assert "next_cursor" not in second
    status, problem = service.get("/v1/diagnoses", SUPPORT, cursor=first["next_cursor"], account_id=story.id("ada"))
    assert (status, problem["type"]) == (400, "urn:earned:problem:garbled-cursor")
    assert service.get("/v1/diagnoses", SUPPORT, limit="21", **subject)[0] == 400


def test_a_diagnosis_says_who_may_download(enrolled: Story) -> None:
    assert diagnosis(enrolled)["who_may_download"] == "Nobody: the certificate is not issued yet."
    enrolled.service.post("Progress", *enrolled.do("ada", "read", "watch", "quiz"))
    enrolled.service.settle()
    told = diagnosis(enrolled)["who_may_download"]
    assert told == f"The company admins of {enrolled.company}: the enrollment belongs to that company."


def test_a_certificate_that_is_not_active_cannot_be_reissued(enrolled: Story) -> None:
    service = enrolled.service
    service.post("Attendance", enrolled.mark("bea"))
    service.settle()
    service.post("Attendance", enrolled.mark("bea", "absent", NOON + timedelta(hours=1)))
    service.settle()
    path = f"/v1/certificates/{certificate_of(enrolled, 'bea')}/reissue"
    assert service.post_to(path, None, SUPPORT)[0] == 409
    service.post("Directory", cloud_event("enrollment.removed", enrolled.enrollment_of("bea"), NOON))
    service.settle()
    assert service.post_to(path, None, SUPPORT)[0] == 409
    assert service.post_to(f"/v1/certificates/{certificate_of(enrolled, 'ada')}/reissue", None, SUPPORT)[0] == 404
    assert service.post_to(f"/v1/certificates/{'a' * 26}/reissue", None, SUPPORT)[0] == 404

"""What becomes of a certificate after it was issued: revoked, returned, reissued, withdrawn, restored."""

from datetime import timedelta

import boto3
import pytest

from earned.aws.dynamodb import enrollments
from earned.domain.enrollment import CompletionRecord, Enrollment
from earned.messages.requests import Purpose, generation_message
from earned.testing.service import Service
from tests.integration.pdf_text import pages
from tests.integration.wire_faults import happening
from tools.story import NOON, Story, cloud_event


def record(story: Story, account: str = "ada") -> CompletionRecord:
    """The record of an enrollment."""
    completion = enrollments.get_record(story.id(f"enr-{account}"))
    assert completion is not None
    return completion


@pytest.fixture
def attended(service: Service, story: Story) -> Story:
    """Ada attended the live event and has her certificate."""
    story.directory()
    story.save_account("ada")
    story.enroll("ada", story.live_event)
    service.settle()
    service.post("Attendance", story.mark("ada"))
    service.settle()
    assert [event["type"] for event in service.announcements()] == ["earned.certificate.issued.v1"]
    return story


@pytest.fixture
def finished(service: Service, story: Story) -> Story:
    """Ada finished the course and has her certificate."""
    story.directory()
    story.save_account("ada")
    story.enroll("ada")
    service.settle()
    service.post("Progress", *story.do("ada", "read", "watch", "quiz"))
    service.settle()
    assert len(service.announcements()) == 1
    return story


def test_present_corrected_to_absent_revokes_with_the_reason(attended: Story) -> None:
    service = attended.service
    service.post("Attendance", attended.mark("ada", "absent", NOON + timedelta(hours=1)))
    service.settle()
    [announced] = service.announcements()
    assert announced["type"] == "earned.certificate.revoked.v1"
    assert announced["data"]["reason"] == "marked-absent"
    assert [item["status"] for item in attended.certificates()] == ["revoked"]
    assert attended.reasons("ada") == ["marked-absent"]
    claims = attended.claims("admin", "company-admin")
    assert service.get(f"/v1/certificates/{record(attended).certificate_id}/download", claims)[0] == 404


def test_a_certificate_revoked_in_error_returns_under_the_same_link_as_a_new_revision(attended: Story) -> None:
    service, before = attended.service, attended.certificates()[0]
    service.post("Attendance", attended.mark("ada", "absent", NOON + timedelta(hours=1)))
    service.settle()
    service.post("Attendance", attended.mark("ada", "present", NOON + timedelta(hours=2)))
    service.settle()
    [after] = attended.certificates()
    assert after["certificate_id"] == before["certificate_id"]
    assert (after["status"], after["revision"]) == ("issued", 2)
    kinds = [event["type"].split(".")[2] for event in service.announcements()]
    assert kinds == ["revoked", "reissued"]


def test_an_absent_mark_older_than_the_present_one_revokes_nothing(attended: Story) -> None:
    attended.service.post("Attendance", attended.mark("ada", "absent", NOON - timedelta(hours=1)))
    attended.service.settle()
    assert [item["status"] for item in attended.certificates()] == ["issued"]
    assert attended.service.announcements() == []


@pytest.mark.parametrize("change", ["reschedule", "cancel"])
def test_rescheduling_or_cancelling_after_issue_leaves_the_certificate_standing(attended: Story, change: str) -> None:
    service = attended.service
    if change == "cancel":
        event = cloud_event("live-event.cancelled", {"live_event_id": attended.live_event}, NOON)
    else:
        times = {"starts_at": "2099-01-01T08:00:00Z", "ends_at": "2099-01-01T10:00:00Z", "timezone": "UTC"}
        data = {"live_event_id": attended.live_event, "title": "Open Day"} | times
        event = cloud_event("live-event.scheduled", data, NOON)
    service.post("Directory", event)
    service.settle()
    assert [item["status"] for item in attended.certificates()] == ["issued"]
    assert service.announcements() == []


def test_a_cancelled_event_says_so_and_gives_nothing(service: Service, story: Story) -> None:
    story.directory()
    story.save_account("ada")
    story.enroll("ada", story.live_event)
    service.post("Directory", cloud_event("live-event.cancelled", {"live_event_id": story.live_event}, NOON))
    service.settle()
    service.post("Attendance", story.mark("ada"))
    service.settle()
    assert story.reasons("ada") == ["event-cancelled"]
    assert story.certificates() == []


def test_a_corrected_name_reaches_the_document_by_reissue_under_the_same_link(finished: Story) -> None:
    service, before = finished.service, finished.certificates()[0]
    corrected = {
        "account_id": finished.id("ada"),
        "kind": "employee",
        "name": "Ada Corrected",
        "email": "a@example.com",
    }
    service.post("Directory", cloud_event("account.saved", corrected | {"company_id": finished.company}, NOON))
    service.settle()
    assert finished.certificates() == [before]
    service.post(
        "Generation", generation_message(record(finished), purpose=Purpose.REISSUE, reason="name corrected").body
    )
    service.settle()
    [after] = finished.certificates()
    assert (after["certificate_id"], after["revision"], after["holder"]) == (
        before["certificate_id"],
        2,
        "Ada Corrected",
    )
    assert after["issued_at"] == before["issued_at"]
    documents = service.documents(f"certificates/{before['certificate_id']}/")
    assert "Ada Sample" in pages(documents[f"certificates/{before['certificate_id']}/1.pdf"])[0]
    assert "Ada Corrected" in pages(documents[f"certificates/{before['certificate_id']}/2.pdf"])[0]
    [announced] = service.announcements()
    assert announced["type"] == "earned.certificate.reissued.v1"
    assert "Ada" not in str(announced)


def rename(story: Story, name: str, minutes: int = 0) -> None:
    """Correct Ada's name; `minutes` is the order of corrections."""
    event = cloud_event("account.saved", story.account("ada", name=name), NOON + timedelta(minutes=minutes))
    story.service.post("Directory", event)
    story.service.settle()


def test_the_same_reissue_delivered_twice_makes_one_revision(finished: Story) -> None:
    service = finished.service
    rename(finished, "Ada Corrected")
    body = generation_message(record(finished), purpose=Purpose.REISSUE).body
    service.post("Generation", body, body)
    service.settle()
    assert finished.certificates()[0]["revision"] == 2
    assert len({event["id"] for event in service.announcements()}) == 1


def test_a_reissue_delivered_again_after_another_makes_no_further_revision(finished: Story) -> None:
    service = finished.service
    first, second = (generation_message(record(finished), purpose=Purpose.REISSUE).body for _ in range(2))
    for minutes, (name, body) in enumerate((("Ada First", first), ("Ada Second", second), ("Ada Third", first))):
        rename(finished, name, minutes)
        service.post("Generation", body)
        service.settle()
    assert finished.certificates()[0]["revision"] == 3
    assert [event["data"]["revision"] for event in service.announcements()] == [2, 3]


def test_a_reissue_delivered_again_after_a_revocation_and_a_return_makes_no_further_revision(attended: Story) -> None:
    service = attended.service
    body = generation_message(record(attended), purpose=Purpose.REISSUE).body
    rename(attended, "Ada First", 1)
    service.post("Generation", body)
    service.settle()
    for hour, mark in enumerate(("absent", "present"), start=1):
        service.post("Attendance", attended.mark("ada", mark, NOON + timedelta(hours=hour)))
        service.settle()
    assert attended.certificates()[0]["revision"] == 3
    rename(attended, "Ada Second", 2)
    service.post("Generation", body)
    service.settle()
    assert attended.certificates()[0]["revision"] == 3


def test_a_reissue_that_would_change_nothing_printed_makes_nothing(finished: Story) -> None:
    service, before = finished.service, finished.certificates()
    service.post("Generation", generation_message(record(finished), purpose=Purpose.REISSUE).body)
    service.settle()
    assert finished.certificates() == before
    assert service.announcements() == []


def test_a_reissue_of_what_is_not_earned_makes_nothing(service: Service, story: Story) -> None:
    story.directory()
    story.save_account("ada")
    story.enroll("ada")
    service.settle()
    service.post("Generation", generation_message(record(story), purpose=Purpose.REISSUE).body)
    service.settle()
    assert story.certificates() == []


def test_a_later_version_of_the_course_touches_no_issued_certificate_and_does_not_prevent_a_reissue(
    finished: Story,
) -> None:
    service = finished.service
    finished.publish(2, [{"step_id": "new", "kind": "lesson", "title": "One more"}], title="Leading Better")
    service.settle()
    assert [item["status"] for item in finished.certificates()] == ["issued"]
    rename(finished, "Ada Corrected")
    service.post("Generation", generation_message(record(finished), purpose=Purpose.REISSUE).body)
    service.settle()
    assert finished.certificates()[0]["revision"] == 2
    assert "Leading Well" in pages(finished.own_documents()[f"certificates/{record(finished).certificate_id}/2.pdf"])[0]


@pytest.mark.parametrize("removed", ["enrollment", "account"])
def test_a_certificate_goes_away_with_its_enrollment_or_account(finished: Story, removed: str) -> None:
    service, certificate_id = finished.service, record(finished).certificate_id
    data = finished.enrollment_of("ada") if removed == "enrollment" else {"account_id": finished.id("ada")}
    service.post("Directory", cloud_event(f"{removed}.removed", data, NOON))
    service.settle()
    claims = finished.claims("admin", "company-admin")
    assert finished.certificates() == []
    assert service.get(f"/v1/certificates/{certificate_id}/download", claims)[0] == 404
    assert service.get(f"/v1/enrollments/{finished.id('enr-ada')}", claims)[0] == 404
    [announced] = service.announcements()
    assert announced["type"] == "earned.certificate.withdrawn.v1"
    assert announced["data"]["certificate_id"] == certificate_id


def test_late_events_revive_nothing_and_a_new_enrollment_starts_from_nothing(finished: Story) -> None:
    service = finished.service
    service.post("Directory", cloud_event("enrollment.removed", finished.enrollment_of("ada"), NOON))
    service.settle()
    service.announcements()
    service.post("Progress", *finished.do("ada", "read", "watch", "quiz"))
    finished.enroll("ada")
    finished.enroll("ada", enrollment_id=finished.id("enr-again"))
    service.settle()
    assert finished.certificates() == []
    _, again = service.get(f"/v1/enrollments/{finished.id('enr-again')}", finished.claims("admin", "company-admin"))
    assert len(again["outstanding"]) == 3


def test_a_withdrawal_is_told_as_the_same_event_though_the_person_joined_a_company_and_was_enrolled_once_more(
    service: Service, story: Story
) -> None:
    story.directory()
    story.save_account("ada", kind="individual")
    story.enroll("ada")
    service.settle()
    service.post("Progress", *story.do("ada", "read", "watch", "quiz"))
    service.settle()
    removed = cloud_event("enrollment.removed", story.enrollment_of("ada"), NOON)
    service.post("Directory", removed)
    service.settle()
    *_, first = service.announcements()
    service.post("Directory", cloud_event("account.saved", story.account("ada"), NOON))
    service.settle()
    story.enroll("ada")
    service.settle()
    service.post("Directory", removed)
    service.settle()
    [again] = service.announcements()
    assert first["type"] == "earned.certificate.withdrawn.v1"
    assert again == first


def test_an_issued_certificate_stays_with_its_person_though_they_joined_a_company_and_were_enrolled_once_more(
    service: Service, story: Story
) -> None:
    story.directory()
    story.save_account("ada", kind="individual")
    story.enroll("ada")
    service.settle()
    service.post("Progress", *story.do("ada", "read", "watch", "quiz"))
    service.settle()
    service.post("Directory", cloud_event("account.saved", story.account("ada"), NOON))
    service.settle()
    story.enroll("ada")
    service.settle()
    assert record(story).company_id is None
    assert story.certificates() == []


def test_an_enrollment_recorded_again_while_its_certificate_is_issued_changes_nothing(
    service: Service, story: Story
) -> None:
    story.directory()
    story.save_account("ada", kind="individual")
    story.enroll("ada")
    service.settle()
    before = record(story)
    service.post("Progress", *story.do("ada", "read", "watch", "quiz"))
    again = Enrollment(before.key, before.training_id, before.enrolled_at)
    with happening(lambda _: service.settle(), "UpdateItem"):
        told = enrollments.enroll(again, before.training_version, account_known=True, account_company=story.company)
    assert told.issue is not None
    assert told == record(story)
    assert told.company_id is None


def test_a_lost_document_is_made_again_to_the_byte(finished: Story) -> None:
    service, bucket = finished.service, finished.service.outputs["DocumentsBucketName"]
    [(key, before)] = finished.own_documents().items()
    boto3.client("s3").delete_object(Bucket=bucket, Key=key)
    service.post("Generation", generation_message(record(finished), purpose=Purpose.RESTORE).body)
    service.settle()
    assert finished.own_documents() == {key: before}
    assert service.announcements() == []


def test_a_person_who_moves_to_another_company_leaves_their_certificates_with_the_first(finished: Story) -> None:
    moved = {"account_id": finished.id("ada"), "kind": "employee", "name": "Ada Sample", "email": "a@example.com"}
    event = cloud_event("account.saved", moved | {"company_id": finished.id("other-co")}, NOON)
    finished.service.post("Directory", event)
    finished.service.settle()
    assert len(finished.certificates()) == 1
    assert finished.certificates(finished.id("other-co")) == []

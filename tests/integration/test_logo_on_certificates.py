"""The company's logo on its people's certificates (A6)."""

import boto3
import pytest

from earned.aws.dynamodb import enrollments
from earned.messages.requests import Purpose, generation_message
from earned.testing.service import Service
from tools.story import NOON, Story, cloud_event

SVG = b'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 30 10"><rect width="30" height="10" fill="#b3261e"/></svg>'


def save_with_logo(story: Story, key: str) -> None:
    """Save the company with a logo."""
    logo = {"key": key, "media_type": "image/svg+xml"}
    data = {"company_id": story.company, "name": "Sample Lanterns", "logo": logo}
    story.service.post("Directory", cloud_event("company.saved", data, NOON))


def finish(story: Story) -> bytes:
    """Let Ada finish the course, and return her document."""
    story.publish()
    story.save_account("ada")
    story.enroll("ada")
    story.service.settle()
    story.service.post("Progress", *story.do("ada", "read", "watch", "quiz"))
    story.service.settle()
    [document] = story.own_documents().values()
    return document


def printed_logo(story: Story) -> str | None:
    """The hash of the logo that the record says was printed."""
    record = enrollments.get_record(story.id("enr-ada"))
    assert record is not None
    assert record.issue is not None
    return record.issue.printed.logo


def test_the_logo_that_the_portal_uploaded_is_printed_and_kept(service: Service, story: Story) -> None:
    key = story.id("logo.svg")
    boto3.client("s3").put_object(Bucket=service.outputs["AssetsBucketName"], Key=key, Body=SVG)
    save_with_logo(story, key)
    finish(story)
    assert printed_logo(story) is not None


@pytest.mark.parametrize("body", [None, b"<svg><script>alert(1)</script></svg>", b"not an image"])
def test_a_logo_that_is_missing_or_unusable_holds_up_no_certificate(
    service: Service, story: Story, body: bytes | None
) -> None:
    key = story.id("logo.svg")
    if body is not None:
        boto3.client("s3").put_object(Bucket=service.outputs["AssetsBucketName"], Key=key, Body=body)
    save_with_logo(story, key)
    assert finish(story).startswith(b"%PDF")


def test_a_lost_document_comes_back_with_the_logo_it_had(service: Service, story: Story) -> None:
    s3, key = boto3.client("s3"), story.id("logo.svg")
    s3.put_object(Bucket=service.outputs["AssetsBucketName"], Key=key, Body=SVG)
    save_with_logo(story, key)
    before = finish(story)
    s3.put_object(Bucket=service.outputs["AssetsBucketName"], Key=key, Body=SVG.replace(b"#b3261e", b"#0b57d0"))
    [document_key] = story.own_documents()
    s3.delete_object(Bucket=service.outputs["DocumentsBucketName"], Key=document_key)
    record = enrollments.get_record(story.id("enr-ada"))
    assert record is not None
    service.post("Generation", generation_message(record, purpose=Purpose.RESTORE).body)
    service.settle()
    assert list(story.own_documents().values()) == [before]


def test_a_document_is_held_rather_than_made_again_without_the_logo_it_had(service: Service, story: Story) -> None:
    s3, key = boto3.client("s3"), story.id("logo.svg")
    s3.put_object(Bucket=service.outputs["AssetsBucketName"], Key=key, Body=SVG)
    save_with_logo(story, key)
    finish(story)
    [document_key] = story.own_documents()
    for lost in (document_key, f"logos/{printed_logo(story)}"):
        s3.delete_object(Bucket=service.outputs["DocumentsBucketName"], Key=lost)
    service.start_anew()
    record = enrollments.get_record(story.id("enr-ada"))
    assert record is not None
    service.post("Generation", generation_message(record, purpose=Purpose.RESTORE).body)
    service.settle()
    assert [reason for reason, _ in service.quarantined("Generation")] == ["unprintable"]
    assert story.own_documents() == {}

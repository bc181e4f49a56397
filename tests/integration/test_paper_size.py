"""The paper of certificates: a setting for new ones, part of the record for those that were issued."""

import zlib
from io import BytesIO

import boto3
import pypdf

from earned.aws.dynamodb import enrollments, issuances
from earned.domain.enrollment import CompletionRecord
from earned.messages.requests import Purpose, generation_message
from earned.testing.service import Service
from tools.story import Story


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


def record_of(story: Story) -> CompletionRecord:
    """Ada's record as it is read back."""
    record = enrollments.get_record(story.id("enr-ada"))
    assert record is not None
    return record


def test_a_lost_document_comes_back_on_the_paper_it_was_on(service: Service, story: Story) -> None:
    service.use("generate_certificate", paper_size="letter")
    before = finish(story)
    assert [round(float(length)) for length in pypdf.PdfReader(BytesIO(before)).pages[0].mediabox[2:]] == [792, 612]
    service.use("generate_certificate", paper_size="a4")
    [document_key] = story.own_documents()
    boto3.client("s3").delete_object(Bucket=service.outputs["DocumentsBucketName"], Key=document_key)
    service.post("Generation", generation_message(record_of(story), purpose=Purpose.RESTORE).body)
    service.settle()
    assert list(story.own_documents().values()) == [before]


def test_a_record_that_names_no_paper_means_a4(service: Service, story: Story) -> None:
    finish(story)
    issue = record_of(story).issue
    assert issue is not None
    assert b"paper" not in zlib.decompress(issuances.pack(issue))
    assert issue.printed.paper == "a4"

"""Going back to the release before: it reads what the newer one has written, and passes over what it does not know."""

import json
import zlib
from datetime import timedelta
from typing import Any

import boto3
import pytest

from earned.messages import requests
from earned.testing.service import Service
from tests.integration.record_items import key_of
from tools.story import NOON, Story

JSON = ("revocation", "hold", "body", "logo")


@pytest.fixture
def before(service: Service, story: Story) -> Story:
    """Ada has finished the course and Ben has begun it; Cleo's mark at the live event was corrected to absent."""
    story.directory()
    for account in ("ada", "ben", "cleo"):
        story.save_account(account)
    story.enroll("ada")
    story.enroll("ben")
    story.enroll("cleo", story.live_event)
    service.settle()
    service.post("Progress", *story.do("ada", "read", "watch", "quiz"), *story.do("ben", "read"))
    service.post("Attendance", story.mark("cleo"))
    service.settle()
    service.post("Attendance", story.mark("cleo", "absent", NOON + timedelta(minutes=1)))
    service.settle()
    return story


def write_as_the_next_release_may(service: Service) -> None:
    """Give every record an attribute that this release does not know, and everything in it a field."""
    dynamodb, table = boto3.client("dynamodb"), service.outputs["RecordsTableName"]
    for item in dynamodb.scan(TableName=table)["Items"]:
        known: Any = {name: {"S": extended(item[name]["S"])} for name in JSON if name in item}
        if "issue" in item:
            known["issue"] = {"B": zlib.compress(extended(zlib.decompress(item["issue"]["B"])).encode())}
        dynamodb.put_item(TableName=table, Item=item | known | {"of_next_release": {"S": "something"}})
    service.start_anew()


def extended(text: str | bytes) -> str:
    """JSON with a field more in each of its objects."""
    return json.dumps(json.loads(text, object_hook=lambda item: item | {"of_next_release": {"any": ["thing"]}}))


def test_records_of_the_next_release_are_read_and_worked_on(service: Service, before: Story) -> None:
    write_as_the_next_release_may(service)
    assert service.sweep(everything=True)["findings"] == {}
    service.post("Progress", *before.do("ben", "watch", "quiz", since=NOON + timedelta(minutes=5)))
    service.post("Attendance", before.mark("cleo", "present", NOON + timedelta(minutes=2)))
    service.settle()
    found = {item["account_id"]: (item["status"], item["revision"]) for item in before.certificates()}
    once, again = ("issued", 1), ("issued", 2)
    assert found == {before.id("ada"): once, before.id("ben"): once, before.id("cleo"): again}


def test_attributes_that_this_release_does_not_know_stay_in_the_record(service: Service, before: Story) -> None:
    write_as_the_next_release_may(service)
    service.post("Progress", *before.do("ben", "watch", "quiz", since=NOON + timedelta(minutes=5)))
    service.settle()
    items = boto3.client("dynamodb").scan(TableName=service.outputs["RecordsTableName"])["Items"]
    assert {item["pk"]["S"] for item in items if "of_next_release" not in item} <= {"sweep"}


def test_a_lost_document_of_the_next_release_is_made_again(service: Service, before: Story) -> None:
    write_as_the_next_release_may(service)
    [issued] = [item for item in before.certificates() if item["status"] == "issued"]
    documents = service.documents(f"certificates/{issued['certificate_id']}/")
    for key in documents:
        boto3.client("s3").delete_object(Bucket=service.outputs["DocumentsBucketName"], Key=key)
    assert service.sweep(everything=True)["findings"] == {"issued-without-document": 1}
    service.settle()
    assert service.documents(f"certificates/{issued['certificate_id']}/") == documents


def test_a_record_that_it_cannot_read_is_told_and_keeps_the_sweep_from_no_other(
    service: Service, before: Story, caplog: pytest.LogCaptureFixture
) -> None:
    service.post("Progress", *before.do("ben", "watch", "quiz", since=NOON + timedelta(minutes=5)))
    service.deliver("record_progress")
    service.empty()  # what was asked for is lost, and has to be found
    hold(before, "cleo", "a-reason-of-the-next-release")
    assert service.sweep(everything=True)["findings"] == {"complete-not-issued": 1, "unreadable": 1}
    assert [vars(said)["enrollment_id"] for said in caplog.records if said.levelname == "ERROR"] == [
        before.id("enr-cleo")
    ]
    service.settle()
    hold(before, "cleo", "logo-gone")
    assert [item["status"] for item in before.certificates()].count("issued") == 2


def hold(story: Story, account: str, reason: str) -> None:
    """Have a record say that its certificate is held."""
    boto3.resource("dynamodb").Table(story.service.outputs["RecordsTableName"]).update_item(
        Key=key_of(story, account),
        UpdateExpression="SET #hold = :hold",
        ExpressionAttributeNames={"#hold": "hold"},
        ExpressionAttributeValues={":hold": json.dumps({"reason": reason, "detail": "", "since": str(NOON)})},
    )


@pytest.mark.parametrize(
    ("read", "message"),
    [
        (requests.read_generation, requests.GenerationRequest("enr-1", "acc-1", "course-1", request="r")),
        (requests.read_evaluation, requests.EnrollmentsChanged((("enr-1", "acc-1"),))),
        (requests.read_change, requests.TrainingChanged("course-1")),
        (requests.read_change, requests.AccountChanged("acc-1")),
        (requests.read_export, requests.ExportRequest("co-1", "acc-1", "exp-1")),
    ],
)
def test_messages_of_the_next_release_are_read(read: Any, message: Any) -> None:
    body = json.dumps(vars(message))
    assert read(body) == read(extended(body)) == message

"""A portal's tests, run by tests/package/test_testing_kit.py in an environment that has only the wheel."""

import os
from datetime import UTC, datetime, timedelta

import boto3
import pytest
from moto import mock_aws

from earned.portal import (
    AccountSaved,
    AttendanceMarked,
    CoursePublished,
    EnrollmentCreated,
    LessonCompleted,
    LiveEventScheduled,
    MarkedBy,
    PublishedStep,
    Publisher,
    Role,
    StepKind,
    event,
)

NOON = datetime(2026, 3, 2, 12, tzinfo=UTC)
ADA = AccountSaved(account_id="ada", kind=Role.INDIVIDUAL, name="Ada Sample", email="ada@example.com")
STEP = PublishedStep(step_id="lesson-1", kind=StepKind.LESSON, title="Listening")
COURSE = CoursePublished(course_id="course-1", version=1, title="Leading Well", steps=(STEP,))
DONE = LessonCompleted(enrollment_id="enr-1", account_id="ada", step_id="lesson-1")
MARK = AttendanceMarked(
    enrollment_id="enr-1",
    account_id="ada",
    live_event_id="event-1",
    status="present",
    marked_by=MarkedBy(account_id="adm-1", role="administrator"),
)


def enrolled(training_id):
    return EnrollmentCreated(enrollment_id="enr-1", account_id="ada", training_id=training_id)


def course_done(earned):
    earned.post(*(event(data, NOON) for data in (ADA, COURSE, enrolled("course-1"), DONE)))
    earned.settle(now=NOON)
    [issued] = earned.announcements()
    return issued["data"]["certificate_id"]


@pytest.mark.parametrize("time", [1, 2])
def test_each_test_starts_with_an_empty_service(earned, time):
    assert earned.announcements() == earned.refused() == []
    course_done(earned)


def test_a_document_is_a_placeholder_that_says_so_or_the_certificate(earned):
    document = earned.document(course_done(earned))
    assert (b"Placeholder for a certificate, not a certificate." in document) == ("KIT_HAS_PANGO" not in os.environ)


def test_a_document_that_does_not_exist_is_a_clear_error(earned):
    with pytest.raises(LookupError, match="none: no document"):
        earned.document("none")


def test_the_api_answers_by_role(earned):
    certificate_id = course_done(earned)
    path = f"/v1/certificates/{certificate_id}/download"
    assert earned.request("GET", path, role="individual", sub="ada")[0] == 200
    assert earned.request("GET", path, role="individual", sub="bo")[0] == 404
    assert earned.request("GET", path, role="company-admin", sub="bo", company="co-1")[0] == 404
    assert earned.request("GET", path)[0] == 401
    status, found = earned.request("GET", "/v1/diagnoses?account_id=ada", role="support")
    assert (status, found["items"][0]["completion"]["status"]) == (200, "completed")
    status, body = earned.request("GET", f"/verify/{certificate_id}")
    assert (status, body["holder"]) == (200, "Ada Sample")


def test_a_posted_request_has_its_body(earned):
    asked = {"name": "Ada Sample", "email": "ada@example.com", "training": "Leading Well"}
    assert earned.request("POST", "/v1/support-requests", json=asked)[0] == 202
    status, found = earned.request("GET", "/v1/support-requests", role="support")
    assert (status, [item["email"] for item in found["items"]]) == (200, ["ada@example.com"])


def test_a_refused_event_is_told_with_its_queue_reason_and_detail(earned):
    nameless = event(DONE, NOON).cloud_event() | {"data": {"account_id": "ada"}}
    earned.post(nameless, "{")
    earned.settle()
    by_queue = {refusal["queue"]: refusal for refusal in earned.refused()}
    assert by_queue["progress"]["reason"] == "invalid-data"
    assert by_queue["progress"]["detail"].startswith("data.enrollment_id")
    assert by_queue["progress"]["event"] == nameless
    assert by_queue["directory"]["reason"] == "not-json"
    assert by_queue["directory"]["event"] == "{"
    assert len(earned.refused()) == 2


def test_an_event_posted_to_another_queue_is_refused_there(earned):
    earned.post(event(DONE, NOON), queue="attendance")
    earned.settle(now=NOON)
    [refusal] = earned.refused()
    assert (refusal["queue"], refusal["reason"]) == ("attendance", "wrong-queue")


def test_time_is_virtual_and_stays_until_the_next(earned):
    ends = NOON + timedelta(hours=2)
    scheduled = LiveEventScheduled(
        live_event_id="event-1", title="Open Day", starts_at=NOON, ends_at=ends, timezone="Europe/Berlin"
    )
    earned.post(*(event(data, NOON) for data in (ADA, scheduled, enrolled("event-1"))))
    earned.settle(now=ends - timedelta(minutes=30))
    earned.post(event(MARK, ends + timedelta(minutes=1)))
    earned.settle()
    assert [refusal["reason"] for refusal in earned.refused()] == ["time-out-of-range"]
    earned.post(event(MARK, ends + timedelta(minutes=1)))
    earned.settle(now=ends + timedelta(minutes=1))
    assert [one["type"] for one in earned.announcements() if "issued" in one["type"]] == [
        "earned.certificate.issued.v1"
    ]


def test_an_event_over_for_a_day_without_marks_is_announced(earned):
    scheduled = LiveEventScheduled(
        live_event_id="event-1", title="Open Day", starts_at=NOON, ends_at=NOON, timezone="Europe/Berlin"
    )
    earned.post(*(event(data, NOON) for data in (ADA, scheduled, enrolled("event-1"))))
    earned.settle(now=NOON)
    earned.settle(now=NOON + timedelta(days=2))
    assert "earned.attendance.unmarked.v1" in [one["type"] for one in earned.announcements()]


def test_a_time_without_an_offset_is_refused(earned):
    with pytest.raises(ValueError, match="UTC offset"):
        earned.settle(now=datetime(2026, 3, 2))  # noqa: DTZ001  # what is refused


def test_a_portal_sends_with_its_own_client(earned):
    publisher = Publisher(boto3.client("sqs"), earned.queues)
    publisher.send(*(event(data, NOON) for data in (ADA, COURSE, enrolled("course-1"), DONE)))
    earned.settle(now=NOON)
    assert [one["type"] for one in earned.announcements()] == ["earned.certificate.issued.v1"]


def test_a_portal_may_set_another_region_for_itself(earned, monkeypatch):
    monkeypatch.setenv("AWS_DEFAULT_REGION", "us-east-1")
    course_done(earned)


def portals_own():
    """A queue that hears of certificates, a table and a bucket, as a portal's fixture makes them."""
    sqs = boto3.client("sqs")
    queue = sqs.create_queue(QueueName="portal-told")["QueueUrl"]
    arn = sqs.get_queue_attributes(QueueUrl=queue, AttributeNames=["QueueArn"])["Attributes"]["QueueArn"]
    events = boto3.client("events")
    events.put_rule(Name="portal", EventBusName="announcements", EventPattern='{"source": ["earned"]}')
    events.put_targets(Rule="portal", EventBusName="announcements", Targets=[{"Id": "portal", "Arn": arn}])
    boto3.client("dynamodb").create_table(
        TableName="portal-people",
        KeySchema=[{"AttributeName": "id", "KeyType": "HASH"}],
        AttributeDefinitions=[{"AttributeName": "id", "AttributeType": "S"}],
        BillingMode="PAY_PER_REQUEST",
    )
    boto3.client("s3").create_bucket(
        Bucket="portal-files", CreateBucketConfiguration={"LocationConstraint": "eu-west-1"}
    )
    return queue


@pytest.mark.parametrize("time", [1, 2])
def test_what_a_portals_test_makes_lasts_as_long_as_the_test(earned, time):
    queue = portals_own()
    boto3.client("dynamodb").put_item(TableName="portal-people", Item={"id": {"S": "ada"}})
    boto3.client("s3").put_object(Bucket="portal-files", Key="ada", Body=b"")
    course_done(earned)
    assert boto3.client("dynamodb").scan(TableName="portal-people")["Count"] == 1
    assert boto3.client("s3").list_objects_v2(Bucket="portal-files")["KeyCount"] == 1
    assert "Messages" in boto3.client("sqs").receive_message(QueueUrl=queue)


def test_a_rule_of_the_test_before_hears_nothing(earned):
    course_done(earned)
    assert boto3.client("events").list_rules(EventBusName="announcements")["Rules"][0]["Name"] == "all"


def test_a_test_that_resets_moto_does_no_harm_to_the_next():
    with mock_aws():
        assert boto3.client("sqs", region_name="eu-west-1").list_queues().get("QueueUrls", []) == []


def test_after_a_reset_the_service_is_there_again(earned):
    course_done(earned)


def test_no_real_account_is_visible(earned):
    assert os.environ["AWS_ACCESS_KEY_ID"] != "of-a-real-account"
    assert "AWS_ENDPOINT_URL" not in os.environ


@pytest.fixture(scope="module")
def portals_moto():
    with mock_aws():
        boto3.client("s3", region_name="us-east-1").create_bucket(Bucket="portal-shared")
        boto3.client("s3", region_name="us-east-1").put_object(Bucket="portal-shared", Key="logo", Body=b"")
        boto3.client("sqs", region_name="eu-west-1").create_queue(QueueName="portal-shared")
        yield


@pytest.mark.parametrize("time", [1, 2])
def test_what_a_portal_made_before_the_test_stays(portals_moto, earned, time):
    url = boto3.client("sqs").get_queue_url(QueueName="portal-shared")["QueueUrl"]
    boto3.client("sqs").send_message(QueueUrl=url, MessageBody=str(time))
    course_done(earned)
    assert boto3.client("s3").list_objects_v2(Bucket="portal-shared")["KeyCount"] == 1
    count = boto3.client("sqs").get_queue_attributes(QueueUrl=url, AttributeNames=["All"])["Attributes"]
    assert count["ApproximateNumberOfMessages"] == str(time)

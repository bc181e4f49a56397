"""Reports across companies: tables of every enrollment for an administrator, without certificates."""

import csv
import io
import json
import zipfile
from datetime import UTC, datetime, timedelta
from typing import Any

import boto3
import pytest

from earned.aws.dynamodb import access_log
from earned.document.tables import HEADINGS, REPORT_HEADINGS
from earned.domain.exports import MAX_PER_HOUR
from earned.testing.cloudformation import INFRA, read_template
from earned.testing.lambda_events import LambdaContext
from earned.testing.queues import receive
from earned.testing.service import Service
from tests.integration.clocks import Clock
from tests.integration.record_items import key_of
from tests.integration.test_export_tables import Rows, tables
from tests.integration.test_exports import handle
from tests.integration.wire_faults import noted
from tools.operations.versions import Bucket, archives_with
from tools.story import NOON, Story, cloud_event

SCHEDULED = read_template(INFRA / "reports.yaml")["Resources"]["Schedule"]["Properties"]


@pytest.fixture
def two(service: Service, story: Story) -> Story:
    """Ada of one company has the certificate, Ben of another has none, Cleo is of no company, Dan is removed."""
    story.directory()
    other = story.id("other-company")
    service.post("Directory", cloud_event("company.saved", {"company_id": other, "name": "Other Lamps"}))
    story.save_account("ada")
    story.save_account("ben", name="Ben Sample", company_id=other)
    for person in ("cleo", "dan"):
        story.save_account(person, "individual", name=f"{person.title()} Sample")
    for person in ("ada", "ben", "cleo", "dan"):
        story.enroll(person)
    service.settle()
    service.post("Progress", *story.do("ada", "read", "watch", "quiz"))
    service.post("Directory", cloud_event("account.removed", {"account_id": story.id("dan")}, NOON))
    service.settle()
    return story


def administrator(story: Story, name: str = "administrator") -> dict[str, str]:
    return {"sub": story.id(name), "role": "administrator"}


def ask(story: Story, name: str = "administrator", **scope: Any) -> tuple[int, dict[str, Any]]:
    return story.service.post_to("/v1/exports", scope or None, administrator(story, name))


def look(story: Story, report_id: str, name: str = "administrator") -> tuple[int, dict[str, Any]]:
    return story.service.get(f"/v1/exports/{report_id}", administrator(story, name))


def archive_of(story: Story, report_id: str) -> bytes:
    bucket = story.service.outputs["ExportsBucketName"]
    body: bytes = boto3.client("s3").get_object(Bucket=bucket, Key=f"exports/{report_id}.zip")["Body"].read()
    return body


def reported(story: Story, **scope: Any) -> Rows:
    """The rows of both tables, which are the same, by holder: a report is in no order."""
    _, asked = ask(story, **scope)
    story.service.deliver("export_certificates")
    in_csv, in_workbook = tables(archive_of(story, asked["export_id"]))
    assert in_csv == in_workbook
    return sorted(in_csv, key=lambda row: row["holder"])


def test_a_report_lists_the_enrollments_of_every_company_and_of_none_but_no_removed_one(two: Story) -> None:
    rows = reported(two)
    assert [row["holder"] for row in rows] == ["Ada Sample", "Ben Sample", "Cleo Sample"]
    assert [row["status"] for row in rows] == ["completed", "in-progress", "in-progress"]
    assert [row["company"] for row in rows] == ["Sample Lanterns", "Other Lamps", ""]


def test_a_company_whose_name_is_unknown_is_reported_by_its_id(two: Story) -> None:
    unnamed = two.id("unnamed-company")
    two.save_account("eve", name="Eve Sample", company_id=unnamed)
    two.enroll("eve", company_id=unnamed)
    two.service.settle()
    assert {row["holder"]: row["company"] for row in reported(two)}["Eve Sample"] == unnamed


def test_a_removed_account_is_in_no_report_from_the_moment_of_its_removal(two: Story) -> None:
    two.service.post("Directory", cloud_event("account.removed", {"account_id": two.id("ben")}, NOON))
    two.service.deliver("record_directory")
    assert [row["holder"] for row in reported(two)] == ["Ada Sample", "Cleo Sample"]


def test_a_report_has_the_columns_of_an_export_and_the_company() -> None:
    assert (*HEADINGS, "company") == REPORT_HEADINGS


def test_a_report_contains_no_document_and_no_number_of_a_certificate(two: Story) -> None:
    certificate = two.certificates()[0]["certificate_id"]
    ada = reported(two)[0]
    assert (ada["status"], ada["certificate_number"], ada["file_name"]) == ("completed", "", "")
    report_id = ask(two)[1]["export_id"]
    with zipfile.ZipFile(io.BytesIO(archive_of(two, report_id))) as archive:
        assert sorted(archive.namelist()) == ["manifest.json", "records.csv", "records.xlsx"]
        assert json.loads(archive.read("manifest.json")) == {"files": [], "failures": []}
        assert certificate not in archive.read("records.csv").decode()


@pytest.mark.parametrize(
    ("scope", "names"),
    [
        ({"account_ids": ["{ben}", "{cleo}"]}, ["Ben Sample", "Cleo Sample"]),
        ({"issued_from": "2026-01-01"}, ["Ada Sample"]),
    ],
    ids=str,
)
def test_a_report_lists_what_the_body_names(two: Story, scope: dict[str, Any], names: list[str]) -> None:
    ids = {"ben": two.id("ben"), "cleo": two.id("cleo")}
    filled = {
        name: [one.format(**ids) for one in value] if isinstance(value, list) else value
        for name, value in scope.items()
    }
    assert [row["holder"] for row in reported(two, **filled)] == names


def test_a_report_is_for_the_administrator_who_asked_and_its_link_is_in_the_access_log(two: Story) -> None:
    _, asked = ask(two)
    assert (asked["status"], asked["count"]) == ("queued", 0)
    two.service.deliver("export_certificates")
    status, found = look(two, asked["export_id"])
    assert (status, found["status"], found["count"], found["failures"]) == (200, "done", 3, [])
    assert asked["export_id"] in found["url"]
    entries = list(access_log.accesses_of(f"exports/{asked['export_id']}"))
    assert [(one.account_id, one.role) for one in entries] == [(two.id("administrator"), "administrator")]
    assert look(two, asked["export_id"], "colleague")[0] == 404
    support = {"sub": two.id("administrator"), "role": "support"}
    assert two.service.get(f"/v1/exports/{asked['export_id']}", support)[0] == 404


@pytest.mark.parametrize("role", ["individual", "employee", "company-admin", "support"])
def test_nobody_but_an_administrator_asks_for_a_report(service: Service, story: Story, role: str) -> None:
    assert service.post_to("/v1/exports", None, story.claims("somebody", role))[0] == 404


def test_an_administrator_gets_no_export_of_a_company(two: Story) -> None:
    path = f"/v1/companies/{two.company}/exports"
    assert two.service.post_to(path, None, administrator(two))[0] == 404


def test_the_same_request_within_a_minute_is_the_same_report_also_after_a_new_certificate(two: Story) -> None:
    clock = Clock()
    for function in ("serve_api", "export_certificates"):
        two.service.use(function, now=clock)
    first = ask(two)[1]["export_id"]
    two.service.deliver("export_certificates")
    clock.advance(timedelta(seconds=30))
    assert ask(two)[1]["export_id"] == first
    clock.advance(timedelta(seconds=31))
    assert ask(two)[1]["export_id"] != first


def test_ten_reports_begin_in_an_hour_whichever_administrator_asks(story: Story) -> None:
    story.service.use("serve_api", now=lambda: datetime(2027, 3, 2, 12, 40, tzinfo=UTC))
    answers = [ask(story, f"number-{n}")[0] for n in range(MAX_PER_HOUR + 1)]
    assert answers == [202] * MAX_PER_HOUR + [429]


@pytest.mark.parametrize("items_per_page", [1, 2, 500])
def test_an_interrupted_report_continues_and_has_every_enrollment_once(two: Story, items_per_page: int) -> None:
    """Each run ends after a page, or after an enrollment within a page."""
    two.service.use("export_certificates", items_per_page=items_per_page)
    _, asked = ask(two)
    [message] = receive(two.service.url("Export"))
    answers = [handle(two.service, message, LambdaContext(remaining_ms=0)) for _ in range(60)]
    assert look(two, asked["export_id"])[1]["status"] == "done"
    assert answers.index(True) > 2
    in_csv, in_workbook = tables(archive_of(two, asked["export_id"]))
    assert in_csv == in_workbook
    assert sorted(row["holder"] for row in in_csv) == ["Ada Sample", "Ben Sample", "Cleo Sample"]


def test_a_report_reads_the_table_once_and_no_document(two: Story) -> None:
    ask(two)
    with noted() as requests:
        two.service.deliver("export_certificates")
    operations = [one.operation for one in requests]
    assert (operations.count("Scan"), operations.count("BatchGetItem")) == (1, 2)  # a recall, and the directory
    assert two.service.outputs["DocumentsBucketName"] not in {one.parameters.get("Bucket") for one in requests}


def test_a_report_of_too_many_enrollments_fails_and_says_so(two: Story) -> None:
    two.service.use("export_certificates", max_enrollments=2)
    report_id = ask(two)[1]["export_id"]
    two.service.deliver("export_certificates")
    found = look(two, report_id)[1]
    assert (found["status"], found["reason"], "url" in found) == ("failed", "too-many", False)


@pytest.fixture
def bucket(two: Story) -> str:
    """The provider's bucket for weekly reports."""
    name = two.id("reports")
    create(name)
    two.service.use("export_certificates", report_bucket=name)
    return name


def create(bucket: str) -> None:
    boto3.client("s3").create_bucket(Bucket=bucket, CreateBucketConfiguration={"LocationConstraint": "eu-west-1"})


def scheduled(service: Service, at: datetime) -> None:
    """Send what the schedule sends, and deliver it."""
    body = SCHEDULED["Target"]["Input"].replace("<aws.scheduler.scheduled-time>", at.isoformat(timespec="seconds"))
    service.post("Export", body)
    service.deliver("export_certificates")


def objects(bucket: str) -> dict[str, bytes]:
    s3 = boto3.client("s3")
    found = s3.list_objects_v2(Bucket=bucket).get("Contents", [])
    return {one["Key"]: s3.get_object(Bucket=bucket, Key=one["Key"])["Body"].read() for one in found}


def test_the_weekly_report_is_in_the_bucket_under_its_date(two: Story, bucket: str) -> None:
    now = datetime.now(UTC)
    scheduled(two.service, now)
    found = objects(bucket)
    assert sorted(found) == [f"reports/{now.date()}/records.csv", f"reports/{now.date()}/records.xlsx"]
    rows = list(csv.DictReader(io.StringIO(found[f"reports/{now.date()}/records.csv"].decode("utf-8-sig"))))
    assert sorted(row["holder"] for row in rows) == ["Ada Sample", "Ben Sample", "Cleo Sample"]


def test_the_weekly_report_has_the_date_of_its_schedule_also_if_it_is_made_on_the_next_day(
    two: Story, bucket: str
) -> None:
    at = datetime(2027, 3, 1, 23, 59, tzinfo=UTC)
    two.service.use("export_certificates", report_bucket=bucket, now=lambda: at + timedelta(hours=1))
    scheduled(two.service, at)
    assert sorted(objects(bucket)) == ["reports/2027-03-01/records.csv", "reports/2027-03-01/records.xlsx"]


def test_a_message_of_the_schedule_that_comes_twice_makes_one_report(two: Story, bucket: str) -> None:
    now = datetime.now(UTC)
    scheduled(two.service, now)
    with noted() as requests:
        scheduled(two.service, now)
    assert {one.operation for one in requests} & {"Scan", "PutObject"} == set()
    assert two.service.waiting("Export") == 0


def test_the_weekly_report_is_made_again_after_a_fault_of_the_bucket(two: Story, bucket: str) -> None:
    boto3.client("s3").delete_bucket(Bucket=bucket)
    scheduled(two.service, datetime.now(UTC))
    create(bucket)
    two.service.make_visible("Export")
    two.service.use("export_certificates", report_bucket=bucket, now=Clock(timedelta(minutes=12)))
    two.service.deliver("export_certificates")
    assert len(objects(bucket)) == 2


def test_nobody_gets_the_weekly_report_from_the_api(two: Story, bucket: str) -> None:
    now = datetime.now(UTC)
    scheduled(two.service, now)
    assert look(two, f"weekly-{now.date()}")[0] == 404


def test_a_report_that_an_administrator_asks_for_is_not_put_into_the_bucket(two: Story, bucket: str) -> None:
    assert len(reported(two)) == 3
    assert objects(bucket) == {}


def test_a_report_is_among_the_archives_that_an_erasure_deletes(two: Story) -> None:
    report_id = ask(two)[1]["export_id"]
    two.service.deliver("export_certificates")
    archives = Bucket(boto3.client("s3"), two.service.outputs["ExportsBucketName"])
    subjects = {version.subject for version in archives_with(archives, two.id("cleo"))[0]}
    assert [report_id in subject for subject in subjects] == [True]
    assert archives_with(archives, two.id("nobody"))[0] == []


def test_a_report_keeps_its_rows_a_thousand_at_a_time_so_that_a_saved_state_never_grows_with_it(two: Story) -> None:
    table = boto3.resource("dynamodb").Table(two.service.outputs["RecordsTableName"])
    item = table.get_item(Key=key_of(two, "cleo"))["Item"]
    with table.batch_writer() as writer:
        for number in range(1_000):
            writer.put_item(Item=item | key_of(two, f"cleo-{number}"))
    ask(two)
    with noted() as made:
        two.service.deliver("export_certificates")
    saved = [one.parameters["Body"] for one in made if one.operation == "PutObject"]
    assert [body.count(b'"training"') for body in saved if b'"training"' in body] == [1_000, 3]

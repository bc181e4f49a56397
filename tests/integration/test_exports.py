"""Company exports: complete, verifiable, resumable, for the admin who asked, and nobody else."""

import hashlib
import io
import itertools
import json
import resource
import time
import unicodedata
import zipfile
import zlib
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit

import boto3
import moto.s3.exceptions
import moto.s3.models
import pytest
from moto.dynamodb.models import dynamodb_backends

from earned.aws.dynamodb import access_log, enrollment_keys, enrollments, people
from earned.aws.dynamodb import exports as export_rows
from earned.aws.s3 import Archives
from earned.document.archive import Archive
from earned.document.tables import CSV, WORKBOOK
from earned.domain.certificate import CertificateContent, Issuance
from earned.domain.enrollment import CompletionRecord, Enrollment, EnrollmentKey
from earned.domain.exports import EVERYTHING, RETENTION, REUSE_WINDOW, STALL_TIMEOUT, Export, ExportStatus
from earned.domain.people import Account, Company, Role
from earned.domain.stamps import Stamp
from earned.domain.training import TrainingKind
from earned.testing.lambda_events import LambdaContext
from earned.testing.queues import receive
from earned.testing.service import ACCOUNT, REGION, Service, record_of
from tests.integration.clocks import Clock
from tests.integration.record_items import key_of
from tests.integration.wire_faults import (
    Killed,
    Request,
    client_of,
    denied,
    every_reply_lost_once,
    failing,
    happening,
    killed_at,
    noted,
    requests_pass,
)
from tools.operations.versions import Bucket, archives_with
from tools.story import NOON, Story, cloud_event

DAY = date(2026, 3, 2)
HOUR = timedelta(hours=1)


@pytest.fixture
def clock(service: Service) -> Clock:
    """The time of the API and of the export, for the test to advance."""
    clock = Clock()
    for function in ("serve_api", "export_certificates"):
        service.use(function, now=clock)
    return clock


@pytest.fixture
def company(service: Service, story: Story) -> Story:
    """A company of three whose certificates are issued, put there through the store and the documents' adapter."""
    people.save_company(Company(story.company, "Sample Lanterns"), Stamp(NOON))
    for account, name in (("ada", "Ada Sample"), ("bea", "Bea Sample"), ("cid", "Cid Sample")):
        give(story, account, name)
    return story


def give(story: Story, account: str, name: str, pdf: bytes | None = None, title: str = "Leading Well") -> str:
    """Give somebody a certificate; returns its id."""
    enrollment = story.enrollment_of(account)
    account_id = enrollment["account_id"]
    people.save_account(Account(account_id, Role.EMPLOYEE, name, f"{account}@example.com", story.company), Stamp(NOON))
    enrolled = Enrollment(EnrollmentKey(**enrollment), story.course, NOON, story.company)
    record = enrollments.enroll(enrolled, training_version=None, account_known=False)
    certificate_id = record.certificate_id
    printed = CertificateContent(
        certificate_id, name, title, TrainingKind.COURSE, DAY, None, None, "en", "https://v.example"
    )
    documents = story.service.apps["generate_certificate"].documents
    sha256 = documents.put(certificate_id, 1, pdf or f"%PDF {certificate_id}".encode(), "certificate.pdf").sha256
    enrollments.issue(record, Issuance(1, NOON, NOON, 1, "digest", sha256, printed, "request"))
    return certificate_id


def admin(story: Story, name: str = "admin") -> dict[str, str]:
    return story.claims(name, "company-admin")


def ask(story: Story, claims: dict[str, str] | None = None) -> tuple[int, dict[str, Any]]:
    return story.service.post_to(f"/v1/companies/{story.company}/exports", None, claims or admin(story))


def look(story: Story, export_id: str, claims: dict[str, str] | None = None) -> tuple[int, dict[str, Any]]:
    return story.service.get(f"/v1/companies/{story.company}/exports/{export_id}", claims or admin(story))


def make(story: Story) -> dict[str, Any]:
    """Ask for an export, have it made, and look at it."""
    _, asked = ask(story)
    story.service.deliver("export_certificates")
    status, found = look(story, asked["export_id"])
    assert (status, found["status"]) == (200, "done")
    return found


def fetch(story: Story, export_id: str) -> bytes:
    """The archive's bytes."""
    bucket = story.service.outputs["ExportsBucketName"]
    body: bytes = boto3.client("s3").get_object(Bucket=bucket, Key=f"exports/{export_id}.zip")["Body"].read()
    return body


def verified(body: bytes) -> dict[str, Any]:
    """The manifest, once every file in the archive was found to be what it says, and there is no other."""
    with zipfile.ZipFile(io.BytesIO(body)) as archive:
        assert archive.testzip() is None
        manifest: dict[str, Any] = json.loads(archive.read("manifest.json"))
        names = [line["file_name"] for line in manifest["files"]]
        assert sorted(archive.namelist()) == sorted([*names, "manifest.json", CSV, WORKBOOK])
        for line in manifest["files"]:
            document = archive.read(line["file_name"])
            assert (len(document), hashlib.sha256(document).hexdigest()) == (line["bytes"], line["sha256"])
    return manifest


def file_in(body: bytes, name: str) -> bytes:
    with zipfile.ZipFile(io.BytesIO(body)) as archive:
        return archive.read(name)


def test_an_export_holds_every_certificate_and_a_manifest_that_verifies(company: Story) -> None:
    found = make(company)
    manifest = verified(fetch(company, found["export_id"]))
    assert [line["file_name"] for line in manifest["files"]] == [
        f"Leading Well - {name} Sample - 2026-03-02.pdf" for name in ("Ada", "Bea", "Cid")
    ]
    assert [line["account_id"] for line in manifest["files"]] == [company.id(name) for name in ("ada", "bea", "cid")]
    assert {line["training_id"] for line in manifest["files"]} == {company.course}
    assert manifest["failures"] == found["failures"] == []
    assert found["count"] == 3


def test_an_export_is_queued_then_done_with_a_link_for_a_minute(company: Story) -> None:
    status, asked = ask(company)
    assert (status, asked["status"], asked["count"]) == (202, "queued", 0)
    assert "url" not in look(company, asked["export_id"])[1]
    company.service.deliver("export_certificates")
    link = urlsplit(look(company, asked["export_id"])[1]["url"])
    assert parse_qs(link.query)["X-Amz-Expires"] == ["60"]
    assert link.path.endswith(f"/exports/{asked['export_id']}.zip")
    assert "Sample" not in link.query


def test_an_archive_is_an_attachment_with_a_readable_name(company: Story) -> None:
    export_id = make(company)["export_id"]
    bucket = company.service.outputs["ExportsBucketName"]
    head = boto3.client("s3").head_object(Bucket=bucket, Key=f"exports/{export_id}.zip")
    today = datetime.now(UTC).date().isoformat()
    assert head["ContentDisposition"].startswith(f'attachment; filename="Certificates - Sample Lanterns - {today}.zip"')
    assert head["ContentType"] == "application/zip"


def test_the_archive_of_a_company_whose_name_is_unknown_is_named_by_its_id(story: Story) -> None:
    export_id = make(story)["export_id"]
    head = boto3.client("s3").head_object(
        Bucket=story.service.outputs["ExportsBucketName"], Key=f"exports/{export_id}.zip"
    )
    assert head["ContentDisposition"].startswith(f'attachment; filename="Certificates - {story.company} - ')


def test_the_archive_that_is_published_first_stays(service: Service, story: Story) -> None:
    archives = Archives(boto3.client("s3"), service.outputs["ExportsBucketName"])
    export_id = story.id("export")
    uploads = [archives.begin(export_id, "archive.zip") for _ in range(2)]
    tags = [archives.add_part(export_id, upload, 1, b"run %d" % run) for run, upload in enumerate(uploads)]
    for upload, tag in zip(uploads, tags, strict=True):
        archives.publish(export_id, upload, [tag])
    found = boto3.client("s3").get_object(Bucket=archives.bucket, Key=f"exports/{export_id}.zip")
    assert found["Body"].read() == b"run 0"


def test_a_link_to_an_archive_is_in_the_access_log(company: Story) -> None:
    export_id = make(company)["export_id"]
    table = boto3.resource("dynamodb").Table(company.service.outputs["AccessLogTableName"])
    [entry] = [item for item in table.scan()["Items"] if item["certificate"] == f"exports/{export_id}"]
    assert (entry["account"], entry["role"], entry["company"]) == (
        company.id("admin"),
        "company-admin",
        company.company,
    )


def test_no_link_is_handed_out_when_the_access_log_cannot_be_written(company: Story) -> None:
    export_id = make(company)["export_id"]
    with denied(client_of(access_log.AccessRow), "dynamodb.PutItem"):
        status, body = look(company, export_id)
    assert (status, body["type"]) == (500, "urn:earned:problem:fault")


@pytest.mark.parametrize(
    ("account", "role"),
    [("ada", "employee"), ("ivo", "individual"), ("adm-1", "administrator"), ("sup-1", "support")],
)
def test_only_a_company_admin_exports(company: Story, account: str, role: str) -> None:
    export_id = make(company)["export_id"]
    claims = company.claims(account, role)
    assert ask(company, claims)[0] == look(company, export_id, claims)[0] == 404


def test_an_export_is_for_the_admin_who_asked(company: Story) -> None:
    export_id = make(company)["export_id"]
    stranger = company.claims("admin", "company-admin", company.id("other-co"))
    nowhere = look(company, "nothing")
    assert nowhere[0] == 404
    assert look(company, export_id, admin(company, "colleague")) == nowhere
    assert look(company, export_id, stranger) == ask(company, stranger) == nowhere
    assert look(company, export_id, {"sub": company.id("admin"), "role": "company-admin"}) == nowhere
    elsewhere = f"/v1/companies/{company.id('other-co')}/exports/{export_id}"
    assert company.service.get(elsewhere, stranger) == nowhere


def test_two_admins_have_an_export_each(company: Story) -> None:
    assert ask(company)[1]["export_id"] != ask(company, admin(company, "colleague"))[1]["export_id"]


def test_asked_twice_it_is_made_once(company: Story) -> None:
    first, second = ask(company)[1], ask(company)[1]
    company.service.deliver("export_certificates")
    third = ask(company)[1]
    assert first["export_id"] == second["export_id"] == third["export_id"]
    assert third["status"] == "done"
    assert company.service.deliver("export_certificates") == []
    bucket = company.service.outputs["ExportsBucketName"]
    uploads = boto3.client("s3").list_multipart_uploads(Bucket=bucket).get("Uploads", [])
    assert [upload for upload in uploads if first["export_id"] in upload["Key"]] == []


def test_asked_at_the_same_time_it_is_made_once(company: Story) -> None:
    def overtaken(_: object) -> None:
        export_rows.add_export(Export(company.company, company.id("admin"), 1, "the-other", datetime.now(UTC)))

    with happening(overtaken, "PutItem"):
        assert ask(company)[1]["export_id"] == "the-other"


def test_a_request_whose_message_was_not_sent_sends_it_when_asked_again(company: Story) -> None:
    with failing(ConnectionError(), "SendMessageBatch"):
        assert ask(company)[0] == 500
    assert make(company)["count"] == 3


def test_an_export_of_more_than_a_minute_ago_is_made_again(company: Story, clock: Clock) -> None:
    first = make(company)
    clock.advance(REUSE_WINDOW)
    second = make(company)
    assert second["export_id"] != first["export_id"]
    assert look(company, first["export_id"])[1]["status"] == "done"


def test_certificates_that_are_revoked_withdrawn_or_not_issued_are_left_out(company: Story) -> None:
    service = company.service
    company.publish()
    company.schedule()
    company.save_account("dan", name="Dan Sample")
    company.enroll("dan", company.live_event)
    company.save_account("eve", name="Eve Sample")
    company.enroll("eve", company.course)
    service.settle()
    service.post("Attendance", company.mark("dan"))
    service.settle()
    assert len(company.certificates()) == 4
    service.post("Attendance", company.mark("dan", "absent", NOON + timedelta(hours=1)))
    company._directory("enrollment.removed", company.enrollment_of("ada"))
    company._directory("account.removed", {"account_id": company.id("bea")})
    service.settle()
    found = make(company)
    manifest = verified(fetch(company, found["export_id"]))
    assert [line["account_id"] for line in manifest["files"]] == [company.id("cid")]
    assert found["failures"] == []


def test_certificates_of_another_company_are_left_out(service: Service, company: Story) -> None:
    other = Story(service)
    give(other, "zoe", "Zoe Sample")
    assert make(company)["count"] == 3


def test_a_missing_and_a_differing_document_are_listed_and_the_rest_goes_on(company: Story) -> None:
    s3, bucket = boto3.client("s3"), company.service.outputs["DocumentsBucketName"]
    missing, differing = (certificate_id_of(company, account) for account in ("ada", "bea"))
    s3.delete_object(Bucket=bucket, Key=f"certificates/{missing}/1.pdf")
    s3.put_object(Bucket=bucket, Key=f"certificates/{differing}/1.pdf", Body=b"something else")
    found = make(company)
    manifest = verified(fetch(company, found["export_id"]))
    assert found["count"] == len(manifest["files"]) == 1
    assert [(one["certificate_id"], one["reason"]) for one in manifest["failures"]] == [
        (missing, "document-missing"),
        (differing, "document-differs"),
    ]
    assert found["failures"] == manifest["failures"]


def certificate_id_of(story: Story, account: str) -> str:
    record = enrollments.get_record(story.enrollment_of(account)["enrollment_id"])
    assert record is not None
    return record.certificate_id


def test_an_export_of_nothing_is_an_archive_with_an_empty_manifest(service: Service, story: Story) -> None:
    found = make(story)
    assert verified(fetch(story, found["export_id"])) == {"files": [], "failures": []}


def test_names_never_collide_and_lead_nowhere(service: Service, story: Story) -> None:
    names = [
        "Zoë Sample",
        "Zoe\u0308 Sample",
        "ZOË SAMPLE",
        "Straße",
        "STRASSE",
        "../../etc/x",
        "..\\..\\etc\\x",
        "試" * 90,
    ]
    for number, name in enumerate(names):
        give(story, f"person-{number}", name)
    manifest = verified(fetch(story, make(story)["export_id"]))
    files = [line["file_name"] for line in manifest["files"]]
    assert len({unicodedata.normalize("NFD", name).casefold() for name in files}) == len(names)
    assert files[1] == "Leading Well - Zoe\u0308 Sample - 2026-03-02 (2).pdf"
    assert files[2] == "Leading Well - ZOË SAMPLE - 2026-03-02 (3).pdf"
    assert not any(set(name) & set('/\\:*?"<>|') or name in {".", ".."} for name in files)
    assert max(len(name.encode()) for name in files) <= 255


def test_the_same_certificates_make_the_same_archive(company: Story, clock: Clock) -> None:
    one = fetch(company, make(company)["export_id"])
    clock.advance(REUSE_WINDOW)
    two = fetch(company, make(company)["export_id"])
    with zipfile.ZipFile(io.BytesIO(one)) as first, zipfile.ZipFile(io.BytesIO(two)) as second:
        assert first.namelist() == second.namelist()
    assert verified(one) == verified(two)


@pytest.fixture
def small_parts(company: Story, clock: Clock, monkeypatch: pytest.MonkeyPatch) -> Story:
    """Five documents in four parts."""
    monkeypatch.setattr(moto.s3.models, "S3_UPLOAD_PART_MIN_SIZE", 1)
    company.service.use("export_certificates", part_size=1500, now=clock)
    for number in range(2):
        give(company, f"more-{number}", "Max Sample", bytes(1200))
    return company


class InAHurry(LambdaContext):
    """Time runs out whenever the function has asked for it so many times."""

    def __init__(self, times: int) -> None:
        super().__init__()
        self._asked = itertools.cycle(range(times, 0, -1))

    def get_remaining_time_in_millis(self) -> int:
        return 0 if next(self._asked) == 1 else 60_000


def handle(service: Service, message: dict[str, Any], context: LambdaContext) -> bool:
    """Hand one message to the function; says whether it may be deleted."""
    event = {"Records": [record_of(message)]}
    answer = service.handlers["export_certificates"](event, context)
    return not answer["batchItemFailures"]


def deliver_once(service: Service, context: LambdaContext | None = None) -> None:
    """Deliver one message, if there is one; it comes again when the process is killed."""
    url = service.url("Export")
    for message in receive(url)[:1]:
        if handle(service, message, context or LambdaContext()):
            boto3.client("sqs").delete_message(QueueUrl=url, ReceiptHandle=message["ReceiptHandle"])


def test_a_person_is_found_in_an_upload_from_its_first_part_on(small_parts: Story) -> None:
    service = small_parts.service
    ask(small_parts)
    with pytest.raises(Killed), killed_at(1, "UploadPart", after=True):
        deliver_once(service)
    _, uploads = archives_with(Bucket(boto3.client("s3"), service.outputs["ExportsBucketName"]), small_parts.id("ada"))
    assert len(uploads) == 1


def test_killed_between_any_two_calls_and_delivered_again_it_is_whole(small_parts: Story, clock: Clock) -> None:
    service = small_parts.service
    ask(small_parts)
    with noted() as undisturbed:
        deliver_once(service)
    assert [request.operation for request in undisturbed].count("UploadPart") > 3
    for at in range(2, len(undisturbed) + 1):  # the first receives the message
        clock.advance(HOUR)
        export_id = ask(small_parts)[1]["export_id"]
        with pytest.raises(Killed), killed_at(at):
            deliver_once(service)
        service.make_visible("Export")
        deliver_once(service)
        found = look(small_parts, export_id)[1]
        assert (found["status"], found["count"]) == ("done", 5)
        assert len(verified(fetch(small_parts, export_id))["files"]) == 5


def test_with_every_reply_lost_once_it_is_whole(small_parts: Story) -> None:
    with every_reply_lost_once():
        export_id = ask(small_parts)[1]["export_id"]
    [message, *_] = receive(small_parts.service.url("Export"))
    with every_reply_lost_once():
        handle(small_parts.service, message, LambdaContext())
    assert len(verified(fetch(small_parts, export_id))["files"]) == 5


def test_nothing_appears_before_it_is_whole(small_parts: Story) -> None:
    export_id = ask(small_parts)[1]["export_id"]
    context = InAHurry(2)
    for count in (2, 4, 5):
        deliver_once(small_parts.service, context)
        found = look(small_parts, export_id)[1]
        assert (found["status"], found["count"], "url" in found) == ("running", count, False)
        with pytest.raises(Exception, match="NoSuchKey"):
            fetch(small_parts, export_id)
    deliver_once(small_parts.service, context)
    assert len(verified(fetch(small_parts, export_id))["files"]) == 5


def test_a_run_that_runs_out_of_time_hands_over_and_the_archive_is_the_same(small_parts: Story, clock: Clock) -> None:
    service = small_parts.service
    at_once = fetch(small_parts, make(small_parts)["export_id"])
    clock.advance(REUSE_WINDOW)
    export_id = ask(small_parts)[1]["export_id"]
    with noted() as requests:
        runs = service.deliver("export_certificates", context=InAHurry(2))
    in_four_runs = fetch(small_parts, export_id)
    assert len(runs) == 4
    assert "SendMessageBatch" not in {request.operation for request in requests}
    assert verified(in_four_runs) == verified(at_once)
    assert len(file_in(in_four_runs, CSV).splitlines()) == 6
    assert file_in(in_four_runs, CSV) == file_in(at_once, CSV)


def test_a_run_that_never_gets_on_is_given_up_after_five_deliveries(small_parts: Story, clock: Clock) -> None:
    export_id = ask(small_parts)[1]["export_id"]
    runs = small_parts.service.deliver("export_certificates", context=LambdaContext(remaining_ms=0))
    assert len(runs) == 5
    assert receive(small_parts.service.url("Export")) == []
    assert len(receive(small_parts.service.outputs["ExportDeadLetterQueueUrl"])) == 1
    clock.advance(STALL_TIMEOUT + timedelta(minutes=3))
    assert look(small_parts, export_id)[1]["status"] == "failed"


def test_a_run_leaves_an_export_alone_that_another_is_at_work_on(company: Story) -> None:
    export_id = ask(company)[1]["export_id"]
    [export] = export_rows.exports_of(company.company, company.id("admin"))
    now = datetime.now(UTC)
    export_rows.claim_export(export, "another", now, now + timedelta(minutes=2))
    [response] = company.service.deliver("export_certificates")
    assert len(response["batchItemFailures"]) == 1
    assert look(company, export_id)[1]["status"] == "running"
    ask(company)
    assert company.service.deliver("export_certificates") == []


def test_parts_of_two_runs_are_never_mixed(small_parts: Story) -> None:
    export_id = ask(small_parts)[1]["export_id"]

    def meddle(publishing: Request) -> None:
        where = {name: publishing.parameters[name] for name in ("Bucket", "Key", "UploadId")}
        boto3.client("s3").upload_part(**where, PartNumber=1, Body=b"a part of another run")

    with happening(meddle, "CompleteMultipartUpload"):
        small_parts.service.deliver("export_certificates")
    assert look(small_parts, export_id)[1]["status"] == "running"
    small_parts.service.make_visible("Export")
    small_parts.service.deliver("export_certificates")
    assert look(small_parts, export_id)[1]["status"] == "done"
    assert len(verified(fetch(small_parts, export_id))["files"]) == 5


def upload_part_as_s3_does(backend: Any, bucket_name: str, multipart_id: str, part_id: int, value: bytes) -> Any:
    """S3 says that there is no such upload, where moto stumbles."""
    uploads = backend.get_bucket(bucket_name).multiparts
    if multipart_id not in uploads:
        raise moto.s3.exceptions.NoSuchUpload(upload_id=multipart_id)
    return uploads[multipart_id].set_part(part_id, value)


def test_an_upload_that_went_away_is_begun_anew(small_parts: Story, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(moto.s3.models.S3Backend, "upload_part", upload_part_as_s3_does)
    export_id = ask(small_parts)[1]["export_id"]
    deliver_once(small_parts.service, LambdaContext(remaining_ms=0))
    s3, bucket = boto3.client("s3"), small_parts.service.outputs["ExportsBucketName"]
    for upload in s3.list_multipart_uploads(Bucket=bucket)["Uploads"]:
        s3.abort_multipart_upload(Bucket=bucket, Key=upload["Key"], UploadId=upload["UploadId"])
    for _ in range(2):
        small_parts.service.make_visible("Export")
        small_parts.service.deliver("export_certificates")
    assert len(verified(fetch(small_parts, export_id))["files"]) == 5


def test_a_message_that_is_none_of_ours_is_quarantined(service: Service) -> None:
    service.post("Export", '{"company_id": 1}')
    service.deliver("export_certificates")
    assert service.quarantined("Export") == [("not-an-export-request", '{"company_id": 1}')]


@pytest.mark.parametrize(
    ("changes", "after", "status", "answers"),
    [
        ({}, timedelta(0), "queued", True),
        ({}, 2 * HOUR, "failed", False),
        ({"lease_until": NOON + HOUR}, 2 * HOUR, "running", True),
        ({"lease_until": NOON + HOUR}, 3 * HOUR, "failed", False),
        ({"finished_at": NOON + HOUR}, HOUR, "done", True),
        ({"finished_at": NOON + HOUR}, 2 * HOUR, "done", False),
        ({"finished_at": NOON + HOUR}, 24 * HOUR, "failed", False),
        ({"finished_at": NOON, "recalled_at": NOON - timedelta(milliseconds=1)}, timedelta(0), "done", True),
        ({"finished_at": NOON, "recalled_at": NOON}, timedelta(0), "failed", False),
    ],
)
def test_how_an_export_stands(changes: dict[str, Any], after: timedelta, status: str, answers: bool) -> None:
    export = Export("co-1", "adm-1", 1, "export-1", NOON, **changes)
    assert export.status(NOON + after) is ExportStatus(status)
    assert export.is_reusable(EVERYTHING, NOON + after) is answers


def test_an_expired_export_is_not_continued(company: Story, clock: Clock) -> None:
    export_id = ask(company)[1]["export_id"]
    clock.advance(RETENTION)
    company.service.deliver("export_certificates")
    assert look(company, export_id)[1]["status"] == "failed"
    bucket = company.service.outputs["ExportsBucketName"]
    assert boto3.client("s3").list_objects_v2(Bucket=bucket)["KeyCount"] == 0


def at_offset(archive: Archive, offset: int) -> Archive:
    archive.state.size = offset
    return archive


def test_an_archive_may_pass_four_gigabytes() -> None:
    beyond = 5 * 1024**3
    archive = at_offset(Archive.begin("upload"), beyond)
    printed = CertificateContent(
        "c", "Ada Sample", "Leading Well", TrainingKind.COURSE, DAY, None, None, "en", "https://v.example"
    )
    issue = Issuance(1, NOON, NOON, 1, "digest", hashlib.sha256(b"%PDF").hexdigest(), printed, "request")
    record = CompletionRecord("e", "a", training_id="t", certificate_id="c", enrolled_at=NOON)
    archive.add(record, issue, "ada.pdf", b"%PDF")
    archive.close(NOON, {})

    class Sparse(io.BytesIO):
        def seek(self, position: int, whence: int = 0) -> int:
            return super().seek(max(0, position - beyond) if whence == 0 else position, whence) + beyond

        def tell(self) -> int:
            return super().tell() + beyond

    with zipfile.ZipFile(Sparse(archive.take_part(10**6))) as whole:
        assert whole.read("ada.pdf") == b"%PDF"


def multiply(story: Story, account: str, pdf: bytes, times: int) -> None:
    """Give a thousand others what one has; written past the store, since moto takes 20 ms for an update."""
    service = story.service
    table = boto3.resource("dynamodb").Table(service.outputs["RecordsTableName"])
    item: dict[str, Any] = table.get_item(Key=key_of(story, account))["Item"]
    issued = zlib.decompress(bytes(item["issue"])).decode()
    documents = service.apps["generate_certificate"].documents
    with table.batch_writer() as batch:
        for number in range(times):
            person = f"{account}-{number:05}"
            certificate_id = enrollment_keys.new_certificate_id(story.enrollment_of(person)["enrollment_id"])
            issue = issued.replace(item["c"], certificate_id).replace("Ada", f"Ada {number % 400}")
            changed = {"c": certificate_id, "issue": zlib.compress(issue.encode())}
            batch.put_item(Item=item | key_of(story, person) | changed)
            documents.put(certificate_id, 1, pdf, "certificate.pdf")


def forget(story: Story) -> None:
    """Remove the many, which would slow down every test that comes after: moto looks through all items of a table."""
    backend = dynamodb_backends[ACCOUNT][REGION]
    items = backend.tables[story.service.outputs["RecordsTableName"]].items
    for key in [key for key, of_key in items.items() if any(story.tag in sort.value for sort in of_key)]:
        del items[key]


def resident() -> float:
    """How much memory this process has, in MiB."""
    pages = int(Path("/proc/self/statm").read_text().split()[1])
    return pages * resource.getpagesize() / 1024**2


class OnDisk:
    """In place of S3 for the archive's parts, which moto would keep in the memory that is measured, in MiB."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self.resident = [resident()]

    def answer(self, request: Request) -> Any:
        match request.operation:
            case "UploadPart":
                return {"ETag": self._add(request.parameters["PartNumber"], request.parameters["Body"])}
            case "CompleteMultipartUpload":
                return {}
        return request.send()

    def _add(self, number: int, body: bytes) -> str:
        assert len(body) >= 5 * 1024**2 or number == 8
        self.resident.append(resident())  # the most there is: a part, and what it was cut from
        with self.path.open("ab") as file:
            file.write(body)
        return "tag"


def test_a_thousand_certificates_take_a_small_part_of_the_functions_memory(
    service: Service, story: Story, tmp_path: Path
) -> None:
    pdf = bytes(range(256)) * 240  # 60 KiB, as a certificate has
    give(story, "ada", "Ada Sample", pdf)
    multiply(story, "ada", pdf, 999)
    disk = OnDisk(tmp_path / "export.zip")
    ask(story)
    begun = time.perf_counter()
    with requests_pass(disk.answer):
        service.deliver("export_certificates")
    seconds, grown = time.perf_counter() - begun, max(disk.resident) - disk.resident[0]
    manifest = verified(disk.path.read_bytes())
    print(f"1,000 certificates: {seconds:.1f} s, {grown:.0f} MiB more than before")  # noqa: T201  # for pytest -rP
    assert (len(manifest["files"]), manifest["failures"]) == (1000, [])
    assert grown < 100
    forget(story)


def test_a_checkpoint_is_made_every_thousand_people_also_without_a_document_and_holds_none_twice(story: Story) -> None:
    """With everything so far in each checkpoint, what an export writes would grow with the square of its people."""
    story.directory()
    story.save_account("ada")
    story.enroll("ada")
    story.service.settle()
    table = boto3.resource("dynamodb").Table(story.service.outputs["RecordsTableName"])
    item = table.get_item(Key=key_of(story, "ada"))["Item"]
    with table.batch_writer() as batch:
        for number in range(2_100):
            batch.put_item(Item=item | key_of(story, f"ada-{number:05}"))
    saved: list[tuple[str, bytes]] = []

    def note(request: Request) -> Any:
        if request.operation == "PutObject":
            saved.append((request.parameters["Key"].rpartition(".")[2], bytes(request.parameters["Body"])))
        return request.send()

    ask(story)
    with requests_pass(note):
        story.service.deliver("export_certificates")
    segments = [len(json.loads(body)["lines"]) for kind, body in saved if kind == "segment"]
    assert segments == [1_000, 1_000, 101]
    states = [body.partition(b"\n")[0] for kind, body in saved if kind == "checkpoint"]  # before what no part has yet
    assert max(map(len, states)) < 1_000
    forget(story)


# What an export contains, and whether it still stands.


def ask_for(story: Story, **scope: Any) -> tuple[int, dict[str, Any]]:
    return story.service.post_to(f"/v1/companies/{story.company}/exports", scope, admin(story))


def exported_accounts(story: Story, **scope: Any) -> list[str]:
    status, asked = ask_for(story, **scope)
    assert status == 202
    story.service.deliver("export_certificates")
    return [line["account_id"] for line in verified(fetch(story, asked["export_id"]))["files"]]


def withdraw(story: Story, account: str) -> None:
    story.service.post("Directory", cloud_event("enrollment.removed", story.enrollment_of(account)))
    story.service.settle()


def test_an_export_made_before_a_removal_is_not_handed_out(company: Story) -> None:
    export_id = make(company)["export_id"]
    withdraw(company, "ada")
    status, found = look(company, export_id)
    assert (status, found["status"], found["reason"]) == (200, "failed", "out-of-date")
    assert "url" not in found
    assert ask(company)[1]["export_id"] != export_id
    again = make(company)
    assert "reason" not in again
    assert len(verified(fetch(company, again["export_id"]))["files"]) == 2


@pytest.mark.parametrize("removed", ["account", "enrollment"])
def test_an_export_is_not_handed_out_from_the_moment_of_a_removal(company: Story, removed: str) -> None:
    """The certificate's withdrawal is announced later, by another function."""
    export_id = make(company)["export_id"]
    company.service.post("Directory", cloud_event(f"{removed}.removed", company.enrollment_of("ada")))
    company.service.deliver("record_directory")
    assert look(company, export_id)[1]["reason"] == "out-of-date"


def test_an_export_made_before_a_revocation_is_not_handed_out(service: Service, story: Story) -> None:
    story.directory()
    story.save_account("ada")
    story.enroll("ada", story.live_event)
    service.settle()
    service.post("Attendance", story.mark("ada"))
    service.settle()
    export_id = make(story)["export_id"]
    service.post("Attendance", story.mark("ada", "absent", NOON + timedelta(minutes=1)))
    service.settle()
    assert look(story, export_id)[1]["reason"] == "out-of-date"


def test_the_latest_recall_counts_in_whatever_order_they_are_noted(service: Service) -> None:
    export_rows.add_export(Export("co-1", "adm-1", 1, "export-1", NOON))
    for recalled_at in (NOON - HOUR, NOON + HOUR, NOON):
        export_rows.note_recall("co-1", recalled_at)
    [export] = export_rows.exports_of("co-1", "adm-1")
    assert export.recalled_at == NOON + HOUR


def test_a_removal_in_another_company_leaves_an_export_as_it_is(company: Story, service: Service) -> None:
    export_id = make(company)["export_id"]
    other = Story(service)
    people.save_company(Company(other.company, "Sample Boats"), Stamp(NOON))
    give(other, "eve", "Eve Sample")
    withdraw(other, "eve")
    assert look(company, export_id)[1]["status"] == "done"


def test_an_export_asked_for_again_is_another_once_a_certificate_was_issued(company: Story) -> None:
    export_id = make(company)["export_id"]
    assert ask(company)[1]["export_id"] == export_id
    certificate_id = give(company, "dee", "Dee Sample")
    record = enrollments.get_record(company.enrollment_of("dee")["enrollment_id"])
    assert record is not None
    assert record.issue is not None
    enrollments.issue(record, replace(record.issue, revision=2, reissued_at=datetime.now(UTC)))
    company.service.apps["generate_certificate"].documents.put(
        certificate_id, 2, f"%PDF {certificate_id}".encode(), "certificate.pdf"
    )
    again = make(company)
    assert again["export_id"] != export_id
    assert again["count"] == 4


def test_an_archive_has_the_document_of_the_newest_revision(company: Story) -> None:
    record = enrollments.get_record(company.id("enr-ada"))
    assert record is not None
    assert record.issue is not None
    documents = company.service.apps["generate_certificate"].documents
    sha256 = documents.put(record.certificate_id, 2, b"%PDF corrected", "certificate.pdf").sha256
    enrollments.issue(record, replace(record.issue, revision=2, document_sha256=sha256))
    archive = fetch(company, make(company)["export_id"])
    assert verified(archive)["failures"] == []
    assert file_in(archive, "Leading Well - Ada Sample - 2026-03-02.pdf") == b"%PDF corrected"


def test_a_file_in_an_archive_has_the_time_at_which_its_revision_was_issued(company: Story) -> None:
    certificate_id = give(company, "dee", "Dee Sample")
    record = enrollments.get_record(company.enrollment_of("dee")["enrollment_id"])
    assert record is not None
    assert record.issue is not None
    enrollments.issue(record, replace(record.issue, revision=2, reissued_at=NOON + timedelta(days=2, seconds=4)))
    company.service.apps["generate_certificate"].documents.put(
        certificate_id, 2, f"%PDF {certificate_id}".encode(), "certificate.pdf"
    )
    with zipfile.ZipFile(io.BytesIO(fetch(company, make(company)["export_id"]))) as archive:
        times = {info.filename: info.date_time for info in archive.infolist() if info.filename.endswith(".pdf")}
    later = {name: (2026, 3, 4, 12, 0, 4) if "Dee" in name else (2026, 3, 2, 12, 0, 0) for name in times}
    assert len(times) == 4
    assert times == later


def test_an_export_asked_for_with_another_body_is_another(company: Story) -> None:
    first = ask_for(company, training_id=company.course)[1]["export_id"]
    assert ask_for(company, training_id=company.course)[1]["export_id"] == first
    assert ask_for(company, account_ids=[company.id("ada")])[1]["export_id"] != first


def test_an_export_of_the_same_accounts_in_another_order_is_the_same(company: Story) -> None:
    ada, bea = company.id("ada"), company.id("bea")
    first = ask_for(company, account_ids=[ada, bea])[1]["export_id"]
    assert ask_for(company, account_ids=[bea, ada, bea])[1]["export_id"] == first


@pytest.mark.parametrize(
    ("scope", "names"),
    [
        ({}, ["ada", "bea", "cid"]),
        ({"issued_from": "2026-03-02", "issued_to": "2026-03-02"}, ["ada", "bea", "cid"]),
        ({"issued_from": "2026-03-02T12:00:00Z", "issued_to": "2026-03-02T12:00:00Z"}, ["ada", "bea", "cid"]),
        ({"issued_from": "2026-03-02T12:00:00.001Z"}, []),
        ({"issued_to": "2026-03-01"}, []),
        ({"training_id": "another"}, []),
        ({"account_ids": []}, []),
    ],
    ids=str,
)
def test_an_export_contains_what_its_body_names(company: Story, scope: dict[str, Any], names: list[str]) -> None:
    assert exported_accounts(company, **scope) == [company.id(name) for name in names]


def test_an_export_of_some_accounts_contains_theirs_and_no_other_companys(company: Story, service: Service) -> None:
    other = Story(service)
    give(other, "eve", "Eve Sample")
    wanted = [company.id("cid"), company.id("ada"), other.id("eve")]
    assert exported_accounts(company, account_ids=wanted) == [company.id("ada"), company.id("cid")]


@pytest.mark.parametrize(
    "body",
    [
        {"issued_from": "2026-03-03", "issued_to": "2026-03-02"},
        {"account_ids": ["a"] * 1_001},
        {"account_ids": ["not an id"]},
        {"issued_from": "2026-03-02T12:00:00"},
        {"issued_from": 20_000},
        {"issued_to": "1772452800"},
        {"issued_to": "2026-03-02T00:00:00"},
    ],
    ids=["reversed", "too many accounts", "no id", "no offset", "a number", "a number as text", "midnight, no offset"],
)
def test_a_body_that_names_nothing_sensible_is_refused(company: Story, body: dict[str, Any]) -> None:
    status, problem = ask_for(company, **body)
    assert status == 400
    assert problem["type"].startswith("urn:earned:problem:")

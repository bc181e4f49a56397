"""A download link names the version that was issued, also after documents were lost, replaced or copied back."""

import json
import zlib
from typing import Any
from urllib.parse import parse_qs, urlsplit

import boto3
import pytest

from earned.aws.dynamodb import enrollments
from earned.aws.s3 import Documents
from earned.domain.certificate import Issuance
from earned.testing.service import Service
from tests.integration.record_items import key_of
from tests.integration.wire_faults import Killed, failing, happening, killed_at, noted, refused
from tools.story import NOON, Story, cloud_event

pytestmark = pytest.mark.usefixtures("versions")

ADMIN = "admin"


@pytest.fixture
def issued(service: Service, story: Story) -> Story:
    """Ada has her certificate."""
    complete(story)
    service.settle()
    service.announcements()
    return story


def complete(story: Story) -> None:
    """Let Ada finish the course; her generation request waits."""
    story.directory()
    story.save_account("ada")
    story.enroll("ada")
    story.service.settle()
    story.service.post("Progress", *story.do("ada", "read", "watch", "quiz"))
    story.service.deliver("record_progress")


def bucket_of(story: Story) -> str:
    return story.service.outputs["DocumentsBucketName"]


def key_of_document(story: Story) -> str:
    [key] = story.own_documents()
    return key


def current_version(story: Story) -> str:
    head = boto3.client("s3").head_object(Bucket=bucket_of(story), Key=key_of_document(story))
    return head["VersionId"]


def linked_version(story: Story) -> str | None:
    """The version that the company admin's link names."""
    [certificate] = story.certificates()
    path = f"/v1/certificates/{certificate['certificate_id']}/download"
    status, answer = story.service.get(path, story.claims(ADMIN, "company-admin"))
    assert status == 200
    return parse_qs(urlsplit(answer["url"]).query).get("versionId", [None])[0]


def issue_of(story: Story) -> Issuance:
    record = enrollments.get_record(story.id("enr-ada"))
    assert record is not None
    assert record.issue is not None
    return record.issue


def set_version(story: Story, version: str | None) -> None:
    """Let the record name another version, or none as the release before did."""
    table = boto3.resource("dynamodb").Table(story.service.outputs["RecordsTableName"])
    item = table.get_item(Key=key_of(story, "ada"))["Item"]
    issue = json.loads(zlib.decompress(bytes(item["issue"])))  # type: ignore[arg-type]  # an attribute is of any type
    issue = {name: value for name, value in issue.items() if name != "document_version"}
    issue |= {"document_version": version} if version else {}
    table.put_item(Item=item | {"issue": zlib.compress(json.dumps(issue).encode())})


def copy_back(story: Story, **checksum: Any) -> None:
    """Delete every version of the document, and put its bytes there again, as a restore of the bucket does."""
    s3, bucket, key = boto3.client("s3"), bucket_of(story), key_of_document(story)
    body = story.own_documents()[key]
    for version in s3.list_object_versions(Bucket=bucket, Prefix=key)["Versions"]:
        s3.delete_object(Bucket=bucket, Key=key, VersionId=version["VersionId"])
    s3.put_object(Bucket=bucket, Key=key, Body=body, **checksum)


def swept(story: Story) -> dict[str, Any]:
    found: dict[str, Any] = story.service.sweep(everything=True)["findings"]
    return found


def diagnosed(story: Story) -> tuple[bool, bool]:
    """Whether support sees the document as present and as intact."""
    support = {"sub": "sup-1", "role": "support"}
    _, page = story.service.get("/v1/diagnoses", support, account_id=story.id("ada"))
    [found] = page["items"]
    return found["certificate"]["document_present"], found["certificate"]["document_intact"]


def test_a_link_opens_the_issued_bytes_after_others_took_their_place(issued: Story) -> None:
    [(key, document)] = issued.own_documents().items()
    s3, bucket, version = boto3.client("s3"), bucket_of(issued), current_version(issued)
    s3.put_object(Bucket=bucket, Key=key, Body=b"%PDF-1.7 forged")
    linked = linked_version(issued)
    assert linked == version
    assert s3.get_object(Bucket=bucket, Key=key, VersionId=version)["Body"].read() == document
    assert diagnosed(issued) == (True, True)
    assert swept(issued) == {"document-differs": 1}


def test_a_link_opens_a_document_behind_a_delete_marker(issued: Story) -> None:
    key, version = key_of_document(issued), current_version(issued)
    boto3.client("s3").delete_object(Bucket=bucket_of(issued), Key=key)
    assert linked_version(issued) == version
    assert diagnosed(issued) == (True, True)


def test_a_record_of_the_release_before_gets_a_link_to_the_current_version(issued: Story) -> None:
    set_version(issued, None)
    assert linked_version(issued) is None
    assert swept(issued) == {}
    boto3.client("s3").put_object(Bucket=bucket_of(issued), Key=key_of_document(issued), Body=b"%PDF-1.7 forged")
    assert diagnosed(issued) == (True, False)


def test_a_bucket_without_versions_gives_links_without_one(issued: Story) -> None:
    s3 = boto3.client("s3")
    s3.create_bucket(Bucket="plain", CreateBucketConfiguration={"LocationConstraint": "eu-west-1"})
    documents = Documents(s3, "plain")
    stored = documents.put("cert", 1, b"%PDF", "x.pdf")
    assert stored.version is None
    assert documents.put("cert", 1, b"%PDF", "x.pdf") == stored
    assert "versionId" not in documents.link("cert", 1, stored.version)


def test_a_redelivery_after_a_kill_issues_the_version_that_was_put(service: Service, story: Story) -> None:
    complete(story)
    with pytest.raises(Killed), killed_at(1, "PutObject", after=True):
        service.deliver("generate_certificate")
    service.make_visible("Generation")
    service.settle()
    assert linked_version(story) == current_version(story)
    assert len(story.own_documents()) == 1


@pytest.mark.parametrize("checksum", [{"ChecksumAlgorithm": "SHA256"}, {}], ids=["with checksum", "without"])
def test_the_sweep_has_the_version_of_a_document_that_was_copied_back_recorded(
    issued: Story, checksum: dict[str, str]
) -> None:
    before = issue_of(issued)
    copy_back(issued, **checksum)
    assert diagnosed(issued) == (False, False)
    with noted() as made:
        assert swept(issued) == {"other-version": 1}
        of_sweep = len(made)
        issued.service.settle()
    own = [one.operation for one in made[of_sweep:]]
    hashed = [] if checksum else ["GetObject"]
    assert own == ["BatchGetItem", "PutObject", "HeadObject", *hashed, "UpdateItem"]
    assert not any("VersionId" in one.parameters for one in made)  # only the API's role may name one
    assert linked_version(issued) == current_version(issued)
    assert diagnosed(issued) == (True, True)
    after = issue_of(issued)
    assert (after.revision, after.document_sha256, after.issued_at) == (1, before.document_sha256, before.issued_at)
    assert issued.service.announcements() == []
    assert swept(issued) == {}


def test_a_document_that_is_made_again_is_linked_by_its_new_version(issued: Story) -> None:
    before = current_version(issued)
    boto3.client("s3").delete_object(Bucket=bucket_of(issued), Key=key_of_document(issued))
    assert swept(issued) == {"issued-without-document": 1}
    issued.service.settle()
    assert linked_version(issued) == current_version(issued) != before
    assert swept(issued) == {}


def test_a_version_of_another_bucket_is_not_named_and_the_sweep_has_it_replaced(issued: Story) -> None:
    set_version(issued, f"0badcafe.{current_version(issued)}")
    assert linked_version(issued) is None
    assert diagnosed(issued) == (True, True)
    assert swept(issued) == {"other-version": 1}
    issued.service.settle()
    assert linked_version(issued) == current_version(issued)


@pytest.mark.parametrize("code", ["NoSuchKey", "NoSuchVersion", "404"])
def test_each_answer_of_s3_for_a_document_that_is_gone_is_a_missing_document(issued: Story, code: str) -> None:
    with failing(refused(code, "GetObject"), "GetObject"):
        assert diagnosed(issued) == (False, False)
    assert diagnosed(issued) == (True, True)


@pytest.mark.parametrize("code", ["AccessDenied", "SlowDown", "ExpiredToken"])
def test_a_document_that_s3_refuses_to_hand_over_is_not_called_missing(issued: Story, code: str) -> None:
    query = {"account_id": issued.id("ada")}
    with failing(refused(code, "GetObject"), "GetObject"):
        assert issued.service.get("/v1/diagnoses", {"sub": "sup-1", "role": "support"}, **query)[0] == 500


def test_a_certificate_withdrawn_while_its_version_is_looked_up_stays_as_it_was(issued: Story) -> None:
    before = issue_of(issued)
    copy_back(issued)
    assert swept(issued) == {"other-version": 1}

    def withdraw(_: object) -> None:
        issued.service.post("Directory", cloud_event("enrollment.removed", issued.enrollment_of("ada"), NOON))
        issued.service.deliver("record_directory")

    with happening(withdraw, "HeadObject", after=True):
        issued.service.settle()
    assert issue_of(issued) == before
    assert [event["type"] for event in issued.service.announcements()] == ["earned.certificate.withdrawn.v1"]

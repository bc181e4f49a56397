"""Links to documents and archives: each is in the access log before it is handed out, by whichever route."""

import json
from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any

import boto3
import pytest
import time_machine

from earned.aws.dynamodb import access_log
from earned.testing.service import Service
from tests.integration.wire_faults import client_of, denied
from tools.story import NOON, Story, cloud_event

AT = NOON + timedelta(hours=3, milliseconds=250)
THREE_YEARS = timedelta(days=3 * 365)
Request = tuple[str, str]  # method and path


def download(story: Story, _export_id: str) -> Request:
    [certificate] = story.certificates()
    return "GET", f"/v1/certificates/{certificate['certificate_id']}/download"


def new_export(story: Story, _export_id: str) -> Request:
    return "POST", f"/v1/companies/{story.company}/exports"


def export(story: Story, export_id: str) -> Request:
    return "GET", f"/v1/companies/{story.company}/exports/{export_id}"


def new_report(_story: Story, _export_id: str) -> Request:
    return "POST", "/v1/exports"


def report(_story: Story, export_id: str) -> Request:
    return "GET", f"/v1/exports/{export_id}"


# By operation: the request, and whether its answer has a link (a new export is not done).
WAYS: dict[str, tuple[Callable[[Story, str], Request], bool]] = {
    "download_certificate": (download, True),
    "create_export": (new_export, False),
    "get_export": (export, True),
    "create_report": (new_report, False),
    "get_report": (report, False),
}


@pytest.fixture
def exported(service: Service, story: Story) -> tuple[Story, str]:
    """Ada's certificate is issued and exported; with the export's id."""
    with time_machine.travel(AT, tick=False):
        story.directory()
        story.save_account("ada")
        story.enroll("ada")
        service.settle()
        service.post("Progress", *story.do("ada", "read", "watch", "quiz"))
        service.settle()
        _, asked = service.post_to(new_export(story, "")[1], None, admin(story))
        service.settle()
    return story, asked["export_id"]


def admin(story: Story) -> dict[str, str]:
    return story.claims("admin", "company-admin")


def ask(story: Story, request: Request, at: datetime = AT) -> dict[str, Any]:
    with time_machine.travel(at, tick=False):
        return story.service.ask(*request, admin(story))


def log(story: Story, what: str) -> list[dict[str, Any]]:
    """The rows about a certificate or an export, oldest first, without their random parts."""
    rows = boto3.resource("dynamodb").Table(story.service.outputs["AccessLogTableName"]).scan()["Items"]
    own = sorted((row for row in rows if row["certificate"] == what), key=lambda row: str(row["at"]))
    return [row | {"at": str(row["at"]).partition("#")[0]} for row in own]


def test_every_operation_whose_answer_may_have_a_link_is_tested_here(service: Service) -> None:
    _, document = service.get("/v1/openapi.json", {})
    schemas = document["components"]["schemas"]
    with_links = {f"#/components/schemas/{name}" for name, one in schemas.items() if "url" in one.get("properties", {})}
    found = {
        operation["operationId"]
        for methods in document["paths"].values()
        for operation in methods.values()
        for answer in operation["responses"].values()
        if with_links & {content["schema"].get("$ref") for content in answer.get("content", {}).values()}
    }
    assert found == WAYS.keys()


@pytest.mark.parametrize("operation", WAYS)
def test_a_link_is_handed_out_only_when_the_access_log_can_be_written(
    exported: tuple[Story, str], operation: str
) -> None:
    story, export_id = exported
    way, has_link = WAYS[operation]
    request = way(story, export_id)
    assert ("url" in json.loads(ask(story, request)["body"])) is has_link
    with denied(client_of(access_log.AccessRow), "dynamodb.PutItem"):
        answer = ask(story, request)
    assert (answer["statusCode"] == 500) is has_link
    assert "X-Amz-Signature" not in json.dumps(answer)


def test_a_row_says_who_got_which_revision_when_also_after_a_reissue(exported: tuple[Story, str]) -> None:
    story, export_id = exported
    request = download(story, export_id)
    certificate_id = request[1].split("/")[3]
    first = json.loads(ask(story, request)["body"])
    with time_machine.travel(AT, tick=False):
        renamed = cloud_event("account.saved", story.account("ada", name="Ada Example"), NOON)
        story.service.post("Directory", renamed)
        story.service.settle()
        reissued, _ = story.service.post_to(
            f"/v1/certificates/{certificate_id}/reissue", {"reason": "name"}, {"sub": "sup-1", "role": "support"}
        )
        story.service.settle()
    later = AT + timedelta(days=1)
    second = json.loads(ask(story, request, later)["body"])
    row = {
        "certificate": certificate_id,
        "account": story.id("admin"),
        "role": "company-admin",
        "company": story.company,
    }
    assert reissued == 202
    assert [one["url"].partition("?")[0].rpartition("/")[2] for one in (first, second)] == ["1.pdf", "2.pdf"]
    assert log(story, certificate_id) == [
        row | {"at": "2026-03-02T15:00:00.250+00:00", "revision": 1, "expires": int((AT + THREE_YEARS).timestamp())},
        row | {"at": "2026-03-03T15:00:00.250+00:00", "revision": 2, "expires": int((later + THREE_YEARS).timestamp())},
    ]


def test_a_row_about_an_archive_has_its_key_and_no_revision(exported: tuple[Story, str]) -> None:
    story, export_id = exported
    ask(story, export(story, export_id))
    assert log(story, f"exports/{export_id}") == [
        {
            "certificate": f"exports/{export_id}",
            "at": "2026-03-02T15:00:00.250+00:00",
            "account": story.id("admin"),
            "role": "company-admin",
            "company": story.company,
            "expires": int((AT + THREE_YEARS).timestamp()),
        }
    ]


def test_a_row_of_a_person_without_a_company_has_none(service: Service, story: Story) -> None:
    with time_machine.travel(AT, tick=False):
        story.directory()
        story.save_account("ivo", "individual", name="Ivo Sample")
        story.enroll("ivo")
        service.settle()
        service.post("Progress", *story.do("ivo", "read", "watch", "quiz"))
        service.settle()
        claims = story.claims("ivo", "individual")
        [certificate] = service.get("/v1/certificates", claims)[1]["items"]
        service.get(f"/v1/certificates/{certificate['certificate_id']}/download", claims)
    [row] = log(story, certificate["certificate_id"])
    assert (row["account"], row["role"], row.get("company")) == (story.id("ivo"), "individual", None)

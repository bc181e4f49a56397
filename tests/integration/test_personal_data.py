"""Names, addresses and titles stand in records and documents alone: in no log, no message of ours, no key."""

import json
from collections.abc import Iterator
from typing import Any

import boto3
import pytest

from earned.testing.service import Service
from tests.integration.designs import raising
from tests.integration.wire_faults import Request, failing, noted
from tools.story import Story, cloud_event

# Each stands for one kind of thing that must not leak; none occurs anywhere else, in whatever case or encoding.
NAME, EMAIL, COMPANY, COURSE, LIVE_EVENT = "Quillfeather", "wrenbox", "Marzipanwerk", "Sextantkunde", "Nebelhorntag"
ASKED, MESSAGE = "Zibbelkorn", "Vorgestrigkeit"
PERSONAL = (NAME, EMAIL, COMPANY, COURSE, LIVE_EVENT, ASKED, MESSAGE)
ADDRESS = f"{EMAIL}@example.com"
SUPPORT = {"sub": "sup-1", "role": "support"}
OUR_OWN = ("Change", "Evaluation", "Generation", "Export")
LOGGED = {"left for a retry", "certificate held", "request failed", "event refused", "swept", "export done"}
# An error that says whose it was, as those of libraries may.
FAULT = RuntimeError(f"Ada {NAME} {ADDRESS} {COMPANY} {COURSE} {LIVE_EVENT}")


def leaked(what: object) -> list[str]:
    """Which of the words occur in a text, or in whatever is written out as one."""
    text = what if isinstance(what, str) else json.dumps(what, ensure_ascii=False, default=str)
    return [word for word in PERSONAL if word.casefold() in text.casefold()]


@pytest.fixture
def requests() -> Iterator[list[Request]]:
    """All requests to AWS."""
    with noted() as made:
        yield made


def everybody_is_known(story: Story) -> None:
    """A company with two people: Ada in the course and in the live event, Bea with a name that no font can print."""
    story.save_company(f"{COMPANY} GmbH")
    story.publish(title=f"{COURSE} I")
    story.schedule(title=f"{LIVE_EVENT} II")
    story.save_account("ada", name=f"Ada {NAME}", email=ADDRESS)
    story.save_account("bea", name=f"Bea {NAME} \U0010fffd", email=f"2{ADDRESS}")
    for account in ("ada", "bea"):
        story.enroll(account)
    story.enroll("ada", story.live_event, enrollment_id=story.id("enr-live"))
    story.service.settle()


def certificates_are_earned(story: Story) -> None:
    """Ada gets hers after a fault whose text tells all; Bea's is held; a mark gives the one of the live event."""
    service = story.service
    service.post("Progress", *story.do("ada", "read", "watch", "quiz"), *story.do("bea", "read", "watch", "quiz"))
    mark = story.mark("ada")
    service.post("Attendance", mark | {"data": mark["data"] | {"enrollment_id": story.id("enr-live")}})
    service.use("generate_certificate", design=raising(FAULT))
    service.settle()
    service.use("generate_certificate")
    service.make_visible("Generation")
    service.settle()
    assert len(story.certificates()) == 2


def events_are_refused(story: Story) -> None:
    """Bodies of all kinds that can be told wrong, each full of names."""
    account = {"account_id": story.id("cid"), "kind": f"kind of {NAME}", "name": NAME, "email": f"no address {EMAIL}"}
    refused: list[dict[str, Any] | str] = [
        cloud_event("account.saved", account),
        cloud_event("account.saved", account | {NAME: COMPANY}),
        cloud_event(f"account.{NAME}", account),
        cloud_event("course.published", {"course_id": NAME * 200, "version": COURSE, "title": COURSE, "steps": []}),
        f"Dear {NAME}",
        f'{{"name": "{NAME}"}}',
        NAME * 20_000,
    ]
    for queue in ("Directory", "Progress", "Attendance", *OUR_OWN):
        story.service.post(queue, *refused)
    story.service.settle()


def people_ask(story: Story) -> None:
    """Learner, admin, support and strangers, rightly and wrongly, and once something breaks."""
    service, admin = story.service, story.claims("admin", "company-admin")
    first, *_ = story.certificates()
    certificate = f"/v1/certificates/{first['certificate_id']}"
    asked = {"name": f"Ada {ASKED}", "email": ADDRESS, "training": COURSE, "message": MESSAGE}
    assert service.get(f"{certificate}/download", admin)[0] == 200
    assert service.ask("GET", f"/verify/{first['certificate_id']}", None)["statusCode"] == 200
    assert service.post_to("/v1/support-requests", asked)[0] == 202
    assert service.post_to("/v1/support-requests", asked | {"email": NAME, ASKED: [MESSAGE]})[0] in {202, 400}
    assert service.get("/v1/diagnoses", SUPPORT, email=ADDRESS)[0] == 200
    assert service.get("/v1/diagnoses", SUPPORT, account_id=NAME, limit=COURSE)[0] in {200, 400}
    assert service.get(f"/v1/{NAME}", SUPPORT)[0] == 404
    assert service.post_to(f"/v1/companies/{story.company}/exports", None, admin)[0] == 202
    assert service.post_to(f"{certificate}/reissue", {"reason": "corrected"}, SUPPORT)[0] == 202
    with failing(FAULT, "Query"):
        assert service.get(f"/v1/enrollments/{story.id('enr-ada')}", admin)[0] == 500
    service.settle()


def all_is_looked_at_again_and_ada_goes(story: Story) -> None:
    """A new version, two turns of the sweep, and an account that is removed."""
    story.publish(2, title=f"{COURSE} II")
    story.service.settle()
    for _ in range(2):
        story.service.sweep(everything=True)
        story.service.settle()
    story.service.post("Directory", cloud_event("account.removed", {"account_id": story.id("ada")}))
    story.service.settle()


def keys(service: Service) -> list[object]:
    """The keys of all items, those of indexes included, and of all objects."""
    dynamodb, s3 = boto3.client("dynamodb"), boto3.client("s3")
    found: list[object] = []
    for table in ("RecordsTable", "AccessLogTable", "SupportTable"):
        name = service.outputs[f"{table}Name"]
        described = dynamodb.describe_table(TableName=name)["Table"]
        schemas = [described["KeySchema"], *(one["KeySchema"] for one in described.get("GlobalSecondaryIndexes", []))]
        parts = {part["AttributeName"] for schema in schemas for part in schema}
        for page in dynamodb.get_paginator("scan").paginate(TableName=name):
            found += [{part: item.get(part) for part in parts} for item in page["Items"]]
    for bucket in ("DocumentsBucket", "ExportsBucket"):
        pages = s3.get_paginator("list_objects_v2").paginate(Bucket=service.outputs[f"{bucket}Name"])
        found += [item["Key"] for page in pages for item in page.get("Contents", [])]
    return found


def test_no_log_no_message_of_ours_and_no_key_says_a_name_an_address_or_a_title(
    story: Story,
    requests: list[Request],
    capsys: pytest.CaptureFixture[str],
    caplog: pytest.LogCaptureFixture,
) -> None:
    service = story.service
    everybody_is_known(story)
    certificates_are_earned(story)
    people_ask(story)
    all_is_looked_at_again_and_ada_goes(story)
    sent = [
        request.parameters
        for request in requests
        if request.operation == "SendMessageBatch"
        and request.parameters["QueueUrl"] in {service.url(queue) for queue in OUR_OWN}
    ]
    events_are_refused(story)
    refusals = [
        request.parameters["MessageAttributes"] for request in requests if "MessageAttributes" in request.parameters
    ]

    assert {line.message for line in caplog.records} >= LOGGED
    assert [vars(line) for line in caplog.records if leaked(str(vars(line)))] == []
    assert leaked(caplog.text) == []
    assert leaked(capsys.readouterr().out) == []
    assert {said["QueueUrl"] for said in sent} == {service.url(queue) for queue in OUR_OWN}
    assert [said for said in sent if leaked(said)] == []
    assert len(refusals) > 30
    assert [said for said in refusals if leaked(said)] == []
    assert [key for key in keys(service) if leaked(key)] == []

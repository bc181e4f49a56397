"""The summary of a company: the list of its enrollments, counted by training."""

import time
from collections import Counter
from collections.abc import Iterator
from datetime import timedelta
from typing import Any

import boto3
import pytest
from moto.dynamodb.models import dynamodb_backends

from earned.aws.dynamodb import enrollment_keys
from earned.domain.enrollment import EnrollmentKey
from earned.testing.service import ACCOUNT, REGION, Service
from tests.integration.record_items import key_of
from tools.costs.ledger import counting
from tools.story import NOON, Story, cloud_event

WAITING = ("learner", "administrator", "support", "nobody")


@pytest.fixture
def mixed(service: Service, story: Story) -> Story:
    """A course and a live event, and every state that an enrollment can have."""
    story.directory()
    story.schedule()
    for person in ("ada", "bea", "cem", "dan", "eve", "fay"):
        story.save_account(person, name="Eve \ue000" if person == "eve" else f"{person.title()} Sample")
        story.enroll(person, story.live_event if person in {"cem", "dan"} else story.course)
    story.enroll("gus", company_id=story.company)
    story.enroll("ada", story.course, enrollment_id=story.id("again"))
    story.enroll("bea", "not-yet-announced", enrollment_id=story.id("unknown"))
    service.settle()
    for person in ("ada", "eve", "fay"):
        service.post("Progress", *story.do(person, "read", "watch", "quiz"))
    service.settle()
    for status, minutes in (("present", 0), ("absent", 1)):
        service.post("Attendance", story.mark("dan", status, NOON + timedelta(minutes=minutes)))
        service.settle()
    service.post("Directory", cloud_event("account.removed", {"account_id": story.id("fay")}))
    service.settle()
    return story


def path(story: Story) -> str:
    return f"/v1/companies/{story.company}/summary"


def admin(story: Story) -> dict[str, str]:
    return story.claims("admin", "company-admin")


def listed(story: Story, **filters: str) -> list[dict[str, Any]]:
    """Every enrollment of the company's list."""
    status, page = story.service.get(f"/v1/companies/{story.company}/enrollments", admin(story), limit="100", **filters)
    assert (status, "next_cursor" in page) == (200, False)
    items: list[dict[str, Any]] = page["items"]
    return items


def counted(items: list[dict[str, Any]]) -> Iterator[dict[str, Any]]:
    """What the list says, by training."""
    for training_id in sorted({item["training"]["id"] for item in items}):
        own = [item for item in items if item["training"]["id"] == training_id]
        first = {(item["outstanding"][0]["who"], item["account_id"]) for item in own if item["outstanding"]}
        waiting = Counter(who for who, _ in first)
        yield {
            "training": own[0]["training"],
            "enrolled": len(own),
            "completed": sum(item["status"] == "completed" for item in own),
            "certificates": sum(item.get("certificate", {}).get("status") == "issued" for item in own),
            "waiting": {who: waiting[who] for who in WAITING},
        }


def test_the_summary_says_what_the_list_says_field_by_field(mixed: Story) -> None:
    status, summary = mixed.service.get(path(mixed), admin(mixed))
    assert status == 200
    assert summary["items"] == list(counted(listed(mixed)))
    course = next(item for item in summary["items"] if item["training"]["id"] == mixed.course)
    assert (course["enrolled"], course["completed"], course["certificates"]) == (5, 2, 1)
    assert course["waiting"] == {"learner": 3, "administrator": 0, "support": 1, "nobody": 0}
    event = next(item for item in summary["items"] if item["training"]["id"] == mixed.live_event)
    assert event["waiting"]["administrator"] == 2
    assert summary["as_of"].endswith("Z")


def test_a_person_who_is_enrolled_twice_and_waits_in_both_is_one_who_waits(mixed: Story) -> None:
    mixed.enroll("bea", mixed.course, enrollment_id=mixed.id("bea-again"))
    mixed.service.settle()
    _, summary = mixed.service.get(path(mixed), admin(mixed))
    course = next(item for item in summary["items"] if item["training"]["id"] == mixed.course)
    assert (course["enrolled"], course["waiting"]["learner"]) == (6, 3)


def test_a_removed_enrollment_and_a_removed_account_are_in_none(mixed: Story) -> None:
    before = mixed.service.get(path(mixed), admin(mixed))[1]["items"]
    removed = cloud_event("enrollment.removed", mixed.enrollment_of("cem"))
    mixed.service.post("Directory", removed, cloud_event("account.removed", {"account_id": mixed.id("gus")}))
    mixed.service.settle()
    after = mixed.service.get(path(mixed), admin(mixed))[1]["items"]
    assert sum(item["enrolled"] for item in before) - sum(item["enrolled"] for item in after) == 2
    assert after == list(counted(listed(mixed)))


@pytest.mark.parametrize(
    ("account", "role", "status"),
    [("adm-1", "administrator", 200), ("sup-1", "support", 200), ("ada", "employee", 404), ("ivo", "individual", 404)],
)
def test_who_else_may_read_it(mixed: Story, account: str, role: str, status: int) -> None:
    assert mixed.service.get(path(mixed), mixed.claims(account, role))[0] == status


def test_another_companys_admin_gets_the_answer_for_what_does_not_exist(mixed: Story) -> None:
    stranger = mixed.claims("stranger", "company-admin", mixed.id("other-co"))
    assert mixed.service.get(path(mixed), stranger) == mixed.service.get("/v1/nothing", stranger)
    assert mixed.service.get(path(mixed), stranger)[0] == 404


def test_a_company_without_enrollments_has_no_items(story: Story) -> None:
    assert story.service.get(path(story), admin(story))[1]["items"] == []


def test_five_thousand_enrollments_are_counted_and_one_more_is_too_many(service: Service, story: Story) -> None:
    story.directory()
    story.save_account("ada")
    story.enroll("ada")
    service.settle()
    service.post("Progress", *story.do("ada", "read"))
    service.settle()
    copy(story, 4_999)
    with counting() as ledger:
        began = time.process_time()
        status, summary = service.get(path(story), admin(story))
        seconds = time.process_time() - began - sum(call.seconds for call in ledger.calls)
    print(f"5,000 enrollments: {seconds:.2f} s of CPU without moto, {len(ledger.calls)} requests")  # noqa: T201  # -rP
    [item] = summary["items"]
    assert (status, item["enrolled"], item["waiting"]["learner"]) == (200, 5_000, 5_000)
    assert Counter(ledger.operations) == {"dynamodb.Query": 1, "dynamodb.BatchGetItem": 1 + 50 + 55}
    copy(story, 1, first=4_999)
    status, problem = service.get(path(story), admin(story))
    assert (status, problem["type"]) == (409, "urn:earned:problem:too-many")
    assert "/exports" in problem["detail"]
    dynamodb_backends[ACCOUNT][REGION].tables[service.outputs["RecordsTableName"]].items.clear()


def copy(story: Story, times: int, first: int = 0) -> None:
    """Give others what Ada has; past the store, since moto takes 20 ms for an update."""
    table = boto3.resource("dynamodb").Table(story.service.outputs["RecordsTableName"])
    record = table.get_item(Key=key_of(story, "ada"))["Item"]
    account = table.get_item(Key={"pk": f"account#{story.id('ada')}", "sk": "-"})["Item"]
    with table.batch_writer() as batch:
        for number in range(first, first + times):
            person = f"ada-{number:05}"
            enrollment = story.enrollment_of(person)
            certificate_id = enrollment_keys.new_certificate_id(EnrollmentKey(**enrollment).enrollment_id)
            batch.put_item(Item=record | key_of(story, person) | {"c": certificate_id})
            batch.put_item(Item=account | {"pk": f"account#{story.id(person)}"})
